package ui

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"glassmaster/drive"
	"glassmaster/drive/virtual"
	"glassmaster/mastering/peertest"
)

// unopenable creates files that are not discs, and returns their names by what is wrong.
// All but drives have the extension .iso, so that the window opens them as images.
func unopenable(t *testing.T) map[string]string {
	t.Helper()
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name+".iso") }
	write := func(name string, data []byte) string {
		if err := os.WriteFile(path(name), data, 0o644); err != nil {
			t.Fatal(err)
		}
		return path(name)
	}
	blank := filepath.Join(dir, "blank disc")
	m, err := virtual.ParseMedium("DVD+R")
	if err == nil {
		err = virtual.Create(blank, m, virtual.Options{})
	}
	if err == nil {
		err = os.Symlink("loop.iso", path("loop"))
	}
	if err != nil {
		t.Fatal(err)
	}
	short := make([]byte, 17*2048)
	copy(short[16*2048:], "\x01CD001\x01")
	out := map[string]string{
		"junk": write("junk", bytes.Repeat([]byte("junk"), 50000)), "empty": write("empty", nil),
		"unknown": write("unknown", append(make([]byte, 1080), bytes.Repeat([]byte{0x53, 0xef}, 40000)...)),
		"cut off": write("cut off", short), "missing": path("missing"), "loop": path("loop"),
		"blank disc": virtual.Prefix + blank, "no recorder": virtual.Prefix + filepath.Join(dir, "nothing"), "no drive": "/dev/sr99",
		"empty tray": "tray:" + blank,
	}
	for name, file := range special(t, dir) {
		out[name] = file
	}
	return out
}

// TestUnopenableIsReported opens files that are not discs in every possible way. The
// window reports it, and keeps the unsaved compilation.
func TestUnopenableIsReported(t *testing.T) {
	t.Setenv(drive.Environment, "")
	ways := map[string]func(p *pilot, name string){
		"as an argument": func(p *pilot, name string) { p.openFiles([]string{name}) },
		"Open image": func(p *pilot, name string) {
			p.show(browsePage)
			p.pick = name
			p.press("Open image…")
		},
		"Open disc": func(p *pilot, name string) {
			p.show(browsePage)
			p.browse.Open(name)
		},
		"dropped on Browse": func(p *pilot, name string) {
			p.show(browsePage)
			p.drop(fyne.NewPos(700, 400), name)
		},
	}
	for what, name := range unopenable(t) {
		t.Run(what, func(t *testing.T) {
			p := withWork(t)
			for how, do := range ways {
				if filepath.Ext(name) != ".iso" && how != "Open disc" {
					continue // the others take files
				}
				p.show(compilePage)
				do(p, name)
				p.until("the message, "+how, func() bool { return p.shown("cannot be opened") })
				p.keeps(1)
				p.browse.Close()
			}
		})
	}
}

// TestUnburnableIsReported chooses files that are not discs as the source of a burn.
func TestUnburnableIsReported(t *testing.T) {
	t.Setenv(drive.Environment, "virtual:"+filepath.Join(t.TempDir(), "dvd")+"?medium=dvd+r")
	for what, name := range unopenable(t) {
		t.Run(what, func(t *testing.T) {
			p := withWork(t)
			p.show(burnPage)
			if filepath.Ext(name) != ".iso" {
				p.burn.SetImage(name)
			} else {
				p.drop(fyne.NewPos(700, 400), name)
			}
			p.until("the reason", func() bool {
				e := p.last("settings")
				why, _ := e["why"].(string)
				return strings.Contains(e["source"].(string), filepath.Base(name)) && why != "" && !strings.Contains(why, "Looking")
			})
			p.press("Compilation")
			p.until("the compilation", func() bool { return p.last("settings")["ready"] == true })
			p.keeps(1)
		})
	}
}

// TestUnloadableCompilation opens files that are not compilations.
func TestUnloadableCompilation(t *testing.T) {
	for what, name := range unopenable(t) {
		t.Run(what, func(t *testing.T) {
			if drive.IsName(name) || strings.HasPrefix(name, "/dev/") {
				t.Skip("a drive is no compilation")
			}
			p := newPilot(t)
			link := filepath.Join(t.TempDir(), "x.glassmaster")
			if err := os.Symlink(name, link); err != nil {
				t.Fatal(err)
			}
			p.openFiles([]string{link})
			p.until("the message", func() bool { return p.last("error")["title"] == "The compilation cannot be opened" })
			p.answerSheet("Close")
		})
	}
}

// withWork returns a window with an unsaved compilation.
func withWork(t *testing.T) *pilot {
	t.Helper()
	p := newPilot(t)
	p.drop(fyne.NewPos(700, 400), filepath.Join(hostFiles(t, "work.txt"), "work.txt"))
	p.compiled(1)
	return p
}

// keeps checks that the compilation is unchanged.
func (p *pilot) keeps(files int) {
	p.t.Helper()
	if n := len(p.project.Compilation().Root().Children()); n != files || !p.project.Unsaved() {
		p.t.Errorf("the compilation holds %d entries", n)
	}
}

// special creates special files, as far as the system has them.
func special(t *testing.T, dir string) map[string]string {
	t.Helper()
	peertest.Need(t, "mkfifo")
	fifo := filepath.Join(dir, "fifo.iso")
	peertest.Run(t, "", "mkfifo", fifo)
	out := map[string]string{"fifo": fifo}
	if os.Geteuid() != 0 { // who may read everything
		locked := filepath.Join(dir, "locked")
		if err := os.MkdirAll(filepath.Join(locked, "in.iso"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(locked, 0); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.Chmod(locked, 0o755) })
		out["not permitted"] = filepath.Join(locked, "in.iso")
	}
	return out
}
