package iso9660

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"time"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/filename"
	"glassmaster/mastering/iso9660/internal/format"
	"glassmaster/mastering/volume"
	"glassmaster/mastering/zisofs"
)

// span is a run of bytes of the image.
type span struct{ off, n int64 }

// item is an entry of a directory, decoded from its records. It owns its memory, and is
// reused for the next entry.
type item struct {
	volume.Entry
	at         int64  // offset of its first record in the image
	name       []byte // as it is shown
	spans      []span // where the content is
	flags      byte
	stamps     []byte // TF entries one after another
	rockName   []byte
	linkGoesOn bool
	isLink     bool
	posix      bool // it has PX
	rock       bool // it has an entry of Rock Ridge
	hasSP      bool
	relocated  bool // RE: shown elsewhere
	hasChild   bool // CL: the directory is at block child
	hasParent  bool // PL: the directory was relocated
	sparse     bool // SF: the content is stored without its holes
	sparseSize uint64
	spSkip     int
	spAt       int // where SP is in its area
	child      uint32
	serial     uint32
	extension  []string // identifiers of ER entries
	compressed zisofs.Entry
	suspErr    error
	inspect    func(e []byte) // called with each system use entry, if not nil

	wantAttributes bool
	attributes     []byte // AL entries one after another
}

// reset prepares the item for the next entry. It keeps its memory.
func (it *item) reset() {
	*it = item{
		Entry: volume.Entry{
			Path: it.Path, Target: it.Target[:0], Extents: it.Extents[:0], Modified: volume.NoTime,
		},
		name: it.name[:0], spans: it.spans[:0], rockName: it.rockName[:0], stamps: it.stamps[:0],
		wantAttributes: it.wantAttributes, attributes: it.attributes[:0],
	}
}

// take fills the item from its first record, at offset at.
func (v *FS) take(it *item, rec dirRecord, at int64, w *window) {
	it.reset()
	it.at = at
	it.flags = rec.flags()
	it.Mode = 0o644
	if rec.isDir() {
		it.Mode = fs.ModeDir | 0o755
	}
	v.addSpan(it, rec)
	if v.susp {
		if err := v.readSystemUse(it, rec.systemUse(), v.skip, w); err != nil && it.suspErr == nil {
			it.suspErr = err
		}
	}
	if it.Modified == volume.NoTime {
		it.Modified = time7(rec[18:25])
	}
	if rec.isSpecial() {
		return
	}
	v.takeName(it, rec)
}

// takeName sets the name of the item: the bytes on the disc, or UTF-8 for Joliet. A
// name that is not a valid file name is changed.
func (v *FS) takeName(it *item, rec dirRecord) {
	switch {
	case len(it.rockName) > 0:
		it.name = append(it.name, it.rockName...)
	case v.ucs2:
		it.name = appendJolietName(it.name, rec.id())
	case v.free && !bytes.HasSuffix(rec.id(), []byte(".;1")):
		it.name = append(it.name, bytes.TrimSuffix(rec.id(), []byte(";1"))...)
	default:
		it.name = appendPlainName(it.name, rec.id())
	}
	if name, changed := filename.Protect(it.name, 0); changed {
		it.record(it.name)
		it.name = name
	}
}

// record keeps the name on the disc, if it is shown in another form.
func (it *item) record(name []byte) {
	if it.Recorded == nil {
		it.Recorded = bytes.Clone(name)
	}
}

// addSpan appends the extent of a record. A file in interleaved mode has a span for
// each file unit (ECMA-119 6.4.3).
func (v *FS) addSpan(it *item, rec dirRecord) {
	s := v.extent(rec)
	off, n := s.off, s.n
	if n == 0 {
		return
	}
	bs := int64(v.blockSize)
	unit, skip := int64(rec.unit())*bs, int64(rec.gap())*bs
	if unit == 0 || skip == 0 {
		it.spans = append(it.spans, s)
		return
	}
	if n/unit > maxUnits || n > v.size {
		it.Unreadable = fmt.Sprintf("it is interleaved in %d units, more than this program supports", n/unit)
		return
	}
	for ; n > 0; n -= unit {
		it.spans = append(it.spans, span{off, min(n, unit)})
		off += unit + skip
	}
}

// maxUnits is the maximum number of file units of an interleaved file.
const maxUnits = 1 << 14

// finish completes the entry after all records of the file.
func (v *FS) finish(it *item) {
	v.lengthen(it)
	for _, s := range it.spans {
		it.Size += s.n
		if s.off&(disc.SectorSize-1) != 0 {
			it.Encoded = true
		}
		it.Extents = append(it.Extents, volume.Extent{Start: disc.LBA(s.off >> 11), Length: s.n})
	}
	if it.flags&format.FlagDirectory != 0 != it.Mode.IsDir() {
		v.fixType(it)
	}
	if it.isLink && it.Mode.IsRegular() { // PX is missing
		it.Mode = fs.ModeSymlink | 0o777
	}
	switch {
	case it.Mode.IsRegular():
		v.finishFile(it)
	case it.Mode.IsDir():
	default:
		v.finishSpecial(it)
	}
	v.number(it)
}

