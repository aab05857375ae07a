//go:build !linux

package job

import "os"

// dropCache does nothing: this system offers no such thing for a file.
func dropCache(*os.File) {}
