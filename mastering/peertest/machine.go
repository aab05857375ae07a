package peertest

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// FirmwareUEFI is the UEFI firmware of Debian's package ovmf.
const FirmwareUEFI = "/usr/share/ovmf/OVMF.fd"

// NeedFiles calls Skip if one of these files does not exist.
func NeedFiles(t testing.TB, paths ...string) {
	t.Helper()
	for _, p := range paths {
		if _, err := os.Stat(p); err != nil {
			Skip(t, p+" is not installed")
		}
	}
}

// machines limits the number of machines that run at once.
var machines = make(chan struct{}, 2)

// Machine runs a virtual PC with these arguments of QEMU until it prints a text to its serial
// port, fails to boot, or ends, and returns its output. AsDisc, AsDisk, AsStick and UEFI
// return arguments.
func Machine(t testing.TB, hello string, args ...string) string {
	t.Helper()
	Need(t, "qemu-system-x86_64")
	machines <- struct{}{}
	defer func() { <-machines }()
	ctx, stop := context.WithTimeout(context.Background(), 8*time.Minute)
	defer stop()
	// SeaBIOS resets the machine if nothing boots, which ends it.
	args = append([]string{
		"-accel", "tcg", "-m", "256", "-display", "none", "-serial", "stdio", "-monitor", "none",
		"-nic", "none", "-no-reboot", "-boot", "reboot-timeout=1",
	}, args...)
	cmd := exec.CommandContext(ctx, "qemu-system-x86_64", args...)
	out := &watch{stop: stop, words: []string{hello, "Shell>", "No bootable option"}}
	cmd.Stdout, cmd.Stderr = out, out
	_ = cmd.Run() // it is stopped, or its output says what happened
	return out.seen.String()
}

// Starts runs a machine that must print a text.
func Starts(t testing.TB, hello string, args ...string) {
	t.Helper()
	if out := Machine(t, hello, args...); !strings.Contains(out, hello) {
		t.Fatalf("a machine with %q did not print %q, but\n%s", args, hello, out)
	}
}

// watch collects what is written to it and stops at certain texts.
type watch struct {
	mu    sync.Mutex
	seen  bytes.Buffer
	stop  func()
	words []string
}

func (w *watch) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen.Write(p)
	for _, s := range w.words {
		if bytes.Contains(w.seen.Bytes(), []byte(s)) {
			w.stop()
		}
	}
	return len(p), nil
}

// AsDisc attaches an image to a machine as a disc, read-only.
func AsDisc(image string) []string {
	return []string{"-drive", "media=cdrom,readonly=on,format=raw,file=" + image}
}

// AsDisk attaches an image to a machine as a hard disk, without changing the image.
func AsDisk(image string) []string {
	return []string{"-drive", "media=disk,snapshot=on,format=raw,file=" + image}
}

// AsStick attaches an image to a machine as a USB stick, without changing the image.
func AsStick(image string) []string {
	return []string{"-device", "qemu-xhci", "-drive", "if=none,id=stick,snapshot=on,format=raw,file=" + image, "-device", "usb-storage,drive=stick"}
}

// UEFI adds UEFI firmware to the arguments of a machine, instead of a BIOS.
func UEFI(t testing.TB, args []string) []string {
	t.Helper()
	NeedFiles(t, FirmwareUEFI)
	return append([]string{"-bios", FirmwareUEFI}, args...)
}
