package record_test

import (
	"context"
	"testing"

	"glassmaster/drive/read"
	"glassmaster/drive/record"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/progress"
)

// TestCDModes burns sample discs in each mode, and reads the disc back independently of the
// comparison of the burn.
func TestCDModes(t *testing.T) {
	for _, x := range []struct {
		name   string
		src    func(testing.TB) disc.Disc
		o      record.Options
		mode   record.Mode
		medium string
		holds  format.Holds
	}{
		{"data", imagetest.Mode1, record.Options{}, record.TrackAtOnce, "cd-r", format.Tracks},
		{"data at once", imagetest.Mode1, record.Options{Mode: record.SessionAtOnce}, record.SessionAtOnce, "cd-r", format.Tracks},
		{"audio", imagetest.Audio, record.Options{}, record.SessionAtOnce, "cd-r", format.Audio | format.Tracks | format.Codes | format.Text},
		{"mixed", imagetest.Mixed, record.Options{}, record.SessionAtOnce, "cd-rw", format.Audio | format.Tracks | format.Codes | format.Text},
		{"audio by track", imagetest.Audio, record.Options{Mode: record.TrackAtOnce, AcceptLoss: true}, record.TrackAtOnce, "cd-r", 0},
		{"XA", imagetest.XA, record.Options{}, record.TrackAtOnce, "cd-r", format.Tracks},
		{"sessions", imagetest.Sessions, record.Options{}, record.SessionAtOnce, "cd-r", format.Audio | format.Tracks | format.Sessions | format.Codes | format.Text},
		{"sub-channels", imagetest.SubChannels, record.Options{}, record.Raw, "cd-r", format.Audio | format.Tracks | format.Sessions | format.Codes | format.Text | format.Sub},
	} {
		t.Run(x.name, func(t *testing.T) {
			ctx := context.Background()
			d := virtualtest.Blank(t, x.medium, 0)
			src := x.src(t)
			b, err := record.NewPlan(ctx, d, src, x.o)
			if err != nil {
				t.Fatal(err)
			}
			p := b.Plan()
			t.Logf("%v: %s\nlost %v\nsteps %q\nmodes %v", p.Mode, p.Reason, p.Lost, p.Steps, p.Modes)
			if p.Mode != x.mode {
				t.Errorf("mode %v, want %v", p.Mode, x.mode)
			}
			result, err := virtualtest.Burn(ctx, b, progress.Discard)
			if err != nil {
				t.Fatal(err)
			}
			if !result.Equal {
				t.Errorf("not equal: %v", result.NotAssured)
			}
			back, err := read.Open(ctx, d)
			if err != nil {
				t.Fatal(err)
			}
			defer back.Close()
			t.Logf("%+v", back.TOC())
			if x.holds != 0 {
				imagetest.Same(t, src, back, x.holds)
			}
		})
	}
}
