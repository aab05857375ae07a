//go:build !linux || !amd64

package peertest

import "testing"

// Kernel skips the test: user-mode Linux is there for Linux on amd64 alone.
func Kernel(t testing.TB, _, _ string) string {
	t.Helper()
	t.Skip("user-mode Linux runs on Linux and amd64 alone")
	return ""
}

// KernelWithDrives skips the test, as Kernel does.
func KernelWithDrives(t testing.TB, _, _ string) string {
	t.Helper()
	t.Skip("user-mode Linux runs on Linux and amd64 alone")
	return ""
}
