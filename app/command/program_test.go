//go:build linux

package command

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func exitCode(err error) Code {
	var e *exec.ExitError
	switch {
	case err == nil:
		return OK
	case errors.As(err, &e):
		return Code(e.ExitCode())
	}
	return -1
}

// trigger is a writer that calls a function when it sees a text.
type trigger struct {
	bytes.Buffer
	text string
	pull func()
}

func (g *trigger) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte(g.text)) {
		g.pull()
	}
	return g.Buffer.Write(p)
}

// readUntil reads until the output contains a text, and returns what it has read.
func readUntil(t *testing.T, r *bufio.Reader, text string) string {
	t.Helper()
	var said []byte
	for !bytes.HasSuffix(said, []byte(text)) {
		b, err := r.ReadByte()
		if err != nil {
			t.Fatalf("%v after %q", err, said)
		}
		said = append(said, b)
	}
	return string(said)
}

// Work that is cancelled while it writes leaves no file, under any name.
func TestCancelledWhileWriting(t *testing.T) {
	dir, image, out := sample(t), builtImage(t), t.TempDir()
	for _, c := range []struct{ verb, phase string }{
		{"build", "writing"}, {"read", "writing"},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		g := &trigger{text: fmt.Sprintf(`"type":"phase","phase":%q`, c.phase), pull: cancel}
		from := dir
		if c.verb == "read" {
			from = image
		}
		var log bytes.Buffer
		code := Run(ctx, []string{c.verb, "--json", from, "-o", filepath.Join(out, "x.iso")}, strings.NewReader(""), g, &log)
		if Code(code) != Cancelled {
			t.Errorf("%s: exit code %d\n%s%s", c.verb, code, g.String(), log.String())
		}
		if o := outcomeOf(t, g.String()); o["exit"] != float64(Cancelled) {
			t.Errorf("%s: %v", c.verb, o)
		}
		if !strings.Contains(log.String(), "cancelled: ") || !strings.Contains(log.String(), "x.iso was not written\n") {
			t.Errorf("%s: %s", c.verb, log.String())
		}
		isEmpty(t, out)
	}
}

// A cancelled burn reports the state of the disc.
func TestCancelledBurn(t *testing.T) {
	recorder, _ := blankDisc(t, "dvd+r")
	ctx, cancel := context.WithCancel(t.Context())
	g := &trigger{text: `"type":"phase","phase":"writing"`, pull: cancel}
	var log bytes.Buffer
	code := Run(ctx, []string{"burn", "--json", sample(t), recorder}, strings.NewReader(""), g, &log)
	o := outcomeOf(t, g.String())
	if Code(code) != Cancelled || o["exit"] != float64(Cancelled) || o["ok"] != false {
		t.Errorf("exit code %d, %v", code, o)
	}
	if text := o["error"].(string); !strings.Contains(text, "cancelled") || strings.Count(text, "cancelled") > 1 || !strings.Contains(text, "; nothing was written") {
		t.Errorf("%s", text)
	}
}

// Ctrl-C ends the real program cleanly. A full pipe blocks it in the middle of its work,
// so that the test does not depend on timing.
func TestInterrupt(t *testing.T) {
	bin, dir := program(t), t.TempDir()
	put(t, filepath.Join(dir, "large"), strings.Repeat("large", 1<<20))
	cmd, lines, out := blockedWithOutput(t, bin, "build", "--quiet", dir, "-o", "-")
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	said := readUntil(t, lines, "cancelling")
	n, _ := io.Copy(io.Discard, out) // unblocks the program, which ends at the next chunk
	rest, _ := io.ReadAll(lines)
	if code := exitCode(cmd.Wait()); code != Cancelled {
		t.Errorf("exit code %d, want %d\n%s%s", code, Cancelled, said, rest)
	}
	if n >= 5<<20 {
		t.Errorf("%d bytes came after the interrupt", n)
	}
}

// A second Ctrl-C ends the program immediately.
func TestInterruptTwice(t *testing.T) {
	bin := program(t)
	dir := t.TempDir()
	put(t, filepath.Join(dir, "large"), strings.Repeat("large", 1<<20))
	cmd, lines := blocked(t, bin, "build", "--quiet", dir, "-o", "-")
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	readUntil(t, lines, "cancelling")
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, lines)
	if code := exitCode(cmd.Wait()); code != Cancelled {
		t.Errorf("exit code %d, want %d", code, Cancelled)
	}
}

// Verbs that only print end on the first Ctrl-C, even if their output is not read.
func TestInterruptOnce(t *testing.T) {
	bin, dir := program(t), t.TempDir()
	image := filepath.Join(t.TempDir(), "x.iso")
	put(t, filepath.Join(dir, "large"), strings.Repeat("large", 1<<20))
	must(t, OK, "build", "--quiet", dir, "-o", image)
	cmd, lines := blocked(t, bin, "cat", image, "large")
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, lines)
	if code := exitCode(cmd.Wait()); code != Cancelled {
		t.Errorf("exit code %d, want %d", code, Cancelled)
	}
}

