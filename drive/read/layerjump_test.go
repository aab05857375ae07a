package read_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/drive/record"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// The sessions of a DVD-R DL with layer jumps end where their data on the first layer ends,
// and all of them can be read.
func TestLayerJumps(t *testing.T) {
	d := virtualtest.Blank(t, "dvd-r dl", 120000)
	first, second := virtualtest.Noise(3000, 4), virtualtest.Noise(1990, 5)
	burn(t, d, first, record.Options{Mode: record.LayerJump, Appendable: true})
	m, err := read.Media(t.Context(), d)
	if err != nil || len(m.Sessions) != 1 || m.Sessions[0].Tracks[0].Length != 3008 {
		t.Fatalf("%v, %+v", err, m.Sessions)
	}
	b, err := record.NewPlan(t.Context(), d, virtualtest.At(virtualtest.DiscOf(second), m.NextWritable), record.Options{Appendable: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := virtualtest.Burn(t.Context(), b, progress.Discard); err != nil {
		t.Fatal(err)
	}
	r := open(t, d)
	s := r.TOC().Sessions
	if len(s) != 2 || s[0].Tracks[0].Length != 3008 || s[1].Tracks[0].Start != m.NextWritable || s[1].Tracks[0].Length != 2000 {
		t.Fatalf("%+v", s)
	}
	for i, want := range [][]byte{first, second} {
		got := make([]byte, len(want))
		n, err := r.ReadSectors(t.Context(), got, s[i].Tracks[0].Start, disc.User)
		if err != nil || n != len(want)/disc.SectorSize || !bytes.Equal(got, want) {
			t.Errorf("session %d: %d sectors, %v", i+1, n, err)
		}
	}
	if n := read.Notices(r); len(n) != 0 {
		t.Errorf("notices %q", n)
	}
}

// A session on both layers that is written without moving the middle area has a gap of
// addresses, which is read as zeros.
func TestLayerJumpGap(t *testing.T) {
	const last = 4095
	d := virtualtest.Blank(t, "dvd-r dl", last+1)
	p := virtualtest.Noise(224, 6)
	ctx, half := t.Context(), len(p)/2
	page := mmc.WriteParameters{Type: mmc.LayerJump, DataBlock: 8, TrackMode: 5, FixedPacket: true, PacketSize: 16, LinkSize: 16, BufferFree: true}
	for i, step := range []func() error{
		func() error {
			return mmc.RetryUnitAttention(func() error { return mmc.SetWriteParameters(ctx, d, page) })
		},
		func() error { return mmc.SetManualJump(ctx, d, 111) },
		func() error { return mmc.WriteBlocks(ctx, d, 0, p[:half], disc.SectorSize) },
		func() error { return mmc.WriteBlocks(ctx, d, last-111, p[half:], disc.SectorSize) },
		func() error { return mmc.SynchronizeCache(ctx, d, false) },
		func() error { return mmc.CloseTrackSession(ctx, d, mmc.CloseTrack, 1) },
		func() error { return mmc.Wait(ctx, d, time.Minute, nil) },
		func() error { return mmc.CloseTrackSession(ctx, d, mmc.CloseSession, 0) },
		func() error { return mmc.Wait(ctx, d, time.Minute, nil) },
	} {
		if err := step(); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
	}
	r := open(t, d)
	if n := disc.Sectors(r); n != last+1 {
		t.Fatalf("%d sectors", n)
	}
	if n := read.Notices(r); len(n) != 1 || !strings.Contains(n[0].Text, "112 to 3983") {
		t.Errorf("notices %q", n)
	}
	want := make([]byte, (last+1)*disc.SectorSize)
	copy(want, p[:half])
	copy(want[(last-111)*disc.SectorSize:], p[half:])
	got := make([]byte, len(want))
	if n, err := r.ReadSectors(ctx, got, 0, disc.User); err != nil || n != last+1 || !bytes.Equal(got, want) {
		t.Errorf("%d sectors, %v", n, err)
	}
}
