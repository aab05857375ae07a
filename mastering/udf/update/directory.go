package update

import (
	"fmt"
	"strings"

	"glassmaster/mastering/udf/internal/ecma167"
)

// directory are the file identifier descriptors of a directory.
type directory struct {
	parent  []byte // the descriptor of the parent
	names   []fid  // as recorded, with those of deleted entries
	added   []*fid
	byText  map[string]*fid
	changed bool
}

// fid is a file identifier descriptor (ECMA-167 4/14.4).
type fid struct {
	text  string // name as the volume shows it
	raw   []byte
	gone  bool // it is removed
	taken bool // the file or directory has another name in the edited tree
}

// Fields of a file identifier descriptor.
const (
	fidCharacteristics = 18
	fidICB             = 20
	fidUnique          = 32 // in the implementation use of the ICB (UDF 2.3.4.3)
)

func (f *fid) icb() ecma167.LongAD    { return ecma167.DecodeLongAD(f.raw[fidICB:]) }
func (f *fid) characteristics() uint8 { return f.raw[fidCharacteristics] }
func (f *fid) isDir() bool            { return f.characteristics()&ecma167.FIDDirectory != 0 }

// shown reports whether the descriptor is that of an entry which readers show.
func (f *fid) shown() bool {
	return !f.gone && f.characteristics()&(ecma167.FIDDeleted|ecma167.FIDParent) == 0
}

// directory returns the file identifier descriptors of a directory.
func (u *Updater) directory(o *object) (*directory, error) {
	if o.dir != nil {
		return o.dir, nil
	}
	if !o.isDir() && o.kind() != ecma167.TypeStreams {
		return nil, fmt.Errorf("file entry at %s: it is not a directory", o.at)
	}
	b, err := u.contents(o)
	if err != nil {
		return nil, err
	}
	texts, err := u.fs.Names(o.at)
	if err != nil {
		return nil, err
	}
	d := &directory{byText: make(map[string]*fid, len(texts)), names: make([]fid, 0, len(texts)+1)}
	for at := int64(0); at < int64(len(b)); {
		p := b[at:]
		id, err := ecma167.CheckTag(p)
		if err == nil && (id != ecma167.TagFID || len(p) < ecma167.FIDLength) {
			err = fmt.Errorf("it is a %s", ecma167.TagName(id))
		}
		if err != nil {
			return nil, fmt.Errorf("directory with the file entry at %s, byte %d: %w", o.at, at, err)
		}
		n := (ecma167.FIDLength + int(le.Uint16(p[36:])) + int(p[19]) + 3) &^ 3
		if n > len(p) {
			return nil, fmt.Errorf("directory with the file entry at %s, byte %d: a file identifier descriptor is truncated", o.at, at)
		}
		if p[fidCharacteristics]&ecma167.FIDParent != 0 && d.parent == nil && at == 0 {
			d.parent = p[:n:n]
		} else {
			d.names = append(d.names, fid{raw: p[:n:n], text: texts[at]})
		}
		at += int64(n)
	}
	for i := range d.names {
		if f := &d.names[i]; f.shown() && f.text != "" {
			d.byText[f.text] = f
		}
	}
	o.dir = d
	return d, nil
}

// contents returns the contents of an object that was not changed.
func (u *Updater) contents(o *object) ([]byte, error) {
	if o.inline() {
		return append([]byte(nil), o.ads()[:o.size()]...), nil
	}
	list, _, err := u.extents(o)
	if err != nil {
		return nil, err
	}
	if o.size() > u.set.BaseSize() {
		return nil, fmt.Errorf("file entry at %s: a directory of %d bytes on a volume of %d", o.at, o.size(), u.set.BaseSize())
	}
	var b []byte
	for _, e := range list {
		if e.kind != ecma167.ExtentRecorded {
			return nil, fmt.Errorf("file entry at %s: the directory has extents that are not recorded", o.at)
		}
		for i := int64(0); i < blocks(e.length) && int64(len(b)) < o.size(); i++ {
			p, err := u.read(ecma167.LongAD{Block: e.block + uint32(i), Partition: e.partition})
			if err != nil {
				return nil, fmt.Errorf("file entry at %s: %w", o.at, err)
			}
			b = append(b, p[:min(e.length-i*blockSize, blockSize)]...)
		}
	}
	if int64(len(b)) < o.size() {
		return nil, fmt.Errorf("file entry at %s: the directory has %d bytes, but its extents end at byte %d", o.at, o.size(), len(b))
	}
	return b[:o.size()], nil
}

