// Package tgtdtest starts tgtd, an iSCSI target in user space that emulates optical
// drives, for tests: a drive that we did not write.
//
// Its drives are DVD-ROMs with the content of a file, blank DVD+Rs, or empty. They
// prove transport and commands. They are lenient: they take writes in any order, and
// know neither sessions nor the end of a disc.
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
	socket string // of its administration
	portal string // HOST:PORT
	luns   int
}

// Start runs a tgtd on a port of its own of the loopback interface until the test
// ends. Where tgtd is not installed the test is skipped.
func Start(t testing.TB) *Target {
	t.Helper()
	daemon, admin := find("tgtd"), find("tgtadm")
	if daemon == "" || admin == "" {
		peertest.Skip(t, "tgtd is not installed")
	}
	// Not t.TempDir: the path of a Unix socket has at most 107 bytes.
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

// find looks for a program in the path, and where Debian has those for root.
func find(program string) string {
	for _, name := range []string{program, "/usr/sbin/" + program, "/sbin/" + program} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

func (x *Target) env() []string { return append(os.Environ(), "TGT_IPC_SOCKET="+x.socket) }

// run starts the daemon and kills it at the end of the test: SIGTERM is nothing to
// it. The channel is closed when it has ended.
func (x *Target) run(daemon string, output *bytes.Buffer) <-chan struct{} {
	x.t.Helper()
	cmd := exec.Command(daemon, "-f", "-t", "1", "--iscsi", "portal=127.0.0.1:0")
	cmd.Env = x.env()
	cmd.Stdout, cmd.Stderr = output, output
	dieWithUs(cmd)
	started, ended := make(chan error), make(chan struct{})
	go func() {
		defer close(ended)
		// The kernel sends the signal of dieWithUs when the thread ends that has
		// started the process, not when all of us do: so this one stays.
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

// awaitPortal asks tgtd for its address until it answers.
func (x *Target) awaitPortal(ended <-chan struct{}, output *bytes.Buffer) string {
	x.t.Helper()
	var out []byte
	for range 500 {
		select {
		case <-ended:
			x.t.Fatalf("tgtd ended at once:\n%s", output)
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
			// When it cannot have the address asked for, it takes the wildcard.
			if host, _, err := net.SplitHostPort(portal); err != nil || host != "127.0.0.1" {
				x.t.Fatalf("tgtd listens on %s, not on the loopback interface alone", portal)
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

// Drive adds a drive and returns its iscsi:// address. An image file is in it as a
// DVD-ROM, an empty file as a blank DVD+R; without a path there is no disc in it.
func (x *Target) Drive(path string) string {
	x.t.Helper()
	x.luns++
	lun := strconv.Itoa(x.luns)
	args := []string{"--mode", "logicalunit", "--op", "new", "--tid", "1", "--lun", lun, "--device-type", "cd"}
	if path != "" {
		args = append(args, "-b", x.absolute(path))
	}
	x.adm(args...)
	// Page 8 with the write cache on, or every WRITE waits for the host's disk.
	x.update(lun, "mode_page=8:0:10:4:0:0:0:0:0:0:0:0:0")
	return fmt.Sprintf("iscsi://%s/%s/%s", x.portal, targetName, lun)
}

// Blank adds a drive with a blank DVD+R, and returns its address and the path of the
// file that holds what is burned.
func (x *Target) Blank() (address, path string) {
	x.t.Helper()
	path = filepath.Join(x.t.TempDir(), "blank.dvd")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		x.t.Fatal(err)
	}
	return x.Drive(path), path
}

// Insert puts the disc of another file into a drive of this target. The drive does
// not say by itself that its medium has changed.
func (x *Target) Insert(address, path string) {
	x.t.Helper()
	lun := address[strings.LastIndexByte(address, '/')+1:]
	x.update(lun, "online=0") // another path is taken only by a drive that is offline
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
