package mds_test

import (
	"os"
	"path/filepath"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
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
	f.Fuzz(func(t *testing.T, p []byte) {
		if err := os.WriteFile(path, p, 0o600); err != nil {
			t.Fatal(err)
		}
		files, err := format.OpenFiles(path)
		if err != nil {
			t.Fatal(err)
		}
		d, err := mds.Format.Open(t.Context(), files)
		if err != nil {
			files.Close()
			return
		}
		defer d.Close()
		for _, s := range d.TOC().Sessions {
			for _, k := range s.Tracks {
				if k.Length < 1 || k.Pregap < 0 || k.Number < 1 || k.Number > 99 {
					t.Errorf("a track %+v", k)
				}
				buf := make([]byte, disc.RawSub.Size())
				for _, at := range []disc.LBA{k.Start - disc.LBA(k.Pregap), k.Start, k.End() - 1} {
					if n, err := d.ReadSectors(t.Context(), buf, at, disc.RawSub); n == 0 && err == nil {
						t.Errorf("no sector %d, and no error", at)
					}
				}
			}
		}
	})
}
