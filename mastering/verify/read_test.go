package verify

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
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

// leaving is a disc that is removed when an address is read.
type leaving struct {
	disc.Disc
	from disc.LBA
}

func (l leaving) ReadSectors(ctx context.Context, p []byte, lba disc.LBA, f disc.Form) (int, error) {
	n := min(max(int(l.from-lba), 0), len(p)/disc.SectorSize)
	k, err := l.Disc.ReadSectors(context.Background(), p[:n*disc.SectorSize], lba, f)
	if k == n && n < len(p)/disc.SectorSize {
		err = fmt.Errorf("the tray was opened: %w", disc.ErrGone)
	}
	return k, err
}

// A disc that is removed while it is read is not reported as bad: sectors that could not
// be tried are not counted, and there is no result. Sectors that were bad before are
// reported.
func TestGone(t *testing.T) {
	p := data(300)
	whole := disc.FromReaderAt(p, int64(len(p)), nil)
	for _, c := range []struct {
		name string
		bad  map[disc.LBA]bool
		want string
	}{
		{"sound until then", nil, "stopped at sector 130, all sectors before it are good"},
		{"bad before", map[disc.LBA]bool{70: true}, "sector 70"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := leaving{fake{whole, c.bad}, 130}
			for what, verify := range map[string]func() (Result, error){
				"read":    func() (Result, error) { return Read(t.Context(), d, nil, progress.Discard) },
				"compare": func() (Result, error) { return Comparer{}.Compare(t.Context(), whole, d, nil, progress.Discard) },
			} {
				r, err := verify()
				var m *Mismatch
				if !errors.Is(err, disc.ErrGone) || errors.As(err, &m) || !strings.Contains(err.Error(), c.want) || r.Bad != int64(len(c.bad)) {
					t.Errorf("%s: %v, %d bad", what, err, r.Bad)
				}
			}
		})
	}
}
