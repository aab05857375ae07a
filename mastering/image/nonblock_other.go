//go:build !unix

package image

// nonblock is nothing where named pipes are no files.
const nonblock = 0
