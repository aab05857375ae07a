package layout

import (
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// hostReader reads small files of the host whole, with four system calls each
// and without garbage: a disc may hold a million of them. Files of one folder
// come one after the other, so it keeps the folder open and names them from
// there, which spares the kernel the rest of the path.
type hostReader struct {
	folder *Folder
	dir    int    // of folder
	name   []byte // with a NUL at its end
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

// read fills p from the start of the file, which must be exactly as long. p has
// room for one more byte behind its end, so that one call both reads the file
// and shows that it has not grown.
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
		// A full read tells of growth; one that stops right at the end needs no
		// second call, since regular files deliver what they have.
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

// stat opens a file, as reading it would, and returns its size in bytes and the
// time of its last change.
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

// open opens a file of the host for reading. Opening does not wait, as it would
// for the writer of a FIFO that has taken the place of the file.
func open(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
}

// openAt opens the file of a NUL-terminated name in a folder for reading, without
// waiting.
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
