package journal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// file is an open file.
type file interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Sync() error
	Truncate(size int64) error
	Stat() (fs.FileInfo, error)
}

// system is what an update needs of the operating system. Tests have one that fails.
type system interface {
	// Open opens a regular file, not one at the end of a symbolic link.
	Open(path string, write bool) (file, error)
	// Create creates a file that must not exist, with the permissions and, if that is
	// allowed, the owner of the image.
	Create(path string, image fs.FileInfo) (file, error)
	Rename(from, to string) error
	Remove(path string) error
	// SyncFolder waits until the names in a folder are on storage.
	SyncFolder(path string) error
	Lstat(path string) (fs.FileInfo, error)
	// Lock locks a file until it is closed. It returns ErrBusy if another one has locked
	// it.
	Lock(f file) error
	// Patience is how many times a lock is tried again.
	Patience() int
	Identity(f file) identity
	// Same reports whether two open files are the same one.
	Same(a, b file) bool
	// Links returns how many names (hard links) a file has.
	Links(f file) int
	// Admit returns an error unless the journal can have been made by the owner of the
	// image or by this user.
	Admit(journal, image file) error
	SetTime(f file, path string, t time.Time) error
	// Free returns the free space of the file system of an image, or false if it is not
	// known, or an update may need less, since the file system shares equal contents.
	Free(f file) (int64, bool)
}

// host is the operating system.
type host struct{}

func (host) Open(path string, write bool) (file, error) {
	before, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !before.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: path, Err: errNotRegular}
	}
	flags := os.O_RDONLY
	if write {
		flags = os.O_RDWR
	}
	f, err := os.OpenFile(path, flags|careful, 0)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || !os.SameFile(before, info) {
		f.Close()
		return nil, &fs.PathError{Op: "open", Path: path, Err: errors.New("it was replaced in this moment; try again")}
	}
	return f, nil
}

var errNotRegular = errors.New("it is not a regular file")

func (host) Create(path string, image fs.FileInfo) (file, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	adopt(f, image)
	return f, nil
}

func (host) Rename(from, to string) error           { return os.Rename(from, to) }
func (host) Remove(path string) error               { return os.Remove(path) }
func (host) Lstat(path string) (fs.FileInfo, error) { return os.Lstat(path) }
func (host) Patience() int                          { return 40 }
func (host) SyncFolder(path string) error           { return syncFolder(path) }
func (host) Lock(f file) error                      { return lock(f.(*os.File)) }
func (host) Identity(f file) identity               { return identify(f.(*os.File)) }
func (host) Links(f file) int                       { return links(f.(*os.File)) }
func (host) Free(f file) (int64, bool)              { return free(f.(*os.File)) }

func (host) Same(a, b file) bool {
	i, err := a.Stat()
	j, err2 := b.Stat()
	return err == nil && err2 == nil && os.SameFile(i, j)
}

func (host) SetTime(f file, path string, t time.Time) error {
	return setTime(f.(*os.File), path, t)
}

func (host) Admit(journal, image file) error {
	j, err := journal.Stat()
	if err != nil {
		return err
	}
	i, err := image.Stat()
	if err != nil {
		return err
	}
	if !trusted(j, i) {
		return errors.New("the journal belongs to another user, and is not used; if you trust it, make it your own with chown, otherwise remove it")
	}
	return nil
}

// noLocks is the error of a file system without locks.
func noLocks(err error) error {
	return fmt.Errorf("the file cannot be locked against other programs (%w), so it is not changed in its place; work on a copy on another file system", err)
}
