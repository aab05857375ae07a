package format_test

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/sector"
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
			"The format X cannot hold everything on the disc: the catalogue number is left out.",
			"The format X cannot hold everything on the disc: CD-TEXT in 1 language is left out.",
		}},
		{"audio without more than its samples", disc.TOC{Catalog: "4006381333931", Sessions: []disc.Session{{
			Number: 1, Text: []disc.CDText{{}},
			Tracks: []disc.Track{{Number: 1, Mode: disc.Audio, Start: 1000, Pregap: 150, Indexes: []disc.LBA{1100, 1200}, ISRC: "USRC17607839"}, {Number: 2, Mode: disc.Audio, Control: disc.PreEmphasis}},
		}}}, format.Audio | format.Tracks, []string{
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

// subDisc is a disc with sub-channels.
type subDisc struct {
	tocDisc
	change map[disc.LBA]func(sub []byte)
}

func (subDisc) HasSubChannels() bool { return true }

func (d subDisc) ReadSectors(_ context.Context, p []byte, lba disc.LBA, f disc.Form) (int, error) {
	clear(p)
	n := len(p) / f.Size()
	for i := range n {
		sub := p[i*f.Size()+sector.Size:][:sector.SubSize]
		sector.PutSubChannels(sub, d.toc, lba+disc.LBA(i))
		if change := d.change[lba+disc.LBA(i)]; change != nil {
			change(sub)
		}
	}
	return n, nil
}

// Sub-channels that follow from the table of contents are no loss; others are, with their
// number and the first one.
func TestReadLossOfSubChannels(t *testing.T) {
	toc := disc.TOC{Catalog: "4006381333931", Sessions: []disc.Session{{Number: 1, Tracks: []disc.Track{
		{Number: 1, Mode: disc.Audio, Length: 900, ISRC: "USRC17607839"},
		{Number: 2, Mode: disc.Audio, Start: 1000, Pregap: 100, Length: 500},
	}}}}
	f := format.Format{Name: "X", Holds: format.Audio | format.Tracks | format.Indexes | format.Codes}
	flip := func(sub []byte) { sub[40] ^= 0x40 }
	for _, c := range []struct {
		name   string
		change map[disc.LBA]func([]byte)
		want   string
	}{
		{"as generated", nil, ""},
		{"empty", map[disc.LBA]func([]byte){5: func(p []byte) { clear(p) }}, ""},
		{"another P", map[disc.LBA]func([]byte){5: func(p []byte) {
			for i := range p {
				p[i] ^= 0x80
			}
		}}, ""},
		{
			"wrong CRC",
			map[disc.LBA]func([]byte){920: flip, 1200: flip},
			"The format X cannot hold everything on the disc: the sub-channels are left out, and those of 2 sectors do not follow from the table of contents (the first is sector 920).",
		},
		{
			"graphics",
			map[disc.LBA]func([]byte){7: func(p []byte) { p[0] |= 9 }},
			"The format X cannot hold everything on the disc: the sub-channels are left out, and those of 1 sector do not follow from the table of contents (the first is sector 7).",
		},
	} {
		lost, _, err := f.ReadLoss(t.Context(), subDisc{tocDisc{toc: toc}, c.change})
		if got := strings.Join(disc.Texts(lost), "\n"); err != nil || got != c.want {
			t.Errorf("%s: %q, %v, want %q", c.name, got, err, c.want)
		}
	}
	f.Holds |= format.Sub
	if lost, _, err := f.ReadLoss(t.Context(), subDisc{tocDisc{toc: toc}, map[disc.LBA]func([]byte){7: flip}}); err != nil || len(lost) > 0 {
		t.Errorf("%q, %v", lost, err)
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
