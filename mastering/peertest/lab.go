package peertest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Lab returns a program that runs a script as root under a Linux kernel with
// drives: it lies beside the repository of those who have it, and is no part of
// the project. Elsewhere, or where the other programs that the test needs are not
// installed, the test is skipped.
func Lab(t testing.TB, programs ...string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for dir != filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		dir = filepath.Dir(dir)
	}
	lab := filepath.Join(filepath.Dir(dir), "shared", "lab", "kernel")
	if _, err := os.Stat(lab); err != nil {
		t.Skip("there is no kernel with drives to run")
	}
	for _, p := range append([]string{"linux.uml", "gcc"}, programs...) {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("the kernel cannot be run: %s is not installed", p)
		}
	}
	return lab
}
