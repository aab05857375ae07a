package zisofs

import (
	"errors"
	"io"
	"os"
)

// spool stores bytes that are appended to it: up to a limit in memory, the rest in a
// temporary file.
type spool struct {
	limit  int64 // bytes in memory
	chunks [][]byte
	file   *os.File
	size   int64 // bytes appended; setting it to less discards the last ones
}

const spoolChunk = 1 << 20

func newSpool(limit int64) *spool { return &spool{limit: limit} }

func (s *spool) append(p []byte) error {
	for len(p) > 0 && s.size < s.limit {
		i, at := s.size/spoolChunk, s.size%spoolChunk
		if i == int64(len(s.chunks)) {
			s.chunks = append(s.chunks, make([]byte, spoolChunk))
		}
		n := copy(s.chunks[i][at:min(spoolChunk, at+s.limit-s.size)], p)
		p = p[n:]
		s.size += int64(n)
	}
	if len(p) == 0 {
		return nil
	}
	if s.file == nil {
		f, err := os.CreateTemp("", "glassmaster-compressed-*")
		if err != nil {
			return err
		}
		s.file = f
		os.Remove(f.Name()) // on systems that do not allow this yet, Close does it
	}
	n, err := s.file.WriteAt(p, s.size-s.limit)
	s.size += int64(n)
	return err
}

// ReadAt implements io.ReaderAt.
func (s *spool) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	for n < len(p) && off < min(s.limit, s.size) {
		k := copy(p[n:], s.chunks[off/spoolChunk][off%spoolChunk:min(spoolChunk, off%spoolChunk+min(s.limit, s.size)-off)])
		n += k
		off += int64(k)
	}
	if n == len(p) {
		return n, nil
	}
	if s.file == nil {
		return n, io.EOF
	}
	k, err := s.file.ReadAt(p[n:], off-s.limit)
	return n + k, err
}

// Close frees the memory and removes the file.
func (s *spool) Close() error {
	s.chunks, s.size, s.limit = nil, 0, 0
	if s.file == nil {
		return nil
	}
	f := s.file
	s.file = nil
	err := f.Close()
	if rerr := os.Remove(f.Name()); rerr != nil && !errors.Is(rerr, os.ErrNotExist) {
		err = errors.Join(err, rerr)
	}
	return err
}
