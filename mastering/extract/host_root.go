package extract

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// rootFolder is a hostFolder on any system.
type rootFolder struct {
	*os.Root
	top  *os.Root // the destination folder
	path string   // of this one within it
}

func openRoot(dir string) (hostFolder, error) {
	r, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return rootFolder{r, r, "."}, nil
}

func (r rootFolder) close() { r.Close() }

func (r rootFolder) mkdir(name string) error { return r.Mkdir(name, 0o700) }

func (r rootFolder) enter(name string) (hostFolder, error) {
	info, err := r.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, errNoFolder
	}
	sub, err := r.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	return rootFolder{sub, r.top, filepath.Join(r.path, name)}, nil
}

var errNoFolder = errors.New("there is a file of this name, which is not a folder")

func (r rootFolder) symlink(target, name string) error { return r.Symlink(target, name) }
func (r rootFolder) remove(name string) error          { return r.Remove(name) }

func (r rootFolder) kind(name string) (fs.FileMode, error) {
	info, err := r.Lstat(name)
	if err != nil {
		return 0, err
	}
	if info.IsDir() {
		return info.Mode() & (fs.ModeDir | fs.ModePerm | fs.ModeSticky), nil
	}
	return info.Mode().Type(), nil
}

func (r rootFolder) info(name string) (fs.FileInfo, error) { return r.Lstat(name) }

// link creates another name of a file. os.Root makes links only within one root, so that
// the one that contains both folders is used.
func (r rootFolder) link(from hostFolder, old, name string) error {
	return r.top.Link(filepath.Join(from.(rootFolder).path, old), filepath.Join(r.path, name))
}

func (r rootFolder) free() (int64, bool) { return 0, false }

func (r rootFolder) setAttributes(a attributes) error { return r.apply(".", a) }

// setLink does not set the time of a link: Go can only set that of its target.
func (r rootFolder) setLink(link string, a attributes) error { return r.own(link, a) }

func (r rootFolder) own(name string, a attributes) error {
	if !a.owned {
		return nil
	}
	return r.Lchown(name, int(a.uid), int(a.gid))
}

// apply sets the attributes of a file, the owner first, since changing the owner clears
// bits of the mode.
func (r rootFolder) apply(name string, a attributes) error {
	err := r.own(name, a)
	if err == nil {
		err = r.Chmod(name, a.mode)
	}
	if t, ok := a.time(); err == nil && ok {
		err = r.Chtimes(name, t, t)
	}
	return err
}

func (r rootFolder) create(name string, replace bool, a attributes) (hostFile, error) {
	if _, err := r.Lstat(name); err == nil && !replace {
		return nil, fs.ErrExist
	}
	temp := ".glassmaster-" + rand.Text()
	f, err := r.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return &rootFile{f, r, temp, name, a}, nil
}

// rootFile is written under another name and renamed when it is complete.
type rootFile struct {
	*os.File
	in         rootFolder
	temp, name string
	a          attributes
}

func (f *rootFile) finish() error {
	err := f.Close()
	if err == nil {
		err = f.in.apply(f.temp, f.a)
	}
	if err == nil {
		err = f.in.Rename(f.temp, f.name)
	}
	if err != nil {
		_ = f.in.Remove(f.temp)
		return fmt.Errorf("complete the file: %w", err)
	}
	return nil
}

func (f *rootFile) abort() {
	f.Close()
	_ = f.in.Remove(f.temp)
}
