// Package peertest runs other programs in tests, to check that they can read what this
// project writes, and that this project can read what they write.
//
// If a program is not installed, the test is skipped. If GLASSMASTER_STRICT is set, as
// "make test" does, the test fails instead.
package peertest

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Strict reports whether tests that cannot run must fail.
func Strict() bool { return os.Getenv("GLASSMASTER_STRICT") != "" }

// Skip skips the test, or fails it if Strict.
func Skip(t testing.TB, why string) {
	t.Helper()
	if Strict() {
		t.Fatalf("cannot run: %s (GLASSMASTER_STRICT is set)", why)
	}
	t.Skip(why)
}

// Need calls Skip if one of these programs is not installed.
func Need(t testing.TB, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			Skip(t, p+" is not installed")
		}
	}
}

// Run runs a program in dir, or in the working directory if dir is empty, and returns its
// standard output. If the program fails, the test fails and shows all of its output.
func Run(t testing.TB, dir, program string, args ...string) string {
	t.Helper()
	Need(t, program)
	var out, stderr bytes.Buffer
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "TZ=UTC")
	cmd.Stdout, cmd.Stderr = &out, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out.String()+stderr.String())
	}
	return out.String()
}

func write(t testing.TB, name, text string, mode fs.FileMode) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}
