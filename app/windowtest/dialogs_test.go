package windowtest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/app/portal/portaltest"
	"glassmaster/mastering/peertest"
)

// TestPortalDialogs adds files and saves the compilation through the desktop portal.
func TestPortalDialogs(t *testing.T) {
	d := newDisplay(t, "1280x800")
	dir := t.TempDir()
	for _, name := range []string{"50% & #1.txt", "a+b.txt"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	saved := filepath.Join(dir, "saved")
	calls := make(chan portaltest.Call, 2)
	bus := portaltest.Bus(t)
	(&portaltest.Portal{Version: 4, OnCall: func(c portaltest.Call) {
		calls <- c
		if c.Method == "SaveFile" {
			c.Answer(0, "file://"+saved)
			return
		}
		c.Answer(0, "file://"+dir+"/50%25%20&%20%231.txt", "file://"+dir+"/a+b.txt")
	}}).Start(t, bus)
	w := openWindow(d, build(t), []string{"DBUS_SESSION_BUS_ADDRESS=" + bus})
	d.click(w.button("Add files…"))
	w.await("compilation", func(e event) bool { return e["files"] == 2.0 })
	if c := <-calls; !strings.HasPrefix(c.Parent, "x11:") || c.Title == "" {
		t.Errorf("the portal was called as %+v", c)
	}
	d.xdotool("key", "ctrl+s")
	w.await("saved", nil)
	if _, err := os.Stat(saved + ".glassmaster"); err != nil {
		t.Error(err)
	}
}

// TestNativeDialogs adds a file where there is no desktop portal.
func TestNativeDialogs(t *testing.T) {
	d := newDisplay(t, "1280x800")
	path := filepath.Join(t.TempDir(), "50% & #1.txt")
	if err := os.WriteFile(path, []byte("x"), 0o666); err != nil {
		t.Fatal(err)
	}
	w := openWindow(d, build(t), nil)
	d.click(w.button("Add files…"))
	d.windowAt("Open File") // a title that the library gives to all of its dialogs
	d.xdotool("sleep", "0.5", "key", "ctrl+l", "sleep", "0.3", "type", path)
	w.picture("native-dialog")
	d.xdotool("sleep", "0.3", "key", "Return")
	w.await("compilation", func(e event) bool { return e["files"] == 1.0 })
}

// TestStartIsQuiet starts the window where there is no session bus, no Wayland display
// and no such locale: it prints nothing, and leaves no program behind.
func TestStartIsQuiet(t *testing.T) {
	peertest.Need(t, "dbus-launch")
	d := newDisplay(t, "1280x800")
	w := openWindow(d, build(t), []string{"DBUS_SESSION_BUS_ADDRESS=", "XDG_RUNTIME_DIR=", "XDG_SESSION_TYPE=", "NO_AT_BRIDGE=", "LC_ALL=is_IS.UTF-8@euro", "XDG_CACHE_HOME=" + filepath.Join(d.home, "new", "cache")})
	w.button("Add files…")
	d.xdotool("key", "alt+F4")
	if err := w.cmd.Wait(); err != nil {
		t.Error(err)
	}
	if log := w.log.String(); log != "" {
		t.Errorf("the window printed: %s", log)
	}
}
