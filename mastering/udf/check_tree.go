package udf

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/filename"
	"glassmaster/mastering/udf/internal/ecma167"
	"glassmaster/mastering/units"
)

// object is a file or directory.
type object struct {
	in           *object // directory of the first name that was found, nil for the root
	name         string
	depth        int    // directories above it
	length       int    // bytes of its path
	off          int64  // byte of the volume where its file entry is; of its name if there is no file entry
	dir          bool   // a directory by its file identifier
	unknownLinks bool   // the link count is not known, or counts streams too
	links        uint16 // link count as recorded
	found        uint32 // names that were found
}

// path returns the path from the root. It is not stored: the paths of all files may
// need more memory than the volume has bytes.
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

// String returns the path. It lets a message be formatted only if it is reported.
func (o *object) String() string { return o.path() }

// task is a directory that is still to be checked.
type task struct {
	o           *object
	icb, parent ecma167.LongAD
}

// tree checks all directories and the file entries of what they contain.
func (c *checker) tree() {
	root := c.f.root
	o := &object{off: c.f.offset(root), dir: true, unknownLinks: true}
	c.known[place{root.Block, root.Partition}] = o
	end := c.f.followed.Load() + walkFactor*c.f.size + walkSpare
	for list := []task{{o, root, root}}; len(list) > 0 && c.ctx.Err() == nil; {
		t := list[len(list)-1]
		list = c.directory(t, list[:len(list)-1])
		if c.f.followed.Load() > end {
			c.Report(at(t.o.off, t.o.path()), "%v", errWalkLimit)
			c.lost = true
			break
		}
	}
	if at := c.f.streams; at.Length&ecma167.LengthMask != 0 {
		c.streams(at, "the streams of the volume")
	}
}

// directory checks a directory and appends its subdirectories to the list.
func (c *checker) directory(t task, list []task) []task {
	o := t.o
	if err := tooDeep(o.length, o.depth); err != nil {
		c.Report(at(o.off, o.path()), "%v", err)
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
		case n.characteristics&ecma167.FIDDeleted != 0:
		case n.reserved():
			c.names++
			c.count(k, n, o)
		case n.characteristics&ecma167.FIDParent != 0:
			parents++
			c.name(n.icb)
			if !n.icb.Same(t.parent) {
				c.ReportMinor(at(c.byteOf(o, k, n.at), o.path()), "the parent entry points to %s, but the parent is at %s", n.icb, t.parent)
			}
		case n.characteristics&ecma167.FIDDirectory != 0:
			sub, first := c.count(k, n, o)
			if !first {
				if c.contains(sub, o) {
					c.Report(at(c.byteOf(o, k, n.at), o.path()), "%s: %v", n.text, c.f.loop(n))
					c.lost = true
				} else {
					c.ReportMinor(at(c.byteOf(o, k, n.at), o.path()), "%s is another name of the directory %s", n.text, sub)
				}
				continue
			}
			list = append(list, task{sub, n.icb, e.at})
		default:
			c.names++
			if f, first := c.count(k, n, o); first {
				c.file(n.icb, f)
			}
		}
	}
	if parents != 1 && whole {
		c.ReportMinor(at(o.off, o.path()), "the directory has %s", units.Count(parents, "parent entry", "parent entries"))
	}
	return list
}

// text checks the name of an entry of the directory o, whose descriptors are in k.
// texts are the names seen so far.
func (c *checker) text(k *contents, n name, o *object, texts map[string]bool) {
	if n.characteristics&(ecma167.FIDDeleted|ecma167.FIDParent) != 0 || n.reserved() {
		return
	}
	place := func() disc.Notice { return at(c.byteOf(o, k, n.at), o.path()) }
	switch {
	case n.changed:
		c.Report(place(), "the name %q is not valid; it is shown as %s", n.recorded, n.text)
	case filename.Safe(n.text) != n.text:
		c.ReportMinor(place(), "the name %q contains control characters", n.text)
	}
	if texts[n.text] {
		c.Report(place(), "the directory has more than one entry named %q; the others are shown under different names", n.text)
	}
	texts[n.text] = true
}

