package record_test

import (
	"errors"
	"strings"
	"testing"

	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/drive/virtual"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// The layer break is where the options, the image or a cell of a DVD-Video want it, and is
// on the disc afterwards.
func TestLayerBreak(t *testing.T) {
	data := virtualtest.Noise(2000, 1)
	film, titles := video(t, true, 896, -64, 33, 607)
	seamless, _ := video(t, true, 896, -704)
	for _, c := range []struct {
		name   string
		src    disc.Disc
		o      record.Options
		want   int64
		where  string
		warns  string
		medium string
	}{
		{"half", virtualtest.DiscOf(data), record.Options{}, 1008, "the middle of the data", "", "dvd+r dl"},
		{"half, DVD-R DL", virtualtest.DiscOf(data), record.Options{}, 1008, "the middle of the data", "", "dvd-r dl"},
		{"half, DVD-R DL at once", virtualtest.DiscOf(data), record.Options{Mode: record.DiscAtOnce}, 1008, "the middle of the data", "", "dvd-r dl"},
		{"requested", virtualtest.DiscOf(data), record.Options{LayerBreak: 1600}, 1600, "as requested", "", "dvd+r dl"},
		{"of the image", ofLayers{virtualtest.DiscOf(data), 1200}, record.Options{}, 1200, "as on the disc of the image", "", "dvd+r dl"},
		{"of the image, not possible", ofLayers{virtualtest.DiscOf(data), 1201}, record.Options{}, 1008, "the middle of the data", "", "dvd+r dl"},
		{"more sessions", virtualtest.DiscOf(data), record.Options{Appendable: true}, 2048, "the end of the first layer", "", "dvd+r dl"},
		{"cell", film, record.Options{}, titles + 960, "title set 1, program chain 1, cell 3", "", "dvd+r dl"},
		{"seamless cell", seamless, record.Options{}, titles + 896, "title set 1, program chain 1, cell 2", "without a pause", "dvd+r dl"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := virtualtest.Blank(t, c.medium, small)
			r, err := burn(t, d, c.src, c.o)
			if err != nil || !r.Verified {
				t.Fatalf("%v, %+v", err, r)
			}
			b := chosenBreak(r.Plan)
			if b.Sectors != c.want || b.Where != c.where || r.Plan.Layers[0] != c.want {
				t.Errorf("layers %v, %+v of %+v, want %d", r.Plan.Layers, b, r.Plan.Breaks, c.want)
			}
			if have, err := mmc.ReadLayerBoundary(t.Context(), d); err != nil || have.Layer0 != c.want {
				t.Errorf("the disc has its layer break at %d: %v", have.Layer0, err)
			}
			copied, err := read.Open(t.Context(), d)
			if err != nil {
				t.Fatal(err)
			}
			if at := copied.TOC().LayerBreak; at != c.want {
				t.Errorf("as a source, its layer break is at %d, want %d", at, c.want)
			}
			if len(r.Checks) != 1 || !r.Checks[0].OK {
				t.Errorf("checks %+v", r.Checks)
			}
			if (c.warns == "") != (len(r.Notices) == 0) || c.warns != "" && !strings.Contains(r.Notices[0].Text, c.warns) {
				t.Errorf("notices %q, want %q", r.Notices, c.warns)
			}
		})
	}
}

// Cells that do not begin an ECC block, or not with a navigation pack, are listed and not
// chosen.
func TestUnusableCells(t *testing.T) {
	unaligned, titles := video(t, true, 901, 699)
	empty, _ := video(t, false, 912, 688)
	for name, src := range map[string]disc.Disc{"unaligned": unaligned, "without navigation": empty} {
		b, err := record.NewPlan(t.Context(), virtualtest.Blank(t, "dvd+r dl", small), src, record.Options{})
		if err != nil {
			t.Fatal(err)
		}
		p := b.Plan()
		cells := 0
		for _, x := range p.Breaks {
			if x.Cell {
				if cells++; x.Unusable == "" || x.Chosen {
					t.Errorf("%s: %+v, with titles at %d", name, x, titles)
				}
			}
		}
		if cells != 1 || len(p.Notices) != 1 || !strings.Contains(p.Notices[0].Text, "within a cell") || chosenBreak(p).Where != "the middle of the data" {
			t.Errorf("%s: %d cells, %q, %+v", name, cells, p.Notices, p.Breaks)
		}
	}
}

// A disc that is to be appended to, and whose layer break is requested, has less room for more
// sessions, which the plan says and the disc shows.
func TestLayerBreakAppendable(t *testing.T) {
	d := virtualtest.Blank(t, "dvd+r dl", small)
	r, err := burn(t, d, virtualtest.DiscOf(virtualtest.Noise(2000, 1)), record.Options{LayerBreak: 1600, Appendable: true})
	if err != nil || !strings.Contains(strings.Join(r.Plan.Hints, "; "), "keeps room for 1200 sectors at most") {
		t.Errorf("%v, %q", err, r.Plan.Hints)
	}
	if m, err := read.Media(t.Context(), d); err != nil || m.Free > 1200 {
		t.Errorf("%d sectors are free: %v", m.Free, err)
	}
}

