package nrg_test

import (
	"context"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/image/nrg"
)

// Discs of every kind are the same after they were written and opened.
func TestWriteAndOpen(t *testing.T) {
	for name, sample := range map[string]func(testing.TB) disc.Disc{
		"audio": imagetest.Audio, "mixed": imagetest.Mixed, "sessions": imagetest.Sessions,
		"sub-channels": imagetest.SubChannels, "XA": imagetest.XA, "mode 1": imagetest.Mode1,
	} {
		t.Run(name, func(t *testing.T) {
			d := sample(t)
			got := imagetest.Open(t, nrg.Format, imagetest.Create(t, nrg.Format, d, format.Options{}, "x.nrg"))
			imagetest.Same(t, d, got, nrg.Format.Holds)
			for _, n := range disc.Notices(got) {
				t.Errorf("notice: %v", n)
			}
			if disc.HasSubChannels(got) != disc.HasSubChannels(d) {
				t.Errorf("sub-channels: %v", disc.HasSubChannels(got))
			}
		})
	}
}

// Images of others, where a collection of them is beside the repository.
func TestOthers(t *testing.T) {
	const folder = "../../../../shared/corpus/libcdio+libcdio/test/data/"
	for _, c := range []struct {
		name string
		want []disc.Track
	}{
		{"p1.nrg", []disc.Track{
			{Number: 1, Start: 150, Length: 75, Pregap: 300, Control: disc.CopyPermitted},
			{Number: 2, Start: 300, Length: 2, Pregap: 75, Control: disc.CopyPermitted},
		}},
		{"videocd.nrg", []disc.Track{
			{Number: 1, Mode: disc.XA, Start: 0, Length: 676},
			{Number: 2, Mode: disc.XA, Start: 826, Length: 75, Pregap: 150},
			{Number: 3, Mode: disc.XA, Start: 1051, Length: 75, Pregap: 150},
			{Number: 4, Mode: disc.XA, Start: 1276, Length: 75, Pregap: 150},
			{Number: 5, Mode: disc.XA, Start: 1501, Length: 225, Pregap: 150},
		}},
	} {
		files, err := format.OpenFiles(folder + c.name)
		if err != nil {
			t.Skip("no collection of images is here")
		}
		d, err := nrg.Format.Open(context.Background(), files)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		got := d.TOC().Sessions[0].Tracks
		if len(got) != len(c.want) {
			t.Fatalf("%s: %+v", c.name, got)
		}
		for i := range got {
			if got[i].Number != c.want[i].Number || got[i].Mode != c.want[i].Mode || got[i].Start != c.want[i].Start || got[i].Length != c.want[i].Length || got[i].Pregap != c.want[i].Pregap || got[i].Control != c.want[i].Control {
				t.Errorf("%s: %+v, want %+v", c.name, got[i], c.want[i])
			}
		}
		if n := disc.Texts(disc.Notices(d)); len(n) > 0 {
			t.Errorf("%s: notices %q", c.name, n)
		}
		imagetest.Same(t, d, d, format.Raw)
	}
}
