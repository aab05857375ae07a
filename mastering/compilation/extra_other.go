//go:build !linux && !windows

package compilation

import "glassmaster/mastering/tree"

// readExtra returns nothing on this system.
func readExtra(string, bool, ScanOptions) (*tree.Extra, error) { return nil, nil }
