package runs_test

import (
	"bytes"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/runs"
)

func TestShorten(t *testing.T) {
	toc := disc.TOC{Catalog: "4006381333931", Sessions: []disc.Session{
		{Number: 1, Tracks: []disc.Track{{Number: 1, Length: 10}, {Number: 2, Start: 12, Pregap: 2, Length: 8}}},
		{Number: 2, Tracks: []disc.Track{{Number: 3, Start: 100, Length: 5}}},
	}}
	file := func(sectors int) *bytes.Reader { return bytes.NewReader(make([]byte, sectors*2352+5)) }
	for _, c := range []struct {
		name    string
		sectors [3]int // in the files of the tracks
		lengths []int64
		want    string // notice or error
	}{
		{"complete", [3]int{10, 8, 5}, []int64{10, 8, 5}, ""},
		{"more than needed", [3]int{11, 9, 6}, []int64{10, 8, 5}, ""},
		{"a part of the last track", [3]int{10, 8, 4}, []int64{10, 8, 4}, "1 sector is missing from address 104 on"},
		{"the last track", [3]int{10, 8, 0}, []int64{10, 8}, "5 sectors are missing from address 100 on"},
		{"more than one track", [3]int{10, 1, 0}, []int64{10, 1}, "12 sectors are missing from address 13 on"},
		{"with a pre-gap", [3]int{3, 0, 0}, []int64{3}, "22 sectors are missing from address 3 on"},
		{"a track and its pre-gap", [3]int{10, 0, 0}, []int64{10}, "15 sectors are missing from address 10 on"},
		{"everything", [3]int{0, 0, 0}, nil, "before the end of the first sector"},
		{"in the middle", [3]int{10, 7, 5}, nil, "does not contain sectors 19 to 19, but contains those from 100 on"},
	} {
		list := []runs.Run{
			{Layout: runs.AudioRaw, Count: 10, From: file(c.sectors[0])},
			{Layout: runs.AudioRaw, Start: 10, Count: 2},
			{Layout: runs.AudioRaw, Start: 12, Count: 8, From: file(c.sectors[1])},
			{Layout: runs.AudioRaw, Start: 100, Count: 5, From: file(c.sectors[2])},
		}
		got, list, notices, err := runs.Shorten(toc, list)
		said := strings.Join(disc.Texts(notices), "\n")
		if err != nil {
			said = err.Error()
		}
		if !strings.Contains(said, c.want) || (said == "") != (c.want == "") {
			t.Errorf("%s: %q, want %q", c.name, said, c.want)
		}
		if err != nil {
			continue
		}
		var lengths []int64
		for _, s := range got.Sessions {
			for _, k := range s.Tracks {
				lengths = append(lengths, k.Length)
			}
		}
		if len(lengths) != len(c.lengths) || got.Catalog != toc.Catalog {
			t.Errorf("%s: tracks %+v", c.name, got)
			continue
		}
		for i := range lengths {
			if lengths[i] != c.lengths[i] {
				t.Errorf("%s: track %d has %d sectors", c.name, i+1, lengths[i])
			}
		}
		if len(notices) > 0 && (!notices[0].Incomplete || notices[0].Severity != disc.Error) {
			t.Errorf("%s: notice %+v", c.name, notices[0])
		}
		s := got.Sessions[len(got.Sessions)-1]
		if end := s.Tracks[len(s.Tracks)-1].End(); list[len(list)-1].End() != end {
			t.Errorf("%s: the last run ends at %d, the last track at %d", c.name, list[len(list)-1].End(), end)
		}
	}
	if toc.Sessions[0].Tracks[1].Length != 8 {
		t.Error("the table of contents that was given was changed")
	}
}
