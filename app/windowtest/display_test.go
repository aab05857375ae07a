package windowtest

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"glassmaster/mastering/peertest"
)

// eventTimeout limits the wait for an event. Only a failing test waits so long.
const eventTimeout = 60 * time.Second

// display is an X server with a window manager, and the programs on it.
type display struct {
	t    *testing.T
	name string
	home string
}

// newDisplay starts an X server of the given size.
func newDisplay(t *testing.T, size string) *display {
	t.Helper()
	peertest.Need(t, "Xvfb", "openbox", "xdotool", "import")
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	d := &display{t: t, home: t.TempDir()}
	t.Cleanup(d.leavesNothing)
	x := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", size+"x24", "-nolisten", "tcp")
	x.ExtraFiles = []*os.File{w}
	d.run(x)
	w.Close()
	number, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatalf("the X server did not say its display: %v", err)
	}
	d.name = ":" + strings.TrimSpace(number)
	config, err := filepath.Abs("testdata/openbox.xml")
	if err != nil {
		t.Fatal(err)
	}
	d.start("openbox", "--config-file", config)
	return d
}

// python returns a Python with GTK. The first one in PATH may not have it.
func python(t *testing.T) string {
	t.Helper()
	for _, p := range []string{"python3", "/usr/bin/python3"} {
		try := exec.Command(p, "-c", `import gi; gi.require_version("Gtk", "3.0"); from gi.repository import Gtk`)
		if try.Run() == nil {
			return p
		}
	}
	peertest.Skip(t, "no python3 can load GTK 3 (python3-gi, gir1.2-gtk-3.0)")
	return ""
}

// start runs a program on the display until the test ends.
func (d *display) start(program string, args ...string) *exec.Cmd {
	d.t.Helper()
	return d.run(d.command(program, args...))
}

func (d *display) command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	// Without a bus address, libraries start a bus daemon that does not end.
	cmd.Env = append(os.Environ(), "DISPLAY="+d.name, "HOME="+d.home, "XDG_CONFIG_HOME="+d.home, "XDG_STATE_HOME="+d.home,
		"XDG_RUNTIME_DIR="+d.home, "DBUS_SESSION_BUS_ADDRESS=unix:path="+filepath.Join(d.home, "no-bus"), "FYNE_SCALE=1", "LIBGL_ALWAYS_SOFTWARE=1", "GDK_BACKEND=x11", "WAYLAND_DISPLAY=",
		"NO_AT_BRIDGE=1", "LC_ALL=C.UTF-8")
	return cmd
}

func (d *display) run(cmd *exec.Cmd) *exec.Cmd {
	d.t.Helper()
	if err := cmd.Start(); err != nil {
		d.t.Fatalf("start %s: %v", cmd.Path, err)
	}
	d.t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	return cmd
}

// leavesNothing checks that all programs of the display have ended. They, and the programs
// they started, are recognized by the display's HOME in their environment.
func (d *display) leavesNothing() {
	all, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil || len(all) == 0 {
		d.t.Fatalf("list the processes: %d, %v", len(all), err)
	}
	for _, path := range all {
		env, err := os.ReadFile(path)
		if err != nil || !bytes.Contains(env, []byte("HOME="+d.home+"\x00")) {
			continue // it has ended, or is not of this display
		}
		line, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "cmdline"))
		d.t.Errorf("still running: %s", bytes.ReplaceAll(line, []byte{0}, []byte{' '}))
		var pid int
		if _, err := fmt.Sscanf(path, "/proc/%d/", &pid); err == nil {
			syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// xdotool moves the pointer and types keys.
func (d *display) xdotool(args ...string) string {
	d.t.Helper()
	out, err := d.command("xdotool", args...).CombinedOutput()
	if err != nil {
		d.t.Fatalf("xdotool %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// click clicks at a position.
func (d *display) click(at [2]int) {
	d.t.Helper()
	d.xdotool("mousemove", fmt.Sprint(at[0]), fmt.Sprint(at[1]), "sleep", "0.1", "click", "1")
}

// drag drags from one position to another, in steps.
func (d *display) drag(from, to [2]int) {
	d.t.Helper()
	args := []string{"mousemove", fmt.Sprint(from[0]), fmt.Sprint(from[1]), "sleep", "0.2", "mousedown", "1", "sleep", "0.2"}
	for i := 1; i <= 12; i++ {
		x, y := from[0]+(to[0]-from[0])*i/12, from[1]+(to[1]-from[1])*i/12
		args = append(args, "mousemove", fmt.Sprint(x), fmt.Sprint(y), "sleep", "0.05")
	}
	args = append(args, "sleep", "0.5", "mouseup", "1")
	d.xdotool(args...)
}

// windowAt returns the position and size of a window.
func (d *display) windowAt(title string) (x, y, w, h int) {
	d.t.Helper()
	id := strings.Fields(d.xdotool("search", "--sync", "--onlyvisible", "--name", "^"+title+"$"))[0]
	for line := range strings.Lines(d.xdotool("getwindowgeometry", "--shell", id)) {
		fmt.Sscanf(line, "X=%d", &x)
		fmt.Sscanf(line, "Y=%d", &y)
		fmt.Sscanf(line, "WIDTH=%d", &w)
		fmt.Sscanf(line, "HEIGHT=%d", &h)
	}
	return x, y, w, h
}

// picture saves a screenshot where the environment names a folder for it.
func (d *display) picture(name string) {
	d.t.Helper()
	dir := os.Getenv("GLASSMASTER_PICTURES")
	if dir == "" {
		return
	}
	if out, err := d.command("import", "-window", "root", filepath.Join(dir, name+".png")).CombinedOutput(); err != nil {
		d.t.Errorf("take a picture: %v\n%s", err, out)
	}
}
