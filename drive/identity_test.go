package drive_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"glassmaster/drive"
	"glassmaster/mastering/peertest"
)

func TestIdentity(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(dir, link); err != nil {
		peertest.Skip(t, err.Error())
	}
	t.Chdir(dir)
	file := filepath.Join(dir, "disc")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, want string }{
		{"virtual:disc", "virtual:" + file},
		{"virtual:link/disc?pace=7056", "virtual:" + file},
		{"virtual:./link/../link/new", "virtual:" + filepath.Join(dir, "new")}, // which does not exist
		{"iscsi://host:3260/iqn.x/1", "iscsi://host:3260/iqn.x/1"},
	} {
		if got := drive.Identity(c.name); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	if runtime.GOOS != "linux" {
		return
	}
	for _, c := range []struct{ name, want string }{
		{"/dev/null", "/dev/null"}, {"null", "/dev/null"}, {"/dev/../dev/null", "/dev/null"}, {"/dev/no-such-drive", "/dev/no-such-drive"},
	} {
		if got := drive.Identity(c.name); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
