//go:build linux && (amd64 || arm64)

package compilation

import (
	"encoding/binary"
	"io/fs"
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"glassmaster/mastering/volume"
)

// exactTimes is whether the times in a listing are those of the files themselves.
const exactTimes = true

// listing is the list of the entries of a folder. Its buffers are reused for the next
// folder, so that reading names and attributes costs little more than the system calls.
type listing struct {
	entries []entry
	dirents []byte
	names   []byte
	ends    []int
}

// read lists a folder, with the attributes of each entry. Entries that were read before an
// error are kept.
func (l *listing) read(path string, follow bool) error {
	l.entries, l.names, l.ends = l.entries[:0], l.names[:0], l.ends[:0]
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	flags := unix.AT_SYMLINK_NOFOLLOW
	if follow {
		flags = 0
	}
	if l.dirents == nil {
		l.dirents = make([]byte, 64<<10)
	}
	for {
		n, rerr := unix.Getdents(fd, l.dirents)
		if rerr == unix.EINTR {
			continue
		}
		if n <= 0 {
			err = rerr
			break
		}
		l.add(fd, l.dirents[:n], flags)
	}
	// One string has all names of the folder: substrings need no allocation.
	names := string(l.names)
	from := 0
	for i, to := range l.ends {
		l.entries[i].name = names[from:to]
		from = to
	}
	return err
}

// add adds the entries of one reply of the kernel (linux_dirent64: u64 inode, u64 offset,
// u16 length, u8 type, NUL-terminated name).
func (l *listing) add(fd int, b []byte, flags int) {
	const head = 19
	for len(b) > head {
		length := int(binary.NativeEndian.Uint16(b[16:]))
		name := b[head:length]
		b = b[length:]
		n := 0
		for n < len(name) && name[n] != 0 {
			n++
		}
		if n == 0 || n == len(name) || n == 1 && name[0] == '.' || n == 2 && name[0] == '.' && name[1] == '.' {
			continue
		}
		var st unix.Stat_t
		e := statAt(fd, name, &st, flags)
		if e != 0 && flags == 0 { // a dangling link stays a link
			e = statAt(fd, name, &st, unix.AT_SYMLINK_NOFOLLOW)
		}
		l.entries = append(l.entries, entry{})
		if e != 0 {
			l.entries[len(l.entries)-1].err = e
		} else {
			l.entries[len(l.entries)-1].stat = fromStat(&st)
		}
		l.names = append(l.names, name[:n]...)
		l.ends = append(l.ends, len(l.names))
	}
}

// statAt is fstatat for a NUL-terminated name, which it does not copy.
func statAt(fd int, name []byte, st *unix.Stat_t, flags int) syscall.Errno {
	for {
		_, _, e := syscall.Syscall6(sysFstatat, uintptr(fd), uintptr(unsafe.Pointer(&name[0])),
			uintptr(unsafe.Pointer(st)), uintptr(flags), 0, 0)
		if e != syscall.EINTR {
			return e
		}
	}
}

func lstat(path string, follow bool) (stat, error) {
	var st unix.Stat_t
	var err error
	if follow {
		err = unix.Stat(path, &st)
	} else {
		err = unix.Lstat(path, &st)
	}
	if err != nil {
		return stat{}, &os.PathError{Op: "stat", Path: path, Err: err}
	}
	return fromStat(&st), nil
}

func fromStat(st *unix.Stat_t) stat {
	return stat{
		id:       fileID{st.Dev, st.Ino},
		mode:     fileMode(st.Mode),
		size:     st.Size,
		modified: volume.Nanoseconds(time.Unix(st.Mtim.Unix())),
		uid:      st.Uid,
		gid:      st.Gid,
		links:    uint64(st.Nlink),
		device:   uint64(unix.Major(st.Rdev))<<32 | uint64(unix.Minor(st.Rdev)),
	}
}

// fileMode converts a mode of the system to that of package fs.
func fileMode(m uint32) fs.FileMode {
	mode := fs.FileMode(m & 0o777)
	switch m & unix.S_IFMT {
	case unix.S_IFDIR:
		mode |= fs.ModeDir
	case unix.S_IFLNK:
		mode |= fs.ModeSymlink
	case unix.S_IFBLK:
		mode |= fs.ModeDevice
	case unix.S_IFCHR:
		mode |= fs.ModeDevice | fs.ModeCharDevice
	case unix.S_IFIFO:
		mode |= fs.ModeNamedPipe
	case unix.S_IFSOCK:
		mode |= fs.ModeSocket
	}
	if m&unix.S_ISUID != 0 {
		mode |= fs.ModeSetuid
	}
	if m&unix.S_ISGID != 0 {
		mode |= fs.ModeSetgid
	}
	if m&unix.S_ISVTX != 0 {
		mode |= fs.ModeSticky
	}
	return mode
}
