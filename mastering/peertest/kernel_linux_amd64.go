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

// Timeouts. A kernel starts within two seconds.
const (
	kernelTimeout   = 3 * time.Minute
	shutdownTimeout = 3 * time.Second // from the end of the script to that of the kernel
)

// Kernel runs a shell script as root under user-mode Linux, and returns its output. The
// script runs in the folder dir. It can write to dir, $TMPDIR and /run/mnt, and read all
// files that the test can read. If a command of the script fails, the test fails.
//
// User-mode Linux is a Linux kernel that runs as an ordinary process. So tests can mount
// images with the kernel's iso9660 and udf without being root.
func Kernel(t testing.TB, dir, script string) string {
	t.Helper()
	return run(t, dir, nil, script)
}

// KernelWithInitiator is like Kernel, with the kernel's iSCSI initiator. The command
// "connect PORT TARGET N" of the script logs in to a target that listens at 127.0.0.1 in the
// guest and has N drives, and "lun N" prints the names of the block device and of the generic
// device of one of them.
func KernelWithInitiator(t testing.TB, dir, script string) string {
	t.Helper()
	return run(t, dir, parts(t, "initiator"), script)
}

// KernelWithDrives is like KernelWithInitiator, with drives of tgtd. The command "drive FILE"
// of the script creates a drive with the disc in that file, and prints the names of its
// block device and of its generic device. The disc is a DVD-ROM, or a blank DVD+R if the
// file is empty.
func KernelWithDrives(t testing.TB, dir, script string) string {
	t.Helper()
	Need(t, "/usr/sbin/tgtd", "/usr/sbin/tgtadm")
	return run(t, dir, parts(t, "initiator", "drives"), script)
}

// parts returns scripts that are run before that of a test.
func parts(t testing.TB, names ...string) []byte {
	t.Helper()
	Need(t, "/usr/sbin/iscsid", "/usr/sbin/iscsistart", "ip")
	var all []byte
	for _, name := range names {
		p, err := guest.ReadFile("kernel/" + name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p...)
	}
	return all
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
	if err != nil { // try again: on a busy machine a kernel may not start
		t.Logf("the kernel ended before the script:\n%s", console)
		console = boot(t, dir, ctl)
		status, err = os.ReadFile(filepath.Join(ctl, "status"))
	}
	out, _ := os.ReadFile(filepath.Join(ctl, "out"))
	stderr, _ := os.ReadFile(filepath.Join(ctl, "err"))
	switch {
	case err != nil:
		t.Fatalf("the kernel ended before the script:\n%s%s%s", console, out, stderr)
	case strings.TrimSpace(string(status)) != "0":
		t.Fatalf("the script failed:\n%s%s", out, stderr)
	}
	return string(out)
}

// boot runs the kernel until the script has ended, and returns the output on its console.
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
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // it starts more processes
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // its exit status is not that of the script
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

// await waits until the kernel has ended, until shutdownTimeout after the end of the script,
// or until kernelTimeout.
func await(ended <-chan struct{}, done func() bool) {
	limit := time.After(kernelTimeout)
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
				limit, done = time.After(shutdownTimeout), nil
			}
		}
	}
}
