package peertest

import (
	"embed"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

//go:embed kernel
var guest embed.FS

// How long a kernel may take. One starts in a second or two.
const (
	kernelTime = 3 * time.Minute
	lastWords  = 3 * time.Second // from the end of the script to that of the kernel
)

// Kernel runs a shell script as root under a Linux kernel of its own, and returns
// what it prints. The script runs in the folder dir, which is writable, as
// $TMPDIR and /run/mnt are; of this machine's other files it sees everything that
// the test itself may read. A script of which a command fails, fails the test.
//
// The kernel is user-mode Linux, a process without any rights, so the kernel's
// own iso9660 and udf can judge an image on every machine.
func Kernel(t testing.TB, dir, script string) string {
	t.Helper()
	return run(t, dir, nil, script)
}

// KernelWithDrives is Kernel with optical drives: the command "drive FILE" of the
// script makes one, whose disc is in that file, and prints the names of its block
// device and of its generic one. They are those of tgtd, reached over iSCSI inside
// of the kernel: a DVD-ROM, or a blank DVD+R where the file is empty.
func KernelWithDrives(t testing.TB, dir, script string) string {
	t.Helper()
	Need(t, "/usr/sbin/tgtd", "/usr/sbin/tgtadm", "/usr/sbin/iscsid", "/usr/sbin/iscsistart", "ip")
	drives, err := guest.ReadFile("kernel/drives")
	if err != nil {
		t.Fatal(err)
	}
	return run(t, dir, drives, script)
}

func run(t testing.TB, dir string, before []byte, script string) string {
	t.Helper()
	Need(t, "linux.uml", "gcc", "/usr/sbin/modprobe")
	ctl, err := os.MkdirTemp(dir, "kernel")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(ctl)
	for name, mode := range map[string]fs.FileMode{"init": 0o755, "ptrace.c": 0o600} {
		text, err := guest.ReadFile("kernel/" + name)
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(ctl, name), string(text), mode)
	}
	write(t, filepath.Join(ctl, "script"), string(before)+script, 0o600)
	Run(t, ctl, "gcc", "-O2", "-shared", "-fPIC", "-o", "ptrace.so", "ptrace.c")
	console := boot(t, dir, ctl)
	status, err := os.ReadFile(filepath.Join(ctl, "status"))
	if err != nil { // once more: on a busy machine a kernel may not come up
		t.Logf("the kernel did not come to the end of the script:\n%s", console)
		console = boot(t, dir, ctl)
		status, err = os.ReadFile(filepath.Join(ctl, "status"))
	}
	out, _ := os.ReadFile(filepath.Join(ctl, "out"))
	complaints, _ := os.ReadFile(filepath.Join(ctl, "err"))
	switch {
	case err != nil:
		t.Fatalf("the kernel did not come to the end of the script:\n%s%s%s", console, out, complaints)
	case strings.TrimSpace(string(status)) != "0":
		t.Fatalf("under the kernel the script failed:\n%s%s", out, complaints)
	}
	return string(out)
}

// boot runs the kernel until the script has ended, and returns what was on its
// console.
func boot(t testing.TB, dir, ctl string) string {
	t.Helper()
	name := filepath.Join(ctl, "console")
	console, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer console.Close()
	cmd := exec.Command("linux.uml", "mem=512M", "rootfstype=hostfs", "rootflags=/", "ro", "init="+filepath.Join(ctl, "init"),
		"quiet", "con=null", "con0=null,fd:1", "umid=guest", "uml_dir="+ctl, "dir="+dir, "ctl="+ctl)
	cmd.Env = append(os.Environ(), "LD_PRELOAD="+filepath.Join(ctl, "ptrace.so"))
	cmd.Stdout, cmd.Stderr = console, console
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // it has processes of its own
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // its status says nothing of the script
		close(ended)
	}()
	await(ended, func() bool {
		_, err := os.Stat(filepath.Join(ctl, "status"))
		return err == nil
	})
	if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		t.Error(err)
	}
	<-ended
	text, _ := os.ReadFile(name)
	return string(text)
}

// await waits until the kernel has ended, or some time after the script has, or
// too long.
func await(ended <-chan struct{}, done func() bool) {
	limit := time.After(kernelTime)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ended:
			return
		case <-limit:
			return
		case <-tick.C:
			if done != nil && done() {
				limit, done = time.After(lastWords), nil
			}
		}
	}
}

func write(t testing.TB, name, text string, mode fs.FileMode) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}
