package plan

import (
	"encoding/binary"
	"strings"

	"glassmaster/mastering/iso9660/internal/format"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/zisofs"
)

// fields are the system use fields of a directory record: SUSP 1.12 (IEEE P1281) and
// RRIP 1.10 (IEEE P1282). They are collected in a buffer and then divided between the
// record and its continuation area.
type fields struct {
	buf  []byte
	ends []int // end of each field in buf
}

func (f *fields) reset() { f.buf, f.ends = f.buf[:0], f.ends[:0] }

// add begins a field of n bytes, header included, and returns its body.
func (f *fields) add(sig string, n int) []byte {
	at := len(f.buf)
	f.buf = append(f.buf, sig[0], sig[1], byte(n), 1)
	f.buf = append(f.buf, make([]byte, n-4)...)
	f.ends = append(f.ends, len(f.buf))
	return f.buf[at+4:]
}

// sp adds the first field of the root's own record (SUSP 5.3).
func (f *fields) sp() { copy(f.add("SP", 7), []byte{0xBE, 0xEF, 0}) }

// extension is the extension reference of Rock Ridge: identifier, description, source.
type extension struct{ id, description, source string }

var (
	rockRidge110 = extension{
		"RRIP_1991A", "THE ROCK RIDGE INTERCHANGE PROTOCOL PROVIDES SUPPORT FOR POSIX FILE SYSTEM SEMANTICS",
		"PLEASE CONTACT DISC PUBLISHER FOR SPECIFICATION SOURCE.  SEE PUBLISHER IDENTIFIER IN PRIMARY VOLUME DESCRIPTOR FOR CONTACT INFORMATION.",
	}
	rockRidge112 = extension{
		"IEEE_P1282", "THE IEEE P1282 PROTOCOL PROVIDES SUPPORT FOR POSIX FILE SYSTEM SEMANTICS",
		"PLEASE CONTACT THE IEEE STANDARDS DEPARTMENT, PISCATAWAY, NJ, USA FOR THE P1282 SPECIFICATION.",
	}
)

// er adds the extension reference (SUSP 5.5, RRIP 4.3).
func (f *fields) er(new112 bool) {
	e := rockRidge110
	if new112 {
		e = rockRidge112
	}
	b := f.add("ER", 8+len(e.id)+len(e.description)+len(e.source))
	b[0], b[1], b[2], b[3] = byte(len(e.id)), byte(len(e.description)), byte(len(e.source)), 1
	copy(b[4:], e.id+e.description+e.source)
}

// px adds mode, number of links, owner and group (RRIP 4.1.1).
func (f *fields) px(mode, links, uid, gid uint32) { putPX(f.add("PX", 36), mode, links, uid, gid) }

// px112 is px with the file serial number of version 1.12.
func (f *fields) px112(mode, links, uid, gid, serial uint32) {
	b := f.add("PX", 44)
	putPX(b, mode, links, uid, gid)
	format.PutBoth32(b[32:], serial)
}

func putPX(b []byte, mode, links, uid, gid uint32) {
	format.PutBoth32(b[0:], mode)
	format.PutBoth32(b[8:], links)
	format.PutBoth32(b[16:], uid)
	format.PutBoth32(b[24:], gid)
}

// pn adds the numbers of a device node (RRIP 4.1.2).
func (f *fields) pn(dev uint64) {
	b := f.add("PN", 20)
	format.PutBoth32(b[0:], uint32(dev>>32))
	format.PutBoth32(b[8:], uint32(dev))
}

// tf adds the modification time (RRIP 4.1.6).
func (f *fields) tf(unix int64) {
	b := f.add("TF", 12)
	b[0] = 0x02
	putShortDate(b[1:], unix)
}

// nm adds the name, in as many fields as it needs (RRIP 4.1.4).
func (f *fields) nm(name string) {
	const room = 255 - 5
	for {
		n := min(len(name), room)
		b := f.add("NM", 5+n)
		copy(b[1:], name[:n])
		if name = name[n:]; name == "" {
			return
		}
		b[0] = 1 // continued
	}
}

