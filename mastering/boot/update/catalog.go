package update

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"glassmaster/mastering/boot"
)

// entrySize is the size of everything in a boot catalogue (El Torito 2).
const entrySize = 32

// maxCatalog is the maximum size of a catalogue that is read, in bytes. One sector is
// usual.
const maxCatalog = 16 * boot.SectorSize

// Offsets in a default or section entry (El Torito 2.2, 2.4).
const (
	entryMedium  = 1
	entrySystem  = 4
	entrySectors = 6
	entryLBA     = 8
	entryUnused  = 12 // of selection criteria, in section entries
)

// catalog is a boot catalogue in its parts, which keep their bytes.
type catalog struct {
	lba      int64
	size     int       // bytes of its sectors
	head     []byte    // the validation entry
	sections []section // the first one has the default entry, and no header
	rest     []byte    // what follows the last section
}

// section is a section of the catalogue (El Torito 2.3).
type section struct {
	header  []byte
	entries [][]byte // each with its extension entries
}

// parseCatalog parses the catalogue that begins at sector lba. p is what was read there.
func parseCatalog(p []byte, lba int64) (*catalog, error) {
	if _, err := boot.ParseCatalog(p); err != nil {
		return nil, err
	}
	all := bytes.Clone(p)
	c := &catalog{lba: lba, head: all[:entrySize:entrySize]}
	c.sections = []section{{entries: [][]byte{all[entrySize : 2*entrySize : 2*entrySize]}}}
	rest := all[2*entrySize:]
	for len(rest) >= entrySize && (rest[0] == 0x90 || rest[0] == 0x91) {
		last := rest[0] == 0x91
		var s section
		s, rest = parseSection(rest)
		c.sections = append(c.sections, s)
		if last {
			break
		}
	}
	used := len(all) - len(rest)
	c.size = (used + boot.SectorSize - 1) / boot.SectorSize * boot.SectorSize
	if c.size > len(all) {
		return nil, errors.New("it ends in the middle of a section")
	}
	c.rest = rest[:c.size-used]
	return c, nil
}

func parseSection(p []byte) (section, []byte) {
	s := section{header: p[:entrySize:entrySize]}
	count := binary.LittleEndian.Uint16(p[2:])
	p = p[entrySize:]
	for ; count > 0 && len(p) >= entrySize; count-- {
		n := entrySize
		for more := p[1]&0x20 != 0; more && len(p) >= n+entrySize && p[n] == 0x44; n += entrySize {
			more = p[n+1]&0x20 != 0
		}
		s.entries = append(s.entries, p[:n:n])
		p = p[n:]
	}
	return s, p
}

// clone returns a copy that shares no bytes.
func (c *catalog) clone() *catalog {
	if c == nil {
		return nil
	}
	d := *c
	d.head, d.rest = bytes.Clone(c.head), bytes.Clone(c.rest)
	d.sections = make([]section, len(c.sections))
	for i, s := range c.sections {
		d.sections[i].header = bytes.Clone(s.header)
		for _, e := range s.entries {
			d.sections[i].entries = append(d.sections[i].entries, bytes.Clone(e))
		}
	}
	return &d
}

// newCatalog returns a catalogue at a sector with one entry.
func newCatalog(lba int64, e boot.Entry) *catalog {
	p := make([]byte, boot.SectorSize)
	boot.PutCatalog(p, "", []boot.Entry{e})
	return &catalog{
		lba: lba, size: len(p), head: p[:entrySize],
		sections: []section{{entries: [][]byte{p[entrySize : 2*entrySize]}}}, rest: p[2*entrySize:],
	}
}

// bytes returns the catalogue as it is stored, or an error if it has become too large.
func (c *catalog) bytes() ([]byte, error) {
	p := bytes.Clone(c.head)
	for i, s := range c.sections {
		if i > 0 {
			p = append(p, s.header...)
		}
		for _, e := range s.entries {
			p = append(p, e...)
		}
	}
	// What follows the entries stays where it is.
	if extra := len(p) + len(c.rest) - c.size; extra > 0 && len(bytes.Trim(c.rest[:min(extra, len(c.rest))], "\x00")) > 0 || len(p) > c.size {
		return nil, fmt.Errorf("the boot catalogue is full: it has room for %d bytes: remove an entry first", c.size)
	}
	all := make([]byte, c.size)
	copy(all[c.size-len(c.rest):], c.rest)
	copy(all, p)
	return all, nil
}

