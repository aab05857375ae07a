package newfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Set is a set of files, such as those of an image, that get their names together when
// all of them are complete.
type Set struct {
	path   string
	stream io.Writer
	files  []pending
}

// pending is a file that does not have its final name yet.
type pending struct {
	*os.File
	path   string // the name; empty if the file is written directly
	exists bool   // an existing file is replaced
	old    string // the name of that file until the set is complete
}

// NewSet returns a set with the path of its main file.
func NewSet(path string) *Set { return &Set{path: path} }

// NewStream returns a set whose main file is written to w.
func NewStream(w io.Writer) *Set { return &Set{stream: w} }

// Create creates the main file. Unless the set is a stream, the writer is an *os.File. If
// the path exists and is not a regular file, such as a device or a pipe, it is written
// directly.
func (s *Set) Create() (io.Writer, error) {
	if s.stream != nil {
		return s.stream, nil
	}
	f, err := begin(s.path)
	if err != nil {
		return nil, err
	}
	s.files = append([]pending{f}, s.files...)
	return f.File, nil
}

// Path returns the path of the main file, or "" of a stream.
func (s *Set) Path() string { return s.path }

// CreateBeside creates a further file, in the folder of the main one.
func (s *Set) CreateBeside(name string) (*os.File, error) {
	if s.stream != nil {
		return nil, fmt.Errorf("write %s: an image of several files cannot be written to a stream", name)
	}
	if name == "" || filepath.Base(name) != name {
		return nil, fmt.Errorf("write %q: it is not the name of a file", name)
	}
	path := filepath.Join(filepath.Dir(s.path), name)
	if info, err := os.Stat(path); err == nil && !info.IsDir() && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("write %s: it is not a regular file, and cannot be one of several files of an image; remove it first", path)
	}
	f, err := begin(path)
	if err != nil {
		return nil, err
	}
	s.files = append(s.files, f)
	return f.File, nil
}

// Commit renames all files to their final names, the main one last. If that fails, no new
// file is left behind, and the files that existed are those from before.
func (s *Set) Commit() error {
	slices.Reverse(s.files)
	for i := range s.files {
		err := s.files[i].Close()
		if err == nil && s.files[i].path != "" {
			err = s.files[i].rename(len(s.files) > 1)
		}
		if err != nil {
			for k := i - 1; k >= 0; k-- {
				err = errors.Join(err, s.files[k].undo())
			}
			s.files = s.files[i:]
			s.Discard()
			return fmt.Errorf("write %s: %w", s.path, err)
		}
	}
	for _, f := range s.files {
		if f.old != "" {
			os.Remove(f.old)
		}
	}
	s.files = nil
	return nil
}

// rename gives the file its final name. If keep is set, a file that has the name is kept
// under another one until the whole set is complete.
func (f *pending) rename(keep bool) error {
	if keep && f.exists {
		old := f.Name() + ".old"
		if err := os.Link(f.path, old); err != nil { // some file systems have no links
			if err := os.Rename(f.path, old); err != nil {
				return err
			}
		}
		f.old = old
	}
	err := os.Rename(f.Name(), f.path)
	if err != nil && f.old != "" {
		err = errors.Join(err, os.Rename(f.old, f.path))
		f.old = ""
	}
	return err
}

// undo removes the file from its final name, and gives that back to the one that had it.
func (f *pending) undo() error {
	switch {
	case f.path == "":
		return nil
	case f.old != "":
		return os.Rename(f.old, f.path)
	}
	return os.Remove(f.path)
}

// Sync waits until all files are stored on disk.
func (s *Set) Sync() error {
	for _, f := range s.files {
		if err := f.Sync(); err != nil && !cannotSync(f) {
			return fmt.Errorf("write %s: %w", s.path, err)
		}
	}
	return nil
}

// cannotSync reports whether it is a kind of file that has nothing to wait for, such as a
// pipe. A regular file and a block device have.
func cannotSync(f pending) bool {
	if f.path != "" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&fs.ModeType != fs.ModeDevice
}

// Discard removes what was written. After Commit it does nothing.
func (s *Set) Discard() {
	for _, f := range s.files {
		f.Close()
		if f.path != "" {
			os.Remove(f.Name())
		}
	}
	s.files = nil
}

// begin opens the file that is written in place of path.
func begin(path string) (pending, error) {
	path = target(path)
	mode, exists := fs.FileMode(0o666), false
	switch info, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return pending{}, fmt.Errorf("write %s: %w", path, err)
	case info.IsDir():
		return pending{}, fmt.Errorf("write %s: it is a folder; give the path of a file", path)
	case !info.Mode().IsRegular():
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return pending{}, fmt.Errorf("write: %w", err)
		}
		return pending{File: f}, nil
	default:
		mode, exists = info.Mode().Perm(), true
	}
	f, err := create(path, mode)
	if err == nil && exists {
		_ = f.Chmod(mode) // not as the umask has it, but as it was; some file systems cannot
	}
	return pending{File: f, path: path, exists: exists}, err
}

// target follows symbolic links, so that the file is replaced and not the link. The last
// one may lead to a file that does not exist.
func target(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	link, err := os.Readlink(path)
	if err != nil {
		return path
	}
	if !filepath.IsAbs(link) {
		link = filepath.Join(filepath.Dir(path), link)
	}
	if _, err := os.Lstat(link); err == nil { // a chain of links, or a loop
		return path
	}
	return link
}
