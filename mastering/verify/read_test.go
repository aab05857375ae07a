package verify

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

func TestRead(t *testing.T) {
	const sectors = 300
	want := data(sectors)
	locate := func(lba disc.LBA) string { return fmt.Sprintf("file %d", lba) }
	for _, c := range []struct {
		name string
		bad  []disc.LBA
	}{
		{"whole", nil},
		{"one", []disc.LBA{70}},
		{"first and last", []disc.LBA{0, sectors - 1}},
		{"neighbours", []disc.LBA{63, 64, 65, 128}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := fake{disc.FromReaderAt(want, int64(len(want)), nil), map[disc.LBA]bool{}}
			rest := append(memory(nil), want...)
			for _, a := range c.bad {
				d.bad[a] = true
				clear(rest[a*disc.SectorSize : (a+1)*disc.SectorSize])
			}
			var m progress.Meter
			r, err := Read(context.Background(), d, locate, &m)
			if r.Sectors != sectors || r.Bad != int64(len(c.bad)) || m.Snapshot().Done != int64(len(want)) {
				t.Errorf("%d sectors, %d bad, %d bytes reported", r.Sectors, r.Bad, m.Snapshot().Done)
			}
			if r.SHA256 != sha256.Sum256(rest) {
				t.Error("the checksum is wrong")
			}
			if len(c.bad) == 0 {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var first *Mismatch
			if !errors.As(err, &first) || first.LBA != c.bad[0] || first.Count != int64(len(c.bad)) ||
				first.File != locate(c.bad[0]) || !errors.Is(err, errMedium) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestReadCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	want := data(10)
	if _, err := Read(ctx, disc.FromReaderAt(want, int64(len(want)), nil), nil, progress.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
