package peers_test

import (
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/peertest"
)

// textSheet is what cdrskin makes CD-TEXT of.
const textSheet = `Input Sheet Version = 0.7T
Text Code = 8859
Language Code = English
Album Title = Album
Artist Name = Band
UPC / EAN = 1234567890128
Track 01 Title = One
Track 01 Artist = Band
ISRC 01 = USABC0000001
Track 02 Title = Two
Track 02 Artist = Band
ISRC 02 = USABC0000002
Track 03 Title = Three
Track 03 Artist = Band
ISRC 03 = USABC0000003
`

// cueSheet is the disc of all.wav.
const cueSheet = `CATALOG 1234567890128
TITLE "Album"
PERFORMER "Band"
FILE "all.wav" WAVE
TRACK 01 AUDIO
TITLE "One"
PERFORMER "Band"
ISRC USABC0000001
INDEX 01 00:00:00
TRACK 02 AUDIO
TITLE "Two"
PERFORMER "Band"
ISRC USABC0000002
INDEX 01 00:06:00
TRACK 03 AUDIO
TITLE "Three"
PERFORMER "Band"
ISRC USABC0000003
INDEX 01 00:12:50
`

func TestCdrskinCD(t *testing.T) {
	t.Parallel()
	peertest.Need(t, "cdrskin", "genisoimage", "cdparanoia", "cd-info", "sg_start")
	dir := sources(t)
	write(t, dir, "sheet.v07t", textSheet)
	write(t, dir, "audio.cue", cueSheet)
	const cdrskin = "cdrskin -v dev=$sr "
	burnAll(t, dir, []burn{
		{
			name: "data, track at once", medium: "cd-r",
			script: cdrskin + "-tao padsize=150s -data disc.iso; reload; has disc.iso; mounts tree/tree.bin",
			want:   want{sessions: [][]track{{data(padded + 2)}}},
		},
		{
			name: "data, session at once", medium: "cd-r",
			script: cdrskin + "-sao -data disc.iso; reload; has disc.iso; mounts tree/tree.bin",
			want:   want{sessions: [][]track{{data(0)}}},
		},
		{
			name: "audio with CD-TEXT, session at once", medium: "cd-r",
			script: cdrskin + "-sao input_sheet_v07t=sheet.v07t -audio 1.wav 2.wav 3.wav; reload; plays all.pcm" + sees,
			want:   withText(0),
		},
		{
			name: "cue sheet", medium: "cd-r",
			script: cdrskin + "-sao -text cuefile=audio.cue; reload; plays all.pcm" + sees,
			want:   withText(0),
		},
		{
			name: "two sessions", medium: "cd-r",
			script: cdrskin + `-multi -tao padsize=150s -data disc.iso; reload
second $(cdrskin dev=$sr -msinfo 2>/dev/null)
` + cdrskin + "-tao padsize=150s -data $TMPDIR/$name.iso; reload; has disc.iso; mounts tree/tree.bin more/more.bin; cp $TMPDIR/$name.iso $name.second",
			want: want{sessions: [][]track{
				{data(padded + 2)},
				{{file: "burn-two-sessions.second", mode: disc.Mode1, most: padded + 2, start: -1}},
			}},
		},
		{
			name: "CD-RW, blanked", medium: "cd-rw",
			script: cdrskin + "-sao -data disc.iso;" + cdrskin + "blank=fast;" + cdrskin + "-sao -data disc.iso; reload; has disc.iso",
			want:   want{sessions: [][]track{{data(0)}}},
		},
		{
			name: "CD-RW, blanked in full", medium: "cd-rw",
			script: cdrskin + "-sao -data disc.iso;" + cdrskin + "blank=all",
			want:   want{blank: true},
		},
	})
}

func TestCdrskinDVD(t *testing.T) {
	t.Parallel()
	peertest.Need(t, "cdrskin", "genisoimage", "sg_start")
	dir := sources(t)
	const cdrskin = "cdrskin -v dev=$sr "
	const check = "; reload; has disc.iso; mounts tree/tree.bin"
	const more = cdrskin + `-multi -tao -data disc.iso; reload
second $(cdrskin dev=$sr -msinfo 2>/dev/null)
` + cdrskin + "-tao -data $TMPDIR/$name.iso; reload; has disc.iso; mounts tree/tree.bin more/more.bin; cp $TMPDIR/$name.iso $name.second"
	two := func(name string, most int64) want {
		return want{sessions: [][]track{
			{data(most)},
			{{file: burn{name: name}.file(".second"), mode: disc.Mode1, most: most, start: -1}},
		}}
	}
	one := func(most int64) want { return want{sessions: [][]track{{data(most)}}} }
	burnAll(t, dir, []burn{
		{name: "DVD-R, disc at once", medium: "dvd-r", script: cdrskin + "-sao disc.iso" + check, want: one(15)},
		{name: "DVD-R, two sessions", medium: "dvd-r", sectors: 60000, script: more, want: two("DVD-R, two sessions", 15)},
		{name: "DVD-R DL", medium: "dvd-r dl", script: cdrskin + "-sao disc.iso" + check, want: one(15)},
		{name: "DVD-RW, sequential", medium: "dvd-rw", script: cdrskin + "-tao disc.iso;" + cdrskin + "blank=all;" + cdrskin + "-tao disc.iso" + check, want: one(15)},
		{name: "DVD-RW, restricted overwrite", medium: "dvd-rw", sectors: 70000, script: cdrskin + "blank=format_overwrite;" + cdrskin + "-tao disc.iso" + check, want: one(70000)},
		{name: "DVD+R, two sessions", medium: "dvd+r", script: more, want: two("DVD+R, two sessions", 15)},
		{name: "DVD+R DL", medium: "dvd+r dl", script: cdrskin + "-tao disc.iso" + check, want: one(15)},
		{name: "DVD+RW", medium: "dvd+rw", script: cdrskin + "-tao disc.iso" + check, want: one(30000)},
		{name: "DVD-RAM", medium: "dvd-ram", script: cdrskin + "-tao disc.iso" + check, want: one(30000)},
		{name: "BD-R, two sessions", medium: "bd-r", script: more, want: two("BD-R, two sessions", 31)},
		{name: "BD-R with spare areas", medium: "bd-r", script: cdrskin + "blank=format_defectmgt;" + cdrskin + "-tao disc.iso" + check, want: one(31)},
		{name: "BD-RE", medium: "bd-re", script: cdrskin + "blank=format_defectmgt;" + cdrskin + "-tao disc.iso" + check, want: one(30000)},
	})
}
