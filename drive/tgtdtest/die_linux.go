package tgtdtest

import (
	"os/exec"
	"syscall"
)

// dieWithUs makes the kernel kill the program when the test is killed before its cleanup.
func dieWithUs(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
