package record_test

import (
	"context"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"glassmaster/drive/mmc"
	"glassmaster/drive/record"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// claiming is an image whose volume descriptor states more sectors than the image has.
func claiming(have, claimed uint32) []byte {
	p := make([]byte, int(have)*2048)
	d := p[16*2048:]
	copy(d, "\x01CD001\x01")
	binary.LittleEndian.PutUint32(d[80:], claimed)
	binary.LittleEndian.PutUint16(d[128:], 2048)
	d[156] = 34
	binary.LittleEndian.PutUint32(d[158:], 18)
	binary.LittleEndian.PutUint32(d[166:], 2048)
	copy(p[17*2048:], "\xffCD001\x01")
	r := p[18*2048:] // the root: itself and its parent
	for i := range 2 {
		copy(r[i*34:], d[156:190])
		r[i*34], r[i*34+25], r[i*34+32], r[i*34+33] = 34, 2, 1, byte(i)
	}
	return p
}

// A source whose end is missing is refused before anything is written. With Force, the
// plan says what will be missing on the disc.
func TestIncompleteSource(t *testing.T) {
	d := virtualtest.Blank(t, "dvd+r", small)
	if b, err := record.NewPlan(t.Context(), d, virtualtest.DiscOf(claiming(400, 400)), record.Options{}); err != nil || b.Plan().Incomplete() != "" {
		t.Errorf("a complete source: %v", err)
	}
	src := virtualtest.DiscOf(claiming(400, 700))
	if _, err := record.NewPlan(t.Context(), d, src, record.Options{}); !errors.Is(err, record.ErrIncomplete) {
		t.Fatalf("got %v, want ErrIncomplete", err)
	}
	if got := status(t, d).Status; got != mmc.Blank {
		t.Errorf("the disc is %v, want blank", got)
	}
	b, err := record.NewPlan(t.Context(), d, src, record.Options{Force: true})
	if err != nil {
		t.Fatal(err)
	}
	r, err := virtualtest.Burn(context.Background(), b, progress.Discard)
	if err != nil || !strings.Contains(r.Plan.Incomplete(), "needs 700 sectors, but only 400 exist") || !strings.Contains(strings.Join(disc.Texts(r.Plan.Notices), "\n"), "so will be the disc") {
		t.Errorf("%v, %+v", err, r.Plan)
	}
}

// A file may extend beyond its volume, as in an image with patched descriptors. The burn
// detects this as verify does.
func TestIncompleteFile(t *testing.T) {
	p := claiming(400, 400)
	dir := p[18*2048:]
	e := dir[68:] // after the folder itself and its parent
	e[0], e[32] = 36, 3
	binary.LittleEndian.PutUint32(e[2:], 390)
	binary.LittleEndian.PutUint32(e[10:], 20*2048)
	copy(e[33:], "A.;")
	d := virtualtest.Blank(t, "dvd+r", small)
	src := virtualtest.DiscOf(p)
	_, err := record.NewPlan(t.Context(), d, src, record.Options{})
	if !errors.Is(err, record.ErrIncomplete) || !strings.Contains(err.Error(), "needs 410 sectors") {
		t.Fatalf("got %v, want ErrIncomplete", err)
	}
	b, err := record.NewPlan(t.Context(), d, src, record.Options{Force: true})
	if err != nil || b.Plan().Incomplete() == "" {
		t.Errorf("forced: %v", err)
	}
}
