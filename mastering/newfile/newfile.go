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
// unfinished file is removed. A path that is there and is no regular file, such
// as a device or a pipe, is written directly.
func Write(path string, f func(*os.File) error) (err error) {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	mode := fs.FileMode(0o666)
	switch s, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return fmt.Errorf("write %s: %w", path, err)
	case s.IsDir():
		return fmt.Errorf("write %s: it is a folder; name a file in it", path)
	case !s.Mode().IsRegular():
		return direct(path, f)
	default:
		mode = s.Mode().Perm()
	}
	out, err := create(path, mode)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			out.Close()
			os.Remove(out.Name())
		}
	}()
	if err := f(out); err != nil {
		return err
	}
	if err := out.Close(); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(out.Name(), path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

func direct(path string, f func(*os.File) error) error {
	out, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("write: %w", err)
	}
	if err := f(out); err != nil {
		out.Close()
		return err
	}
	return out.Close()
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
