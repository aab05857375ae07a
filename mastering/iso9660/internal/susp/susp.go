// Package susp encodes system use fields of directory records: SUSP 1.12 (IEEE P1281),
// RRIP 1.10 and 1.12 (IEEE P1282) and AAIP 2.0.
package susp

import (
	"encoding/binary"
	"math/bits"
	"strings"
	"time"

	"glassmaster/mastering/iso9660/internal/format"
	"glassmaster/mastering/zisofs"
)

// Fields are the system use fields of a directory record: SUSP 1.12 (IEEE P1281) and
// RRIP 1.10 (IEEE P1282). They are collected in a buffer and then divided between the
// record and its continuation area.
type Fields struct {
	Buf  []byte
	Ends []int // end of each field in Buf
}

func (f *Fields) Reset() { f.Buf, f.Ends = f.Buf[:0], f.Ends[:0] }

// Add begins a field of n bytes, header included, and returns its body.
func (f *Fields) Add(sig string, n int) []byte {
	at := len(f.Buf)
	f.Buf = append(f.Buf, sig[0], sig[1], byte(n), 1)
	f.Buf = append(f.Buf, make([]byte, n-4)...)
	f.Ends = append(f.Ends, len(f.Buf))
	return f.Buf[at+4:]
}

// SP adds the first field of the root's own record (SUSP 5.3).
func (f *Fields) SP() { copy(f.Add("SP", 7), []byte{0xBE, 0xEF, 0}) }

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

// ER adds the extension reference (SUSP 5.5, RRIP 4.3).
func (f *Fields) ER(new112 bool) {
	e := rockRidge110
	if new112 {
		e = rockRidge112
	}
	b := f.Add("ER", 8+len(e.id)+len(e.description)+len(e.source))
	b[0], b[1], b[2], b[3] = byte(len(e.id)), byte(len(e.description)), byte(len(e.source)), 1
	copy(b[4:], e.id+e.description+e.source)
}

// PX adds mode, number of links, owner and group (RRIP 4.1.1).
func (f *Fields) PX(mode, links, uid, gid uint32) { putPX(f.Add("PX", 36), mode, links, uid, gid) }

// PX112 is px with the file serial number of version 1.12.
func (f *Fields) PX112(mode, links, uid, gid, serial uint32) {
	b := f.Add("PX", 44)
	putPX(b, mode, links, uid, gid)
	format.PutBoth32(b[32:], serial)
}

func putPX(b []byte, mode, links, uid, gid uint32) {
	format.PutBoth32(b[0:], mode)
	format.PutBoth32(b[8:], links)
	format.PutBoth32(b[16:], uid)
	format.PutBoth32(b[24:], gid)
}

// PN adds the numbers of a device node (RRIP 4.1.2).
func (f *Fields) PN(dev uint64) {
	b := f.Add("PN", 20)
	format.PutBoth32(b[0:], uint32(dev>>32))
	format.PutBoth32(b[8:], uint32(dev))
}

// TF adds the modification time (RRIP 4.1.6).
func (f *Fields) TF(unix int64) {
	b := f.Add("TF", 12)
	b[0] = 0x02
	format.PutShortDate(b[1:], unix)
}

// Times adds a TF field with the times that flags select (RRIP 4.1.6): creation,
// modification, access and change of attributes, in Unix nanoseconds. One that is 0 becomes
// the modification time. Bit 7 of flags selects dates of 17 bytes.
func (f *Fields) Times(flags byte, times [4]int64) {
	size := 7
	if flags&0x80 != 0 {
		size = 17
	}
	n := bits.OnesCount8(flags & 0x0F)
	b := f.Add("TF", 5+size*n)
	b[0] = flags & 0x8F
	b = b[1:]
	for bit, ns := range times {
		if flags&(1<<bit) == 0 {
			continue
		}
		if ns == 0 {
			ns = times[1]
		}
		if size == 17 {
			format.PutLongDate(b, time.Unix(0, ns))
		} else {
			format.PutShortDate(b, time.Unix(0, ns).Unix())
		}
		b = b[size:]
	}
}

// NM adds the name, in as many fields as it needs (RRIP 4.1.4).
func (f *Fields) NM(name string) {
	const room = 255 - 5
	for {
		n := min(len(name), room)
		b := f.Add("NM", 5+n)
		copy(b[1:], name[:n])
		if name = name[n:]; name == "" {
			return
		}
		b[0] = 1 // continued
	}
}

// SL adds the target of a symbolic link as components (RRIP 4.1.3). A component that
// does not fit into a field continues in the next one.
func (f *Fields) SL(target string) {
	const room = 255 - 5
	var body []byte
	flush := func(more byte) {
		b := f.Add("SL", 5+len(body))
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

// Link adds a CL or PL field with the address of a directory, or an RE field without
// one (RRIP 4.1.5).
func (f *Fields) Link(sig string, lba uint32) {
	if sig == "RE" {
		f.Add(sig, 4)
		return
	}
	format.PutBoth32(f.Add(sig, 12), lba)
}

// Inside returns the number of bytes of the fields that fit into room bytes of a
// record, and whether a CE field follows them.
func (f *Fields) Inside(room int) (n int, more bool) {
	if len(f.Buf) <= room {
		return len(f.Buf), false
	}
	return f.Fit(0, room-CELength), true
}

// Fit returns the end of the last field, from offset from on, that ends within room
// bytes.
func (f *Fields) Fit(from, room int) int {
	at := from
	for _, end := range f.Ends {
		if end > from && end-from <= room {
			at = end
		}
	}
	return at
}

// ZF adds the field of a compressed file (zisofs): algorithm, header length in words,
// logarithm of the block size, size. Version 2 has a different signature, so that
// readers that support only version 1 show the compressed file.
func (f *Fields) ZF(e zisofs.Entry) {
	if e.Algorithm == "PZ" {
		b := f.Add("Z2", 16)
		f.Buf[len(f.Buf)-13] = 2 // version of the field
		b[0], b[1], b[2], b[3] = 'P', 'Z', e.HeaderWords, e.BlockLog
		binary.LittleEndian.PutUint64(b[4:], e.Size)
		return
	}
	b := f.Add("ZF", 16)
	b[0], b[1], b[2], b[3] = 'p', 'z', e.HeaderWords, e.BlockLog
	format.PutBoth32(b[4:], uint32(e.Size))
}

// CELength is the length of a CE field (SUSP 5.1).
const CELength = 28

// CE writes a CE field for n bytes at byte at of a block.
func CE(b []byte, block uint32, at, n int) {
	copy(b, []byte{'C', 'E', CELength, 1})
	format.PutBoth32(b[4:], block)
	format.PutBoth32(b[12:], uint32(at))
	format.PutBoth32(b[20:], uint32(n))
}

// AL adds component records of attributes (AAIP 2.0), divided among AL fields.
func (f *Fields) AL(b []byte) {
	const room = 255 - 5
	for len(b) > 0 {
		k := min(len(b), room)
		field := f.Add("AL", 5+k)
		copy(field[1:], b[:k])
		if b = b[k:]; len(b) > 0 {
			field[0] = 1 // continued
		}
	}
}
