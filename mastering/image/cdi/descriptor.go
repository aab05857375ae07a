package cdi

import (
	"encoding/binary"
	"fmt"
	"strings"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/sector"
)

// cursor reads a descriptor from its beginning. After an error everything that it reads is
// zero.
type cursor struct {
	p       []byte
	at      int
	base    int64 // offset of the descriptor in the file
	version uint32
	err     error
}

// take returns the next n bytes.
func (c *cursor) take(n int) []byte {
	if c.err == nil && (n < 0 || n > len(c.p)-c.at) {
		c.fail("the descriptor ends within a field")
	}
	if c.err != nil {
		return make([]byte, max(0, min(n, 16)))
	}
	c.at += n
	return c.p[c.at-n : c.at]
}

// fail notes an error at the place of the cursor, unless there is one.
func (c *cursor) fail(format string, a ...any) {
	if c.err == nil {
		c.err = fmt.Errorf("byte %d of the file: %s", c.base+int64(c.at), fmt.Sprintf(format, a...))
	}
}

func (c *cursor) byte() int    { return int(c.take(1)[0]) }
func (c *cursor) short() int   { return int(binary.LittleEndian.Uint16(c.take(2))) }
func (c *cursor) long() uint32 { return binary.LittleEndian.Uint32(c.take(4)) }

// track is the block of a track.
type track struct {
	indexes       []int64 // lengths of the indexes from 0 on, in sectors
	mode          int     // 0 audio, 1, 2
	start, length int64   // of the pre-gap and the track; 150 is address 0
	read          int     // how the sectors are stored: see layout
	control       int
	isrc          string
}

// mark is twice at the beginning of a block of a track.
const mark = "\x00\x00\x01\x00\x00\x00\xff\xff\xff\xff"

// header reads the beginning of a block of a track or of the disc:
//
//	0   zero; if not: 8 more bytes (3.00.780)
//	4   the mark, twice
//	24  settings (4 bytes)
//	28  length of the name of the file, and the name
//	    19 bytes
//	    80000000h, capacity (32 bits), 2 bytes, kind of medium (16 bits). Before version 4
//	    only the capacity
func (c *cursor) header() {
	if c.long() != 0 {
		c.take(8)
	}
	for range 2 {
		if c.err == nil && string(c.take(len(mark))) != mark {
			c.at -= len(mark)
			c.fail("a track block was expected; the image is damaged, or of an unknown version")
		}
	}
	c.take(4)
	c.take(c.byte())
	c.take(19)
	if c.long() == 0x80000000 {
		c.take(8)
	}
}

// maxIndexes is the largest number of indexes of a track.
const maxIndexes = 100

// track reads the block of a track:
//
//	    header
//	0   number of indexes (16 bits), and the length of each (32 bits). There are two at least
//	    number of blocks of CD-TEXT (32 bits), and for each 18 texts, the length of which
//	    is in the byte before
//	+0  2 bytes
//	+2  mode (32 bits)
//	+6  4 bytes
//	+10 number of the session and of the track in it, from 0 on (32 bits each)
//	+18 start and length, with the pre-gap (32 bits each)
//	+26 16 bytes
//	+42 way in which sectors are read (32 bits)
//	+46 control bits (32 bits)
//	+50 9 bytes
//	+59 ISRC (12 bytes), and whether it is valid (32 bits)
//	+75 not in version 2: 5 bytes, and FFFFFFFFh followed by 78 bytes, or other 4 bytes
func (c *cursor) track() track {
	c.header()
	var t track
	n := max(c.short(), 2)
	if n > maxIndexes {
		c.fail("a track has %d indexes, which is impossible", n)
		return t
	}
	for range n {
		t.indexes = append(t.indexes, int64(c.long()))
	}
	for n := c.long(); n > 0 && c.err == nil; n-- {
		for range 18 {
			c.take(c.byte())
		}
	}
	c.take(2)
	t.mode = int(c.long())
	c.take(12)
	t.start, t.length = int64(c.long()), int64(c.long())
	c.take(16)
	t.read = int(c.long())
	t.control = int(c.long())
	c.take(9)
	isrc := string(c.take(12))
	if c.long() != 0 && sector.ValidISRC(isrc) {
		t.isrc = isrc
	}
	if c.version != version2 {
		c.take(5)
		if c.long() == 0xFFFFFFFF {
			c.take(78)
		}
	}
	return t
}

// endSession skips what is between the last track of a session and the number of tracks of
// the next one.
func (c *cursor) endSession() {
	c.take(12)
	if c.version != version2 {
		c.take(1)
	}
}

// whole reads the block of the disc, which follows a session without tracks. It returns the
// catalogue number and CD-TEXT:
//
//	    header
//	0   length of the disc (32 bits)
//	4   length of the name of the volume, and the name
//	    9 bytes
//	    catalogue number (13 bytes), and whether it is valid (32 bits)
//	    length of the packs of CD-TEXT (32 bits), and the packs
func (c *cursor) whole() (catalog string, text []disc.CDText) {
	if c.short() != 0 {
		return "", nil
	}
	c.header()
	c.long()
	c.take(c.byte())
	c.take(9)
	number := strings.TrimRight(string(c.take(13)), "\x00")
	if c.long() != 0 && sector.ValidCatalog(number) {
		catalog = number
	}
	if n := c.long(); n > 0 && int64(n) <= int64(len(c.p)) {
		text = sector.DecodeCDText(c.take(int(n)))
	}
	if c.err != nil {
		return "", nil
	}
	return catalog, text
}
