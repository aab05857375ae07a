// Package newfile writes files that appear under their name only when they are
// complete.
package newfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Write has f write a file beside path, under a name of its own, and renames it
// to path when f returns nil. Otherwise what was there before stays, and the
// unfinished file is removed. A path that is there and is not a regular file, such
// as a device or a pipe, is written directly.
func Write(path string, f func(*os.File) error) error {
	s := NewSet(path)
	defer s.Discard()
	out, err := s.Create()
	if err != nil {
		return err
	}
	if err := f(out.(*os.File)); err != nil {
		return err
	}
	return s.Commit()
}

// create makes a file beside path. Unlike os.CreateTemp it leaves the rights to
// the person's umask.
func create(path string, mode fs.FileMode) (*os.File, error) {
	dir, base := filepath.Split(path)
	for i := 0; ; i++ {
		name := filepath.Join(dir, fmt.Sprintf(".%.200s.part%d", base, i))
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
		if errors.Is(err, fs.ErrExist) && i < 1000 {
			continue
		}
		if err != nil {
			var p *fs.PathError
			if errors.As(err, &p) { // without the name that nobody gave
				err = p.Err
			}
			return nil, fmt.Errorf("write %s: %w", path, err)
		}
		return f, nil
	}
}
