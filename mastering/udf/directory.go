package udf

import (
	"errors"
	"fmt"
	"io"
	"sort"
	"strconv"
	"sync"

	"glassmaster/mastering/filename"
	"glassmaster/mastering/udf/internal/ecma167"
)

// name is an entry of a directory.
type name struct {
	text            string
	icb             ecma167.LongAD
	characteristics uint8
	at              int64 // byte of the directory where its descriptor begins
	// recorded is the name on the disc if text differs from it: because the name is not
	// valid, or because another entry has it.
	recorded string
	changed  bool
}

// readDirectory returns the names in a directory, sorted, without deleted ones and
// without the parent. With an error it returns the names that are not damaged.
func (v reader) readDirectory(e *fileEntry) ([]name, error) {
	if e.kind != ecma167.TypeDirectory && e.kind != ecma167.TypeStreams {
		return nil, fmt.Errorf("file entry at %s: file type %d is not a directory", e.at, e.kind)
	}
	c, err := v.contents(e)
	if err != nil {
		return nil, err
	}
	if c.size > v.size {
		return nil, fmt.Errorf("file entry at %s: a directory of %d bytes on a volume of %d", e.at, c.size, v.size)
	}
	names, err := c.names()
	if err != nil {
		err = fmt.Errorf("directory with the file entry at %s: %w", e.at, err)
	}
	sort.SliceStable(names, func(i, j int) bool { return names[i].text < names[j].text })
	unique(names)
	return names, err
}

// names returns the names that are in use, and the first error.
func (c *contents) names() (names []name, damage error) {
	damage = c.scan(func(n name) {
		if n.characteristics&(ecma167.FIDDeleted|ecma167.FIDParent) == 0 && !n.reserved() {
			names = append(names, n)
		}
	})
	return names, damage
}

// directoryError is damage to a directory, and the byte of the directory where it
// is.
type directoryError struct {
	at int64
	error
}

func (t directoryError) Unwrap() error { return t.error }

// maxLost is how many bytes after damage in a directory are searched for the next
// descriptor.
const maxLost = 1 << 20

// scan calls visit for the file identifier descriptors (ECMA-167 4/14.4), including
// those of the parent and of deleted files. After damage it continues with the next
// valid descriptor, so that a bad block does not hide the rest of the directory. The
// error, a directoryError, is the first damage.
func (c *contents) scan(visit func(n name)) (damage error) {
	fail := func(at int64, err error) {
		if damage == nil {
			damage = directoryError{at, err}
		}
	}
	buf := make([]byte, 0, chunkSize)
	var base, lost int64 // where buf begins in the directory; bytes without a valid descriptor
	for base < c.size && lost < maxLost {
		buf = buf[:min(c.size-base, int64(cap(buf)))]
		c.v.followed.Add(int64(len(buf)))
		c.readBlocks(buf, base, fail)
		last := base+int64(len(buf)) == c.size
		used := 0
		for used < len(buf) {
			n, length, err := decodeName(buf[used:])
			if err != nil && !last && used >= len(buf)/2 {
				break // it may extend beyond the buffer: read again from here
			}
			n.at = base + int64(used)
			if err != nil {
				fail(n.at, fmt.Errorf("file identifier descriptor at %s: %w", c.where(n.at), err))
				length = max(length, 4) // they begin at multiples of 4
				lost += int64(length)
			} else {
				lost = 0
				visit(n)
			}
			used += length
		}
		base += int64(used)
	}
	return damage
}

// readBlocks fills p with the bytes at off. It reports blocks that cannot be read to
// fail, and fills them with zeros.
func (c *contents) readBlocks(p []byte, off int64, fail func(at int64, err error)) {
	if n, _ := c.ReadAt(p, off); n == len(p) {
		return
	}
	for len(p) > 0 {
		k := min(int64(len(p)), c.v.block-off%c.v.block)
		if n, err := c.ReadAt(p[:k], off); int64(n) < k {
			clear(p[n:k])
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			fail(off+int64(n), fmt.Errorf("byte %d: %w", off+int64(n), err))
		}
		p, off = p[k:], off+k
	}
}

// where describes the place of a byte of the file.
func (c *contents) where(off int64) string {
	at, _, err := c.locate(off)
	if err != nil {
		return fmt.Sprintf("byte %d", off)
	}
	return fmt.Sprintf("byte %d, sector %d", off, at/c.v.block)
}

// reserved reports whether the entry is the file that covers blocks that must not be
// used (UDF 1.50 2.3.13). It has no contents.
func (n name) reserved() bool {
	return n.text == "Non-Allocatable Space" && n.characteristics&ecma167.FIDHidden != 0
}

