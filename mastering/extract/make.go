package extract

import (
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"slices"
	"strings"
	"unicode/utf8"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/filename"
	"glassmaster/mastering/units"
	"glassmaster/mastering/volume"
)

// makeFolder creates a folder, or uses an existing one. A symbolic link of its name is
// not followed.
func (x *extraction) makeFolder(i int32) {
	f := &x.plan.folders[i]
	in, err := x.here.to(f.parent)
	if err == nil {
		err = in.mkdir(f.host)
	}
	if errors.Is(err, fs.ErrExist) {
		var kind fs.FileMode
		if kind, err = in.kind(f.host); err == nil && !kind.IsDir() {
			err = errNoFolder
		}
		if err == nil {
			if was := kind &^ fs.ModeDir; was != f.mode {
				x.note(x.plan.path(i), fmt.Sprintf("the folder existed already; its permissions are now %v, as on the disc, instead of %v", f.mode, was))
			}
			x.unlock(i)
		}
	}
	if err != nil {
		f.failed = true
		x.fail(x.plan.path(i), err)
		return
	}
	x.report.Folders++
}

// unlock makes an existing folder writable for its owner until its attributes are set. If
// that fails, creating files in it will report the error.
func (x *extraction) unlock(i int32) {
	if d, err := x.here.to(i); err == nil {
		_ = d.setAttributes(attributes{mode: 0o700, modified: volume.NoTime})
	}
}

// setFolder sets the attributes of a folder.
func (x *extraction) setFolder(i int32) {
	f := &x.plan.folders[i]
	if f.failed {
		return
	}
	d, err := x.here.to(i)
	if err == nil {
		err = d.setAttributes(attributes{mode: f.mode, modified: f.modified, uid: f.uid, gid: f.gid, owned: x.o.Owners})
	}
	if err != nil {
		x.note(x.plan.path(i), fmt.Sprintf("not all of its attributes could be set: %v", err))
	}
}

// makeFiles creates the files in the order of the disc, all names of a file one after
// another.
func (x *extraction) makeFiles() error {
	files := x.plan.files
	order := make([]int32, len(files))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(i, j int32) int {
		a, b := &files[i], &files[j]
		switch {
		case a.start != b.start:
			return int(min(max(a.start-b.start, -1), 1))
		case a.inode != b.inode && a.inode < b.inode:
			return -1
		case a.inode != b.inode:
			return 1
		}
		return 0
	})
	last := int32(-1) // the file created last, which others may link to
	end := 0          // in order: end of the names of one file
	for k, i := range order {
		if err := x.ctx.Err(); err != nil {
			return err
		}
		f := &files[i]
		if k == end {
			end, last = x.sameFile(order, k), -1
		}
		made, err := x.makeFile(i, f, last)
		if err != nil {
			if x.ctx.Err() != nil {
				return x.ctx.Err()
			}
			x.fail(x.plan.in(f.folder, f.name), err)
		}
		if made {
			last = i
		}
	}
	return nil
}

// sameFile returns the end of the run of files, from k on in their order, that are names
// of one file of the disc: they have the same inode number and a link count above 1. Equal
// extents are not enough, since equal contents of different files may be stored once. If
// there are more names than the link count, it is unknown which of them belong together,
// and each becomes a separate file.
func (x *extraction) sameFile(order []int32, k int) int {
	first := &x.plan.files[order[k]]
	end := k + 1
	if first.inode == 0 || first.links < 2 {
		return end
	}
	for end < len(order) && x.same(order[k], order[end]) {
		end++
	}
	if uint32(end-k) > first.links {
		x.apart(order[k:end])
		return k + 1
	}
	return end
}

// apart makes the names separate files.
func (x *extraction) apart(names []int32) {
	for _, i := range names {
		x.plan.files[i].inode = 0
	}
}

