package layout

import (
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// hostReader reads small files of the host as a whole, with four system calls each
// and without allocations, because a disc may have a million of them. Files of a
// folder usually follow each other, so it keeps the folder open and opens them
// relative to it, which is faster than resolving the whole path.
type hostReader struct {
	folder *Folder
	dir    int    // of folder
	name   []byte // terminated by a NUL
}

func (h *hostReader) close() {
	if h.folder != nil {
		syscall.Close(h.dir)
		h.folder = nil
	}
}

// open opens a file for reading.
func (h *hostReader) open(f *File) (int, error) {
	dir := unix.AT_FDCWD
	if f.Folder.Path != "" {
		if h.folder != f.Folder {
			h.close()
			fd, err := unix.Open(f.Folder.Path, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
			if err != nil {
				return -1, err
			}
			h.folder, h.dir = f.Folder, fd
		}
		dir = h.dir
	}
	h.name = append(append(h.name[:0], f.Name...), 0)
	return openAt(dir, h.name)
}

// read fills p from the start of the file, which must have the same length. p must
// have the capacity for one more byte, so that one call reads the file and also shows
// that it has not grown.
func (h *hostReader) read(f *File, p []byte) (int, error) {
	fd, err := h.open(f)
	if err != nil {
		return 0, err
	}
	defer syscall.Close(fd)
	n := 0
	more := p[:len(p)+1]
	kept := more[len(p)]
	defer func() { more[len(p)] = kept }()
	for n <= len(p) {
		k, err := syscall.Read(fd, more[n:])
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return n, err
		}
		n += k
		// A read that fills the buffer means that the file has grown. One that ends at
		// the expected length needs no second call: regular files have no short reads.
		if k == 0 || n == len(p) {
			break
		}
	}
	switch {
	case n < len(p):
		return n, ErrShrunk
	case n > len(p):
		return len(p), ErrGrew
	case f.Modified == 0:
		return n, nil
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return n, err
	}
	return n, f.checkTime(time.Unix(st.Mtim.Unix()))
}

// stat opens a file, as read does, and returns its size in bytes and the time of its
// last modification.
func (h *hostReader) stat(f *File) (int64, time.Time, error) {
	fd, err := h.open(f)
	if err != nil {
		return 0, time.Time{}, err
	}
	defer syscall.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return 0, time.Time{}, err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return 0, time.Time{}, ErrReplaced
	}
	return st.Size, time.Unix(st.Mtim.Unix()), nil
}

// open opens a file of the host for reading. It does not block if the file was
// replaced by a FIFO.
func open(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
}

// openAt opens a file in a folder for reading, by its NUL-terminated name. It does not
// block.
func openAt(dir int, name []byte) (int, error) {
	for {
		fd, _, e := syscall.Syscall6(syscall.SYS_OPENAT, uintptr(dir), uintptr(unsafe.Pointer(&name[0])),
			uintptr(syscall.O_RDONLY|syscall.O_CLOEXEC|syscall.O_NONBLOCK), 0, 0, 0)
		switch e {
		case 0:
			return int(fd), nil
		case syscall.EINTR:
			continue
		}
		return -1, e
	}
}
