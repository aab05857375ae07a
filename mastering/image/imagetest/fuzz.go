package imagetest

import (
	"os"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
)

// FuzzOpen opens what a fuzzer makes as the file at path, with what is beside it. The format
// refuses it, or makes a disc of possible tracks whose last sectors can be read.
func FuzzOpen(f *testing.F, of format.Format, path string) {
	f.Fuzz(func(t *testing.T, p []byte) {
		if err := os.WriteFile(path, p, 0o600); err != nil {
			t.Fatal(err)
		}
		files, err := format.OpenFiles(path)
		if err != nil {
			t.Fatal(err)
		}
		d, err := of.Open(t.Context(), files)
		if err != nil {
			files.Close()
			return
		}
		defer d.Close()
		buf := make([]byte, disc.RawSub.Size())
		for _, s := range d.TOC().Sessions {
			for _, k := range s.Tracks {
				if k.Length < 1 || k.Pregap < 0 || k.Number < 1 || k.Number > 99 {
					t.Errorf("a track %+v", k)
				}
				for _, at := range []disc.LBA{k.Start - disc.LBA(k.Pregap), k.Start} {
					if n, err := d.ReadSectors(t.Context(), buf, at, disc.RawSub); n == 0 && err == nil {
						t.Errorf("no sector %d, and no error", at)
					}
				}
				if n, err := d.ReadSectors(t.Context(), buf, k.End()-1, disc.RawSub); n == 0 {
					t.Errorf("the last sector of track %d: %v", k.Number, err)
				}
			}
		}
	})
}
