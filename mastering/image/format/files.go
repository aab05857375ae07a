package format

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/journal"
)

// Files are the files of an image that is opened: the named one, and others in its folder
// that belong to the image.
type Files struct {
	io.ReaderAt       // the contents of the named file
	Size        int64 // of the contents, in bytes
	path        string
	packed      bool           // the contents are unpacked from those of the file
	open        *[]io.Closer   // what Close closes, the named file first
	notices     *[]disc.Notice // see Note
	opening     []disc.Notice  // those of opening the named file, which stay
	own         int            // how many of open belong to the named file
	sums        *[]func() []disc.Checksum
	unpack      func(*Files) (*Files, error)
}

// Part is a file of an image besides the named one.
type Part struct {
	io.ReaderAt
	Size int64  // in bytes
	Name string // relative to the folder of the image
}

// OpenFiles opens the file at path. A named pipe, which cannot hold an image, is refused
// without waiting for its writer. An update of the file that was broken off is rolled back;
// see package journal.
func OpenFiles(path string) (*Files, error) {
	f, err := open(path)
	if err != nil {
		return nil, err
	}
	notices := slices.Clone(f.notices)
	return &Files{ReaderAt: f.ReaderAt, Size: f.size, path: path, open: &f.close, notices: &notices, opening: f.notices, own: len(f.close), sums: new([]func() []disc.Checksum)}, nil
}

// Name returns the path of the named file.
func (f *Files) Name() string { return f.path }

// Host returns the named file. It returns false if the contents are unpacked from those of
// the file.
func (f *Files) Host() (*os.File, bool) {
	file, ok := f.ReaderAt.(*os.File)
	return file, ok && !f.packed
}

// Unpacked returns the same files with contents that are unpacked from those of the named
// one. Closing them calls close too, which may be nil.
func (f *Files) Unpacked(r io.ReaderAt, size int64, close func() error) *Files {
	if close != nil {
		*f.open = append(*f.open, closer(close))
	}
	return &Files{ReaderAt: r, Size: size, path: f.path, packed: true, open: f.open, notices: f.notices, sums: f.sums, unpack: f.unpack}
}

// Note adds a notice to those of the disc that the files contain. It is for Format.Unpack;
// Format.Open has the notices of a disc itself.
func (f *Files) Note(n disc.Notice) { *f.notices = append(*f.notices, n) }

// Notices returns what was passed to Note.
func (f *Files) Notices() []disc.Notice { return slices.Clone(*f.notices) }

// AddChecksums adds checksums to those of the disc that the files contain: those which list
// returns. A format calls it when nothing can go wrong any more.
func (f *Files) AddChecksums(list func() []disc.Checksum) { *f.sums = append(*f.sums, list) }

// Checksums returns the checksums that were added, for disc.Checksummed.
func (f *Files) Checksums() []disc.Checksum {
	var all []disc.Checksum
	for _, list := range *f.sums {
		all = append(all, list()...)
	}
	return all
}

// Truncated is the notice of an image of a format that contains only a part of the
// contents. Sizes are in bytes; want is 0 if the whole size is not known.
func Truncated(format string, want, have int64) disc.Notice {
	text := fmt.Sprintf("The %s file is truncated: it contains only the first %d bytes", format, have)
	if want > 0 {
		text += fmt.Sprintf(" of %d", want)
	}
	return disc.Notice{Severity: disc.Error, Incomplete: true, Text: text + ".", Advice: "get the file again"}
}

// WithinSector is the notice of a file of sectors that ends within one, of which it has so
// many bytes.
func WithinSector(name string, rest int64) disc.Notice {
	return disc.Notice{
		Severity: disc.Error, Incomplete: true, Advice: "copy or download the image again",
		Text: fmt.Sprintf("The file %q ends within a sector, so it is incomplete, or its sectors have another size; its last %d bytes are left out.", name, rest),
	}
}

type closer func() error

func (c closer) Close() error { return c() }

// Section returns the same files with size bytes of the contents, from an offset on.
func (f *Files) Section(off, size int64) *Files {
	if off == 0 && size == f.Size {
		return f
	}
	return f.Unpacked(io.NewSectionReader(f, off, size), size, nil)
}

// Flat returns the contents as a disc of sectors of 2048 bytes. Notices are what was noticed
// when the image was opened. Closing the disc closes the files.
func (f *Files) Flat(notices ...disc.Notice) disc.Disc {
	if file, ok := f.Host(); ok {
		return disc.FromReaderAt(file, f.Size, f.Close, append(f.Notices(), notices...)...)
	}
	return disc.FromReaderAt(contents{f.ReaderAt, f}, f.Size, f.Close, notices...)
}

