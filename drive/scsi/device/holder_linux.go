package device

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// mountPoint returns the directory where a block device is mounted, "" if it is not. The
// table has the format of proc_pid_mountinfo(5): major:minor in the third field, the
// mount point in the fifth.
func mountPoint(table string, rdev uint64) string {
	want := fmt.Sprintf("%d:%d", unix.Major(rdev), unix.Minor(rdev))
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		if len(fields) >= 5 && fields[2] == want {
			return unescape(fields[4])
		}
	}
	return ""
}

// unescape decodes the octal escapes of /proc: \040 is a space.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// mounted returns the directory where a block device is mounted, "" if it is not.
func mounted(path string) string {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); path == "" || err != nil || st.Mode&unix.S_IFMT != unix.S_IFBLK {
		return ""
	}
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return ""
	}
	return mountPoint(string(table), uint64(st.Rdev))
}

// holder returns another program that has one of the devices open, if this user may see
// that: "growisofs (process 4711)". If there is none it reports whether this program has
// one of them open.
func holder(devices ...string) (name string, own bool) {
	fds, err := filepath.Glob("/proc/[0-9]*/fd/*")
	if err != nil {
		return "", false
	}
	for _, fd := range fds {
		if to, err := os.Readlink(fd); err != nil || !slices.Contains(devices, to) {
			continue
		}
		pid := strings.Split(fd, "/")[2]
		if pid == strconv.Itoa(os.Getpid()) {
			own = true
			continue
		}
		comm, err := os.ReadFile("/proc/" + pid + "/comm")
		if err != nil {
			return "process " + pid, false
		}
		return fmt.Sprintf("%s (process %s)", strings.TrimSpace(string(comm)), pid), false
	}
	return "", own
}

// permission returns what a user needs to be allowed to open a device.
func permission(path string) string {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil || st.Gid == 0 || st.Mode&0o060 == 0 {
		return "only root may open it"
	}
	group := strconv.Itoa(int(st.Gid))
	if g, err := user.LookupGroupId(group); err == nil {
		group = g.Name
	}
	return fmt.Sprintf("members of the group %s may open it: run \"sudo usermod -aG %s $USER\" and log in again", group, group)
}
