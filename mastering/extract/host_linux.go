package extract

import (
	"crypto/rand"
	"fmt"
	"io/fs"
	"math"
	"os"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// fdFolder is a hostFolder whose operations are relative to a file descriptor: they take
// few system calls per file, and never follow a link.
type fdFolder struct {
	fd    int
	umask uint32
	file  *fdFile // reused: one file is written at a time
}

func openHost(dir string) (hostFolder, error) {
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: dir, Err: err}
	}
	return &fdFolder{fd, umask(), &fdFile{}}, nil
}

// umask returns the bits that the system removes from the mode of a new file. If it is
// unknown, all bits are returned, so that the mode of each file is set.
func umask() uint32 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0o777
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "Umask:"); ok {
			if n, err := strconv.ParseUint(strings.TrimSpace(rest), 8, 32); err == nil {
				return uint32(n)
			}
		}
	}
	return 0o777
}

func (d *fdFolder) close() { unix.Close(d.fd) }

func (d *fdFolder) mkdir(name string) error {
	return wrap("mkdir", name, unix.Mkdirat(d.fd, name, 0o700))
}

func wrap(op, name string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}

func (d *fdFolder) enter(name string) (hostFolder, error) {
	fd, err := unix.Openat(d.fd, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err == unix.ENOTDIR || err == unix.ELOOP {
		return nil, errNoFolder
	}
	if err != nil {
		return nil, wrap("open", name, err)
	}
	return &fdFolder{fd, d.umask, d.file}, nil
}

func (d *fdFolder) symlink(target, name string) error {
	return wrap("symlink", name, unix.Symlinkat(target, d.fd, name))
}

func (d *fdFolder) remove(name string) error {
	return wrap("remove", name, unix.Unlinkat(d.fd, name, 0))
}

func (d *fdFolder) link(from hostFolder, old, name string) error {
	return wrap("link", name, unix.Linkat(from.(*fdFolder).fd, old, d.fd, name, 0))
}

func (d *fdFolder) kind(name string) (fs.FileMode, error) {
	var st unix.Stat_t
	if err := unix.Fstatat(d.fd, name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return 0, wrap("stat", name, err)
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		return 0, nil
	case unix.S_IFDIR:
		mode := fs.ModeDir | fs.FileMode(st.Mode&0o777)
		if st.Mode&unix.S_ISVTX != 0 {
			mode |= fs.ModeSticky
		}
		return mode, nil
	case unix.S_IFLNK:
		return fs.ModeSymlink, nil
	}
	return fs.ModeIrregular, nil
}

func (d *fdFolder) info(name string) (fs.FileInfo, error) {
	fd, err := unix.Openat(d.fd, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, wrap("stat", name, err)
	}
	f := os.NewFile(uintptr(fd), name)
	defer f.Close()
	return f.Stat()
}

func (d *fdFolder) free() (int64, bool) {
	var st unix.Statfs_t
	if unix.Fstatfs(d.fd, &st) != nil || st.Blocks == 0 {
		return 0, false
	}
	blocks, size := min(st.Bavail, math.MaxInt64>>20), int64(st.Bsize)
	return int64(blocks) * min(max(size, 0), 1<<20), true
}

func (d *fdFolder) setAttributes(a attributes) error {
	if a.owned {
		if err := unix.Fchown(d.fd, int(a.uid), int(a.gid)); err != nil {
			return err
		}
	}
	mode := uint32(a.mode.Perm())
	if a.mode&fs.ModeSticky != 0 {
		mode |= unix.S_ISVTX
	}
	if err := unix.Fchmod(d.fd, mode); err != nil {
		return err
	}
	return setTime(d.fd, a)
}

func (d *fdFolder) setLink(link string, a attributes) error {
	if a.owned {
		if err := unix.Fchownat(d.fd, link, int(a.uid), int(a.gid), unix.AT_SYMLINK_NOFOLLOW); err != nil {
			return wrap("chown", link, err)
		}
	}
	t, ok := a.time()
	if !ok {
		return nil
	}
	ts := []unix.Timespec{unix.NsecToTimespec(t.UnixNano()), unix.NsecToTimespec(t.UnixNano())}
	return wrap("set the time of", link, unix.UtimesNanoAt(d.fd, link, ts, unix.AT_SYMLINK_NOFOLLOW))
}

// setTime sets the times of an open file: utimensat without a path, for which package
// unix has no function.
func setTime(fd int, a attributes) error {
	t, ok := a.time()
	if !ok {
		return nil
	}
	ts := [2]unix.Timespec{unix.NsecToTimespec(t.UnixNano()), unix.NsecToTimespec(t.UnixNano())}
	if _, _, e := unix.Syscall6(unix.SYS_UTIMENSAT, uintptr(fd), 0, uintptr(unsafe.Pointer(&ts)), 0, 0, 0); e != 0 {
		return e
	}
	return nil
}

// create creates the file under its own name, with O_EXCL. A file that replaces another
// is written in the same folder under a temporary name.
func (d *fdFolder) create(name string, replace bool, a attributes) (hostFile, error) {
	temp := name
	if replace {
		temp = ".glassmaster-" + rand.Text()
	}
	perm := uint32(a.mode)
	fd, err := unix.Openat(d.fd, temp, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, perm)
	if err == unix.EEXIST {
		return nil, fs.ErrExist
	}
	if err != nil {
		return nil, wrap("create", name, err)
	}
	*d.file = fdFile{fd: fd, in: d, temp: temp, name: name, a: a, chmod: perm&d.umask != 0}
	return d.file, nil
}

// fdFile is a file that is being written.
type fdFile struct {
	fd         int
	in         *fdFolder
	temp, name string
	a          attributes
	chmod      bool // the mode of the new file must still be set
}

func (f *fdFile) Write(p []byte) (int, error) {
	done := 0
	for done < len(p) {
		n, err := unix.Write(f.fd, p[done:])
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return done, wrap("write", f.name, err)
		}
		done += n
	}
	return done, nil
}

// copyFrom copies n bytes at off of src within the kernel, if possible. It returns how
// many bytes it copied; the rest must be written with Write.
func (f *fdFile) copyFrom(src *os.File, off, n int64) (int64, error) {
	var done int64
	for done < n {
		k, err := unix.CopyFileRange(int(src.Fd()), &off, f.fd, nil, int(min(n-done, 16<<20)), 0)
		if err == unix.EINTR {
			continue
		}
		if k <= 0 || err != nil {
			return done, nil
		}
		done += int64(k)
	}
	return done, nil
}

func (f *fdFile) finish() error {
	var err error
	if f.a.owned {
		err = unix.Fchown(f.fd, int(f.a.uid), int(f.a.gid))
	}
	if err == nil && (f.chmod || f.a.owned) {
		err = unix.Fchmod(f.fd, uint32(f.a.mode))
	}
	if err == nil {
		err = setTime(f.fd, f.a)
	}
	if cerr := unix.Close(f.fd); err == nil {
		err = cerr
	}
	if err == nil && f.temp != f.name {
		err = unix.Renameat(f.in.fd, f.temp, f.in.fd, f.name)
	}
	if err != nil {
		_ = unix.Unlinkat(f.in.fd, f.temp, 0)
		return fmt.Errorf("complete %s: %w", f.name, err)
	}
	return nil
}

func (f *fdFile) abort() {
	unix.Close(f.fd)
	_ = unix.Unlinkat(f.in.fd, f.temp, 0)
}