// fixType handles a record whose directory flag and POSIX mode differ: the flag
// decides.
func (v *FS) fixType(it *item) {
	if it.flags&format.FlagDirectory != 0 {
		it.Mode = fs.ModeDir | it.Mode.Perm()
		return
	}
	it.Mode = it.Mode.Perm()
	if it.suspErr == nil {
		it.suspErr = fmt.Errorf("its POSIX mode is that of a directory, but its record is that of a file")
	}
}

func (v *FS) finishFile(it *item) {
	if it.sparse {
		it.takeHoles()
	}
	if it.compressed.Algorithm != "" {
		it.Encoded = true
		if it.Unreadable = it.compressed.Problem(); it.Unreadable == "" {
			it.Size = int64(it.compressed.Size)
		}
	}
	if errors.Is(it.suspErr, errRoom) { // the entries that were not read may say how the contents are stored
		it.Unreadable = it.suspErr.Error()
	}
	if it.Unreadable != "" {
		return
	}
	for _, s := range it.spans {
		if s.off+s.n > v.size {
			it.Unreadable = fmt.Sprintf("its contents at sector %d are past the end of the image (sector %d); the image is incomplete",
				s.off/disc.SectorSize, v.size/disc.SectorSize)
			return
		}
	}
}

// takeHoles handles a file with SF. Its size is known, but not where its holes are: no
// program is known to write such files, so reading their tables could not be tested,
// and wrong contents are worse than none.
func (it *item) takeHoles() {
	it.Encoded = true
	it.Unreadable = fmt.Sprintf("it is a sparse file stored without its holes (Rock Ridge SF), which this program does not support: %d bytes of %d are stored",
		it.Size, it.sparseSize)
	if it.sparseSize <= math.MaxInt64 {
		it.Size = int64(it.sparseSize)
	}
}

// finishSpecial completes an entry without contents.
func (v *FS) finishSpecial(it *item) {
	it.spans, it.Extents, it.Size, it.Encoded = it.spans[:0], it.Extents[:0], 0, false
	if it.Mode.Type() != fs.ModeSymlink {
		return
	}
	it.Size = int64(len(it.Target))
	if it.suspErr != nil { // its target may be incomplete
		it.Unreadable = it.suspErr.Error()
	}
}

// number sets a number that all names of a file have in common: the serial number in
// PX, or, if there is none, as before version 1.12, the address of the contents. The
// latter is used only for files with several names according to their link count,
// since writers may store identical contents of different files once. The two kinds of
// number do not overlap.
func (v *FS) number(it *item) {
	switch {
	case it.serial != 0:
		it.Inode = 1<<63 | uint64(it.serial)
	case len(it.spans) > 0 && it.Links > 1 && it.Mode.IsRegular():
		it.Inode = uint64(it.spans[0].off>>9)<<31&^(1<<63) | uint64(it.Size&(1<<31-1))
	}
}

// info returns a permanent copy of the item.
func (it *item) info() *fileInfo {
	f := &fileInfo{
		name: string(it.name), size: it.Size, mode: it.Mode, modified: unixTime(it.Modified),
		at: it.at, spans: append([]span(nil), it.spans...), target: string(it.Target),
		compressed: it.compressed,
	}
	f.attributes = volume.Attributes{
		UID: it.UID, GID: it.GID, Links: it.Links, Inode: it.Inode, Device: it.Device,
		Created: unixTime(it.stamp(0)), Accessed: unixTime(it.stamp(2)), Changed: unixTime(it.stamp(3)),
		Hidden: it.flags&format.FlagHidden != 0, Extents: append([]volume.Extent(nil), it.Extents...), Encoded: it.Encoded,
		Unreadable: it.Unreadable, Note: it.Note,
	}
	if len(it.attributes) > 0 {
		f.attributes.Xattr, f.attributes.ACL = aaip(it.attributes)
	}
	return f
}

// unixTime returns a time of an entry, the zero time if it is not recorded.
func unixTime(ns int64) time.Time {
	if ns == volume.NoTime {
		return time.Time{}
	}
	return time.Unix(0, ns)
}

// fileInfo is an entry for users of io/fs: its FileInfo and DirEntry.
type fileInfo struct {
	name       string
	size       int64
	mode       fs.FileMode
	modified   time.Time
	at         int64
	spans      []span
	target     string
	compressed zisofs.Entry
	attributes volume.Attributes
	way        uint64 // the path on which it was reached
	loop       error  // set for a folder that contains itself
}

func (f *fileInfo) Name() string               { return f.name }
func (f *fileInfo) Size() int64                { return f.size }
func (f *fileInfo) Mode() fs.FileMode          { return f.mode }
func (f *fileInfo) ModTime() time.Time         { return f.modified }
func (f *fileInfo) IsDir() bool                { return f.mode.IsDir() }
func (f *fileInfo) Sys() any                   { return &f.attributes }
func (f *fileInfo) Type() fs.FileMode          { return f.mode.Type() }
func (f *fileInfo) Info() (fs.FileInfo, error) { return f, nil }
func (f *fileInfo) String() string             { return fs.FormatFileInfo(f) }

// Zisofs returns how the file is compressed. Its Algorithm is empty if it is not.
func (f *fileInfo) Zisofs() zisofs.Entry { return f.compressed }