// sl adds the target of a symbolic link as components (RRIP 4.1.3). A component that
// does not fit into a field continues in the next one.
func (f *fields) sl(target string) {
	const room = 255 - 5
	var body []byte
	flush := func(more byte) {
		b := f.add("SL", 5+len(body))
		b[0] = more
		copy(b[1:], body)
		body = body[:0]
	}
	// Every field but the last ends within a component, possibly an empty part of it:
	// some readers lose the slash between components at the end of a field. So two
	// bytes are reserved for the start of another component.
	put := func(flags byte, name string) {
		for len(body)+2+len(name) > room-2 {
			n := min(len(name), room-2-len(body))
			body = append(append(body, 1, byte(n)), name[:n]...)
			name = name[n:]
			flush(1)
		}
		body = append(append(body, flags, byte(len(name))), name...)
	}
	if strings.HasPrefix(target, "/") {
		put(8, "")
		target = strings.TrimLeft(target, "/")
	}
	for part := range strings.SplitSeq(target, "/") {
		switch part {
		case "":
			// Doubled and trailing slashes have no meaning.
		case ".":
			put(2, "")
		case "..":
			put(4, "")
		default:
			put(0, part)
		}
	}
	flush(0)
}

// link adds a CL or PL field with the address of a directory, or an RE field without
// one (RRIP 4.1.5).
func (f *fields) link(sig string, lba uint32) {
	if sig == "RE" {
		f.add(sig, 4)
		return
	}
	format.PutBoth32(f.add(sig, 12), lba)
}

// node adds the attributes of a node, without its name.
func (f *fields) node(p *Planner, n *tree.Node) {
	links := uint32(1)
	switch {
	case n.IsDir() && p.placed: // sizes do not depend on it
		links = 2 + p.dirs[n.Index].folders
	case n.Shared() != nil:
		links = n.Shared().Links
	}
	if p.o.RockRidge112 {
		f.px112(format.PosixMode(n.Mode), links, n.UID, n.GID, p.serial(n))
	} else {
		f.px(format.PosixMode(n.Mode), links, n.UID, n.GID)
	}
	f.stamps(p, n)
}

// continuation is the area after the records of a directory, for the fields that do not
// fit into them.
type continuation struct {
	lba  uint32 // address of its first sector
	out  []byte // nil while sizes are computed
	used int
}

// ceLength is the length of a CE field (SUSP 5.1).
const ceLength = 28

// take allocates n bytes and returns their offset. They do not cross a sector boundary,
// since readers read only one sector.
func (c *continuation) take(n int) int {
	if c.used%sectorSize+n > sectorSize {
		c.used = (c.used + sectorSize - 1) / sectorSize * sectorSize
	}
	at := c.used
	c.used += n
	return at
}

// ce writes a CE field for n bytes at offset at of the area.
func (c *continuation) ce(b []byte, at, n int) {
	copy(b, []byte{'C', 'E', ceLength, 1})
	format.PutBoth32(b[4:], c.lba+uint32(at/sectorSize))
	format.PutBoth32(b[12:], uint32(at%sectorSize))
	format.PutBoth32(b[20:], uint32(n))
}

// inside returns the number of bytes of the fields that fit into room bytes of a
// record, and whether a CE field follows them.
func (f *fields) inside(room int) (n int, more bool) {
	if len(f.buf) <= room {
		return len(f.buf), false
	}
	return f.fit(0, room-ceLength), true
}

// spill puts the fields from offset from on into the continuation area. The first CE
// field is written to ce, unless sizes are being computed.
func (f *fields) spill(from int, ce []byte, c *continuation) {
	for from < len(f.buf) {
		to, n := len(f.buf), len(f.buf)-from
		if n > sectorSize {
			to = f.fit(from, sectorSize-ceLength)
			n = to - from + ceLength
		}
		at := c.take(n)
		if c.out != nil {
			c.ce(ce, at, n)
			copy(c.out[at:], f.buf[from:to])
			ce = c.out[at+to-from:]
		}
		from = to
	}
}

// fit returns the end of the last field, from offset from on, that ends within room
// bytes.
func (f *fields) fit(from, room int) int {
	at := from
	for _, end := range f.ends {
		if end > from && end-from <= room {
			at = end
		}
	}
	return at
}

// zf adds the field of a compressed file (zisofs): algorithm, header length in words,
// logarithm of the block size, size. Version 2 has a different signature, so that
// readers that support only version 1 show the compressed file.
func (f *fields) zf(e zisofs.Entry) {
	if e.Algorithm == "PZ" {
		b := f.add("Z2", 16)
		f.buf[len(f.buf)-13] = 2 // version of the field
		b[0], b[1], b[2], b[3] = 'P', 'Z', e.HeaderWords, e.BlockLog
		binary.LittleEndian.PutUint64(b[4:], e.Size)
		return
	}
	b := f.add("ZF", 16)
	b[0], b[1], b[2], b[3] = 'p', 'z', e.HeaderWords, e.BlockLog
	format.PutBoth32(b[4:], uint32(e.Size))
}