// same reports whether two entries are the same file of the disc, with the same
// attributes. On a damaged disc they may have nothing but the number in common.
func (x *extraction) same(i, k int32) bool {
	a, b := &x.plan.files[i], &x.plan.files[k]
	return a.inode == b.inode && a.links == b.links && a.size == b.size && a.mode == b.mode && a.modified == b.modified &&
		a.uid == b.uid && a.gid == b.gid && a.start == b.start && a.encoded == b.encoded &&
		slices.Equal(x.plan.more[i], x.plan.more[k])
}

// makeFile creates a regular file. It reports whether the file was created with its own
// contents.
func (x *extraction) makeFile(i int32, f *file, last int32) (bool, error) {
	in, err := x.here.to(f.folder)
	if err != nil {
		return false, err
	}
	if err := x.refuseSame(f.folder, f.host); err != nil {
		return false, err
	}
	if last >= 0 && x.addName(in, i, last) {
		return false, nil
	}
	if err := fits(in, f.size); err != nil {
		return false, err
	}
	a := attributes{mode: f.mode, modified: f.modified, uid: f.uid, gid: f.gid, owned: x.o.Owners, length: f.size}
	w, err := in.create(f.host, false, a)
	if errors.Is(err, fs.ErrExist) && x.o.Existing == Both {
		f.host, err = x.createNumbered(f.folder, f.name, f.host, func(name string) (err error) {
			w, err = in.create(name, false, a)
			return err
		})
	}
	if errors.Is(err, fs.ErrExist) {
		stays, cerr := x.onConflict(in, f.folder, f.name, f.host)
		if stays || cerr != nil {
			return false, cerr
		}
		w, err = in.create(f.host, true, a)
	}
	if err != nil {
		return false, err
	}
	if err := x.fill(w, i, f); err != nil {
		w.abort()
		return false, err
	}
	if err := w.finish(); err != nil {
		return false, err
	}
	x.report.Files++
	return true, nil
}

// largeFile is the size from which on the free space is checked.
const largeFile = 64 << 20

// fits returns an error if there is no room for a file, before it fills the file system:
// a few bytes on a disc can describe any number of zeros.
func fits(in hostFolder, size int64) error {
	if size < largeFile {
		return nil
	}
	if free, known := in.free(); known && size > free {
		return fmt.Errorf("not enough space for its %s: only %s are free", units.Size(size), units.Size(free))
	}
	return nil
}

// onConflict handles an entry whose name exists on the host. It reports whether the
// existing file stays.
func (x *extraction) onConflict(in hostFolder, folder int32, name, host string) (stays bool, err error) {
	switch x.o.Existing {
	case Keep:
		x.note(x.plan.in(folder, name), "the file existed already and was kept")
		return true, nil
	case Refuse, Both:
		return false, fmt.Errorf("%w", fs.ErrExist)
	}
	kind, err := in.kind(host)
	switch {
	case err == nil && kind.IsDir():
		err = errors.New("there is a folder of this name")
	case err == nil && x.isImage(in, host):
		err = errImage
	}
	return false, err
}

// errImage is the error of an entry that would replace the image that holds it.
var errImage = errors.New("the image that is being extracted has this name; extract it into another folder")

// isImage reports whether the image is read from a file of the host.
func (x *extraction) isImage(in hostFolder, host string) bool {
	info, err := in.info(host)
	return err == nil && disc.ReadsFile(x.source.image, info)
}

// addName creates the entry as another name of the file created last, which is the same
// file on the disc.
func (x *extraction) addName(in hostFolder, i, made int32) bool {
	f, last := &x.plan.files[i], &x.plan.files[made]
	from, err := x.there.to(last.folder)
	if err != nil {
		return false
	}
	err = in.link(from, last.host, f.host)
	if errors.Is(err, fs.ErrExist) && x.o.Existing == Replace {
		if kind, kerr := in.kind(f.host); kerr == nil && !kind.IsDir() && !x.isImage(in, f.host) && in.remove(f.host) == nil {
			err = in.link(from, last.host, f.host)
		}
	}
	if errors.Is(err, fs.ErrExist) && x.o.Existing == Both {
		f.host, err = x.createNumbered(f.folder, f.name, f.host, func(name string) error { return in.link(from, last.host, name) })
	}
	if err != nil {
		return false // it becomes a separate file
	}
	x.report.HardLinks++
	x.rep.Add(f.size)
	return true
}

