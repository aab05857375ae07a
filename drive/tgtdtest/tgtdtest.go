// Package tgtdtest starts tgtd for tests: an iSCSI target in user space that emulates
// optical drives independently of this project.
//
// Its drives hold a DVD-ROM with the contents of a file, a blank DVD+R, or no disc. They
// test the transport and single commands. They are lenient: they accept writes in any
// order, and support neither sessions nor the capacity of a disc.
package tgtdtest

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"glassmaster/mastering/peertest"
)

const targetName = "iqn.2026-01.local.glassmaster:cd"

// Target is a running tgtd.
type Target struct {
	t      testing.TB
	admin  string // path of tgtadm
	socket string // through which tgtadm reaches it
	portal string // HOST:PORT
	luns   int
}

// Start runs a tgtd on a free port of the loopback interface until the test ends. The
// test is skipped if tgtd is not installed.
func Start(t testing.TB) *Target {
	t.Helper()
	daemon, admin := find("tgtd"), find("tgtadm")
	if daemon == "" || admin == "" {
		peertest.Skip(t, "tgtd is not installed")
	}
	// The path of a Unix socket has at most 107 bytes, and that of t.TempDir may be longer.
	dir, err := os.MkdirTemp("", "tgtd")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	x := &Target{t: t, admin: admin, socket: filepath.Join(dir, "ipc")}
	var output bytes.Buffer
	ended := x.run(daemon, &output)
	x.portal = x.awaitPortal(ended, &output)
	x.adm("--mode", "target", "--op", "new", "--tid", "1", "-T", targetName)
	x.adm("--mode", "target", "--op", "bind", "--tid", "1", "-I", "127.0.0.1")
	return x
}

// find searches for a program in PATH and in the directories of system programs.
func find(program string) string {
	for _, name := range []string{program, "/usr/sbin/" + program, "/sbin/" + program} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

func (x *Target) env() []string { return append(os.Environ(), "TGT_IPC_SOCKET="+x.socket) }

// run starts the daemon and kills it at the end of the test, since it ignores SIGTERM. The
// channel is closed when it has ended.
func (x *Target) run(daemon string, output *bytes.Buffer) <-chan struct{} {
	x.t.Helper()
	cmd := exec.Command(daemon, "-f", "-t", "1", "--iscsi", "portal=127.0.0.1:0")
	cmd.Env = x.env()
	cmd.Stdout, cmd.Stderr = output, output
	dieWithUs(cmd)
	started, ended := make(chan error), make(chan struct{})
	go func() {
		defer close(ended)
		// The kernel sends the signal of dieWithUs when the thread that started the
		// process ends, so this thread stays until the process has ended.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // it is killed: always an error
		}
	}()
	if err := <-started; err != nil {
		x.t.Fatalf("starting tgtd: %v", err)
	}
	x.t.Cleanup(func() {
		_ = cmd.Process.Kill() // fails only when it has ended already
		<-ended
	})
	return ended
}

// awaitPortal polls tgtd for its address until it answers.
func (x *Target) awaitPortal(ended <-chan struct{}, output *bytes.Buffer) string {
	x.t.Helper()
	var out []byte
	for range 500 {
		select {
		case <-ended:
			x.t.Fatalf("tgtd ended immediately:\n%s", output)
		case <-time.After(10 * time.Millisecond):
		}
		cmd := exec.Command(x.admin, "--lld", "iscsi", "--mode", "portal", "--op", "show")
		cmd.Env = x.env()
		out, _ = cmd.Output() // fails until the daemon listens
		for line := range strings.Lines(string(out)) {
			portal, ok := strings.CutPrefix(strings.TrimSpace(line), "Portal: ")
			if !ok {
				continue
			}
			portal, _, _ = strings.Cut(portal, ",")
			// If it cannot listen on the requested address, it listens on all.
			if host, _, err := net.SplitHostPort(portal); err != nil || host != "127.0.0.1" {
				x.t.Fatalf("tgtd listens on %s, not only on the loopback interface", portal)
			}
			return portal
		}
	}
	x.t.Fatalf("tgtd does not answer tgtadm: %s", out)
	return ""
}

// adm runs tgtadm.
func (x *Target) adm(args ...string) {
	x.t.Helper()
	cmd := exec.Command(x.admin, append([]string{"--lld", "iscsi"}, args...)...)
	cmd.Env = x.env()
	if out, err := cmd.CombinedOutput(); err != nil {
		x.t.Fatalf("tgtadm %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// Drive adds a drive and returns its iscsi:// address. The disc in it is a DVD-ROM with
// the contents of the file at path, or a blank DVD+R if the file is empty. Without a path
// there is no disc.
func (x *Target) Drive(path string) string {
	x.t.Helper()
	x.luns++
	lun := strconv.Itoa(x.luns)
	args := []string{"--mode", "logicalunit", "--op", "new", "--tid", "1", "--lun", lun, "--device-type", "cd"}
	if path != "" {
		args = append(args, "-b", x.absolute(path))
	}
	x.adm(args...)
	// Mode page 8 with the write cache enabled; otherwise each WRITE waits for the disk.
	x.update(lun, "mode_page=8:0:10:4:0:0:0:0:0:0:0:0:0")
	return fmt.Sprintf("iscsi://%s/%s/%s", x.portal, targetName, lun)
}

// Blank adds a drive with a blank DVD+R. It returns its address and the path of the file
// that gets the burned data.
func (x *Target) Blank() (address, path string) {
	x.t.Helper()
	path = filepath.Join(x.t.TempDir(), "blank.dvd")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		x.t.Fatal(err)
	}
	return x.Drive(path), path
}

// Insert changes the disc in a drive of this target. The drive does not report that its
// medium was changed.
func (x *Target) Insert(address, path string) {
	x.t.Helper()
	lun := address[strings.LastIndexByte(address, '/')+1:]
	x.update(lun, "online=0") // only a drive that is offline accepts another path
	x.update(lun, "path="+x.absolute(path))
}

func (x *Target) update(lun, params string) {
	x.t.Helper()
	x.adm("--mode", "logicalunit", "--op", "update", "--tid", "1", "--lun", lun, "--params", params)
}

func (x *Target) absolute(path string) string {
	x.t.Helper()
	abs, err := filepath.Abs(path)
	if err != nil {
		x.t.Fatal(err)
	}
	return abs
}

// Demand makes the target demand CHAP with this account. With another account, the target
// can prove who it is.
func (x *Target) Demand(user, secret, mutualUser, mutualSecret string) {
	x.t.Helper()
	x.adm("--mode", "account", "--op", "new", "--user", user, "--password", secret)
	x.adm("--mode", "account", "--op", "bind", "--tid", "1", "--user", user)
	if mutualUser != "" {
		x.adm("--mode", "account", "--op", "new", "--user", mutualUser, "--password", mutualSecret)
		x.adm("--mode", "account", "--op", "bind", "--tid", "1", "--user", mutualUser, "--outgoing")
	}
}

// Digests makes the target accept digests, or demand them.
func (x *Target) Digests(value string) {
	x.t.Helper()
	for _, name := range []string{"HeaderDigest", "DataDigest"} {
		x.adm("--mode", "target", "--op", "update", "--tid", "1", "--name", name, "--value", value)
	}
}
