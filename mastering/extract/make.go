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
	"glassmaster/mastering/volume"
)

// makeFolder makes a folder, or takes one that is there. A symbolic link in its
// place is not followed.
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
				x.note(x.plan.path(i), fmt.Sprintf("was there already and gets the permissions of the disc, %v instead of %v", f.mode, was))
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

// unlock makes a folder that was there writable for its owner, until it gets its
// attributes. Where that is not allowed, making files in it will say so.
func (x *extraction) unlock(i int32) {
	if d, err := x.here.to(i); err == nil {
		_ = d.settle(attributes{mode: 0o700, modified: volume.NoTime})
	}
}

// settleFolder gives a folder its attributes.
func (x *extraction) settleFolder(i int32) {
	f := &x.plan.folders[i]
	if f.failed {
		return
	}
	d, err := x.here.to(i)
	if err == nil {
		err = d.settle(attributes{mode: f.mode, modified: f.modified, uid: f.uid, gid: f.gid, owned: x.o.Owners})
	}
	if err != nil {
		x.note(x.plan.path(i), fmt.Sprintf("has not got all of its attributes: %v", err))
	}
}

// makeFiles makes the files in the order of the disc, names of the same file one
// after another.
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
	last := int32(-1) // the newest that was made, to which others may link
	end := 0          // in order, of the names that may be those of one file
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

// sameFile returns the end of the run of files, from k on in their order, that
// are names of one file of the disc: it says so by their number and by a link
// count above 1. Equal extents alone do not, since writers store equal contents
// of different files once. Where there are more names than the disc counts, it is
// not known which of them belong together, and each becomes a file of its own.
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

// apart makes the names files of their own.
func (x *extraction) apart(names []int32) {
	for _, i := range names {
		x.plan.files[i].inode = 0
	}
}

// same reports whether two entries are the same file of the disc, with the same
// attributes. On a damaged disc they may have the number in common and nothing
// else.
func (x *extraction) same(i, k int32) bool {
	a, b := &x.plan.files[i], &x.plan.files[k]
	return a.inode == b.inode && a.links == b.links && a.size == b.size && a.mode == b.mode && a.modified == b.modified &&
		a.uid == b.uid && a.gid == b.gid && a.start == b.start && a.encoded == b.encoded &&
		slices.Equal(x.plan.more[i], x.plan.more[k])
}

// makeFile makes a regular file, and reports whether it is there with contents
// of its own.
func (x *extraction) makeFile(i int32, f *file, last int32) (bool, error) {
	in, err := x.here.to(f.folder)
	if err != nil {
		return false, err
	}
	if err := x.twin(f.folder, f.host); err != nil {
		return false, err
	}
	if last >= 0 && x.further(in, i, last) {
		return false, nil
	}
	if err := fits(in, f.size); err != nil {
		return false, err
	}
	a := attributes{mode: f.mode, modified: f.modified, uid: f.uid, gid: f.gid, owned: x.o.Owners, length: f.size}
	w, err := in.create(f.host, false, a)
	if errors.Is(err, fs.ErrExist) && x.o.Existing == Both {
		f.host, err = x.beside(f.folder, f.name, f.host, func(name string) (err error) {
			w, err = in.create(name, false, a)
			return err
		})
	}
	if errors.Is(err, fs.ErrExist) {
		stays, cerr := x.taken(in, f.folder, f.name, f.host)
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

// largeFile is from when on it is asked whether a file fits.
const largeFile = 64 << 20

// fits refuses a file that there is no room for, before it fills what room there
// is: a few bytes of a disc can stand for any number of zeros.
func fits(in hostFolder, size int64) error {
	if size < largeFile {
		return nil
	}
	if free, known := in.free(); known && size > free {
		return fmt.Errorf("its %d bytes do not fit: %d are free in the folder", size, free)
	}
	return nil
}

// taken settles what happens to an entry whose name is taken on the host. It
// reports whether what is there stays.
func (x *extraction) taken(in hostFolder, folder int32, name, host string) (stays bool, err error) {
	switch x.o.Existing {
	case Keep:
		x.note(x.plan.in(folder, name), "is in the folder already and was kept")
		return true, nil
	case Refuse, Both:
		return false, fmt.Errorf("%w in the folder", fs.ErrExist)
	}
	kind, err := in.kind(host)
	if err == nil && kind.IsDir() {
		err = errors.New("a folder is in its place")
	}
	return false, err
}

// further makes the entry a further name of the file made last, which is the same
// file of the disc.
func (x *extraction) further(in hostFolder, i, made int32) bool {
	f, last := &x.plan.files[i], &x.plan.files[made]
	from, err := x.there.to(last.folder)
	if err != nil {
		return false
	}
	err = in.link(from, last.host, f.host)
	if errors.Is(err, fs.ErrExist) && x.o.Existing == Replace {
		if kind, kerr := in.kind(f.host); kerr == nil && !kind.IsDir() && in.remove(f.host) == nil {
			err = in.link(from, last.host, f.host)
		}
	}
	if errors.Is(err, fs.ErrExist) && x.o.Existing == Both {
		f.host, err = x.beside(f.folder, f.name, f.host, func(name string) error { return in.link(from, last.host, name) })
	}
	if err != nil {
		return false // it becomes a file of its own
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

// makeLink makes a symbolic link.
func (x *extraction) makeLink(l *link) {
	name := x.plan.in(l.folder, l.name)
	in, err := x.here.to(l.folder)
	if err == nil {
		err = x.twin(l.folder, l.host)
	}
	if err == nil {
		err = in.symlink(x.hostTarget(l.target), l.host)
	}
	if errors.Is(err, fs.ErrExist) && x.o.Existing == Both {
		l.host, err = x.beside(l.folder, l.name, l.host, func(name string) error { return in.symlink(x.hostTarget(l.target), name) })
	}
	if errors.Is(err, fs.ErrExist) {
		var stays bool
		if stays, err = x.taken(in, l.folder, l.name, l.host); stays {
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
		err = in.dress(l.host, attributes{modified: l.modified, uid: l.uid, gid: l.gid, owned: x.o.Owners})
	}
	if err != nil {
		x.fail(name, err)
		return
	}
	x.report.Links++
	if x.plan.leaves(l, runtime.GOOS == "windows") {
		x.note(name, fmt.Sprintf("is a link that leads out of the folder, to %q", l.target))
	}
}

// hostTarget returns the target of a link as the host writes it, with names as the
// host has them.
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

// textOf returns how names become text. On Windows they have to: where no
// character set is named one is guessed, of which the report tells.
func (x *extraction) textOf() func(name string) (text, why string) {
	v, ok := x.v.(volume.FS)
	if ok && v.Volume().Unicode {
		return func(name string) (string, string) { return name, "" }
	}
	set, why := x.o.Charset, ""
	if set.IsZero() && x.plan.names.windows {
		set = filename.Guess(x.plan.foreign())
		why = fmt.Sprintf("its name is not UTF-8 and was taken for %v, a guess", set)
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

// foreign returns names that are not UTF-8, the first thousand.
func (p *plan) foreign() []string {
	var list []string
	p.entries(func(e entry) {
		if len(list) < 1000 && !utf8.ValidString(e.name) {
			list = append(list, e.name)
		}
	})
	return list
}
