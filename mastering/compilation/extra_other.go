//go:build !linux && !windows

package compilation

import "glassmaster/mastering/tree"

// readExtra knows nothing of files beyond their stat on this system.
func readExtra(string, bool, ScanOptions) (*tree.Extra, error) { return nil, nil }
