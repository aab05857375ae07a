package update

import (
	"bytes"
	"fmt"

	"glassmaster/mastering/iso9660/internal/format"
	"glassmaster/mastering/iso9660/internal/susp"
	"glassmaster/mastering/tree"
)

// field is a system use field of a record (P1281 4).
type field struct {
	data    []byte
	at      int64 // its offset in the image, if it is in a continuation area; else 0
	outside bool  // it is in a continuation area
}

func (f field) is(sig string) bool { return string(f.data[:2]) == sig }

// Limits of a chain of continuation areas, as when it is read.
const (
	maxAreas = 256
	maxArea  = 64 << 10
)

// use is the system use area of a record.
type use struct {
	prefix []byte  // bytes that are not SUSP's
	list   []field // without CE and ST
	ce     []byte  // the first CE field, nil if there is none
}

// systemUse returns the area after the identifier of a record and its padding.
func systemUse(rec []byte) []byte {
	n := format.RecordHead + int(rec[32])
	return rec[min(n+n&1, len(rec)):]
}

// useOf parses the system use area of a record. skip is the number of bytes that are not
// SUSP's. Without Rock Ridge, all of it is the prefix.
func (h *hierarchy) useOf(rec []byte, skip int) (use, error) {
	p := systemUse(rec)
	if !h.use.RockRidge || len(p) < skip {
		return use{prefix: p}, nil
	}
	u := use{prefix: p[:skip]}
	next, err := u.take(p[skip:], 0, false)
	if err != nil {
		return u, err
	}
	u.ce = next
	for areas := 0; next != nil; areas++ {
		n := int(format.Both32(next[20:]))
		if areas == maxAreas || n > maxArea {
			return u, unsafef("a chain of continuation areas is damaged")
		}
		at := h.offset(format.Both32(next[4:])) + int64(format.Both32(next[12:]))
		area := make([]byte, n)
		if k, err := h.u.set.ReadAt(area, at); k < n {
			return u, unsafef("the continuation area at sector %d cannot be read: %v", at/sectorSize, err)
		}
		if next, err = u.take(area, at, true); err != nil {
			return u, err
		}
	}
	return u, nil
}

// take adds the fields of one area, and returns the CE field, if there is one.
func (u *use) take(p []byte, at int64, outside bool) (ce []byte, err error) {
	for len(p) >= 4 && p[0] != 0 {
		n := int(p[2])
		if n < 4 || n > len(p) {
			return ce, unsafef("a system use field %q should have %d bytes, but only %d are left", p[:2], n, len(p))
		}
		f := field{p[:n:n], at, outside}
		switch {
		case f.is("ST"):
			return ce, nil
		case f.is("CE") && n >= susp.CELength:
			ce = f.data
		default:
			u.list = append(u.list, f)
		}
		p = p[n:]
		at += int64(n)
	}
	return ce, nil
}

// find returns the index of the first field with a signature, -1 if there is none.
func (u *use) find(sig string) int {
	for i, f := range u.list {
		if f.is(sig) {
			return i
		}
	}
	return -1
}

// replace replaces all fields with a signature by others, at the place of the first one.
// If there is none, they follow those of the signatures in after.
func (u *use) replace(sig string, with []field, after ...string) {
	at := -1
	var list []field
	for _, f := range u.list {
		if f.is(sig) {
			if at < 0 {
				at = len(list)
			}
			continue
		}
		list = append(list, f)
	}
	if at < 0 {
		at = 0
		for i, f := range list {
			for _, s := range after {
				if f.is(s) {
					at = i + 1
				}
			}
		}
	}
	u.list = append(append(append([]field(nil), list[:at]...), with...), list[at:]...)
}

// patch returns a field for changing it in place. It becomes a copy, which the record then
// has, so that its bytes are compared with the old ones.
func (u *use) patch(i int) []byte {
	u.list[i].data = bytes.Clone(u.list[i].data)
	return u.list[i].data
}

// fieldsOf returns the fields that an encoder has made.
func fieldsOf(f *susp.Fields) []field {
	var list []field
	from := 0
	for _, to := range f.Ends {
		list = append(list, field{data: f.Buf[from:to:to]})
		from = to
	}
	return list
}

// assemble returns a record with the fixed part of rec, an identifier and a system use
// area. old is the area as it was, nil for a new record: continuation areas that do not
// change are kept. early says that new ones go before new contents.
func (h *hierarchy) assemble(rec, id []byte, u, old *use, early bool) ([]byte, error) {
	base := format.RecordHead + len(id) + (len(id)+1)%2
	b := make([]byte, base, maxRecord+1)
	copy(b, rec[:format.RecordHead])
	b[32] = byte(len(id))
	copy(b[format.RecordHead:], id)
	b = append(b, u.prefix...)
	if old != nil && old.ce != nil && sameOutside(u, old) {
		kept := append([]byte(nil), b...)
		for _, f := range u.list {
			if !f.outside {
				kept = append(kept, f.data...)
			}
		}
		if kept = append(kept, old.ce...); len(kept) <= maxRecord {
			return finished(kept), nil
		}
	}
	total := 0
	for _, f := range u.list {
		total += len(f.data)
	}
	room := maxRecord - len(b)
	list := u.list
	if total > room {
		room -= susp.CELength
	}
	for len(list) > 0 && len(list[0].data) <= room {
		b = append(b, list[0].data...)
		room -= len(list[0].data)
		list = list[1:]
	}
	if len(list) == 0 {
		return finished(b), nil
	}
	if room < 0 {
		return nil, fmt.Errorf("a record with an identifier of %d bytes has no room for its continuation area", len(id))
	}
	ce := len(b)
	b = append(b, make([]byte, susp.CELength)...)
	b = finished(b)
	h.spill(list, b[ce:ce+susp.CELength], early)
	return b, nil
}

