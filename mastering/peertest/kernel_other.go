//go:build !linux || !amd64

package peertest

import "testing"

// Kernel skips the test: user-mode Linux needs Linux on amd64.
func Kernel(t testing.TB, _, _ string) string {
	t.Helper()
	t.Skip("user-mode Linux needs Linux on amd64")
	return ""
}

// KernelWithInitiator skips the test, as Kernel does.
func KernelWithInitiator(t testing.TB, _, _ string) string {
	t.Helper()
	t.Skip("user-mode Linux needs Linux on amd64")
	return ""
}

// KernelWithDrives skips the test, as Kernel does.
func KernelWithDrives(t testing.TB, _, _ string) string {
	t.Helper()
	t.Skip("user-mode Linux needs Linux on amd64")
	return ""
}
