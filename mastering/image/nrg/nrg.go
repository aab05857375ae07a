// Package nrg reads and writes images of Nero Burning ROM. The usual extension is .nrg. Nero
// AG has not published the format; it is known from images. All numbers are big-endian.
//
// An image is one file: the sectors of all tracks, a chain of chunks that describe them,
// and a footer that says where the chain begins.
//
//	Version 1: 0 "NERO", 4 offset of the chain (4 bytes)
//	Version 2: 0 "NER5", 4 offset of the chain (8 bytes)
//
// A chunk has a name of 4 bytes, the length of its contents in 4 bytes, and contents. Where
// a chunk has two names, the second one is that of version 2.
//
//	CUES, CUEX  addresses of the tracks and indexes of a session
//	DAOI, DAOX  where the tracks of a session are stored that is recorded disc-at-once
//	ETNF, ETN2  where the tracks are stored that are recorded track-at-once
//	CDTX        the packs of CD-TEXT of a session, 18 bytes each
//	SINF        0 number of tracks of a session (4 bytes)
//	MTYP        0 kinds of media (4 bytes); see the constants
//	DINF        0 whether the disc remains open (4 bytes)
//	RELO, TOCT  unknown
//	END!        the end of the chain
//
// An entry of CUES and CUEX has 8 bytes: 0 control and ADR, 1 track number (BCD; 0: the
// lead-in, AAh: the lead-out), 2 index (BCD), 3 zero, 4 address. In version 2 the address is
// an LBA (4 bytes, signed), in version 1 zero, minute, second and frame.
//
// DAOI and DAOX: 0 length of the chunk, 4 media catalogue number (14 bytes), 18 type of the
// disc (00h, 10h CD-i, 20h XA), 19 usually 1, 20 first track, 21 last track, then for each
// track: 0 ISRC (12 bytes), 12 size of a sector (2), 14 mode (1), 15 zero, 16 usually 1 (2),
// 18 the offsets of index 0, of index 1, and of the end, 4 or 8 bytes each.
//
// ETNF and ETN2, for each track: offset and length in bytes (4 or 8 bytes each), mode (4),
// address (4; see place), zero (4), and in version 2 the length in sectors (4).
package nrg

import (
	"context"
	"fmt"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/runs"
	"glassmaster/mastering/sector"
)

// Format is the format of images of Nero Burning ROM.
var Format = format.Format{
	Name: "Nero", Extensions: []string{".nrg"},
	Holds: format.Audio | format.Tracks | format.Sessions | format.Raw | format.Indexes | format.Codes | format.Text | format.Sub,
	Open:  open, Create: create,
	Texts: func(s disc.Session, _ bool) ([]disc.CDText, []disc.Notice) { return sector.KeptCDText(s) },
}

// Kinds of media in MTYP: those that are CDs. Others are DVD (0204023Ch and others) and BD.
const (
	mediaCD    = 0x1
	mediaCDROM = 0x400
	mediaDVD   = 0x200    // DVD-ROM
	mediaBD    = 0x100000 // BD-ROM
)

// Bits of control and ADR.
const (
	ctlData = 0x40
	adr     = 0x01 // ADR 1: an address
)

// leadOut is the track number of the lead-out.
const leadOut = 0xAA

// pregap is the number of sectors before address 0, and between tracks that are recorded
// track-at-once.
const pregap = disc.Pregap

// Modes of tracks: how their sectors are stored. Those of mode 2 do not say whether the
// sectors have sub-headers.
const (
	mode1User = 0x00
	xaForm1   = 0x02
	mode2Data = 0x03 // 2336 bytes
	mode1Raw  = 0x05
	mode2Raw  = 0x06
	audioRaw  = 0x07
	mode1Sub  = 0x0F // whole sectors with sub-channels
	audioSub  = 0x10
	mode2Sub  = 0x11
)

// layout returns how sectors of a mode are stored.
func layout(mode byte) (runs.Layout, bool) {
	switch mode {
	case mode1User:
		return runs.Mode1User, true
	case xaForm1:
		return runs.XAForm1, true
	case mode2Data:
		return runs.Mode2Data, true
	case mode1Raw:
		return runs.Mode1Raw, true
	case mode2Raw:
		return runs.Mode2Raw, true
	case audioRaw:
		return runs.AudioRaw, true
	case mode1Sub:
		return runs.Mode1Raw.WithSub(runs.Interleaved), true
	case audioSub:
		return runs.AudioRaw.WithSub(runs.Interleaved), true
	case mode2Sub:
		return runs.Mode2Raw.WithSub(runs.Interleaved), true
	}
	return runs.Layout{}, false
}

// open opens an image.
func open(_ context.Context, f *format.Files) (disc.Disc, error) {
	chain, err := readChain(f)
	if err != nil {
		return nil, err
	}
	i := image{files: f, end: chain.begin}
	i.notices = chain.notices
	for _, c := range chain.list {
		if err := i.add(c); err != nil {
			return nil, fmt.Errorf("the chunk %s at byte %d: %w", c.name, c.at, err)
		}
	}
	i.split()
	if d, ok := i.flat(); ok {
		return d, nil
	}
	for n := range i.sessions {
		if err := i.place(n); err != nil {
			return nil, err
		}
	}
	return runs.New(f, i.toc, i.runs, i.notices...)
}

// flat returns the disc if it is not a CD and has one track.
func (i *image) flat() (disc.Disc, bool) {
	if len(i.sessions) != 1 || len(i.sessions[0].tracks) != 1 {
		return nil, false
	}
	t := i.sessions[0].tracks[0]
	cd := i.media&(mediaCD|mediaCDROM) != 0
	if i.media == 0 {
		cd = t.count() <= format.MaxCDSectors
	}
	if cd || t.code != 0 || t.count() == 0 {
		return nil, false
	}
	return i.files.Section(t.index1, t.end-t.index1).Flat(i.notices...), true
}

// warn adds a warning.
func (i *image) warn(text string, args ...any) {
	i.notices = append(i.notices, disc.Notice{Severity: disc.Warning, Text: fmt.Sprintf(text, args...)})
}