// blocked starts the program with a standard output of which only the first byte is read,
// waits for this byte, and returns the program and its standard error.
func blocked(t *testing.T, bin string, args ...string) (*exec.Cmd, *bufio.Reader) {
	t.Helper()
	cmd, lines, _ := blockedWithOutput(t, bin, args...)
	return cmd, lines
}

// blockedWithOutput is blocked, and also returns the reader of the standard output.
func blockedWithOutput(t *testing.T, bin string, args ...string) (*exec.Cmd, *bufio.Reader, io.Reader) {
	t.Helper()
	cmd := exec.Command(bin, args...)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	cmd.Stdout = w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if _, err := io.ReadFull(r, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewReader(stderr), r
}

// A source that is not seekable is refused without waiting for it.
func TestNoImageFile(t *testing.T) {
	bin, dir := program(t), t.TempDir()
	for _, name := range []string{"pipe", "pipe.glassmaster"} {
		if err := unix.Mkfifo(filepath.Join(dir, name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l, err := net.Listen("unix", filepath.Join(dir, "socket"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, args := range [][]string{
		{"info", "pipe"},
		{"ls", "pipe"},
		{"cat", "pipe", "x"},
		{"extract", "pipe"},
		{"verify", "pipe"},
		{"verify", "pipe", "pipe"},
		{"burn", "pipe", "virtual:disc?medium=dvd+r"},
		{"burn", "--force", "pipe", "virtual:disc?medium=dvd+r"},
		{"read", "pipe", "-o", "x.iso"},
		{"info", "pipe.glassmaster"},
		{"ls", "socket"},
	} {
		cmd := exec.Command(bin, args...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if code := exitCode(err); code != Failed || !strings.Contains(string(out), "FIFO") && !strings.Contains(string(out), "socket") && !strings.Contains(string(out), "not a regular file") {
			t.Errorf("%v: exit code %d: %s", args, code, out)
		}
	}
}

// pseudoTerminal opens a pseudo-terminal and returns both of its ends.
func pseudoTerminal(t *testing.T) (ours, theirs *os.File) {
	t.Helper()
	ours, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ours.Close() })
	if err := unix.IoctlSetPointerInt(int(ours.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(ours.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { theirs.Close() })
	if err := unix.IoctlSetWinsize(int(theirs.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 100}); err != nil {
		t.Fatal(err)
	}
	return ours, theirs
}

// onTerminal runs the program with a terminal as standard error, and returns what
// appeared there.
func onTerminal(t *testing.T, bin string, args ...string) []byte {
	t.Helper()
	ours, theirs := pseudoTerminal(t)
	cmd := exec.Command(bin, args...)
	cmd.Env = append(os.Environ(), "TERM=xterm")
	cmd.Stderr = theirs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	theirs.Close()
	screen, _ := io.ReadAll(ours) // ends with an error when the program closes its end
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, screen)
	}
	return screen
}

// Progress is shown as bars on a terminal, and as lines elsewhere.
func TestOnATerminal(t *testing.T) {
	bin, dir := program(t), sample(t)
	screen := onTerminal(t, bin, "build", dir, "-o", filepath.Join(t.TempDir(), "x.iso"))
	for _, want := range []string{"scanning", "writing", "━━━", "x.iso: "} {
		if !bytes.Contains(screen, []byte(want)) {
			t.Errorf("%q is missing on the screen: %q", want, screen)
		}
	}
	recorder, _ := blankDisc(t, "dvd+r")
	screen = onTerminal(t, bin, "burn", dir, recorder)
	for _, want := range []string{"close the disc", "writing", "comparing", "━━━", "read back and equal"} {
		if !bytes.Contains(screen, []byte(want)) {
			t.Errorf("%q is missing on the screen: %q", want, screen)
		}
	}
	plain := must(t, OK, "build", dir, "-o", filepath.Join(t.TempDir(), "x.iso")).log
	if strings.ContainsAny(plain, "\x1b\r━") {
		t.Errorf("a log contains terminal control sequences: %q", plain)
	}
}

// A confirmation is asked on the terminal; with the answer "no" nothing is written.
func TestQuestion(t *testing.T) {
	bin, image := program(t), builtImage(t)
	for _, c := range []struct {
		answer string
		want   Code
		state  string
	}{
		{"n\n", Cancelled, "blank"},
		{"\n", Cancelled, "blank"},
		{"y\n", OK, "closed"},
	} {
		recorder, _ := blankDisc(t, "dvd+r")
		ours, theirs := pseudoTerminal(t)
		cmd := exec.Command(bin, "burn", image, recorder)
		cmd.Stdin = theirs
		var log bytes.Buffer
		cmd.Stderr = &log
		if _, err := ours.WriteString(c.answer); err != nil {
			t.Fatal(err)
		}
		if code := exitCode(cmd.Run()); code != c.want {
			t.Errorf("answer %q: exit code %d, want %d\n%s", c.answer, code, c.want, log.String())
		}
		if !strings.Contains(log.String(), "Burn now?") {
			t.Errorf("answer %q: nothing was asked:\n%s", c.answer, log.String())
		}
		if out := must(t, OK, "media", recorder).out; !strings.Contains(out, c.state) {
			t.Errorf("answer %q: the disc is not %s:\n%s", c.answer, c.state, out)
		}
	}
}

// Ctrl-C at the confirmation cancels the burn.
func TestInterruptAtQuestion(t *testing.T) {
	bin, image := program(t), builtImage(t)
	recorder, _ := blankDisc(t, "dvd+r")
	_, theirs := pseudoTerminal(t)
	cmd := exec.Command(bin, "burn", image, recorder)
	cmd.Stdin = theirs
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := readUntil(t, bufio.NewReader(stderr), "Burn now? [y/N] ")
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	rest, _ := io.ReadAll(stderr)
	if code := exitCode(cmd.Wait()); code != Cancelled || !bytes.Contains(rest, []byte("nothing was written")) {
		t.Errorf("exit code %d\n%s%s", code, said, rest)
	}
}

// Without a verb the window program is started. If it, or a display, is missing, the
// message says so.
func TestWindow(t *testing.T) {
	bin := program(t)
	start := func(env ...string) (Code, string) {
		cmd := exec.Command(bin)
		cmd.Env = append([]string{"PATH=/nowhere"}, env...)
		out, err := cmd.CombinedOutput()
		return exitCode(err), string(out)
	}
	if code, out := start("DISPLAY=:7"); code != Failed || !strings.Contains(out, "glassmaster-window") {
		t.Errorf("no window program: %d, %s", code, out)
	}
	window := filepath.Join(filepath.Dir(bin), "glassmaster-window")
	script := "#!/bin/sh\necho \"window on $DISPLAY$WAYLAND_DISPLAY\"\n"
	if err := os.WriteFile(window, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	if code, out := start(); code != Failed || !strings.Contains(out, "no display") {
		t.Errorf("no display: %d, %s", code, out)
	}
	if code, out := start("DISPLAY=:7"); code != OK || out != "window on :7\n" {
		t.Errorf("X: %d, %s", code, out)
	}
	if code, out := start("WAYLAND_DISPLAY=wayland-0"); code != OK || out != "window on wayland-0\n" {
		t.Errorf("Wayland: %d, %s", code, out)
	}
}

// Before erasing, the contents of the disc are shown and confirmation is asked for.
func TestErasingAsks(t *testing.T) {
	bin, image := program(t), builtImage(t)
	for _, args := range [][]string{{"blank"}, {"blank", "--full"}, {"format"}, {"burn", "--blank", image}} {
		recorder, _ := blankDisc(t, "dvd+rw")
		must(t, OK, "burn", image, recorder)
		for _, answer := range []string{"n\n", "y\n"} {
			ours, theirs := pseudoTerminal(t)
			cmd := exec.Command(bin, append(args, recorder)...)
			cmd.Stdin = theirs
			var log bytes.Buffer
			cmd.Stderr = &log
			if _, err := ours.WriteString(answer); err != nil {
				t.Fatal(err)
			}
			code := exitCode(cmd.Run())
			if !strings.Contains(log.String(), `holds the ISO 9660`) || !strings.Contains(log.String(), " volume \"") {
				t.Errorf("%v: the disc is not named: %s", args, log.String())
			}
			if want := map[string]Code{"n\n": Cancelled, "y\n": OK}[answer]; code != want {
				t.Errorf("%v, %q: exit code %d\n%s", args, answer, code, log.String())
			}
			if answer == "n\n" {
				must(t, OK, "ls", recorder)
			}
		}
	}
}

// A temporary image is removed when the copy of a disc is cancelled, while the disc is read
// and while the program waits for the next one.
func TestCopyInterrupted(t *testing.T) {
	bin, image, temp := program(t), builtImage(t), t.TempDir()
	name, _ := blankDisc(t, "dvd+r")
	must(t, OK, "burn", image, name)
	for _, at := range []string{"writing", "insert a blank disc into " + name} {
		cmd := exec.Command(bin, "copy", name, "--temp", temp)
		stderr, err := cmd.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		said := readUntil(t, bufio.NewReader(stderr), at)
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		go io.Copy(io.Discard, stderr)
		if code := exitCode(cmd.Wait()); code != Cancelled {
			t.Errorf("at %q: exit code %d\n%s", at, code, said)
		}
		isEmpty(t, temp)
	}
}

// On a terminal the next disc is asked for; q ends the copies.
func TestCopiesAsked(t *testing.T) {
	bin, image := program(t), builtImage(t)
	recorder, _ := blankDisc(t, "dvd+r")
	ours, theirs := pseudoTerminal(t)
	cmd := exec.Command(bin, "burn", image, recorder, "--copies", "2")
	cmd.Stdin = theirs
	var log bytes.Buffer
	cmd.Stderr = &log
	if _, err := ours.WriteString("y\n\nq\n"); err != nil { // Enter without another disc asks again
		t.Fatal(err)
	}
	if code := exitCode(cmd.Run()); code != Cancelled || !strings.Contains(log.String(), "1 of 2 copies were completed") || strings.Count(log.String(), "press Enter") != 2 {
		t.Errorf("exit code %d\n%s", code, log.String())
	}
}
