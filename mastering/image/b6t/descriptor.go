package b6t

import (
	"encoding/binary"
	"fmt"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/sector"
)

// descriptor is what a descriptor contains:
//
//	0    signature (16 bytes)
//	48   kind of medium, a profile of MMC-6 table 92 (16 bits)
//	50   number of sessions (16 bits)
//	64   whether the catalogue number is valid (8 bits), and the number (13 bytes)
//	96   lengths of PMA, ATIP, CD-TEXT and disc information of a CD (16 bits each)
//	104  length of the burst cutting area (32 bits)
//	120  lengths of the structures and of the disc information of a DVD (32 bits each)
//	240  lengths of mode page 2Ah, of a block that is not known, of the data blocks, of the
//	     sessions, and of the positions of sectors (DPM) (32 bits each)
//	260  the two first of these, PMA, ATIP, CD-TEXT, burst cutting area, structures and disc
//	     information, then the data blocks, the sessions and the DPM
//
// At the end of the file are its length (32 bits) and the footer (16 bytes).
type descriptor struct {
	dvd      bool
	catalog  string
	text     []disc.CDText
	physical []byte // physical format information of a DVD
	bca      int    // length of the burst cutting area
	dpm      bool
	blocks   []block
	sessions []session
}

// block is a run of sectors that are stored in the same way:
//
//	0   kind of data (32 bits)
//	4   number of bytes (32 bits)
//	24  offset in the file (32 bits)
//	40  address of the first sector (32 bits, signed)
//	44  number of sectors (32 bits)
//	48  number of bytes of the name of the file (32 bits)
//	52  the name in UTF-16, and 4 bytes
type block struct {
	bytes, offset  int64
	start, sectors int64
	name           string
}

// end returns the address after the last sector.
func (b block) end() int64 { return b.start + b.sectors }

// session is a session:
//
//	0   number (16 bits)
//	2   number of entries (8 bits)
//	4   addresses of the beginning, with the pre-gap, and of the lead-out (32 bits each)
//	12  first and last track (16 bits each)
//	16  the entries
type session struct {
	number int
	end    int64
	cdi    bool
	tracks []track
}

// track is an entry of a session that stands for a track:
//
//	0   kind: 0 none (an entry of the lead-in), 1 audio, 2 mode 1, 3 mode 2, 4 form 1, 5 form 2, 6 DVD
//	8   sub-channels: 0, 2 (16 bytes, P and Q) or 4 (96 bytes, one channel after the other)
//	10  control bits, ADR (8 bits each)
//	12  as in the Q sub-channel of the lead-in: point, track number, minute, second, frame,
//	    zero, and the address of the point (minute, second, frame)
//	22  length of the pre-gap (32 bits)
//	42  address of the pre-gap, and number of sectors with it (32 bits each, signed)
//	58  number of the session (32 bits)
//
// It has 64 bytes, and 8 more if the kind is neither 0 nor 6.
type track struct {
	kind, control, number int
	pregap, start, length int64
}

// cursor reads a descriptor from its beginning. After an error everything that it reads is
// zero.
type cursor struct {
	p   []byte
	at  int
	err error
}

// fail notes an error, unless there is one.
func (c *cursor) fail(format string, a ...any) {
	if c.err == nil {
		c.err = fmt.Errorf("byte %d of the descriptor: %s", c.at, fmt.Sprintf(format, a...))
	}
}

// take returns the next n bytes. It returns nil if there are not as many.
func (c *cursor) take(n int64, what string) []byte {
	if n < 0 || n > int64(len(c.p)-c.at) {
		c.fail("the descriptor ends within %s", what)
	}
	if c.err != nil {
		return nil
	}
	c.at += int(n)
	return c.p[c.at-int(n) : c.at]
}

// fixed returns the next n bytes, or zeros after an error.
func (c *cursor) fixed(n int, what string) []byte {
	if p := c.take(int64(n), what); p != nil {
		return p
	}
	return make([]byte, n)
}

var le = binary.LittleEndian

func short(p []byte, at int) int64  { return int64(le.Uint16(p[at:])) }
func long(p []byte, at int) int64   { return int64(le.Uint32(p[at:])) }
func signed(p []byte, at int) int64 { return int64(int32(le.Uint32(p[at:]))) }

