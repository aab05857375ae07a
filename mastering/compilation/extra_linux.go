package compilation

import (
	"strings"

	"golang.org/x/sys/unix"

	"glassmaster/mastering/tree"
)

// readExtra reads the attributes of a file beyond those of stat, as far as the options ask
// for them and the file system has them.
func readExtra(path string, link bool, o ScanOptions) (*tree.Extra, error) {
	var x tree.Extra
	if o.Stamps {
		var st unix.Statx_t
		flags := 0
		if link {
			flags = unix.AT_SYMLINK_NOFOLLOW
		}
		if err := unix.Statx(unix.AT_FDCWD, path, flags, unix.STATX_ATIME|unix.STATX_CTIME|unix.STATX_BTIME, &st); err != nil {
			return nil, err
		}
		for _, t := range []struct {
			to  *int64
			bit uint32
			ts  unix.StatxTimestamp
		}{{&x.Accessed, unix.STATX_ATIME, st.Atime}, {&x.Changed, unix.STATX_CTIME, st.Ctime}, {&x.Created, unix.STATX_BTIME, st.Btime}} {
			if st.Mask&t.bit != 0 {
				*t.to = t.ts.Sec*1e9 + int64(t.ts.Nsec)
			}
		}
	}
	if o.Attributes {
		var err error
		if x.Attributes, err = readAttributes(path, link); err != nil {
			return nil, err
		}
	}
	if x.Attributes == nil && x.Accessed == 0 && x.Changed == 0 && x.Created == 0 {
		return nil, nil
	}
	return &x, nil
}

// keepsAttribute reports whether an extended attribute belongs to the file and not, as
// security labels do, to the system.
func keepsAttribute(name string) bool {
	switch name {
	case "system.posix_acl_access", "system.posix_acl_default", "security.capability":
		return true
	}
	return strings.HasPrefix(name, "user.")
}

func readAttributes(path string, link bool) (map[string][]byte, error) {
	list, get := unix.Listxattr, unix.Getxattr
	if link {
		list, get = unix.Llistxattr, unix.Lgetxattr
	}
	names, err := sized(func(b []byte) (int, error) { return list(path, b) })
	if len(names) == 0 || err != nil {
		return nil, err
	}
	var found map[string][]byte
	for name := range strings.SplitSeq(strings.TrimSuffix(string(names), "\x00"), "\x00") {
		if !keepsAttribute(name) {
			continue
		}
		value, err := sized(func(b []byte) (int, error) { return get(path, name, b) })
		if err != nil {
			return found, err
		}
		if found == nil {
			found = map[string][]byte{}
		}
		found[name] = value
	}
	return found, nil
}

// sized calls a function that returns the length of its result if the buffer is empty. It
// returns nothing for file systems without extended attributes, and for attributes that
// have disappeared.
func sized(call func([]byte) (int, error)) ([]byte, error) {
	for {
		n, err := call(nil)
		if err == nil && n > 0 {
			b := make([]byte, n)
			if n, err = call(b); err == nil {
				return b[:n], nil
			}
		}
		switch err {
		case unix.ERANGE, unix.EINTR: // it has grown meanwhile
		case unix.ENOTSUP, unix.ENODATA, unix.ENOSYS:
			return nil, nil
		default:
			return nil, err
		}
	}
}
