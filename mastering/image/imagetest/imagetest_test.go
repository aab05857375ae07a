package imagetest_test

import (
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/sector"
)

// The sample discs are the same each time, and their data sectors have no faults.
func TestSamples(t *testing.T) {
	const all = format.Audio | format.Tracks | format.Sessions | format.Raw | format.Indexes | format.Codes | format.Text
	for name, sample := range map[string]func(testing.TB) disc.Disc{
		"audio": imagetest.Audio, "mixed": imagetest.Mixed, "sessions": imagetest.Sessions,
		"sub-channels": imagetest.SubChannels, "XA": imagetest.XA, "mode 1": imagetest.Mode1,
	} {
		d := sample(t)
		imagetest.Same(t, d, sample(t), all)
		p := make([]byte, sector.Size)
		for _, s := range d.TOC().Sessions {
			for _, k := range s.Tracks {
				if k.Mode == disc.Audio {
					continue
				}
				for lba := k.Start; lba < k.End(); lba++ {
					if _, err := d.ReadSectors(t.Context(), p, lba, disc.Raw); err != nil {
						t.Fatalf("%s: %v", name, err)
					}
					if f := sector.Check(p, lba); f != 0 {
						t.Fatalf("%s: sector %d: faults %x", name, lba, f)
					}
				}
			}
		}
	}
}
