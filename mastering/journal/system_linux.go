package journal

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// careful are flags of open: do not follow a symbolic link, and do not wait for a pipe.
const careful = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

func lock(f *os.File) error {
	switch err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); {
	case err == nil:
		return nil
	case errors.Is(err, unix.EWOULDBLOCK):
		return ErrBusy
	default:
		return noLocks(err)
	}
}

func identify(f *os.File) identity {
	var st unix.Statx_t
	if err := unix.Statx(int(f.Fd()), "", unix.AT_EMPTY_PATH, unix.STATX_INO|unix.STATX_BTIME, &st); err != nil {
		return identity{}
	}
	id := identity{inode: st.Ino}
	if st.Mask&unix.STATX_BTIME != 0 {
		id.birth = st.Btime.Sec*1e9 + int64(st.Btime.Nsec)
	}
	return id
}

func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil && !errors.Is(err, unix.EINVAL) { // not supported by this file system
		return err
	}
	return nil
}

// trusted reports whether the owner of a journal can be the one who changed the image: the
// owner of the image, this user, or root.
func trusted(journal, image fs.FileInfo) bool {
	j, ok := journal.Sys().(*syscall.Stat_t)
	i, ok2 := image.Sys().(*syscall.Stat_t)
	return ok && ok2 && (j.Uid == i.Uid || j.Uid == 0 || int(j.Uid) == os.Geteuid())
}

// adopt gives a journal the permissions and the owner of its image, if that is possible.
func adopt(f *os.File, image fs.FileInfo) {
	if st, ok := image.Sys().(*syscall.Stat_t); ok && os.Geteuid() == 0 {
		_ = f.Chown(int(st.Uid), int(st.Gid))
	}
	_ = f.Chmod(image.Mode().Perm() & 0o666)
}

func links(f *os.File) int {
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return 1
	}
	return int(st.Nlink)
}

func setTime(_ *os.File, path string, t time.Time) error { return os.Chtimes(path, time.Time{}, t) }

// free returns the free space. File systems that share contents of files need less for an
// update, and theirs is not known.
func free(f *os.File) (int64, bool) {
	var st unix.Statfs_t
	if err := unix.Fstatfs(int(f.Fd()), &st); err != nil {
		return 0, false
	}
	switch st.Type {
	case unix.EXT2_SUPER_MAGIC, unix.TMPFS_MAGIC, unix.MSDOS_SUPER_MAGIC, 0x2011BAB0: // ext2 to ext4, tmpfs, FAT, exFAT
		return int64(st.Bavail) * st.Bsize, true
	}
	return 0, false
}
