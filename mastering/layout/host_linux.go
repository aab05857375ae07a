package layout

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// hostReader reads small files of the host whole, with three system calls each
// and without garbage: a disc may hold a million of them.
type hostReader struct {
	path []byte // with a NUL at its end
}

func (h *hostReader) close() {}

// read fills p from the start of the file, which must be exactly as long. p has
// room for one more byte behind its end, so that one call both reads the file
// and shows that it has not grown.
func (h *hostReader) read(f *File, p []byte) (int, error) {
	h.path = h.path[:0]
	if f.Folder.Path != "" {
		h.path = append(append(h.path, f.Folder.Path...), '/')
	}
	h.path = append(append(h.path, f.Name...), 0)
	fd, err := openBytes(h.path)
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
	}
	return n, nil
}

// openBytes opens the NUL-terminated path for reading.
func openBytes(path []byte) (int, error) {
	for {
		at := unix.AT_FDCWD
		fd, _, e := syscall.Syscall6(syscall.SYS_OPENAT, uintptr(at), uintptr(unsafe.Pointer(&path[0])),
			uintptr(syscall.O_RDONLY|syscall.O_CLOEXEC), 0, 0, 0)
		switch e {
		case 0:
			return int(fd), nil
		case syscall.EINTR:
			continue
		}
		return -1, e
	}
}
