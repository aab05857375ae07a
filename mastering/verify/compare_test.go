package verify

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// fake is a disc in memory, of which some sectors cannot be read.
type fake struct {
	disc.Disc
	bad map[disc.LBA]bool
}

var errMedium = errors.New("unrecovered read error")

func (f fake) ReadSectors(ctx context.Context, p []byte, lba disc.LBA, form disc.Form) (int, error) {
	for n := 0; n < len(p)/disc.SectorSize; n++ {
		if f.bad[lba+disc.LBA(n)] {
			k, _ := f.Disc.ReadSectors(context.Background(), p[:n*disc.SectorSize], lba, form)
			return k, errMedium
		}
	}
	return f.Disc.ReadSectors(context.Background(), p, lba, form)
}

type memory []byte

func (m memory) ReadAt(p []byte, off int64) (int, error) {
	if off >= int64(len(m)) {
		return 0, io.EOF
	}
	n := copy(p, m[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func data(sectors int) memory {
	p := make(memory, sectors*disc.SectorSize)
	for i := range p {
		p[i] = byte(i*7 + i/disc.SectorSize)
	}
	return p
}

func TestCompare(t *testing.T) {
	const sectors = 300
	want := data(sectors)
	locate := func(lba disc.LBA) string { return fmt.Sprintf("file %d", lba) }
	for _, c := range []struct {
		name    string
		length  int
		flip    []int64    // bytes that differ
		unread  []disc.LBA // sectors that cannot be read
		lba     disc.LBA   // of the mismatch, -1 for none
		offset  int
		count   int64
		because error
	}{
		{"equal", sectors, nil, nil, -1, 0, 0, nil},
		{"longer", sectors + 5, nil, nil, -1, 0, 0, nil},
		{"one byte", sectors, []int64{5*2048 + 17}, nil, 5, 17, 1, nil},
		{"last byte", sectors, []int64{sectors*2048 - 1}, nil, sectors - 1, 2047, 1, nil},
		{"three sectors", sectors, []int64{64 * 2048, 64*2048 + 1, 65 * 2048, 200*2048 + 9}, nil, 64, 0, 3, nil},
		{"unreadable", sectors, nil, []disc.LBA{0, 70, 71, 299}, 0, 0, 4, errMedium},
		{"unreadable, then different", sectors, []int64{80*2048 + 3}, []disc.LBA{70}, 70, 0, 2, errMedium},
		{"too short", sectors - 2, nil, nil, sectors - 2, 0, 2, io.ErrUnexpectedEOF},
	} {
		got := data(c.length)
		for _, at := range c.flip {
			got[at] ^= 0x40
		}
		if c.length > sectors {
			copy(got, want)
		}
		bad := map[disc.LBA]bool{}
		for _, at := range c.unread {
			bad[at] = true
		}
		a := disc.FromReaderAt(want, int64(len(want)), nil)
		b := fake{disc.FromReaderAt(got, int64(len(got)), nil), bad}
		var m progress.Meter
		r, err := Comparer{}.Compare(t.Context(), a, b, locate, &m)
		if r.SHA256 != sha256.Sum256(want) || r.Sectors != sectors || r.Bad != c.count {
			t.Errorf("%s: result %x, %d sectors, %d bad", c.name, r.SHA256[:4], r.Sectors, r.Bad)
		}
		if s := m.Snapshot(); s.Done != s.Total || s.Done != int64(len(want)) {
			t.Errorf("%s: progress %d of %d", c.name, s.Done, s.Total)
		}
		if c.lba < 0 {
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		var mis *Mismatch
		if !errors.As(err, &mis) {
			t.Errorf("%s: error %v", c.name, err)
			continue
		}
		if mis.LBA != c.lba || mis.Offset != c.offset || mis.Count != c.count || mis.File != locate(c.lba) {
			t.Errorf("%s: %+v", c.name, mis)
		}
		if !errors.Is(err, c.because) && c.because != nil {
			t.Errorf("%s: %v, want %v", c.name, err, c.because)
		}
	}
}

func TestCompareSourceUnreadable(t *testing.T) {
	p := data(100)
	want := fake{disc.FromReaderAt(p, int64(len(p)), nil), map[disc.LBA]bool{66: true}}
	_, err := Comparer{}.Compare(t.Context(), want, disc.FromReaderAt(p, int64(len(p)), nil), nil, progress.Discard)
	var mis *Mismatch
	if !errors.Is(err, errMedium) || errors.As(err, &mis) {
		t.Errorf("error %v", err)
	}
}

func TestCompareCancelled(t *testing.T) {
	p := data(100)
	d := disc.FromReaderAt(p, int64(len(p)), nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (Comparer{}).Compare(ctx, d, d, nil, progress.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