// decodeName decodes the file identifier descriptor at the beginning of p: file
// characteristics at BP 18, length of the name L_FI at BP 19, ICB at BP 20,
// length of implementation use L_IU at BP 36, then both, padded to a multiple
// of 4. It returns the length of the descriptor, 0 if that is not known. The parent
// and deleted entries have no name.
func decodeName(p []byte) (n name, length int, err error) {
	id, err := ecma167.CheckTag(p)
	if err != nil {
		return n, 0, err
	}
	if id != ecma167.TagFID {
		return n, 0, fmt.Errorf("it is a %s", ecma167.TagName(id))
	}
	if len(p) < ecma167.FIDLength {
		return n, 0, io.ErrUnexpectedEOF
	}
	use, text := int(le.Uint16(p[36:])), int(p[19])
	length = (ecma167.FIDLength + use + text + 3) &^ 3
	if length > len(p) {
		return n, 0, io.ErrUnexpectedEOF
	}
	n.characteristics, n.icb = p[18], ecma167.DecodeLongAD(p[20:])
	if n.characteristics&(ecma167.FIDDeleted|ecma167.FIDParent) != 0 {
		return n, length, nil
	}
	n.text, err = ecma167.DecodeCS0(p[ecma167.FIDLength+use : ecma167.FIDLength+use+text])
	n.protect()
	return n, length, err
}

// protect replaces a name that is not valid (UDF 4.2.2.1.5).
func (n *name) protect() {
	if text, changed := filename.Protect([]byte(n.text), 0); changed {
		n.text, n.recorded, n.changed = string(text), n.text, true
	}
}

// unique appends a number to the second and further entries of the same name. names
// are sorted. UDF does not allow equal names, but all entries must be reachable.
func unique(names []name) {
	var taken map[string]bool
	changed := false
	for i := 1; i < len(names); {
		same, number := names[i-1].text, 2
		for ; i < len(names) && names[i].text == same; i++ {
			if taken == nil {
				taken = map[string]bool{}
				for _, n := range names {
					taken[n.text] = true
				}
			}
			if !names[i].changed {
				names[i].recorded, names[i].changed = same, true
			}
			names[i].text, number = unused(same, number, taken)
			changed = true
		}
		i++
	}
	if changed {
		sort.SliceStable(names, func(i, j int) bool { return names[i].text < names[j].text })
	}
}

// unused returns s with a number that makes it a name not in taken, and adds it
// there. The search begins with number n. The second result is where the next search
// for the same name begins, so that many equal names do not take quadratic time.
func unused(s string, n int, taken map[string]bool) (string, int) {
	for ; ; n++ {
		if t := s + "~" + strconv.Itoa(n); !taken[t] {
			taken[t] = true
			return t, n + 1
		}
	}
}

// place is where an ICB begins.
type place struct {
	block     uint32
	partition uint16
}

func placeOf(a ecma167.LongAD) place { return place{a.Block, a.Partition} }

// number is the place as one number.
func (p place) number() uint64 { return uint64(p.partition)<<32 | uint64(p.block) }

// directories caches the directories that were read last.
type directories struct {
	mu   sync.Mutex
	list []*directory // newest first
}

// directory is a directory that was read.
type directory struct {
	at    place
	names []name
	err   error // the first damage, because of which names may be missing
}

// directoriesMax is the number of directories in the cache.
const directoriesMax = 64

func (d *directories) get(at place) *directory {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i, k := range d.list {
		if k.at == at {
			copy(d.list[1:i+1], d.list[:i])
			d.list[0] = k
			return k
		}
	}
	return nil
}

func (d *directories) put(k *directory) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.list) < directoriesMax {
		d.list = append(d.list, nil)
	}
	copy(d.list[1:], d.list)
	d.list[0] = k
}

// directory returns the names in the directory with that ICB, from the mirror of the
// metadata partition if the main copy is damaged.
func (f *FS) directory(icb ecma167.LongAD) (*directory, error) {
	at := place{icb.Block, icb.Partition}
	if k := f.dirs.get(at); k != nil {
		return k, nil
	}
	read := func(v reader) ([]name, error) {
		e, err := v.readEntry(icb)
		if err != nil {
			return nil, err
		}
		return v.readDirectory(e)
	}
	names, err := read(f.reader)
	if err != nil && f.hasMirror {
		if k, again := read(reader{f.state, true}); again == nil {
			names, err = k, nil
		}
	}
	if err != nil && len(names) == 0 {
		return nil, err
	}
	k := &directory{at, names, err}
	f.dirs.put(k)
	return k, nil
}

// entry returns the file entry at an ICB, from the mirror of the metadata partition
// if the main copy is damaged.
func (f *FS) entry(icb ecma167.LongAD) (*fileEntry, error) {
	e, err := f.readEntry(icb)
	if err != nil && f.hasMirror {
		if k, again := (reader{f.state, true}).readEntry(icb); again == nil {
			e, err = k, nil
		}
	}
	if err == nil {
		f.lengthen(e)
	}
	return e, err
}

// contents returns the bytes of a file. Continued allocation descriptors are read
// from the mirror of the metadata partition if the main copy is damaged.
func (f *FS) contents(e *fileEntry) (*contents, error) {
	if e.longer != nil {
		return f.elsewhere(e), nil
	}
	c, err := f.reader.contents(e)
	if err != nil && f.hasMirror {
		if k, again := (reader{f.state, true}).contents(e); again == nil {
			return k, nil
		}
	}
	return c, err
}

// find returns the entry of that name.
func (d *directory) find(text string) (name, bool) {
	i := sort.Search(len(d.names), func(i int) bool { return d.names[i].text >= text })
	if i < len(d.names) && d.names[i].text == text {
		return d.names[i], true
	}
	return name{}, false
}
