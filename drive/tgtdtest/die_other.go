//go:build !linux

package tgtdtest

import "os/exec"

// dieWithUs does nothing: tgtd runs only on Linux.
func dieWithUs(*exec.Cmd) {}