// maxClimb limits the steps from directories to their parents.
const maxClimb = 1 << 24

// contains reports whether a is b or one of the directories above it, or whether
// that would take too many steps to find out.
func (c *checker) contains(a, b *object) bool {
	for ; b != nil && b.depth > a.depth; b = b.in {
		if c.climbed++; c.climbed > maxClimb {
			return true
		}
	}
	return a == b
}

// namesIn returns the descriptors in a directory, from an undamaged copy if there is
// one, and the contents of that copy.
func (c *checker) namesIn(icb ecma167.LongAD, o *object) (k *contents, list []name, whole bool) {
	for _, v := range c.copies {
		e, err := v.readEntry(icb)
		if err != nil {
			continue // reported already
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
			if t, ok := errors.AsType[directoryError](err); ok {
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
// that of its file entry if the directory is in there.
func (c *checker) byteOf(o *object, k *contents, off int64) int64 {
	if at, _, err := k.locate(off); err == nil {
		return at
	}
	return o.off
}

// name counts a name of the object at icb.
func (c *checker) name(icb ecma167.LongAD) {
	if o := c.known[place{icb.Block, icb.Partition}]; o != nil {
		o.found++
	}
}

// count counts a name in the directory in, whose descriptors are in k, and reports
// whether it is the first one of its file or directory.
func (c *checker) count(k *contents, n name, in *object) (o *object, first bool) {
	at := place{n.icb.Block, n.icb.Partition}
	o = c.known[at]
	if first = o == nil; first {
		o = &object{
			in: in, name: n.text, depth: in.depth + 1, length: in.length + 1 + len(n.text),
			off: c.f.offset(n.icb), dir: n.characteristics&ecma167.FIDDirectory != 0, unknownLinks: true,
		}
		if o.off == 0 {
			o.off = c.byteOf(in, k, n.at)
		}
		c.known[at] = o
	}
	o.found++
	return o, first
}

// file checks the file entry of what is not a directory.
func (c *checker) file(icb ecma167.LongAD, o *object) {
	e, k := c.entry(icb, o)
	if k == nil {
		return
	}
	c.occupy(k, o)
	c.size(k, o)
	if e.kind == ecma167.TypeSymlink {
		if _, err := c.f.target(e); err != nil {
			c.Report(at(o.off, o.path()), "%v", err)
		}
	}
}

// entry reads a file entry and its extents in all copies, and returns those of the
// first valid copy.
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
		c.Report(at(o.off, o.path()), "%v", wrongKind(e))
		return nil, nil
	}
	o.links = e.links
	o.unknownLinks = e.streams.Length&ecma167.LengthMask != 0
	if off := c.f.offset(icb); off != 0 {
		c.used = append(c.used, use{off, off + c.f.block, o})
	}
	if o.unknownLinks {
		c.streams(e.streams, o.path())
	}
	return e, k
}

// damaged reports damage at a byte of the volume, 0 if that is not known, and which
// of two copies is damaged.
func (c *checker) damaged(v reader, off int64, o *object, err error) {
	if off == 0 {
		off = o.off
	}
	switch {
	case len(c.copies) < 2:
		c.Report(at(off, o.path()), "%v", err)
	case v.mirror:
		c.Report(at(off, o.path()), "the mirror of the metadata is damaged: %v", err)
	default:
		c.Report(at(off, o.path()), "the main copy of the metadata is damaged: %v", err)
	}
}

// streams checks a stream directory and the streams in it (UDF 3.3.5).
func (c *checker) streams(icb ecma167.LongAD, path string) {
	d, err := c.f.directory(icb)
	if err == nil {
		err = d.err
	}
	if err != nil {
		c.Report(at(c.f.offset(icb), path), "stream directory: %v", err)
		return
	}
	for _, n := range d.names {
		e, err := c.f.entry(n.icb)
		if err == nil {
			_, err = c.f.contents(e)
		}
		if err != nil {
			c.Report(at(c.f.offset(n.icb), path), "stream %s: %v", n.text, err)
		}
	}
}