// headSize is the size of the part of a descriptor that has a fixed length.
const headSize = 260

// descriptor reads the descriptor.
func (c *cursor) descriptor() descriptor {
	h := c.fixed(headSize, "its header")
	profile := short(h, 48)
	cd := profile >= 0x08 && profile <= 0x0A || profile >= 0x20 && profile <= 0x22 || profile >= 0x80 && profile <= 0x82
	d := descriptor{dvd: !cd, bca: int(long(h, 104)), dpm: long(h, 256) > 0}
	if n := string(h[65:78]); h[64] != 0 && sector.ValidCatalog(n) {
		d.catalog = n
	}
	c.take(long(h, 240), "the mode page")
	c.take(long(h, 244), "the block after the mode page")
	c.take(short(h, 96), "the PMA")
	c.take(short(h, 98), "the ATIP")
	d.text = sector.DecodeCDText(c.take(short(h, 100), "CD-TEXT")) // as READ TOC delivers it
	c.take(long(h, 104), "the burst cutting area")
	d.physical = physical(c.take(long(h, 120), "the structures of the DVD"))
	if cd {
		c.take(short(h, 102), "the disc information")
	} else {
		c.take(long(h, 124), "the disc information")
	}
	d.blocks = c.blocks()
	if n := short(h, 50); n == 0 || n > 99 {
		c.fail("the header states %d sessions; a disc has 1 to 99", n)
	} else {
		for range n {
			d.sessions = append(d.sessions, c.session())
		}
	}
	return d
}

// physical returns the physical format information of the structures of a DVD, or nil. They
// begin with 2 bytes. Each has a number (16 bits), and its data as READ DVD STRUCTURE
// delivers it: the length (16 bits, big-endian) of what follows, 2 bytes, and the structure.
func physical(p []byte) []byte {
	for p = p[min(2, len(p)):]; len(p) >= 6; {
		number, n := le.Uint16(p), int(binary.BigEndian.Uint16(p[2:]))-2
		if p = p[6:]; n < 0 || n > len(p) {
			return nil
		}
		if number == 0 {
			return p[:n]
		}
		p = p[n:]
	}
	return nil
}

// maxBlocks is the largest number of data blocks. A Blu-ray disc has up to 64 files.
const maxBlocks = 1000

// blocks reads the data blocks. Before them are their number, and the path of the folder in
// which the files were (32 bits for its length, UTF-16).
func (c *cursor) blocks() []block {
	h := c.fixed(8, "the data blocks")
	n := long(h, 0)
	if n > maxBlocks {
		c.fail("%d data blocks are not possible", n)
	}
	c.take(long(h, 4), "the path of the data files")
	var list []block
	for range n {
		p := c.fixed(52, "a data block")
		name := c.take(long(p, 48), "the name of a data file")
		c.take(4, "a data block")
		if c.err != nil {
			return nil
		}
		b := block{long(p, 4), long(p, 24), signed(p, 40), signed(p, 44), format.Name16(name)}
		if b.sectors <= 0 || b.bytes%b.sectors != 0 || b.name == "" || b.start < -disc.MaxSectors || b.end() > disc.MaxSectors {
			c.fail("a data block has %d bytes for %d sectors from address %d on in the file %q, which is impossible", b.bytes, b.sectors, b.start, b.name)
			return nil
		}
		list = append(list, b)
	}
	return list
}

// session reads a session.
func (c *cursor) session() session {
	h := c.fixed(16, "a session")
	s := session{number: int(short(h, 0)), end: signed(h, 8)}
	for range h[2] {
		p := c.fixed(64, "a track")
		t := track{kind: int(p[0]), control: int(p[10] & 15), number: int(p[12]), pregap: long(p, 22), start: signed(p, 42), length: signed(p, 46)}
		if t.kind == 0 {
			s.cdi = s.cdi || t.number == 0xA0 && p[19] == 0x10
			continue
		}
		if t.kind != 6 {
			c.take(8, "a track")
		}
		s.tracks = append(s.tracks, t)
	}
	if c.err == nil && len(s.tracks) == 0 {
		c.fail("session %d has no tracks", s.number)
	}
	return s
}
