package mds_test

import (
	"os"
	"path/filepath"
	"testing"

	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/image/mds"
)

// Any descriptor is refused or makes a disc whose sectors can be read as far as they exist.
func FuzzOpen(f *testing.F) {
	f.Add(twoSessions().bytes())
	f.Add(described{medium: 0x10, names: []string{"*.mdf"}, wide: true, dpm: 99, sessions: [][]block{{{mode: 0x02, point: 1, size: 2048, length: 50}}}}.bytes())
	f.Add([]byte("MEDIA DESCRIPTOR\x01\x05"))
	dir := f.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "x.mdf"), make([]byte, 300*2448), 0o600); err != nil {
		f.Fatal(err)
	}
	path := filepath.Join(dir, "x.mds")
	imagetest.FuzzOpen(f, mds.Format, path)
}
