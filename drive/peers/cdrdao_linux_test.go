package peers_test

import (
	"os"
	"path/filepath"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/peertest"
)

// audioTOC is a disc for cdrdao with all that its format holds: silence before track 3, an
// index in track 2, MCN, ISRCs, CD-TEXT and a track that may be copied.
const audioTOC = `CD_DA
CATALOG "1234567890128"
CD_TEXT { LANGUAGE_MAP { 0 : EN } LANGUAGE 0 { TITLE "Album" PERFORMER "Band" } }
TRACK AUDIO
ISRC "USABC0000001"
CD_TEXT { LANGUAGE 0 { TITLE "One" PERFORMER "Band" } }
FILE "1.wav" 0
TRACK AUDIO
ISRC "USABC0000002"
CD_TEXT { LANGUAGE 0 { TITLE "Two" PERFORMER "Band" } }
FILE "2.wav" 0
INDEX 00:02:00
INDEX 00:03:10
TRACK AUDIO
COPY
PRE_EMPHASIS
ISRC "USABC0000003"
CD_TEXT { LANGUAGE 0 { TITLE "Three" PERFORMER "Band" } }
PREGAP 00:02:00
FILE "3.wav" 0
`

// mixedTOC is a disc of data and audio.
const mixedTOC = `CD_ROM
TRACK MODE1
DATAFILE "disc.iso"
ZERO 00:02:00
TRACK AUDIO
PREGAP 00:02:00
FILE "2.wav" 0
`

func TestCdrdao(t *testing.T) {
	t.Parallel()
	peertest.Need(t, "cdrdao", "cdparanoia", "cd-info", "sg_start")
	dir := sources(t)
	write(t, dir, "audio.toc", audioTOC)
	write(t, dir, "mixed.toc", mixedTOC)
	write(t, dir, "played.bin", played(t, dir))
	full := withText(0)
	full.sessions[0][1].indexes = []int64{150, 235}
	full.sessions[0][2] = track{file: "3.pcm", start: track1 + track2 + 150, pregap: 150, isrc: "USABC0000003", control: disc.CopyPermitted | disc.PreEmphasis}
	mixed := want{sessions: [][]track{{data(150), {file: "2.pcm", start: -1, pregap: 150}}}}
	mixed.sessions[0][0].pregap = 150
	// cdrdao read-toc reads the sub-channels of all tracks in order. read-cd counts the pre-gap of
	// a track up to the end of a READ, and sees sectors before it again, so that their ISRC can
	// become that of the track.
	const back = `reload
cdrdao disk-info --device $sg --driver generic-mmc >$name.info 2>&1
says "Sessions             : 1" $name.info
cdrdao read-toc --device $sg --driver generic-mmc $name.toc
tr -s '\n' ' ' <$name.toc >$name.line
for text in 'CATALOG "1234567890128"' '"Album"' 'ISRC "USABC0000001" CD_TEXT { LANGUAGE 0 { TITLE "One"' \
	'ISRC "USABC0000002" CD_TEXT { LANGUAGE 0 { TITLE "Two"' 'ISRC "USABC0000003" CD_TEXT { LANGUAGE 0 { TITLE "Three"' \
	'00:06:00 00:06:50 INDEX 00:02:00 INDEX 00:03:10' 'COPY PRE_EMPHASIS' '00:12:50 00:10:00 START 00:02:00'; do says "$text" $name.line; done
cdrdao read-cd --device $sg --driver generic-mmc --datafile $TMPDIR/$name.bin $name.read
cmp played.bin $TMPDIR/$name.bin
`
	burnAll(t, dir, []burn{
		{
			name: "audio, session at once", medium: "cd-r",
			script: "cdrdao write --device $sg --driver generic-mmc:0x10 -n audio.toc;" + back + sees,
			want:   full,
		},
		{
			name: "audio, raw", medium: "cd-r",
			script: "cdrdao write --device $sg --driver generic-mmc-raw -n audio.toc;" + back + sees,
			want:   full,
		},
		{
			name: "mixed mode, session at once", medium: "cd-r",
			script: "cdrdao write --device $sg --driver generic-mmc -n mixed.toc; reload; has disc.iso; mounts tree/tree.bin",
			want:   mixed,
		},
		{
			name: "mixed mode, raw", medium: "cd-r",
			script: "cdrdao write --device $sg --driver generic-mmc-raw -n mixed.toc; reload; has disc.iso; mounts tree/tree.bin",
			want:   mixed,
		},
		{
			name: "simulation", medium: "cd-r",
			script: "cdrdao simulate --device $sg --driver generic-mmc -n audio.toc",
			want:   want{blank: true},
		},
		{
			name: "CD-RW, blanked", medium: "cd-rw",
			script: "cdrdao write --device $sg --driver generic-mmc -n mixed.toc; cdrdao blank --device $sg --driver generic-mmc -n; cdrdao write --device $sg --driver generic-mmc -n mixed.toc; reload; has disc.iso",
			want:   mixed,
		},
	})
}

// played returns the samples of audioTOC as cdrdao writes them to files: in big-endian order.
func played(t *testing.T, dir string) string {
	var b []byte
	for _, part := range []string{"1.pcm", "2.pcm", "", "3.pcm"} {
		p := make([]byte, 150*disc.RawSectorSize)
		if part != "" {
			var err error
			if p, err = os.ReadFile(filepath.Join(dir, part)); err != nil {
				t.Fatal(err)
			}
		}
		b = append(b, p...)
	}
	for i := 0; i < len(b); i += 2 {
		b[i], b[i+1] = b[i+1], b[i]
	}
	return string(b)
}
