package volume_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/volume"
)

// smallSession is a session of 19 sectors that begins at an address: a descriptor and
// a root directory without entries.
func smallSession(start int) []byte {
	p := make([]byte, 19*sector)
	both := func(p []byte, n int) {
		binary.LittleEndian.PutUint32(p, uint32(n))
		binary.BigEndian.PutUint32(p[4:], uint32(n))
	}
	record := func(p []byte, id byte) {
		p[0], p[25], p[32], p[33] = 34, 2, 1, id
		both(p[2:], start+18)
		both(p[10:], sector)
	}
	d := p[16*sector:]
	copy(d, "\x01CD001\x01")
	both(d[80:], 19)
	copy(d[128:], "\x00\x08\x08\x00")
	record(d[156:], 0)
	copy(p[17*sector:], "\xffCD001\x01")
	record(p[18*sector:], 0)
	record(p[18*sector+34:], 1)
	return p
}

// If many sectors look like the beginning of a session, little is read for each of them.
func TestSessionsFlood(t *testing.T) {
	const n = 20000
	flood := func(id string, apart int) []byte {
		image := smallSession(0)
		for i := range n {
			p := make([]byte, sector)
			if i%apart == 0 {
				copy(p, id)
			}
			image = append(image, p...)
		}
		return image
	}
	for _, c := range []struct {
		name, id string
		apart    int
	}{
		{"supplementary descriptors", "\x02CD001\x01", 1},
		{"primary descriptors", "\x01CD001\x01", 1},
		{"marks of UDF", "\x00NSR02\x01", 1},
		{"marks of UDF, apart", "\x00NSR02\x01", 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			image := flood(c.id, c.apart)
			r := &counted{ReaderAt: bytes.NewReader(image)}
			all := volume.FindSessions(r, int64(len(image)), false)
			if len(all) != 1 {
				t.Errorf("%d sessions, want 1", len(all))
			}
			if most := 5 * int64(len(image)); r.n > most {
				t.Errorf("%d bytes read of %d, want at most %d", r.n, len(image), most)
			}
		})
	}
}

// The newest of many sessions is shown.
func TestSessionsMany(t *testing.T) {
	const n = 1000
	var image []byte
	for range n {
		image = append(image, smallSession(len(image)/sector)...)
	}
	all := volume.FindSessions(bytes.NewReader(image), int64(len(image)), false)
	if len(all) != n {
		t.Fatalf("%d sessions, want %d", len(all), n)
	}
	if got, want := all[n-1].Start, disc.LBA(19*(n-1)); got != want {
		t.Errorf("the newest begins at %d, want %d", got, want)
	}
}

// The sessions of a disc are searched for once.
func TestSessionsOnce(t *testing.T) {
	padded := append(smallSession(0), make([]byte, 16<<20)...)
	for name, p := range map[string][]byte{"no file system": make([]byte, 16<<20), "padded": padded} {
		r := &counted{ReaderAt: bytes.NewReader(p)}
		d := disc.FromReaderAt(r, int64(len(p)), nil)
		if list := volume.Known(context.Background(), d); len(list) > 0 {
			t.Errorf("%s: %v", name, list)
		}
		if _, err := volume.OpenDisc(context.Background(), d, volume.Options{}); (err == nil) != (name == "padded") {
			t.Errorf("%s: %v", name, err)
		}
		volume.Views(context.Background(), d, volume.Options{})
		if most := int64(len(p) + len(p)/2); r.n > most {
			t.Errorf("%s: %d bytes read of %d", name, r.n, len(p))
		}
	}
}

// The newest session of an overwritable medium may have its descriptors only at the
// beginning, not in the chain. The end of the session before it is still known.
func TestSessionAfterChain(t *testing.T) {
	p := make([]byte, 400*sector)
	for _, s := range []struct{ at, root int }{{0, 300}, {32, 60}} {
		d := p[(s.at+16)*sector:]
		copy(d, "\x01CD001\x01")
		binary.LittleEndian.PutUint32(d[80:], 100)
		binary.LittleEndian.PutUint16(d[128:], sector)
		copy(d[sector:], "\xffCD001\x01")
		r := make([]byte, 34)
		r[0], r[25], r[28], r[32] = 34, 2, 1, 1
		binary.LittleEndian.PutUint32(r[2:], uint32(s.root))
		binary.LittleEndian.PutUint32(r[10:], sector)
		copy(d[156:], r)
		copy(p[s.root*sector:], r)
	}
	list := volume.FindSessions(bytes.NewReader(p), int64(len(p)), false)
	if len(list) != 2 || list[0].Start != 32 || list[1].Start != 0 {
		t.Fatalf("%+v", list)
	}
	for _, s := range list {
		if s.End != 400 {
			t.Errorf("session %d ends at %d", s.Number, s.End)
		}
	}
}

// A session after a hole in the image file is found.
func TestSessionAfterHole(t *testing.T) {
	const second = 100_000
	f, err := os.Create(filepath.Join(t.TempDir(), "image"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, at := range []int{0, second} {
		if _, err := f.WriteAt(smallSession(at), int64(at)*sector); err != nil {
			t.Fatal(err)
		}
	}
	list := volume.FindSessions(f, (second+19)*sector, false)
	if len(list) != 2 || list[1].Start != second {
		t.Errorf("%+v", list)
	}
}
