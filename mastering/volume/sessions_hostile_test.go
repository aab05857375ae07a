package volume_test

import (
	"bytes"
	"testing"

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
