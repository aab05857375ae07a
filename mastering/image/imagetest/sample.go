// Package imagetest is for tests of image formats: sample discs, and a comparison of discs.
package imagetest

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/runs"
	"glassmaster/mastering/sector"
)

// Tracks of the sample discs have this many sectors or more: 4 seconds, the minimum of
// ECMA-130.
const Tracks = 300

// SessionGap is the number of sectors between the lead-out of the first session and the
// first track of the second one: 6750 of lead-out, 4500 of lead-in and 150 of pre-gap.
const SessionGap = 11400

// Audio returns a disc of three audio tracks with everything that can be recorded about
// them: pre-gaps, one of them before the first track (hidden audio), indexes, control bits,
// ISRCs, a catalogue number and CD-TEXT in two languages.
func Audio(t testing.TB) disc.Disc {
	s := session1()
	s.Tracks = s.Tracks[1:]
	for i := range s.Tracks {
		s.Tracks[i].Number = i + 1
	}
	shift := s.Tracks[0].Start - 33
	for i := range s.Tracks {
		k := &s.Tracks[i]
		k.Start -= shift
		for j := range k.Indexes {
			k.Indexes[j] -= shift
		}
	}
	s.Tracks[0].Pregap = 33
	for i := range s.Text {
		s.Text[i].Tracks = map[int]disc.Text{1: s.Text[i].Tracks[2], 2: s.Text[i].Tracks[3], 3: s.Text[i].Tracks[4]}
	}
	return build(t, disc.TOC{Catalog: "4006381333931", Sessions: []disc.Session{s}}, false)
}

// Mixed returns a mixed-mode disc of one session: a track of mode 1 and three audio tracks
// like those of Audio.
func Mixed(t testing.TB) disc.Disc {
	return build(t, disc.TOC{Catalog: "4006381333931", Sessions: []disc.Session{session1()}}, false)
}

// Sessions returns the disc of Mixed with a second session: a track in mode 2 XA with
// sectors of form 1 and 2.
func Sessions(t testing.TB) disc.Disc {
	return build(t, twoSessions(), false)
}

// SubChannels returns the disc of Sessions with stored sub-channels, which contain data in R to W.
func SubChannels(t testing.TB) disc.Disc {
	return build(t, twoSessions(), true)
}

// XA returns a disc with one track in mode 2 XA that has sectors of form 1 and 2.
func XA(t testing.TB) disc.Disc {
	k := disc.Track{Number: 1, Mode: disc.XA, Length: Tracks + 7}
	return build(t, disc.TOC{Sessions: []disc.Session{{Number: 1, Tracks: []disc.Track{k}}}}, false)
}

// Mode1 returns a disc with one track of mode 1.
func Mode1(t testing.TB) disc.Disc {
	k := disc.Track{Number: 1, Mode: disc.Mode1, Length: Tracks + 7}
	return build(t, disc.TOC{Sessions: []disc.Session{{Number: 1, Tracks: []disc.Track{k}}}}, false)
}

// Texts returns a disc of two sessions of audio, each with CD-TEXT that is hard to keep:
// characters that no character set of CD-TEXT has, a language that is not English, and what
// only some formats can hold.
func Texts(t testing.TB) disc.Disc {
	first := disc.Track{Number: 1, Mode: disc.Audio, Length: Tracks}
	second := disc.Track{Number: 2, Mode: disc.Audio, Start: first.End() + SessionGap, Length: Tracks}
	return build(t, disc.TOC{Sessions: []disc.Session{
		{Number: 1, Tracks: []disc.Track{first}, Text: []disc.CDText{{
			Language: 0x20, Album: disc.Text{Title: "Łódź"}, Tracks: map[int]disc.Text{1: {Title: "Żółw", Composer: "Ktoś"}},
			Genre: "Rock ż", GenreCode: 20, DiscID: "ABC-1", Closed: "closed", Copyright: true,
		}}},
		{Number: 2, Tracks: []disc.Track{second}, Text: []disc.CDText{{
			Language: 9, Album: disc.Text{Title: "Second"}, Tracks: map[int]disc.Text{2: {Title: "Another"}},
		}}},
	}}, false)
}