// fill writes the contents of a file.
func (x *extraction) fill(w hostFile, i int32, f *file) error {
	if x.source.image == nil || f.encoded {
		return x.open(w, f)
	}
	if extents, ok := x.plan.more[i]; ok {
		for _, e := range extents {
			if err := x.extent(w, int64(e.Start)*disc.SectorSize, e.Length); err != nil {
				return err
			}
		}
		return nil
	}
	return x.extent(w, int64(f.start)*disc.SectorSize, f.size)
}

// makeLink creates a symbolic link.
func (x *extraction) makeLink(l *link) {
	name := x.plan.in(l.folder, l.name)
	in, err := x.here.to(l.folder)
	if err == nil {
		err = x.refuseSame(l.folder, l.host)
	}
	if err == nil {
		err = in.symlink(x.hostTarget(l.target), l.host)
	}
	if errors.Is(err, fs.ErrExist) && x.o.Existing == Both {
		l.host, err = x.createNumbered(l.folder, l.name, l.host, func(name string) error { return in.symlink(x.hostTarget(l.target), name) })
	}
	if errors.Is(err, fs.ErrExist) {
		var stays bool
		if stays, err = x.onConflict(in, l.folder, l.name, l.host); stays {
			return
		}
		if err == nil {
			err = in.remove(l.host)
		}
		if err == nil {
			err = in.symlink(x.hostTarget(l.target), l.host)
		}
	}
	if err == nil {
		err = in.setLink(l.host, attributes{modified: l.modified, uid: l.uid, gid: l.gid, owned: x.o.Owners})
	}
	if err != nil {
		x.fail(name, err)
		return
	}
	x.report.Links++
	if x.plan.leaves(l, runtime.GOOS == "windows") {
		x.note(name, fmt.Sprintf("the link points outside of the folder, to %q", l.target))
	}
}

// hostTarget returns the target of a link in the form of the host, with the names that
// entries have on the host.
func (x *extraction) hostTarget(target string) string {
	parts := strings.Split(target, "/")
	for i, part := range parts {
		if part != "" && part != "." && part != ".." {
			parts[i], _ = x.plan.names.text(part)
			parts[i] = filename.Safe(parts[i])
		}
	}
	if runtime.GOOS == "windows" {
		return strings.Join(parts, `\`)
	}
	return strings.Join(parts, "/")
}

// textOf returns the function that converts names to text. On Windows names must be text:
// without a character set one is guessed, with a notice.
func (x *extraction) textOf() func(name string) (text, why string) {
	v, ok := x.v.(volume.FS)
	if ok && v.Volume().Unicode {
		return func(name string) (string, string) { return name, "" }
	}
	set, why := x.o.Charset, ""
	if set.IsZero() && x.plan.names.windows {
		set = filename.Guess(x.plan.foreign())
		why = fmt.Sprintf("its name is not UTF-8; it was converted from %v, which is a guess", set)
	}
	return func(name string) (string, string) {
		if set.IsZero() || why != "" && utf8.ValidString(name) {
			return name, ""
		}
		text, ok := set.Text(name)
		if !ok {
			return name, fmt.Sprintf("its name is not in the character set %v", set)
		}
		return text, why
	}
}

// foreign returns the first thousand names that are not UTF-8.
func (p *plan) foreign() []string {
	var list []string
	p.entries(func(e entry) {
		if len(list) < 1000 && !utf8.ValidString(e.name) {
			list = append(list, e.name)
		}
	})
	return list
}