// finished pads a record to an even length and sets it.
func finished(b []byte) []byte {
	if len(b)%2 != 0 {
		b = append(b, 0)
	}
	b[0] = byte(len(b))
	return b
}

// sameOutside reports whether the fields in continuation areas are those that were there.
func sameOutside(u, old *use) bool {
	var a, b []field
	for _, f := range u.list {
		if f.outside {
			a = append(a, f)
		}
	}
	for _, f := range old.list {
		if f.outside {
			b = append(b, f)
		}
	}
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].at != b[i].at || !bytes.Equal(a[i].data, b[i].data) {
			return false
		}
	}
	return true
}

// pending is a continuation area, for which a place is found when the directories have
// theirs: readers that read a disc once expect it after the directory.
type pending struct {
	b     []byte
	refs  [][]byte // CE fields that refer to it
	early bool     // it belongs to a file with new contents
	at    int64    // its offset in the image
}

// reserve is room for continuation areas before the contents that are added to the image:
// libarchive does not read an image in which one is after the contents of its file.
type reserve struct {
	at      int64 // its first sector
	sectors int64
}

// reserveAreas allocates room for the continuation areas of new files, as far as the tree
// shows before it is compared with the volume.
func (h *hierarchy) reserveAreas(n *tree.Node) {
	if !h.use.RockRidge {
		return
	}
	var sectors, used int64
	walkRead(n, func(k *tree.Node) {
		if !k.Mode.IsRegular() || k.Size == 0 || k.Origin() != nil && k.SameContents() {
			return
		}
		fields := int64(len(k.Name) + len(k.Name)/200*5 + len(susp.Attributes(k)) + fixedFields)
		if format.RecordHead+longestIdentifier+fields <= maxRecord {
			return
		}
		if fields = min(fields, sectorSize); sectors == 0 || used+fields > sectorSize {
			sectors++
			used = 0
		}
		used += fields
	})
	if sectors > 0 {
		h.reserve = reserve{h.u.set.Allocate(sectors, 1), sectors}
	}
}

// What is assumed for the record of a file: the bytes of its identifier, and those of the
// fields PX, TF, NM, ZF and CE without the name.
const (
	longestIdentifier = 35
	fixedFields       = 44 + 33 + 5 + 16 + susp.CELength
)

// walkRead calls f for the entries of all folders that were read.
func walkRead(n *tree.Node, f func(*tree.Node)) {
	if n.Unread() {
		return
	}
	for _, k := range n.Children() {
		f(k)
		if k.IsDir() {
			walkRead(k, f)
		}
	}
}

// spill makes continuation areas of fields, to the first of which ce will refer. An area
// does not cross a sector boundary, since readers read only one sector.
func (h *hierarchy) spill(list []field, ce []byte, early bool) {
	for len(list) > 0 {
		n, k := 0, 0
		for k < len(list) && n+len(list[k].data) <= sectorSize {
			n += len(list[k].data)
			k++
		}
		for k < len(list) && n+susp.CELength > sectorSize {
			k--
			n -= len(list[k].data)
		}
		area := make([]byte, 0, n+susp.CELength)
		for _, f := range list[:k] {
			area = append(area, f.data...)
		}
		if list = list[k:]; len(list) > 0 {
			area = append(area, make([]byte, susp.CELength)...)
		}
		susp.CE(ce, 0, 0, len(area))
		h.later = append(h.later, &pending{b: area, refs: [][]byte{ce}, early: early})
		ce = area[max(len(area)-susp.CELength, 0):]
	}
}

// repeat makes the CE field of a record that is a copy of another one refer to the same
// area.
func (h *hierarchy) repeat(of, rec []byte) {
	for _, p := range h.later {
		for _, ce := range p.refs {
			if at := len(of) - len(ce); at >= 0 && within(of, ce) {
				at = cap(of) - cap(ce)
				p.refs = append(p.refs, rec[at:at+susp.CELength])
				return
			}
		}
	}
}

// within reports whether b is a part of a.
func within(a, b []byte) bool {
	at := cap(a) - cap(b)
	return at >= 0 && at < len(a) && &a[at] == &b[0]
}

// writeAreas finds places for the continuation areas and writes them.
func (h *hierarchy) writeAreas() error {
	early := room{at: h.reserve.at, left: h.reserve.sectors}
	var late room
	for _, p := range h.later {
		n := int64(len(p.b))
		at, ok := int64(0), false
		if p.early {
			at, ok = early.take(n)
		}
		if !ok {
			if at, ok = late.take(n); !ok {
				late = room{at: h.u.set.Allocate(1, 1), left: 1}
				at, _ = late.take(n)
			}
		}
		for _, ce := range p.refs {
			format.PutBoth32(ce[4:], h.address(at))
			format.PutBoth32(ce[12:], uint32((at-h.base)%h.block))
		}
		p.at = at
	}
	for _, p := range h.later { // their own CE fields are set now
		if err := h.u.put(p.b, p.at, owner{off: areas}); err != nil {
			return err
		}
	}
	return nil
}

// room is a run of sectors of which bytes are taken. What is taken does not cross a sector
// boundary.
type room struct {
	at, left int64 // sectors
	used     int64 // bytes of the first one
}

// take takes n bytes and returns their offset in the image, and false if there is no room.
func (r *room) take(n int64) (int64, bool) {
	if r.used+n > sectorSize {
		r.at, r.left, r.used = r.at+1, r.left-1, 0
	}
	if r.left <= 0 {
		return 0, false
	}
	at := r.at*sectorSize + r.used
	r.used += n
	return at, true
}
