package peers_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"glassmaster/drive/record"
	"glassmaster/drive/scsi/device"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/progress"
)

// ours is a disc that this project burns through the kernel.
type ours struct {
	name, medium string
	make         func(testing.TB) disc.Disc // nil: disc.iso
	o            record.Options
	format       *record.FormatOptions // before the burn
}

// oursList are all media and modes.
var oursList = []ours{
	{name: "CD-R data by track", medium: "cd-r"},
	{name: "CD-R data at once", medium: "cd-r", o: record.Options{Mode: record.SessionAtOnce}},
	{name: "CD-R data raw", medium: "cd-r", make: imagetest.Mode1, o: record.Options{Mode: record.Raw}},
	{name: "CD-R audio at once", medium: "cd-r", make: imagetest.Audio, o: record.Options{Mode: record.SessionAtOnce}},
	{name: "CD-R audio raw", medium: "cd-r", make: imagetest.Audio, o: record.Options{Mode: record.Raw}},
	{name: "CD-R audio by track", medium: "cd-r", make: imagetest.Audio, o: record.Options{Mode: record.TrackAtOnce, AcceptLoss: true}},
	{name: "CD-R mixed at once", medium: "cd-r", make: imagetest.Mixed},
	{name: "CD-R mixed raw", medium: "cd-r", make: imagetest.Mixed, o: record.Options{Mode: record.Raw}},
	{name: "CD-RW XA at once", medium: "cd-rw", make: imagetest.XA, o: record.Options{Mode: record.SessionAtOnce}},
	{name: "CD-RW two sessions", medium: "cd-rw", make: imagetest.Sessions},
	{name: "DVD-R incremental", medium: "dvd-r"},
	{name: "DVD-R at once", medium: "dvd-r", o: record.Options{Mode: record.DiscAtOnce}},
	{name: "DVD-R DL", medium: "dvd-r dl"},
	{name: "DVD-RW", medium: "dvd-rw"},
	{name: "DVD-RW restricted overwrite", medium: "dvd-rw", format: &record.FormatOptions{Full: true}},
	{name: "DVD-RAM", medium: "dvd-ram"},
	{name: "DVD+R", medium: "dvd+r"},
	{name: "DVD+R DL", medium: "dvd+r dl"},
	{name: "DVD+RW", medium: "dvd+rw"},
	{name: "BD-R", medium: "bd-r"},
	{name: "BD-R with spare areas", medium: "bd-r", format: &record.FormatOptions{}},
	{name: "BD-RE", medium: "bd-re"},
}

// This project burns through SG_IO of the kernel to served recorders.
func TestRecordCD(t *testing.T)  { testRecord(t, true) }
func TestRecordDVD(t *testing.T) { testRecord(t, false) }

func testRecord(t *testing.T, cd bool) {
	t.Parallel()
	peertest.Need(t, "sg_start", "xorriso")
	dir := sources(t)
	var list []burn
	for i, x := range oursList {
		if strings.HasPrefix(x.medium, "cd") != cd {
			continue
		}
		b := burn{
			name: x.name, medium: x.medium, sectors: 40000,
			script: fmt.Sprintf("GLASSMASTER_GUEST=1 DRIVE=$sr BURN=%d ./peers.test -test.v -test.run '^TestGuestBurn$'", i),
		}
		switch {
		case x.make != nil:
			b.want = want{same: x.make}
		case i == 0:
			// The kernel reads ahead into the run-out and cuts the disc there, so do not let it.
			b.script += "; reload; dd if=$sr iflag=direct bs=2k count=$(($(stat -c %s disc.iso) / 2048)) status=none | cmp - disc.iso"
			b.want = want{sessions: [][]track{{data(2)}}}
		default:
			b.script += "; reload; has disc.iso; mounts tree/tree.bin"
			b.want = want{sessions: [][]track{{data(40000)}}}
		}
		list = append(list, b)
	}
	burnAll(t, dir, list)
}

// TestGuestBurn burns one of oursList in the virtual machine.
func TestGuestBurn(t *testing.T) {
	if os.Getenv(inGuest) == "" {
		t.Skip("runs in the virtual machine")
	}
	ctx := context.Background()
	var i int
	if _, err := fmt.Sscan(os.Getenv("BURN"), &i); err != nil {
		t.Fatal(err)
	}
	x := oursList[i]
	d, err := device.Open(ctx, os.Getenv("DRIVE"))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if x.format != nil {
		f, err := record.NewFormatting(ctx, d, *x.format)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Run(ctx, progress.Discard); err != nil {
			t.Fatal(err)
		}
	}
	b, err := record.NewPlan(ctx, d, x.source(t), x.o)
	if err != nil {
		t.Fatal(err)
	}
	r, err := virtualtest.Burn(ctx, b, progress.Discard)
	if err != nil || !r.Verified {
		t.Fatalf("verified: %v (%v), %v", r.Verified, r.NotAssured, err)
	}
	for _, c := range r.Checks {
		if !c.OK {
			t.Errorf("%s: found %s, want %s", c.What, c.Found, c.Expected)
		}
	}
}

func (x ours) source(t *testing.T) disc.Disc {
	if x.make != nil {
		return x.make(t)
	}
	src, _, err := image.Open(t.Context(), "disc.iso")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { src.Close() })
	return src
}

// sameDisc compares the tracks of two discs: their numbers, modes, codes and sectors.
func sameDisc(t *testing.T, want, got disc.Disc) {
	t.Helper()
	a, b := want.TOC(), got.TOC()
	if a.Catalog != b.Catalog && b.Catalog != "" || len(a.Sessions) != len(b.Sessions) {
		t.Fatalf("the disc is %+v, want %+v", b, a)
	}
	for i := range a.Sessions {
		if len(a.Sessions[i].Tracks) != len(b.Sessions[i].Tracks) {
			t.Fatalf("session %d is %+v, want %+v", i+1, b.Sessions[i], a.Sessions[i])
		}
		for k, w := range a.Sessions[i].Tracks {
			g := b.Sessions[i].Tracks[k]
			if w.Number != g.Number || w.Mode != g.Mode || w.Control != g.Control || w.ISRC != g.ISRC || w.Length > g.Length {
				t.Errorf("track %+v, want %+v", g, w)
			}
			form := disc.Raw
			if w.Mode == disc.Mode1 {
				form = disc.User // the disc may have been written with that alone
			}
			p, q := make([]byte, w.Length*int64(form.Size())), make([]byte, w.Length*int64(form.Size()))
			if _, err := readAll(t, want, p, w.Start, form); err != nil {
				t.Fatal(err)
			}
			if _, err := readAll(t, got, q, g.Start, form); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(p, q) {
				t.Errorf("the sectors of track %d differ", w.Number)
			}
		}
	}
}
