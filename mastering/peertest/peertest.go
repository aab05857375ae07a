// Package peertest helps tests to run the programs that others wrote: what we
// write, they read, and the other way round.
//
// Where a program is missing the test is skipped, unless GLASSMASTER_STRICT is
// set, as "make test" does: then it fails.
package peertest

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Strict reports whether a test that cannot run has to fail.
func Strict() bool { return os.Getenv("GLASSMASTER_STRICT") != "" }

// Skip skips the test, or fails it where tests are strict.
func Skip(t testing.TB, why string) {
	t.Helper()
	if Strict() {
		t.Fatalf("cannot run: %s (GLASSMASTER_STRICT is set)", why)
	}
	t.Skip(why)
}

// Need skips the test, or fails it, unless all these programs are installed.
func Need(t testing.TB, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			Skip(t, p+" is not installed")
		}
	}
}

// Run runs a program in dir, an empty dir being the test's own folder, and
// returns what it printed on standard output. A program that fails, fails the
// test with what it printed on both.
func Run(t testing.TB, dir, program string, args ...string) string {
	t.Helper()
	Need(t, program)
	var out, complaints bytes.Buffer
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "TZ=UTC")
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out.String()+complaints.String())
	}
	return out.String()
}
