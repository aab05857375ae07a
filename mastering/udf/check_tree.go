package udf

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/filename"
	"glassmaster/mastering/udf/internal/ecma167"
)

// object is a file or directory.
type object struct {
	in     *object // directory of the name that was found first, nil for the root
	name   string
	depth  int    // directories above it
	length int    // bytes of its path
	off    int64  // byte of the volume where its file entry is, or of its name where that leads nowhere
	dir    bool   // by its name
	odd    bool   // the recorded number of names is not known, or counts streams too
	links  uint16 // as recorded
	found  uint32 // names that were found
}

// path returns the path from the root. It is made when it is wanted: those of all
// files might need more memory than the volume has bytes.
func (o *object) path() string {
	if o.in == nil {
		return "/"
	}
	var parts []string
	for ; o.in != nil; o = o.in {
		parts = append(parts, o.name)
	}
	slices.Reverse(parts)
	return "/" + strings.Join(parts, "/")
}

// String is the path, for messages that may not be told after all.
func (o *object) String() string { return o.path() }

// task is a directory that is to be examined.
type task struct {
	o           *object
	icb, parent ecma167.LongAD
}

// tree examines all directories, and the file entries of what is in them.
func (c *checker) tree() {
	root := c.f.root
	o := &object{off: c.f.offset(root), dir: true, odd: true}
	c.known[place{root.Block, root.Partition}] = o
	end := c.f.followed.Load() + walkRoom*c.f.size + walkSpare
	for list := []task{{o, root, root}}; len(list) > 0 && c.ctx.Err() == nil; {
		t := list[len(list)-1]
		list = c.directory(t, list[:len(list)-1])
		if c.f.followed.Load() > end {
			c.Bad(at(t.o.off, t.o.path()), "%v", errRoom)
			c.lost = true
			break
		}
	}
	if at := c.f.streams; at.Length&ecma167.LengthMask != 0 {
		c.streams(at, "the streams of the volume")
	}
}

// directory examines a directory and appends those in it to the list.
func (c *checker) directory(t task, list []task) []task {
	o := t.o
	if err := tooDeep(o.length, o.depth); err != nil {
		c.Bad(at(o.off, o.path()), "%v", err)
		c.lost = true
		return list
	}
	e, k := c.entry(t.icb, o)
	if k == nil {
		c.lost = true
		return list
	}
	c.occupy(k, o)
	c.size(k, o)
	k, names, whole := c.namesIn(t.icb, o)
	c.lost = c.lost || !whole
	parents := 0
	texts := map[string]bool{}
	for _, n := range names {
		c.text(k, n, o, texts)
		switch {
		case n.traits&ecma167.FIDDeleted != 0:
		case n.reserved():
			c.names++
			c.meet(k, n, o)
		case n.traits&ecma167.FIDParent != 0:
			parents++
			c.name(n.icb)
			if !n.icb.Same(t.parent) {
				c.Odd(at(c.byteOf(o, k, n.at), o.path()), "the entry of the parent leads to %s, the parent is at %s", n.icb, t.parent)
			}
		case n.traits&ecma167.FIDDirectory != 0:
			sub, first := c.meet(k, n, o)
			if !first {
				if c.contains(sub, o) {
					c.Bad(at(c.byteOf(o, k, n.at), o.path()), "%s: %v", n.text, c.f.loop(n))
					c.lost = true
				} else {
					c.Odd(at(c.byteOf(o, k, n.at), o.path()), "%s is the directory %s under another name", n.text, sub)
				}
				continue
			}
			list = append(list, task{sub, n.icb, e.at})
		default:
			c.names++
			if f, first := c.meet(k, n, o); first {
				c.file(n.icb, f)
			}
		}
	}
	if parents != 1 && whole {
		c.Odd(at(o.off, o.path()), "the directory has %d entries of its parent", parents)
	}
	return list
}

// text examines the name of an entry of the directory o, whose descriptors are in
// k. texts has those that it had so far.
func (c *checker) text(k *contents, n name, o *object, texts map[string]bool) {
	if n.traits&(ecma167.FIDDeleted|ecma167.FIDParent) != 0 || n.reserved() {
		return
	}
	place := func() disc.Notice { return at(c.byteOf(o, k, n.at), o.path()) }
	switch {
	case n.changed:
		c.Bad(place(), "no file can have the name %q; it is shown as %s", n.recorded, n.text)
	case filename.Safe(n.text) != n.text:
		c.Odd(place(), "the name %q holds control characters", n.text)
	}
	if texts[n.text] {
		c.Bad(place(), "another entry of the directory has the name %q too; one of them is shown under another name", n.text)
	}
	texts[n.text] = true
}

// maxClimb bounds the steps that are made from directories to those above them.
const maxClimb = 1 << 24

// contains reports whether a is b, or lies above it. Where there is too much to
// climb it counts as such.
func (c *checker) contains(a, b *object) bool {
	for ; b != nil && b.depth > a.depth; b = b.in {
		if c.climbed++; c.climbed > maxClimb {
			return true
		}
	}
	return a == b
}

