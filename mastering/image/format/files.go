package format

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Files are the files of an image that is opened: the one that was named, and those
// beside it that belong to the image.
type Files struct {
	*os.File       // the file that was named
	Size     int64 // of it, in bytes
	beside   []*os.File
}

// OpenFiles opens the file at path. It does not wait for what cannot hold an image: a
// named pipe blocks whoever opens it.
func OpenFiles(path string) (*Files, error) {
	f, size, err := open(path)
	if err != nil {
		return nil, err
	}
	return &Files{File: f, Size: size}, nil
}

// Beside opens another file of the image, in the folder of the one that was named, and
// returns it with its size in bytes. The name is that of a file in this folder: an image
// does not refer to files elsewhere.
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
		return nil, 0, fmt.Errorf("open image: %w", err)
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

// unfit says why a file of that kind can hold no image, and is empty when it can.
func unfit(m fs.FileMode) string {
	const anyOrder = ", and an image is read in any order: copy it into a file first"
	switch {
	case m.IsRegular():
		return ""
	case m.IsDir():
		return "it is a folder; build it into an image first"
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
