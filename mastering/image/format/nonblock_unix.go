//go:build unix

package format

import "syscall"

// nonblock has opening a named pipe not wait for whoever writes into it.
const nonblock = syscall.O_NONBLOCK
