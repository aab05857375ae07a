package update

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf16"

	"glassmaster/mastering/iso9660/internal/format"
	"glassmaster/mastering/tree"
)

// entryOf returns the entry of a directory that an origin is in this hierarchy, nil if
// there is none. In the hierarchy that the tree was read from, it has the name of the
// origin.
func (d *directory) entryOf(o *tree.Node) (*entry, error) {
	if err := d.load(); err != nil {
		return nil, err
	}
	if e, ok := d.of[o]; ok {
		return e, nil
	}
	if d.of == nil {
		d.of = map[*tree.Node]*entry{}
	}
	if d.h.viewed {
		e := d.byName[o.Name]
		if e == nil {
			return nil, unsafef("%s is not in its directory any more", o.Path())
		}
		d.of[o] = e
		return e, nil
	}
	if e := d.sameName(o); e != nil {
		d.of[o] = e
		return e, nil
	}
	d.match(o)
	return d.of[o], nil
}

// sameName returns the entry that has exactly the name of an origin and cannot be another
// one.
func (d *directory) sameName(o *tree.Node) *entry {
	e := d.byName[o.Name]
	if e == nil || !d.sameKind(e, o) {
		return nil
	}
	if d.h.kind == primary && !d.h.use.RockRidge || o.Mode.IsRegular() && !d.sameExtent(e, o) {
		return nil
	}
	return e
}

// sameKind reports whether an entry can be what an origin is.
func (d *directory) sameKind(e *entry, o *tree.Node) bool {
	folder := e.isDirectory()
	if !folder && d.h.use.RockRidge {
		if _, linked, err := d.h.child(e); err == nil && linked {
			folder = true
		}
	}
	return folder == o.IsDir()
}

// sameExtent reports whether an entry has the contents of an origin.
func (d *directory) sameExtent(e *entry, o *tree.Node) bool {
	rec := e.record()
	if o.Size == 0 {
		return format.Both32(rec[10:]) == 0
	}
	r := o.Recorded()
	if r == nil || len(r.Extents) == 0 {
		return false
	}
	return d.h.offset(format.Both32(rec[2:])) == int64(r.Extents[0].Start)*sectorSize
}

// match finds the entries of all origins of the folder that o is in. It goes from the
// surest sign to the weakest one: name and contents, contents alone, name alone, and the
// beginning of the name.
func (d *directory) match(o *tree.Node) {
	origins := d.siblings(o)
	taken := map[*entry]bool{}
	for _, s := range origins {
		if e := d.of[s]; e != nil {
			taken[e] = true
		}
	}
	names := map[string][]*entry{}
	for _, e := range d.entries {
		if e.name != "" {
			k := d.folded(e.name)
			names[k] = append(names[k], e)
		}
	}
	pass := func(candidates func(*tree.Node) []*entry, ok func(*entry, *tree.Node) bool) {
		for _, s := range origins {
			if _, done := d.of[s]; done {
				continue
			}
			for _, e := range candidates(s) {
				if !taken[e] && ok(e, s) {
					d.of[s], taken[e] = e, true
					break
				}
			}
		}
	}
	byName := func(s *tree.Node) []*entry { return names[d.folded(d.expected(s))] }
	extents := d.byExtent()
	byExtent := func(s *tree.Node) []*entry {
		if r := s.Recorded(); s.Size > 0 && r != nil && len(r.Extents) > 0 {
			return extents[int64(r.Extents[0].Start)*sectorSize]
		}
		return nil
	}
	exact := func(e *entry, s *tree.Node) bool { return e.name == s.Name }
	same := func(e *entry, s *tree.Node) bool { return d.sameKind(e, s) && (s.IsDir() || d.sameExtent(e, s)) }
	pass(func(s *tree.Node) []*entry { return names[d.folded(s.Name)] }, func(e *entry, s *tree.Node) bool { return exact(e, s) && same(e, s) })
	pass(byName, same)
	pass(byExtent, func(e *entry, s *tree.Node) bool { return d.sameKind(e, s) && d.resembles(e, s) })
	pass(byExtent, d.sameKind)
	pass(byName, d.sameKind)
	rest := func(*tree.Node) []*entry { return d.entries }
	pass(rest, func(e *entry, s *tree.Node) bool {
		return e.name != "" && d.sameKind(e, s) && d.resembles(e, s) && (s.IsDir() || s.Size == 0 && d.sameExtent(e, s)) && d.sameDate(e, s)
	})
	pass(rest, func(e *entry, s *tree.Node) bool {
		return e.name != "" && d.sameKind(e, s) && d.resembles(e, s) && (s.IsDir() || s.Size == 0 && d.sameExtent(e, s))
	})
	for _, s := range origins {
		if _, ok := d.of[s]; !ok {
			d.of[s] = nil
		}
	}
}

// siblings returns the origins of the folder that o is in, o among them.
func (d *directory) siblings(o *tree.Node) []*tree.Node {
	list := d.recall
	if list == nil {
		if n := d.h.u.claims.owner[o.Parent()]; n != nil && !n.Unread() {
			list = n.Recall()
		}
	}
	for _, s := range list {
		if s == o {
			return list
		}
	}
	return append(append([]*tree.Node(nil), list...), o)
}

// byExtent returns the entries by the offsets of their contents in the image.
func (d *directory) byExtent() map[int64][]*entry {
	m := map[int64][]*entry{}
	for _, e := range d.entries {
		rec := e.record()
		if e.isDirectory() || format.Both32(rec[10:]) == 0 {
			continue
		}
		at := d.h.offset(format.Both32(rec[2:]))
		m[at] = append(m[at], e)
	}
	return m
}

// expected returns the name by which the hierarchy would show an origin.
func (d *directory) expected(o *tree.Node) string {
	if d.h.use.RockRidge {
		return o.Name
	}
	id := d.h.identifier(d.h.rulesFrom(d), o.Name, o.IsDir(), -1)
	if d.h.kind == joliet {
		return unicode16(id)
	}
	return string(bytes.TrimSuffix(id, []byte{'.'}))
}

// unicode16 returns a Joliet identifier as text.
func unicode16(id []byte) string {
	u := make([]uint16, len(id)/2)
	for i := range u {
		u[i] = binary.BigEndian.Uint16(id[2*i:])
	}
	return string(utf16.Decode(u))
}

// folded returns a name in the form in which it is compared.
func (d *directory) folded(name string) string {
	if d.h.use.RockRidge {
		return name
	}
	return strings.ToUpper(name)
}

// resembles reports whether an identifier can be the shortened form of a name: its first
// characters are those of the name.
func (d *directory) resembles(e *entry, o *tree.Node) bool {
	a, b := letters(e.name), letters(o.Name)
	n := min(len(a), len(b), 3)
	return a[:n] == b[:n]
}

// letters returns the letters and digits of the beginning of a name, in upper case.
func letters(name string) string {
	var b []byte
	for i := 0; i < len(name) && len(b) < 8; i++ {
		switch c := name[i]; {
		case c >= 'a' && c <= 'z':
			b = append(b, c-'a'+'A')
		case c >= 'A' && c <= 'Z' || c >= '0' && c <= '9':
			b = append(b, c)
		}
	}
	return string(b)
}

// sameDate reports whether an entry has the modification time of an origin in its record.
func (d *directory) sameDate(e *entry, o *tree.Node) bool {
	var date [7]byte
	format.PutShortDate(date[:], seconds(o.Modified))
	return bytes.Equal(date[:6], e.record()[18:24])
}