// contents are unpacked contents.
type contents struct {
	io.ReaderAt
	files *Files
}

// Notices returns the notices of the disc.
func (c contents) Notices() []disc.Notice { return c.files.Notices() }

// Checksums returns the checksums of the disc.
func (c contents) Checksums() []disc.Checksum { return c.files.Checksums() }

// ReadsFile implements the ability of disc.ReadsFile.
func (c contents) ReadsFile(file fs.FileInfo) bool { return c.files.ReadsFile(file) }

// Files implements the ability of disc.Files.
func (c contents) Files() []string { return c.files.Files() }

// Beside opens another file of the image by its name, which is relative to the folder of
// the named one. Slashes and backslashes separate folders. A name that leads out of the
// folder is refused, and so is a symbolic link that does.
func (f *Files) Beside(name string) (Part, error) {
	local := filepath.FromSlash(strings.ReplaceAll(name, `\`, "/"))
	if !filepath.IsLocal(local) || strings.Contains(local, ":") {
		return Part{}, fmt.Errorf("the image names the file %q, which is outside its folder; files elsewhere are not opened; move it there", name)
	}
	path := filepath.Join(filepath.Dir(f.path), local)
	if leadsOut(path, filepath.Dir(f.path)) {
		return Part{}, fmt.Errorf("the file %q, which the image names, is a symbolic link that leads outside its folder; files elsewhere are not opened; move the file there", name)
	}
	file, err := open(path)
	if err != nil {
		return Part{}, err
	}
	*f.open = append(*f.open, file.close...)
	*f.notices = append(*f.notices, file.notices...)
	return Part{file.ReaderAt, file.size, local}, nil
}

// leadsOut reports whether a file that exists is outside a folder when all symbolic links are
// followed.
func leadsOut(path, folder string) bool {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return false
	}
	if folder, err = filepath.EvalSymlinks(folder); err != nil {
		return false
	}
	inside, err := filepath.Rel(folder, real)
	return err != nil || !filepath.IsLocal(inside)
}

// Find opens another file of the image like Beside. If there is no file of this name, it
// looks for one whose name differs in case only, then for one that has the name of the
// named file with the extension of name, and then for a packed one, such as NAME.gz. The
// notice says which file was taken instead. It
// is empty if the file has the name.
func (f *Files) Find(name string) (Part, disc.Notice, error) {
	p, err := f.Beside(name)
	if !errors.Is(err, fs.ErrNotExist) {
		return p, disc.Notice{}, err
	}
	stem := strings.TrimSuffix(filepath.Base(f.path), filepath.Ext(f.path))
	own := stem + filepath.Ext(strings.ReplaceAll(name, `\`, "/"))
	for _, wanted := range []string{name, own} {
		other := f.anyCase(wanted)
		if other == "" || other == filepath.Base(f.path) {
			continue
		}
		if p, e := f.Beside(other); e == nil {
			text := fmt.Sprintf("The image names its file %q, which does not exist; %q is used instead.", name, p.Name)
			return p, disc.Notice{Severity: disc.Warning, Text: text}, nil
		}
	}
	for _, wanted := range []string{name, own} {
		p, n, err := f.findPacked(wanted)
		if !errors.Is(err, fs.ErrNotExist) {
			if wanted != name {
				n.Severity = disc.Warning
			}
			return p, n, err
		}
	}
	return p, disc.Notice{}, fmt.Errorf("the file %q, which the image names, is missing: %w; put it beside %s", name, fs.ErrNotExist, filepath.Base(f.path))
}

// UnpackWith sets the function that unpacks a file which Find finds in packed form. It
// returns an error that wraps ErrUnknown if the file is not packed.
func (f *Files) UnpackWith(unpack func(*Files) (*Files, error)) { f.unpack = unpack }

// findPacked opens the contents of a file with a name and a further extension, as programs
// that compress add it.
func (f *Files) findPacked(name string) (Part, disc.Notice, error) {
	for _, extension := range []string{".ecm", ".gz", ".xz", ".zst", ".bz2"} {
		other := f.anyCase(name + extension)
		if other == "" || other == filepath.Base(f.path) || f.unpack == nil {
			continue
		}
		p, err := f.Beside(other)
		if err != nil {
			return Part{}, disc.Notice{}, err
		}
		packed := &Files{ReaderAt: p, Size: p.Size, path: filepath.Join(filepath.Dir(f.path), p.Name), open: f.open, notices: f.notices, sums: f.sums}
		u, err := f.unpack(packed)
		if err != nil {
			return Part{}, disc.Notice{}, fmt.Errorf("open %s, since there is no %s: %w", other, name, err)
		}
		text := fmt.Sprintf("The image names its file %q, which does not exist; the contents of %q are used instead.", name, p.Name)
		return Part{u, u.Size, p.Name}, disc.Notice{Severity: disc.Info, Text: text}, nil
	}
	return Part{}, disc.Notice{}, fs.ErrNotExist
}

// anyCase returns the name of a file in the folder of the image that differs from name in
// case only, or "".
func (f *Files) anyCase(name string) string {
	local := filepath.FromSlash(strings.ReplaceAll(name, `\`, "/"))
	folder, base := filepath.Split(local)
	list, err := os.ReadDir(filepath.Join(filepath.Dir(f.path), folder))
	if err != nil {
		return ""
	}
	for _, e := range list {
		if strings.EqualFold(e.Name(), base) {
			return folder + e.Name()
		}
	}
	return ""
}

// ReadsFile reports whether a file of the host is one of the files, for disc.ReadsFile.
func (f *Files) ReadsFile(file fs.FileInfo) bool {
	for _, c := range *f.open {
		if one, ok := c.(*os.File); ok {
			if info, err := one.Stat(); err == nil && os.SameFile(info, file) {
				return true
			}
		}
	}
	return false
}

// Files returns the paths of all open files, the named one first.
func (f *Files) Files() []string {
	var names []string
	for _, c := range *f.open {
		if one, ok := c.(*os.File); ok {
			names = append(names, one.Name())
		}
	}
	return names
}

// CloseBeside closes all files but the named one, and what the contents were unpacked
// with, and drops their notices and checksums.
func (f *Files) CloseBeside() error {
	*f.notices, *f.sums = slices.Clone(f.opening), nil
	return f.closeFrom(f.own)
}

// Close closes all files.
func (f *Files) Close() error { return f.closeFrom(0) }

func (f *Files) closeFrom(first int) error {
	var errs []error
	for len(*f.open) > first {
		last := len(*f.open) - 1
		errs = append(errs, (*f.open)[last].Close())
		*f.open = (*f.open)[:last]
	}
	return errors.Join(errs...)
}

// part is an open file of an image.
type part struct {
	io.ReaderAt // the file, or what reads it as it should be
	size        int64
	close       []io.Closer // the file first
	notices     []disc.Notice
}

// open opens a file that can be a part of an image. If an update of it was broken off, it is
// rolled back.
func open(path string) (part, error) {
	f, err := openHost(path)
	if err != nil {
		return part{}, err
	}
	view, notices, err := journal.Check(f, path)
	if err != nil {
		f.Close()
		return part{}, fmt.Errorf("open image %w", err)
	}
	size, err := f.Seek(0, io.SeekEnd) // a block device has no size otherwise
	if err != nil {
		f.Close()
		return part{}, fmt.Errorf("open image %s: %w", path, err)
	}
	if view != nil {
		return part{view, view.Size(), []io.Closer{f, view}, notices}, nil
	}
	return part{f, size, []io.Closer{f}, notices}, nil
}

// openHost opens a file of the host.
func openHost(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|nonblock, 0)
	if err != nil {
		if info, e := os.Stat(path); e == nil && unfit(info.Mode()) != "" {
			err = errors.New(unfit(info.Mode()))
			return nil, fmt.Errorf("open image %s: %w", path, err)
		}
		var p *fs.PathError
		if errors.As(err, &p) { // whose text repeats "open"
			err = p.Err
		}
		return nil, fmt.Errorf("open image %s: %w", path, err)
	}
	info, err := f.Stat()
	if err == nil && unfit(info.Mode()) != "" {
		err = errors.New(unfit(info.Mode()))
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("open image %s: %w", path, err)
	}
	return f, nil
}

// unfit returns why a file of this kind cannot hold an image. It is empty if it can.
func unfit(m fs.FileMode) string {
	const anyOrder = ", which cannot be read in any order; copy its contents to a file first"
	switch {
	case m.IsRegular():
		return ""
	case m.IsDir():
		return "it is a folder; use \"glassmaster build\" to make an image of it"
	case m&fs.ModeNamedPipe != 0:
		return "it is a named pipe (FIFO)" + anyOrder
	case m&fs.ModeSocket != 0:
		return "it is a socket, not an image file"
	case m&fs.ModeCharDevice != 0:
		return "it is a character device" + anyOrder
	case m&fs.ModeDevice != 0:
		return ""
	}
	return "it is not a regular file"
}