// A layer break that is not possible is refused, with the reason.
func TestLayerBreakRefused(t *testing.T) {
	src := virtualtest.DiscOf(virtualtest.Noise(2000, 1))
	for _, c := range []struct {
		medium string
		at     int64
		want   string
	}{
		{"dvd+r dl", 1001, "not a multiple of 16"},
		{"dvd+r dl", 992, "do not fit on the second one"},
		{"dvd+r dl", 2064, "has room for 2048 sectors"},
		{"dvd+r", 1008, "cannot be chosen"},
		{"bd-r dl", 1008, "cannot be chosen"},
	} {
		_, err := record.NewPlan(t.Context(), virtualtest.Blank(t, c.medium, small), src, record.Options{LayerBreak: c.at})
		if !errors.Is(err, record.ErrNoLayerBreak) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s, %d: %v, want %q", c.medium, c.at, err, c.want)
		}
	}
}

// The layer break can be set once. A drive that refuses it burns nevertheless, unless it was
// asked for; one that does nothing is noticed before the first sector is written.
func TestLayerBreakOnce(t *testing.T) {
	data := virtualtest.Noise(2000, 1)
	d := virtualtest.Blank(t, "dvd+r dl", small)
	if err := mmc.RetryUnitAttention(func() error { return mmc.SetLayerBoundary(t.Context(), d, 1024) }); err != nil {
		t.Fatal(err)
	}
	if _, err := record.NewPlan(t.Context(), d, virtualtest.DiscOf(data), record.Options{LayerBreak: 1040}); !errors.Is(err, record.ErrNoLayerBreak) {
		t.Errorf("a second layer break: %v", err)
	}
	if _, err := record.NewPlan(t.Context(), d, virtualtest.DiscOf(virtualtest.Noise(2100, 1)), record.Options{}); !errors.Is(err, record.ErrTooLarge) {
		t.Errorf("more than fits on the layers: %v", err)
	}
	r, err := burn(t, d, virtualtest.DiscOf(data), record.Options{})
	if err != nil || r.Plan.Layers[0] != 1024 || !r.Verified {
		t.Errorf("%v, layers %v", err, r.Plan.Layers)
	}
	d = virtualtest.Blank(t, "dvd+r dl", small)
	d.SetFaults(virtual.Faults{Refuse: []byte{scsi.OpSendDiscStructure}})
	if r, err = burn(t, d, virtualtest.DiscOf(data), record.Options{}); err != nil || !r.Verified || len(r.Notices) != 1 || r.Plan.Layers[0] != 2048 {
		t.Errorf("a drive that does not set it: %v, %q, layers %v", err, r.Notices, r.Plan.Layers)
	}
	for _, f := range []virtual.Faults{{Refuse: []byte{scsi.OpSendDiscStructure}}, {Idle: []byte{scsi.OpSendDiscStructure}}} {
		d = virtualtest.Blank(t, "dvd+r dl", small)
		d.SetFaults(f)
		r, err = burn(t, d, virtualtest.DiscOf(data), record.Options{LayerBreak: 1040})
		if err == nil || r.Written > 0 || status(t, d).Status != mmc.Blank {
			t.Errorf("%v: %v, %d sectors", f, err, r.Written)
		}
	}
}

// Two sessions of a DVD-R DL in layer jump recording, and one that needs both layers.
func TestLayerJump(t *testing.T) {
	d := virtualtest.Blank(t, "dvd-r dl", 120000)
	first := virtualtest.Noise(3000, 4)
	r, err := burn(t, d, virtualtest.DiscOf(first), record.Options{Mode: record.LayerJump, Appendable: true})
	if err != nil || !r.Verified || r.Plan.Mode != record.LayerJump {
		t.Fatalf("%v, %+v", err, r)
	}
	m, err := read.Media(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	src := virtualtest.At(virtualtest.DiscOf(virtualtest.Noise(2000, 5)), m.NextWritable)
	if r, err = burn(t, d, src, record.Options{}); err != nil || !r.Verified {
		t.Fatalf("the second session: %v", err)
	}
	for _, sectors := range []int{3000, 3001, 3050, small} { // also with a jump in the middle of a large write
		d = virtualtest.Blank(t, "dvd-r dl", small)
		b, err := record.NewPlan(t.Context(), d, virtualtest.DiscOf(virtualtest.Noise(sectors, 6)), record.Options{Mode: record.LayerJump})
		if err != nil {
			t.Fatal(err)
		}
		r, err := virtualtest.Burn(t.Context(), b, progress.Discard)
		if want := (int64(sectors)/2 + 15) / 16 * 16; err != nil || !r.Verified || r.Plan.Layers[0] != want {
			t.Errorf("%d sectors on both layers: %v, %v, want %d on the first", sectors, err, r.Plan.Layers, want)
		}
	}
}

// book returns the book type of a disc after a drive of a vendor has burned it.
func book(t *testing.T, vendor, medium string, o record.Options) (*virtual.Drive, record.Result, error) {
	t.Helper()
	d := virtualtest.Blank(t, medium, small)
	if err := d.SetBookVendor(vendor); err != nil {
		t.Fatal(err)
	}
	b, err := record.NewPlan(t.Context(), d, virtualtest.DiscOf(virtualtest.Noise(700, 2)), o)
	if err != nil {
		return d, record.Result{}, err
	}
	r, err := virtualtest.Burn(t.Context(), b, progress.Discard)
	return d, r, err
}
