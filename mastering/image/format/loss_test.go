package format_test

import (
	"reflect"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
)

// tocDisc is a disc with a table of contents only.
type tocDisc struct {
	disc.Disc
	toc disc.TOC
}

func (d tocDisc) TOC() disc.TOC { return d.toc }

func TestLoss(t *testing.T) {
	data := func(n int, m disc.Mode) disc.Track { return disc.Track{Number: n, Mode: m} }
	one := disc.Session{Number: 1, Tracks: []disc.Track{data(1, disc.Mode1)}}
	for _, c := range []struct {
		name  string
		toc   disc.TOC
		holds format.Holds
		want  []string
	}{
		{"one data track", disc.TOC{Sessions: []disc.Session{one}}, 0, nil},
		{"two sessions", disc.TOC{Sessions: []disc.Session{one, {Number: 2, Tracks: []disc.Track{data(2, disc.XA)}}}}, 0, []string{
			"The format X cannot hold everything on the disc: the image does not record where its 2 sessions begin and end.",
			"The format X cannot hold everything on the disc: only the user data of 1 track in mode 2 is kept.",
		}},
		{"audio", disc.TOC{Catalog: "4006381333931", Sessions: []disc.Session{{
			Number: 1, Text: []disc.CDText{{}},
			Tracks: []disc.Track{data(1, disc.Mode1), data(2, disc.Mode1), {Number: 3, Mode: disc.Audio, Start: 1000, Pregap: 150, Indexes: []disc.LBA{1100, 1200}, ISRC: "USRC17607839"}, {Number: 4, Mode: disc.Audio, Control: disc.PreEmphasis}},
		}}}, 0, []string{
			"The format X cannot hold everything on the disc: 2 audio tracks are left out.",
			"The format X cannot hold everything on the disc: the image does not record where its 2 data tracks begin and end.",
			"The format X cannot hold everything on the disc: 1 pre-gap and 2 indexes are left out.",
			"The format X cannot hold everything on the disc: the catalogue number, 1 ISRC and the control bits of 1 track are left out.",
			"The format X cannot hold everything on the disc: CD-TEXT in 1 language is left out.",
		}},
		{"indexes where pre-gaps are held", disc.TOC{Sessions: []disc.Session{{Number: 1, Tracks: []disc.Track{
			{Number: 1, Mode: disc.Audio, Start: 1000, Pregap: 150, Indexes: []disc.LBA{1100}},
		}}}}, format.Audio | format.Pregaps, []string{
			"The format X cannot hold everything on the disc: 1 index is left out.",
		}},
		{"what the format holds", disc.TOC{Sessions: []disc.Session{one, {Number: 2, Tracks: []disc.Track{data(2, disc.Audio)}}}}, format.Audio | format.Sessions, nil},
	} {
		got := disc.Texts(format.Format{Name: "X", Holds: c.holds}.Loss(tocDisc{toc: c.toc}))
		if len(got) != len(c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%s: %q, want %q", c.name, got[i], c.want[i])
			}
		}
	}
}

// An image without sessions has no other place for what is between them than the pre-gap of
// the next track.
func TestKeepsGaps(t *testing.T) {
	want := disc.TOC{Sessions: []disc.Session{
		{Number: 1, Tracks: []disc.Track{{Number: 1, Length: 300}}},
		{Number: 2, Tracks: []disc.Track{{Number: 2, Start: 11700, Length: 300}}},
	}}
	got := disc.TOC{Sessions: []disc.Session{{Number: 1, Tracks: []disc.Track{
		{Number: 1, Length: 300}, {Number: 2, Start: 11700, Pregap: 11400, Length: 300},
	}}}}
	for _, holds := range []format.Holds{format.Audio | format.Tracks | format.Indexes, format.Audio | format.Tracks} {
		if a, b := holds.Keeps(want), holds.Keeps(got); !reflect.DeepEqual(a, b) {
			t.Errorf("%+v\n%+v", a, b)
		}
	}
	all := format.Audio | format.Tracks | format.Indexes | format.Sessions
	if k := all.Keeps(want).Sessions[1].Tracks[0]; k.Pregap != 0 {
		t.Errorf("with sessions: %+v", k)
	}
}
