package peers_test

import (
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/peertest"
)

// data is the track of disc.iso.
func data(most int64) track { return track{file: "disc.iso", mode: disc.Mode1, most: most} }

// audio are the tracks of the WAVE files in one run; all sectors from -150 on are written. wodim counts the last two seconds of a track as
// the pre-gap of the next one.
func audio(pregap int64) []track {
	return []track{
		{file: "all.pcm", length: track1 - pregap, pregap: 150},
		{file: "all.pcm", length: track2 - pregap, from: track1, start: track1, pregap: pregap},
		{file: "all.pcm", from: track1 + track2, start: track1 + track2, pregap: pregap},
	}
}

// padded is how many sectors are appended to a track that is written at once: the kernel
// reads ahead, and takes unreadable run-out sectors near the end for the end of the disc.
const padded = 150

// withText is the disc of the WAVE files with CD-TEXT, ISRCs and MCN.
func withText(pregap int64) want {
	w := want{catalog: "1234567890128", titles: []string{"Album", "One", "Two", "Three"}, sessions: [][]track{audio(pregap)}}
	for i, isrc := range []string{"USABC0000001", "USABC0000002", "USABC0000003"} {
		w.sessions[0][i].isrc = isrc
	}
	return w
}

// sees: cd-info sees the titles and the MCN.
const sees = `
cd-info --no-cddb --no-device-info $sr >$name.info
says "1234567890128" $name.info
for text in Album One Two Three Band; do says "$text" $name.info; done
`

// wodim burns in each of its modes.
func TestWodim(t *testing.T) {
	t.Parallel()
	peertest.Need(t, "wodim", "genisoimage", "cdparanoia", "cd-info", "sg_start")
	dir := sources(t)
	for i, title := range []string{"One", "Two", "Three"} {
		write(t, dir, string(rune('1'+i))+".inf", "MCN=\t\t1234567890128\nISRC=\t\tUSABC000000"+string(rune('1'+i))+
			"\nAlbumperformer=\t'Band'\nPerformer=\t'Band'\nAlbumtitle=\t'Album'\nTracktitle=\t'"+title+
			"'\nTracknumber=\t"+string(rune('1'+i))+"\nTrackstart=\t0\nPre-emphasis=\tno\nChannels=\t2\nCopy_permitted=\tno\nEndianess=\tlittle\n")
	}
	const wodim = "wodim -v gracetime=2 dev=$sr "
	burnAll(t, dir, []burn{
		{
			name: "data, track at once", medium: "cd-r",
			script: wodim + "-tao padsize=150s -data disc.iso; reload; has disc.iso; mounts tree/tree.bin",
			want:   want{sessions: [][]track{{data(padded + 2)}}},
		},
		{
			name: "data, session at once", medium: "cd-r",
			script: wodim + "-sao -data disc.iso; reload; has disc.iso; mounts tree/tree.bin",
			want:   want{sessions: [][]track{{data(0)}}},
		},
		{
			name: "audio, track at once", medium: "cd-r",
			script: wodim + "-tao -audio -pad 1.wav 2.wav; reload; cdparanoia -Zqr -d $sr 1[0.0]-1[5.0] $TMPDIR/1; cmp -n $((375*2352)) 1.pcm $TMPDIR/1",
			want: want{sessions: [][]track{{
				{file: "1.pcm", most: 2},
				{file: "2.pcm", most: 2, start: track1 + 152, pregap: 150},
			}}},
		},
		{
			name: "audio, session at once", medium: "cd-r",
			script: wodim + "-sao -audio -pad 1.wav 2.wav 3.wav; reload; plays all.pcm",
			want:   want{sessions: [][]track{audio(150)}},
		},
		{
			name: "audio with CD-TEXT, session at once", medium: "cd-r",
			script: wodim + "-sao -useinfo -text -audio -pad 1.wav 2.wav 3.wav; reload; plays all.pcm" + sees,
			want:   withText(150),
		},
		{
			name: "audio, raw", medium: "cd-r",
			script: wodim + "-raw96r -audio -pad 1.wav 2.wav 3.wav; reload; plays all.pcm",
			want:   want{sessions: [][]track{audio(150)}},
		},
		{
			name: "data, raw", medium: "cd-r",
			script: wodim + "-raw96r -data disc.iso; reload; has disc.iso; mounts tree/tree.bin",
			want:   want{sessions: [][]track{{{file: "disc.iso", mode: disc.Mode1, pregap: 150}}}},
		},
		{
			name: "two sessions", medium: "cd-r",
			script: wodim + `-multi -tao padsize=150s -data disc.iso; reload
second $(wodim dev=$sr -msinfo 2>/dev/null)
` + wodim + "-tao padsize=150s -data $TMPDIR/$name.iso; reload; has disc.iso; mounts tree/tree.bin more/more.bin; cp $TMPDIR/$name.iso $name.second",
			want: want{sessions: [][]track{
				{data(padded + 2)},
				{{file: "burn-two-sessions.second", mode: disc.Mode1, most: padded + 2, start: -1}},
			}},
		},
	})
}

// wodim fails at the drives after the eighth.
func TestWodimMore(t *testing.T) {
	t.Parallel()
	peertest.Need(t, "wodim", "sg_start")
	dir := sources(t)
	const wodim = "wodim -v gracetime=2 dev=$sr "
	burnAll(t, dir, []burn{
		{
			name: "CD-RW, blanked quickly", medium: "cd-rw",
			script: wodim + "-tao padsize=150s -data disc.iso;" + wodim + "blank=fast -sao -data disc.iso; reload; has disc.iso",
			want:   want{sessions: [][]track{{data(0)}}},
		},
		{
			name: "CD-RW, blanked in full", medium: "cd-rw",
			script: wodim + "-tao padsize=150s -data disc.iso;" + wodim + "blank=all",
			want:   want{blank: true},
		},
		{
			name: "simulation", medium: "cd-r",
			script: wodim + "-dummy -sao -data disc.iso",
			want:   want{blank: true},
		},
		{
			name: "DVD-R", medium: "dvd-r",
			script: wodim + "-sao disc.iso; reload; has disc.iso; mounts tree/tree.bin",
			want:   want{sessions: [][]track{{data(15)}}},
		},
		{
			name: "DVD+R", medium: "dvd+r",
			script: wodim + "-sao disc.iso; reload; has disc.iso; mounts tree/tree.bin",
			want:   want{sessions: [][]track{{data(15)}}},
		},
	})
}
