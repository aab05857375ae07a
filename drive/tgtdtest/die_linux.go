package tgtdtest

import (
	"os/exec"
	"syscall"
)

// dieWithUs has the kernel kill the program when a test ends without its clean-up.
func dieWithUs(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
