// Package toc reads and writes images of cdrdao: a text file that describes the disc, whose
// usual extension is .toc, and files with its sectors. The grammar is that of the manual of
// cdrdao 1.2.4, with what 1.2.5 added: the character sets of CD-TEXT.
//
//	CATALOG "4006381333931"
//	CD_DA, CD_ROM, CD_ROM_XA or CD_I
//	FIRST_TRACK_NO 3
//	CD_TEXT { LANGUAGE_MAP { 0 : EN } LANGUAGE 0 { TITLE "Album" ... } }
//	TRACK AUDIO, or MODE1, MODE1_RAW, MODE2 ..., then RW or RW_RAW if there are sub-channels
//	[NO] COPY, [NO] PRE_EMPHASIS, TWO_CHANNEL_AUDIO, FOUR_CHANNEL_AUDIO, ISRC "..."
//	CD_TEXT { LANGUAGE 0 { TITLE "Song" ... } }
//	PREGAP 00:02:00
//	SILENCE 00:02:00                       silence
//	ZERO MODE1 00:02:00                    empty sectors
//	FILE "x.wav" SWAP #16 00:01:00 00:03:00  sound: offset in bytes, start, length
//	DATAFILE "x.bin" #16 00:03:00          other sectors: offset in bytes, length
//	START 00:02:00                         end of the pre-gap
//	END 00:05:00                           beginning of the post-gap
//	INDEX 00:01:00                         index 2 and following, from START on
//
// A time is in minutes, seconds and frames. A single number is one of samples (FILE,
// SILENCE) or bytes (DATAFILE, ZERO). Raw sound is big-endian, that of WAV files is
// little-endian; SWAP means the opposite byte order. RW_RAW is 96 bytes of sub-channels after each
// sector, as drives deliver them; RW is their contents without interleaving and parity.
//
// One file describes one session.
package toc

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/runs"
)

// Format is the format of images of cdrdao.
var Format = format.Format{
	Name: "cdrdao", Extensions: []string{".toc"},
	Holds: format.Audio | format.Tracks | format.Raw | format.Indexes | format.Codes | format.Text | format.Sub | format.OnlyCD,
	Open:  open, Create: create, Beside: beside, Texts: texts,
}

// maxText is the most that a description can have, in bytes. That of 99 tracks with
// CD-TEXT in eight languages is shorter.
const maxText = 1 << 20

// open opens an image.
func open(_ context.Context, f *format.Files) (disc.Disc, error) {
	text, err := read(f)
	if err != nil {
		return nil, err
	}
	p := parser{lexer: lexer{text: text, line: 1}}
	sheet, err := p.parse()
	if err != nil {
		return nil, err
	}
	b := builder{files: f, sheet: sheet, sources: map[string]source{}}
	b.notices = p.notices
	if err := b.build(); err != nil {
		return nil, err
	}
	return runs.New(f, b.toc, b.runs, b.notices...)
}

// read reads the description, if the file is one.
func read(f *format.Files) ([]byte, error) {
	if f.Size > maxText || f.Size == 0 {
		return nil, format.ErrUnknown
	}
	text := make([]byte, f.Size)
	if n, err := f.ReadAt(text, 0); n < len(text) && err != io.EOF {
		return nil, fmt.Errorf("read the sheet: %w", err)
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if !recognize(text) {
		return nil, format.ErrUnknown
	}
	return text, nil
}

// recognize reports whether a text describes a disc for cdrdao: it begins with the type of
// the disc or something else that can be before it, and then it has a track whose mode
// follows the word TRACK. In a CUE sheet, a number does.
func recognize(text []byte) bool {
	if bytes.IndexByte(text, 0) >= 0 {
		return false
	}
	l := lexer{text: text, line: 1}
	first := l.next()
	switch first.text {
	case "CD_DA", "CD_ROM", "CD_ROM_XA", "CD_I":
		return first.kind == word
	case "CATALOG", "CD_TEXT", "FIRST_TRACK_NO", "TRACK":
	default:
		return false
	}
	for t := first; t.kind != end; t = l.next() {
		if t.kind == word && t.text == "TRACK" {
			return l.next().kind == word
		}
	}
	return false
}