// namesIn returns the descriptors in a directory, from the copy that is not
// damaged where there is one, and the contents of that copy.
func (c *checker) namesIn(icb ecma167.LongAD, o *object) (k *contents, list []name, whole bool) {
	for _, v := range c.copies {
		e, err := v.readEntry(icb)
		if err != nil {
			continue // told already
		}
		h, err := v.contents(e)
		if err != nil {
			continue
		}
		var names []name
		if h.size > v.size {
			err = fmt.Errorf("a directory of %d bytes on a volume of %d", h.size, v.size)
		} else {
			err = h.scan(func(n name) { names = append(names, n) })
		}
		if err != nil {
			off := v.offset(icb)
			if t, ok := errors.AsType[tear](err); ok {
				off = c.byteOf(o, h, t.at)
			}
			c.damaged(v, off, o, err)
		}
		if k == nil || !whole && err == nil {
			k, list, whole = h, names, err == nil
		}
	}
	return k, list, whole
}

// byteOf returns the byte of the volume that holds a byte of the directory o, or
// its file entry, where that holds all of it.
func (c *checker) byteOf(o *object, k *contents, off int64) int64 {
	if at, _, err := k.locate(off); err == nil {
		return at
	}
	return o.off
}

// name counts a name of what is at icb.
func (c *checker) name(icb ecma167.LongAD) {
	if o := c.known[place{icb.Block, icb.Partition}]; o != nil {
		o.found++
	}
}

// meet counts a name in the directory in, whose descriptors are in k, and reports
// whether it is the first of a file or directory.
func (c *checker) meet(k *contents, n name, in *object) (o *object, first bool) {
	at := place{n.icb.Block, n.icb.Partition}
	o = c.known[at]
	if first = o == nil; first {
		o = &object{
			in: in, name: n.text, depth: in.depth + 1, length: in.length + 1 + len(n.text),
			off: c.f.offset(n.icb), dir: n.traits&ecma167.FIDDirectory != 0, odd: true,
		}
		if o.off == 0 {
			o.off = c.byteOf(in, k, n.at)
		}
		c.known[at] = o
	}
	o.found++
	return o, first
}

// file examines the file entry of what is no directory.
func (c *checker) file(icb ecma167.LongAD, o *object) {
	e, k := c.entry(icb, o)
	if k == nil {
		return
	}
	c.occupy(k, o)
	c.size(k, o)
	if e.kind == ecma167.TypeSymlink {
		if _, err := c.f.target(e); err != nil {
			c.Bad(at(o.off, o.path()), "%v", err)
		}
	}
}

// entry reads a file entry, and where the contents are, in all copies, and
// returns what is in the first that is sound.
func (c *checker) entry(icb ecma167.LongAD, o *object) (e *fileEntry, k *contents) {
	for _, v := range c.copies {
		g, err := v.readEntry(icb)
		var h *contents
		if err == nil {
			h, err = v.contents(g)
		}
		if err != nil {
			c.damaged(v, v.offset(icb), o, err)
			continue
		}
		if k == nil {
			e, k = g, h
		}
	}
	if k == nil {
		return nil, nil
	}
	if (e.kind == ecma167.TypeDirectory) != o.dir {
		c.Bad(at(o.off, o.path()), "%v", wrongKind(e))
		return nil, nil
	}
	o.links = e.links
	o.odd = e.streams.Length&ecma167.LengthMask != 0
	if off := c.f.offset(icb); off != 0 {
		c.used = append(c.used, use{off, off + c.f.block, o})
	}
	if o.odd {
		c.streams(e.streams, o.path())
	}
	return e, k
}

// damaged reports damage at a byte of the volume, 0 when it is nowhere, and which
// of two copies has it.
func (c *checker) damaged(v reader, off int64, o *object, err error) {
	if off == 0 {
		off = o.off
	}
	switch {
	case len(c.copies) < 2:
		c.Bad(at(off, o.path()), "%v", err)
	case v.mirror:
		c.Bad(at(off, o.path()), "the mirror of the metadata is damaged: %v", err)
	default:
		c.Bad(at(off, o.path()), "the main copy of the metadata is damaged: %v", err)
	}
}

// streams examines a stream directory and the streams in it (UDF 3.3.5).
func (c *checker) streams(icb ecma167.LongAD, path string) {
	d, err := c.f.directory(icb)
	if err == nil {
		err = d.err
	}
	if err != nil {
		c.Bad(at(c.f.offset(icb), path), "stream directory: %v", err)
		return
	}
	for _, n := range d.names {
		e, err := c.f.entry(n.icb)
		if err == nil {
			_, err = c.f.contents(e)
		}
		if err != nil {
			c.Bad(at(c.f.offset(n.icb), path), "stream %s: %v", n.text, err)
		}
	}
}
