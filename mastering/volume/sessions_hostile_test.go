package volume_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/volume"
)

// An image that is made of beginnings of volumes, none of which is one, is given up
// soon: each of them takes many reads to look into.
func TestFalseDescriptors(t *testing.T) {
	for _, begin := range []string{"\x01CD001\x01", "\x05CD001\x01", "\x00BEA01\x01", "\x00NSR02\x01"} {
		t.Run(begin[1:6], func(t *testing.T) {
			one := make([]byte, sector)
			copy(one, begin)
			p := bytes.Repeat(one, 8192)
			r := &counted{ReaderAt: bytes.NewReader(p)}
			if got := volume.FindSessions(r, int64(len(p)), false); len(got) > 1 {
				t.Errorf("got %d sessions, want one at the most", len(got))
			}
			if most := int64(20 * len(p)); r.n > most {
				t.Errorf("%d bytes read of an image of %d, want %d at the most", r.n, len(p), most)
			}
		})
	}
}

// A disc of no known file system is searched once for what is known of it.
func TestKnownSearchesOnce(t *testing.T) {
	p := make([]byte, 16<<20)
	r := &counted{ReaderAt: bytes.NewReader(p)}
	if list := volume.Known(disc.FromReaderAt(r, int64(len(p)), nil)); len(list) > 0 {
		t.Errorf("%v", list)
	}
	if most := int64(len(p) + len(p)/2); r.n > most {
		t.Errorf("%d bytes read of %d", r.n, len(p))
	}
}

// The newest session of a medium that is written over may have its descriptors at the
// beginning and not in the chain: the one before it still has an end.
func TestSessionBehindChain(t *testing.T) {
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
