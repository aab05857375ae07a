package format

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Files are the files of an image that is opened: the named one, and others in its folder
// that belong to the image.
type Files struct {
	*os.File       // the named file
	Size     int64 // of the named file, in bytes
	beside   []*os.File
}

// OpenFiles opens the file at path. A named pipe, which cannot hold an image, is refused
// without waiting for its writer.
func OpenFiles(path string) (*Files, error) {
	f, size, err := open(path)
	if err != nil {
		return nil, err
	}
	return &Files{File: f, Size: size}, nil
}

// Beside opens another file of the image, in the folder of the named one, and returns it
// with its size in bytes. Names of files in other folders are refused, since an image that
// refers to them was not made by a program for discs.
func (f *Files) Beside(name string) (*os.File, int64, error) {
	if name == "" || !filepath.IsLocal(name) || filepath.Base(name) != name {
		return nil, 0, fmt.Errorf("the image refers to the file %q, which is not in its folder", name)
	}
	file, size, err := open(filepath.Join(filepath.Dir(f.Name()), name))
	if err != nil {
		return nil, 0, err
	}
	f.beside = append(f.beside, file)
	return file, size, nil
}

// CloseBeside closes the files that Beside opened.
func (f *Files) CloseBeside() error {
	var errs []error
	for _, file := range f.beside {
		errs = append(errs, file.Close())
	}
	f.beside = nil
	return errors.Join(errs...)
}

// Close closes all files.
func (f *Files) Close() error { return errors.Join(f.CloseBeside(), f.File.Close()) }

// open opens a file that can be a part of an image, and returns its size in bytes.
func open(path string) (*os.File, int64, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|nonblock, 0)
	if err != nil {
		if info, e := os.Stat(path); e == nil && unfit(info.Mode()) != "" {
			err = errors.New(unfit(info.Mode()))
			return nil, 0, fmt.Errorf("open image %s: %w", path, err)
		}
		var p *fs.PathError
		if errors.As(err, &p) { // whose text repeats "open"
			err = p.Err
		}
		return nil, 0, fmt.Errorf("open image %s: %w", path, err)
	}
	info, err := f.Stat()
	if err == nil && unfit(info.Mode()) != "" {
		err = errors.New(unfit(info.Mode()))
	}
	var size int64
	if err == nil {
		size, err = f.Seek(0, io.SeekEnd) // a block device has no size otherwise
	}
	if err != nil {
		f.Close()
		return nil, 0, fmt.Errorf("open image %s: %w", path, err)
	}
	return f, size, nil
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
