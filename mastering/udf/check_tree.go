package udf

import "path"

// task is a directory that is to be examined.
type task struct {
	icb, parent longAD
	path        string
}

// tree examines all directories, and the file entries of what is in them.
func (c *checker) tree() {
	root := c.f.root
	list := []task{{root, root, "/"}}
	c.known[place{root.block, root.partition}] = &object{path: "/", off: c.f.offset(root), dir: true, odd: true}
	for len(list) > 0 && c.ctx.Err() == nil {
		t := list[len(list)-1]
		list = c.directory(t, list[:len(list)-1])
	}
	if at := c.f.streams; at.length&lengthMask != 0 {
		c.streams(at, "the streams of the volume")
	}
}

// directory examines a directory and appends those in it to the list.
func (c *checker) directory(t task, list []task) []task {
	o := c.known[place{t.icb.block, t.icb.partition}]
	e, k := c.entry(t.icb, o)
	if k == nil {
		return list
	}
	c.occupy(k, t.path)
	c.size(k, o.off, t.path)
	c.copyNames(t.icb, t.path)
	parents := 0
	_ = k.scan(func(n name) {
		switch {
		case n.traits&fileDeleted != 0:
		case n.reserved():
			c.names++
			c.meet(n, t.path, false)
		case n.traits&fileParent != 0:
			parents++
			c.name(n.icb)
			if !n.icb.same(t.parent) {
				c.Odd(at(c.byteOf(k, n.at), t.path), "the entry of the parent leads to %s, the parent is at %s", n.icb, t.parent)
			}
		case n.traits&fileDirectory != 0:
			if c.meet(n, t.path, true) {
				list = append(list, task{n.icb, e.at, path.Join(t.path, n.text)})
			}
		default:
			c.names++
			if c.meet(n, t.path, false) {
				c.file(n.icb)
			}
		}
	})
	if parents != 1 {
		c.Odd(at(o.off, t.path), "the directory has %d entries of its parent", parents)
	}
	return list
}

// byteOf returns the byte of the volume that holds a byte of a directory.
func (c *checker) byteOf(k *contents, off int64) int64 {
	if at, _, err := k.locate(off); err == nil {
		return at
	}
	return 0
}

// name counts a name of what is at icb.
func (c *checker) name(icb longAD) {
	if o := c.known[place{icb.block, icb.partition}]; o != nil {
		o.found++
	}
}

// meet counts a name, and reports whether it is the first of a file or
// directory.
func (c *checker) meet(n name, dir string, isDir bool) bool {
	at := place{n.icb.block, n.icb.partition}
	o := c.known[at]
	first := o == nil
	if first {
		o = &object{path: path.Join(dir, n.text), off: c.f.offset(n.icb), dir: isDir, odd: true}
		c.known[at] = o
	}
	o.found++
	return first
}

// file examines the file entry of what is no directory.
func (c *checker) file(icb longAD) {
	o := c.known[place{icb.block, icb.partition}]
	if _, k := c.entry(icb, o); k != nil {
		c.occupy(k, o.path)
		c.size(k, o.off, o.path)
	}
}

// entry reads a file entry, and where the contents are, in all copies, and
// returns what is in the first that is sound.
func (c *checker) entry(icb longAD, o *object) (e *fileEntry, k *contents) {
	for _, v := range c.copies {
		g, err := v.readEntry(icb)
		var h *contents
		if err == nil {
			h, err = v.contents(g)
		}
		if err != nil {
			c.damaged(v, icb, o.path, err)
			continue
		}
		if k == nil {
			e, k = g, h
		}
	}
	if k == nil {
		return nil, nil
	}
	o.links = e.links
	o.odd = e.streams.length&lengthMask != 0
	if off := c.f.offset(icb); off != 0 {
		c.used = append(c.used, use{off, off + c.f.block, o.path})
	}
	if o.odd {
		c.streams(e.streams, o.path)
	}
	return e, k
}

// damaged reports damage to one of the copies; what has one only, Walk reports.
func (c *checker) damaged(v reader, icb longAD, path string, err error) {
	if len(c.copies) < 2 {
		return
	}
	which := "the main copy"
	if v.mirror {
		which = "the mirror"
	}
	c.Bad(at(v.offset(icb), path), "%s of the metadata is damaged: %v", which, err)
}

// copyNames reads the names of a directory in all copies.
func (c *checker) copyNames(icb longAD, path string) {
	if len(c.copies) < 2 {
		return
	}
	for _, v := range c.copies {
		e, err := v.readEntry(icb)
		if err != nil {
			continue // told already
		}
		if _, err := v.readDirectory(e); err != nil {
			c.damaged(v, icb, path, err)
		}
	}
}

// streams examines a stream directory and the streams in it (UDF 3.3.5).
func (c *checker) streams(icb longAD, path string) {
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
