//go:build !unix

package format

// nonblock is nothing where named pipes are no files.
const nonblock = 0
