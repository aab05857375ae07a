package read_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"

	"glassmaster/drive/read"
	"glassmaster/drive/scsi"
	"glassmaster/drive/virtual"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
)

// Zeros replace unreadable sectors, which are counted. If the drive is gone, the read
// fails instead of returning zeros to the end.
func TestSalvage(t *testing.T) {
	want := virtualtest.Noise(300, 5)
	v := virtualtest.Pressed(t, want)
	v.SetFaults(virtual.Faults{ReadErrors: []int64{0, 77, 78, 299}})
	s := read.NewSalvage(open(t, v))
	p := make([]byte, 310*disc.SectorSize)
	if n, err := s.ReadSectors(context.Background(), p, 0, disc.User); n != 0 || err == nil {
		t.Errorf("before Start: %d sectors, %v", n, err)
	}
	s.Start()
	if _, err := s.ReadSectors(context.Background(), p[:100*disc.SectorSize], 0, disc.User); err != nil {
		t.Errorf("read twice: %v", err)
	}
	n, err := s.ReadSectors(context.Background(), p, 0, disc.User)
	if n != 300 || !errors.Is(err, io.EOF) {
		t.Fatalf("%d sectors, %v", n, err)
	}
	for _, at := range []int{0, 77, 78, 299} {
		clear(want[at*disc.SectorSize : (at+1)*disc.SectorSize])
	}
	if !bytes.Equal(p[:len(want)], want) {
		t.Error("what was read differs")
	}
	if n, first, err := s.Bad(); n != 4 || first != 0 || !scsi.Is(err, scsi.KeyMediumError, 0x11, 0x05) {
		t.Errorf("%d bad, the first at %d, %v", n, first, err)
	}

	m := &flaky{Transport: virtualtest.Pressed(t, want)}
	s = read.NewSalvage(open(t, m))
	s.Start()
	m.fails, m.with = map[uint32]int{5: 1 << 30}, sense(2, 0x3A, 0)
	if n, err := s.ReadSectors(context.Background(), p[:300*disc.SectorSize], 0, disc.User); n != 0 || !scsi.MediumNotPresent(err) {
		t.Errorf("the disc is gone: %d sectors, %v", n, err)
	}
	if n, _, _ := s.Bad(); n != 0 {
		t.Errorf("the disc is gone: %d sectors are called bad", n)
	}
}
