//go:build !linux

package layout

import (
	"errors"
	"io"
	"os"
	"time"
)

// open opens a file of the host for reading.
func open(path string) (*os.File, error) { return os.Open(path) }

// hostReader reads small files of the host whole.
type hostReader struct{}

func (*hostReader) close() {}

// stat opens a file, as reading it would, and returns its size in bytes and the
// time of its last change.
func (*hostReader) stat(f *File) (int64, time.Time, error) {
	r, err := os.Open(f.Path())
	if err != nil {
		return 0, time.Time{}, err
	}
	defer r.Close()
	s, err := r.Stat()
	if err != nil {
		return 0, time.Time{}, err
	}
	if !s.Mode().IsRegular() {
		return 0, time.Time{}, ErrReplaced
	}
	return s.Size(), s.ModTime(), nil
}

// read fills p from the start of the file, which must be exactly as long.
func (*hostReader) read(f *File, p []byte) (int, error) {
	r, err := os.Open(f.Path())
	if err != nil {
		return 0, err
	}
	defer r.Close()
	n, err := io.ReadFull(r, p)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return n, ErrShrunk
	case err != nil:
		return n, err
	}
	if k, _ := r.Read(make([]byte, 1)); k > 0 {
		return n, ErrGrew
	}
	if f.Modified == 0 {
		return n, nil
	}
	s, err := r.Stat()
	if err != nil {
		return n, err
	}
	return n, f.checkTime(s.ModTime())
}
