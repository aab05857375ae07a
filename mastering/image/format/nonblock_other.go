//go:build !unix

package format

// nonblock is 0 on systems whose named pipes are not files.
const nonblock = 0