// place is where an entry is: the section and the position in it.
type place struct{ section, n int }

// places returns where the entries are, in their order.
func (c *catalog) places() []place {
	var all []place
	if c == nil {
		return nil
	}
	for i, s := range c.sections {
		for n := range s.entries {
			all = append(all, place{i, n})
		}
	}
	return all
}

func (c *catalog) entry(p place) []byte { return c.sections[p.section].entries[p.n] }

func (c *catalog) platform(p place) boot.Platform {
	if p.section == 0 {
		return boot.Platform(c.head[1])
	}
	return boot.Platform(c.sections[p.section].header[1])
}

func entryAddress(e []byte) int64 { return int64(binary.LittleEndian.Uint32(e[entryLBA:])) }

// remove removes an entry, and its section with the last one. If it is the default entry,
// the first entry of the next section takes its place. It reports whether entries are left.
func (c *catalog) remove(p place) bool {
	if p.section == 0 {
		if len(c.places()) == 1 {
			return false
		}
		next := c.places()[1]
		platform := c.platform(next)
		e := bytes.Clone(c.entry(next)[:entrySize])
		clear(e[entryUnused:])
		e[entryMedium] &= 0x0F // the default entry has no other bits (El Torito 2.2)
		c.remove(next)
		c.sections[0].entries[0] = e
		if byte(platform) != c.head[1] {
			c.head[1] = byte(platform)
			c.sum()
		}
		return true
	}
	s := &c.sections[p.section]
	s.entries = append(s.entries[:p.n], s.entries[p.n+1:]...)
	binary.LittleEndian.PutUint16(s.header[2:], uint16(len(s.entries)))
	if len(s.entries) == 0 {
		last := s.header[0] == 0x91
		c.sections = append(c.sections[:p.section], c.sections[p.section+1:]...)
		if n := len(c.sections) - 1; last && n > 0 {
			c.sections[n].header[0] = 0x91
		}
	}
	return true
}

// sum makes the checksum of the validation entry right: its 16-bit words add up to 0.
func (c *catalog) sum() {
	binary.LittleEndian.PutUint16(c.head[28:], 0)
	var sum uint16
	for i := 0; i < entrySize; i += 2 {
		sum += binary.LittleEndian.Uint16(c.head[i:])
	}
	binary.LittleEndian.PutUint16(c.head[28:], -sum)
}

// add appends an entry to the last section, or to a new one if that is of another
// platform. An entry for a BIOS becomes the default entry if that is of another platform:
// many a BIOS knows no other entry.
func (c *catalog) add(e boot.Entry) {
	p := make([]byte, boot.SectorSize) // only to have the entry encoded
	boot.PutCatalog(p, "", []boot.Entry{e})
	b := p[entrySize : 2*entrySize]
	if e.Platform == boot.BIOS && c.head[1] != byte(boot.BIOS) {
		c.demote()
		c.sections[0].entries[0] = b
		c.head[1] = byte(boot.BIOS)
		c.sum()
		return
	}
	n := len(c.sections) - 1
	if n == 0 || c.sections[n].header[1] != byte(e.Platform) {
		h := make([]byte, entrySize)
		h[0], h[1] = 0x91, byte(e.Platform)
		if n > 0 {
			c.sections[n].header[0] = 0x90
		}
		c.sections = append(c.sections, section{header: h})
		n++
	}
	s := &c.sections[n]
	s.entries = append(s.entries, b)
	binary.LittleEndian.PutUint16(s.header[2:], uint16(len(s.entries)))
}

// demote makes the default entry the first entry of the first section.
func (c *catalog) demote() {
	platform := c.head[1]
	if len(c.sections) == 1 || c.sections[1].header[1] != platform {
		h := make([]byte, entrySize)
		h[0], h[1] = 0x90, platform
		if len(c.sections) == 1 {
			h[0] = 0x91
		}
		c.sections = slices.Insert(c.sections, 1, section{header: h})
	}
	s := &c.sections[1]
	s.entries = slices.Insert(s.entries, 0, c.sections[0].entries[0])
	binary.LittleEndian.PutUint16(s.header[2:], uint16(len(s.entries)))
}
