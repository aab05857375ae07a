package mds

import (
	"encoding/binary"
	"fmt"
	"io"
	"strings"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
)

// signature is the beginning of a descriptor, with the major version.
const signature = "MEDIA DESCRIPTOR\x01"

// Kinds of media: CD-ROM, CD-R and CD-RW; from mediumDVD on DVD-ROM and DVD-R.
const (
	mediumCD  = 0x00
	mediumDVD = 0x10
)

// Sizes of the blocks of a descriptor, in bytes.
const (
	headerSize  = 88
	sessionSize = 24
	trackSize   = 80
	extraSize   = 8
	footerSize  = 16
)

// header is the header of the descriptor:
//
//	0   signature (16 bytes)
//	16  version, major and minor
//	18  kind of medium (16 bits)
//	20  number of sessions (16 bits)
//	26  length of the burst cutting area of a DVD (16 bits), whose offset is at 36
//	64  offset of the structures of the lead-in of a DVD
//	80  offset of the session blocks
//	84  offset of the data position measurement (DPM); 0: none
type header struct {
	medium, sessions, bca       int
	structures, sessionsAt, dpm int64
}

// session is a session block:
//
//	0   address where the session begins, 150 sectors before its first track
//	4   address of the lead-out
//	8   number (16 bits)
//	10  number of track blocks, with those of the lead-in
//	11  number of track blocks that are not of tracks
//	12  first and last track (16 bits each)
//	20  offset of the track blocks
type session struct {
	end, number, blocks int
	tracksAt            int64
}

// track is a track block. Those of the lead-in have the points A0h, A1h and A2h.
//
//	0   mode, of which only the three lower bits matter
//	1   sub-channels: 0, or 8 for 96 bytes after each sector, interleaved
//	2   ADR (upper 4 bits) and control bits
//	3   as in the Q sub-channel of the lead-in, but binary: track number (0), point, minute,
//	    second, frame, zero, and the address of the point (minute, second, frame) at 9
//	12  offset of the extra block. On a DVD: the length of the track
//	16  size of a sector, with the sub-channels (16 bits)
//	36  address of index 1
//	40  offset of that sector in the data file (64 bits)
//	48  number of files, for each of which there is a footer
//	52  offset of the footers
//
// An extra block has the number of sectors of the pre-gap, and of the track from index 1 on.
type track struct {
	mode, sub, control, point, size int
	msf                             [3]byte // address of index 1, or what the point says
	start, pregap, length           int64
	offset                          int64
	files                           int64
	footer                          int64
}

// descriptor is the file with the descriptor.
type descriptor struct {
	io.ReaderAt
	size int64
}

// block reads n bytes of the descriptor.
func (d descriptor) block(off int64, n int, what string) ([]byte, error) {
	if off > d.size-int64(n) {
		return nil, fmt.Errorf("%s at byte %d is outside of the descriptor, which has %d bytes", what, off, d.size)
	}
	p := make([]byte, n)
	if k, err := d.ReadAt(p, off); k < n {
		return nil, fmt.Errorf("read %s at byte %d of the descriptor: %w", what, off, err)
	}
	return p, nil
}

var le = binary.LittleEndian

// long returns the 32-bit number at an offset.
func long(p []byte, off int) int64 { return int64(le.Uint32(p[off:])) }

func (d descriptor) header() (header, error) {
	var head [len(signature)]byte
	if n, _ := d.ReadAt(head[:], 0); n < len(head) || string(head[:]) != signature {
		return header{}, format.ErrUnknown
	}
	p, err := d.block(0, headerSize, "the header")
	if err != nil {
		return header{}, err
	}
	h := header{
		medium: int(le.Uint16(p[18:])), sessions: int(le.Uint16(p[20:])), bca: int(le.Uint16(p[26:])),
		structures: long(p, 64), sessionsAt: long(p, 80), dpm: long(p, 84),
	}
	if h.sessions == 0 || h.sessions > 99 {
		return header{}, fmt.Errorf("byte 20 of the descriptor: the header states %d sessions; a disc has 1 to 99", h.sessions)
	}
	return h, nil
}

// session reads the session block with an index from 0 on.
func (d descriptor) session(h header, i int) (session, error) {
	p, err := d.block(h.sessionsAt+int64(i)*sessionSize, sessionSize, fmt.Sprintf("the block of session %d", i+1))
	if err != nil {
		return session{}, err
	}
	return session{end: int(int32(le.Uint32(p[4:]))), number: int(le.Uint16(p[8:])), blocks: int(p[10]), tracksAt: long(p, 20)}, nil
}

// track reads the track block at an offset.
func (d descriptor) track(off int64, dvd bool) (track, error) {
	p, err := d.block(off, trackSize, "a track block")
	if err != nil {
		return track{}, err
	}
	t := track{
		mode: int(p[0]), sub: int(p[1]), control: int(p[2] & 15), point: int(p[4]), msf: [3]byte(p[9:12]),
		size: int(le.Uint16(p[16:])), start: long(p, 36), files: long(p, 48), footer: long(p, 52),
	}
	at := le.Uint64(p[40:])
	if at > 1<<60 {
		return track{}, fmt.Errorf("the block of track %d at byte %d: the data begins at byte %d of the data file", t.point, off, at)
	}
	t.offset = int64(at)
	extra := long(p, 12)
	switch {
	case t.point == 0 || t.point > 99:
	case dvd:
		t.length = extra
	case extra == 0:
		return track{}, fmt.Errorf("the block of track %d at byte %d has no extra block, so its length is unknown", t.point, off)
	default:
		if p, err = d.block(extra, extraSize, fmt.Sprintf("the extra block of track %d", t.point)); err != nil {
			return track{}, err
		}
		t.pregap, t.length = long(p, 0), long(p, 4)
	}
	return t, nil
}

// maxName is the largest length of the name of a file, in characters.
const maxName = 260

// name reads the name of the i-th data file of a track. A footer has the offset of the name,
// and 1 at byte 4 if it is in UTF-16.
func (d descriptor) name(t track, i int) (string, error) {
	what := fmt.Sprintf("the footer of track %d", t.point)
	p, err := d.block(t.footer+int64(i)*footerSize, footerSize, what)
	if err != nil {
		return "", err
	}
	at, wide := long(p, 0), long(p, 4) != 0
	width := 1
	if wide {
		width = 2
	}
	if p, err = d.block(at, int(max(0, min(maxName*int64(width), d.size-at))), "the name of the data file"); err != nil {
		return "", err
	}
	var name string
	if wide {
		name = format.Name16(p)
	} else {
		name, _, _ = strings.Cut(string(p), "\x00")
	}
	if name == "" || len(name) > maxName {
		return "", fmt.Errorf("the name of the data file at byte %d of the descriptor is empty or too long", at)
	}
	return name, nil
}

// physicalAt is where the structures of the lead-in of a DVD have the physical format
// information (2048 bytes; MMC-6 table 412): after the copyright information (4 bytes) and
// the manufacturing information (2048 bytes).
const physicalAt = 4 + 2048

// address returns the address of an MSF, binary as the track blocks of Alcohol have it.
func address(msf [3]byte) disc.LBA {
	return disc.MSF{M: int(msf[0]), S: int(msf[1]), F: int(msf[2])}.LBA()
}