func session1() disc.Session {
	return disc.Session{
		Number: 1,
		Tracks: []disc.Track{
			{Number: 1, Mode: disc.Mode1, Start: 0, Length: Tracks + 7},
			{
				Number: 2, Mode: disc.Audio, Start: Tracks + 7 + 150, Pregap: 150, Length: Tracks, Control: disc.CopyPermitted, ISRC: "USRC17607839",
				Indexes: []disc.LBA{Tracks + 7 + 150 + 75, Tracks + 7 + 150 + 160},
			},
			{Number: 3, Mode: disc.Audio, Start: 2*Tracks + 7 + 150, Length: Tracks + 11, Control: disc.PreEmphasis},
			{Number: 4, Mode: disc.Audio, Start: 3*Tracks + 18 + 150 + 40, Pregap: 40, Length: Tracks, ISRC: "DEA459900001"},
		},
		Text: []disc.CDText{
			{
				Language: 9, Album: disc.Text{Title: "Sample disc", Performer: "The Testers", Code: "4006381333931"},
				Tracks: map[int]disc.Text{
					2: {Title: "First song", Performer: "The Testers", Songwriter: "A. Writer", Code: "USRC17607839"},
					3: {Title: "Second song, with a title that is long enough for several packs", Performer: "Others", Composer: "C. Omposer"},
					4: {Title: "Café \"quoted\"", Performer: "The Testers", Arranger: "R. Ranger", Message: "Hello"},
				},
			},
			{
				Language: 8, Album: disc.Text{Title: "Musterplatte", Performer: "Die Prüfer"},
				Tracks: map[int]disc.Text{
					2: {Title: "Erstes Stück", Performer: "Die Prüfer"},
					3: {Title: "Zweites Stück", Performer: "Andere"},
					4: {Title: "Drittes Stück", Performer: "Die Prüfer"},
				},
			},
		},
	}
}

func twoSessions() disc.TOC {
	s := session1()
	last := s.Tracks[len(s.Tracks)-1]
	second := disc.Session{Number: 2, Tracks: []disc.Track{{Number: 5, Mode: disc.XA, Start: last.End() + SessionGap, Length: Tracks + 20}}}
	return disc.TOC{Catalog: "4006381333931", Sessions: []disc.Session{s, second}}
}

// build makes a disc of random contents, which are the same each time.
func build(t testing.TB, toc disc.TOC, sub bool) disc.Disc {
	rng := rand.New(rand.NewPCG(1, 2))
	var list []runs.Run
	for _, s := range toc.Sessions {
		for _, k := range s.Tracks {
			start := k.Start - disc.LBA(k.Pregap)
			count := k.Pregap + k.Length
			p := make([]byte, count*int64(disc.RawSub.Size()))
			for i := range count {
				fill(rng, p[i*int64(disc.RawSub.Size()):][:disc.RawSub.Size()], toc, k.Mode, start+disc.LBA(i), sub)
			}
			r := runs.Run{Layout: runs.Layout{Length: sector.Size, Mode: k.Mode}, Start: start, Count: count, From: bytes.NewReader(p), Stride: disc.RawSub.Size()}
			if sub {
				r.Sub = runs.Interleaved
			}
			list = append(list, r)
		}
	}
	d, err := runs.New(noFiles(t), toc, list)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// fill makes one sector. About a third of the user data is zero, so that it can be
// compressed.
func fill(rng *rand.Rand, p []byte, toc disc.TOC, m disc.Mode, lba disc.LBA, sub bool) {
	for i := range sector.Size {
		if i%3 != 0 {
			p[i] = byte(rng.Uint32())
		}
	}
	switch m {
	case disc.Mode1:
		sector.Generate(p, lba, sector.Mode1)
	case disc.XA:
		head, kind := "\x00\x00\x08\x00\x00\x00\x08\x00", sector.Form1
		if lba%5 == 3 {
			head, kind = "\x01\x02\x24\x7f\x01\x02\x24\x7f", sector.Form2
		}
		copy(p[sector.SubheadAt:], head)
		sector.Generate(p, lba, kind)
	}
	if sub {
		s := p[sector.Size:][:sector.SubSize]
		sector.PutSubChannels(s, toc, lba)
		for i := range s {
			s[i] |= byte(rng.Uint32()) & 0x3F // R to W
		}
	}
}

// noFiles are the files of a disc in memory.
func noFiles(t testing.TB) *format.Files {
	path := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := format.OpenFiles(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}
