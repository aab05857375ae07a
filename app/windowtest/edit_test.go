package windowtest

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/peertest"
)

// TestEditBootable adds an answer file to a bootable image, as people do who install from it:
// it opens the image, drops the file on it, saves, and undoes the update. xorriso must see
// the same boot records before and after.
func TestEditBootable(t *testing.T) {
	peertest.Need(t, "grub-mkrescue", "mformat", "xorriso", "bsdtar")
	py := python(t)
	d := newDisplay(t, "1280x800")
	dir := t.TempDir()
	for name, text := range map[string]string{"boot/grub/grub.cfg": "set timeout=5\n", "install/vmlinuz": "kernel", "README": "read me"} {
		path := filepath.Join(dir, "files", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	iso, answers := filepath.Join(dir, "installer.iso"), filepath.Join(dir, "preseed.cfg")
	peertest.Run(t, "", "grub-mkrescue", "-o", iso, filepath.Join(dir, "files"))
	if err := os.WriteFile(answers, []byte("d-i answers"), 0o666); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(iso)
	if err != nil {
		t.Fatal(err)
	}
	boots := peertest.BootReport(t, iso)

	w := openWindow(d, build(t), nil, iso)
	w.await("browse", nil)
	edit := w.button("Edit")
	w.picture("browse-bootable")
	d.click(edit)
	w.await("editing", nil)
	d.dropFrom(py, w, [2]int{640, 640}, answers)
	w.await("edited", func(e event) bool { return e["changes"] == "1 added" && e["update"] == true })
	save := w.button("Save")
	w.picture("edit-bootable")
	d.click(save)
	if e := w.await("saved image", nil); e["ok"] != true {
		t.Fatalf("it was not saved: %v", e)
	}
	w.await("last update", func(e event) bool { return e["undo"] == true })
	undo := w.button("Undo last update…")
	w.picture("edit-saved")
	if got := peertest.Run(t, "", "bsdtar", "-xOf", iso, "preseed.cfg"); got != "d-i answers" {
		t.Errorf("bsdtar reads %q", got)
	}
	if got := peertest.BootReport(t, iso); got != boots || !strings.Contains(boots, "El Torito") {
		t.Errorf("the boot records were\n%s\nand are\n%s", boots, got)
	}

	d.click(undo)
	d.click(w.button("Undo update"))
	if e := w.await("undone", nil); e["ok"] != true {
		t.Fatalf("it was not undone: %v", e)
	}
	if now, err := os.ReadFile(iso); err != nil || !bytes.Equal(now, before) {
		t.Errorf("the image is not what it was: %v", err)
	}
}