// add adds an entry with a new descriptor to a directory.
func (u *Updater) add(o *object, name string, characteristics uint8, icb ecma167.LongAD, unique uint32) error {
	text := ecma167.FileName(name)
	if text != name {
		u.changedName(name, text)
	}
	raw := make([]byte, ecma167.FIDSize(text))
	ecma167.PutFID(raw, text, characteristics, icb, unique, 0, u.version)
	return o.dir.put(&fid{raw: raw, text: text})
}

// put adds an entry to a directory.
func (d *directory) put(f *fid) error {
	if old := d.byText[f.text]; old != nil && !old.gone {
		return unsafe("two entries of a folder would be named %q", f.text)
	}
	d.added = append(d.added, f)
	d.byText[f.text] = f
	d.changed = true
	return nil
}

// all returns the descriptors of a directory in the order in which they are recorded.
func (d *directory) all() (list [][]byte, size int64) {
	add := func(p []byte) {
		list = append(list, p)
		size += int64(len(p))
	}
	if d.parent != nil {
		add(d.parent)
	}
	for i := range d.names {
		if f := &d.names[i]; !f.gone && f.characteristics()&ecma167.FIDDeleted == 0 {
			add(f.raw)
		}
	}
	for _, f := range d.added {
		if !f.gone {
			add(f.raw)
		}
	}
	return list, size
}

// store records the descriptors of a directory: in the file entry or the blocks where they
// are if they fit, otherwise in further blocks.
func (u *Updater) store(o *object) error {
	list, size := o.dir.all()
	if (o.inline() || size == 0) && size <= int64(o.room()) && !(o.fresh && u.s.Revision <= revision102) {
		return u.storeInline(o, list, size)
	}
	var old []extent
	if !o.inline() {
		var err error
		if old, _, err = u.extents(o); err != nil {
			return err
		}
	}
	extents, err := u.resize(old, blocks(size))
	if err != nil {
		return err
	}
	last := &extents[len(extents)-1]
	last.length -= blocks(size)*blockSize - size
	if err := u.storeBlocks(o, extents, list, size); err != nil {
		return err
	}
	if same(old, extents) && size == o.size() {
		return nil
	}
	u.release(old, extents)
	return u.setExtents(o, extents, size)
}

func (u *Updater) storeInline(o *object, list [][]byte, size int64) error {
	var old []extent
	if !o.inline() {
		var err error
		if old, _, err = u.extents(o); err != nil {
			return err
		}
	}
	b := make([]byte, 0, size)
	for _, p := range list {
		ecma167.SetLocation(p, o.at.Block)
		b = append(b, p...)
	}
	o.setADs(ecma167.ADInline, b)
	o.setSize(size, 0)
	u.release(old, nil)
	return nil
}

// resize returns extents of n whole blocks: those of a directory as far as they are needed,
// and new ones. On write-once media, all are new.
func (u *Updater) resize(old []extent, n int64) ([]extent, error) {
	var list []extent
	for i, e := range old {
		if u.virtual || e.kind != ecma167.ExtentRecorded || i < len(old)-1 && e.length%blockSize != 0 {
			old = nil
			break
		}
	}
	for _, e := range old {
		if n > 0 {
			e.length = min(blocks(e.length), n) * blockSize
			n -= e.length / blockSize
			list = append(list, e)
		}
	}
	if n == 0 {
		return list, nil
	}
	at, err := u.newBlocks(n)
	if err != nil {
		return nil, err
	}
	return join(list, extent{ecma167.ExtentRecorded, at.Partition, at.Block, n * blockSize}), nil
}

// storeBlocks writes descriptors into the blocks of a directory. The tag of each has the
// block in which it begins.
func (u *Updater) storeBlocks(o *object, extents []extent, list [][]byte, size int64) error {
	b := make([]byte, blocks(size)*blockSize)
	at := make([]ecma167.LongAD, 0, blocks(size))
	for _, e := range extents {
		for i := range blocks(e.length) {
			at = append(at, ecma167.LongAD{Block: e.block + uint32(i), Partition: e.partition})
		}
	}
	off := 0
	for _, p := range list {
		ecma167.SetLocation(p, at[off/blockSize].Block)
		off += copy(b[off:], p)
	}
	for i, a := range at {
		if err := u.writeAs(owner{directories, placeOf(o.at)}, a, b[i*blockSize:(i+1)*blockSize]); err != nil {
			return err
		}
	}
	return nil
}

func same(a, b []extent) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// match returns the descriptor of an entry that had a name in the view from which the tree
// was read, nil if there is none.
func (d *directory) match(name, view string) *fid {
	if f := d.byText[name]; f != nil || view == udfView {
		return f
	}
	if f := d.byText[ecma167.FileName(name)]; f != nil {
		return f
	}
	var found *fid
	for text, f := range d.byText {
		if !strings.EqualFold(text, name) {
			continue
		}
		if found != nil {
			return nil
		}
		found = f
	}
	return found
}
