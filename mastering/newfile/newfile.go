// Package newfile writes files that appear under their final name only when they are
// complete.
package newfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Write creates a temporary file beside path, calls f to write it, and renames it to path
// if f returns nil. Otherwise it removes the temporary file, and an existing file at path
// stays. If path exists and is not a regular file, such as a device or a pipe, it is
// written directly.
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

// create creates a file beside path. Unlike os.CreateTemp it uses the permissions that
// the umask allows.
func create(path string, mode fs.FileMode) (*os.File, error) {
	dir, base := filepath.Split(path)
	base = base[:min(len(base), 200)] // file systems limit the bytes of a name, often to 255
	for i := 0; ; i++ {
		name := filepath.Join(dir, fmt.Sprintf(".%s.part%d", strings.ToValidUTF8(base, ""), i))
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
		if errors.Is(err, fs.ErrExist) && i < 1000 {
			continue
		}
		if err != nil {
			var p *fs.PathError
			if errors.As(err, &p) { // without the name of the temporary file
				err = p.Err
			}
			return nil, fmt.Errorf("write %s: %w", path, err)
		}
		return f, nil
	}
}
