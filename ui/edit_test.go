package ui

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"glassmaster/mastering/compilation"
	mimage "glassmaster/mastering/image"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/volume"
	"glassmaster/ui/engine"
	"glassmaster/ui/model"
)

// imageOf writes an image of files whose contents are their names.
func imageOf(t *testing.T, name string, files ...string) string {
	t.Helper()
	c := compilation.New()
	c.Label = "SAMPLE"
	nodes, _, err := compilation.Scan(t.Context(), []string{hostFiles(t, files...) + "/"}, c.ScanOptions(), progress.Discard)
	if err != nil {
		t.Fatal(err)
	}
	c.Add(c.Root(), nodes)
	src, path := model.Source{Kind: model.FromCompilation, Compilation: c}, filepath.Join(t.TempDir(), name)
	if _, err := engine.New().Write(t.Context(), src, model.Target{File: path}, model.Options{}, progress.Discard); err != nil {
		t.Fatal(err)
	}
	return path
}

// filesIn returns the paths and contents of the files in an image.
func filesIn(t *testing.T, path string) string {
	t.Helper()
	d, _, err := mimage.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	f, err := volume.OpenDisc(t.Context(), d, volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	err = volume.Walk(f, ".", func(e *volume.Entry) error {
		if e.Mode.IsRegular() {
			out = append(out, string(e.Path))
		}
		return e.Err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(out, " ")
}

// edits opens an image and begins to edit it.
func (p *pilot) edits(path string) *model.Editing {
	p.t.Helper()
	p.openFiles([]string{path})
	p.until("the image", func() bool { return p.last("browse")["name"] == path && !p.browseBusy() })
	p.press("Edit")
	p.until("the editor", func() bool { return p.browse.Editing() })
	p.until("the files", func() bool { return !p.browse.Editor().List.Root().Unread() })
	return p.browse.Editor()
}

func (p *pilot) browseBusy() bool { return p.browse.Work() != "" }

// edited waits until the changes have a summary, and what saving does is known.
func (p *pilot) edited(summary string) {
	p.t.Helper()
	p.until("the changes "+summary, func() bool {
		return p.last("edited")["changes"] == summary && !p.browse.Editor().Measuring()
	})
}

// TestEditAndSave adds a file to an image by dropping it, removes and renames others, saves
// the image, and undoes the update.
func TestEditAndSave(t *testing.T) {
	p := newPilot(t)
	iso := imageOf(t, "linux.iso", "boot/grub.cfg", "docs/a.txt", "README")
	before, _ := os.ReadFile(iso)
	m := p.edits(iso)
	p.drop(fyne.NewPos(900, 500), filepath.Join(hostFiles(t, "preseed.cfg"), "preseed.cfg"))
	p.edited("1 added")
	m.Remove([]*tree.Node{m.List.Root().Child("docs")})
	p.edited("1 added, 1 removed")
	if err := m.Rename(m.List.Root().Child("README"), "README.txt"); err != nil {
		t.Fatal(err)
	}
	p.edited("1 added, 1 removed, 1 renamed")
	if w := p.window.Title(); !strings.Contains(w, "linux.iso (unsaved changes)") {
		t.Errorf("the title of the window is %q", w)
	}
	p.picture("edit")
	if !p.shown("into the image, and can be undone") {
		t.Error("it does not say what saving does")
	}
	p.press("Save")
	p.until("the saving", func() bool { return p.last("saved image")["ok"] != nil })
	if p.last("saved image")["ok"] != true {
		t.Fatalf("it was not saved: %v", p.last("saved image"))
	}
	p.until("the image", func() bool { return p.last("browse")["files"] == 3 })
	if got := filesIn(t, iso); got != "boot/grub.cfg preseed.cfg README.txt" {
		t.Errorf("the image has %s", got)
	}
	if p.window.Title() != "Glassmaster" || p.browse.Editing() {
		t.Error("it is still being edited")
	}
	p.until("the journal", func() bool { return len(p.posted) == 0 })
	p.press("Undo update…")
	p.answerSheet("Undo update")
	p.until("the undoing", func() bool { return p.last("undone")["ok"] != nil })
	p.until("the message", func() bool { return p.shown("was undone") })
	if after, _ := os.ReadFile(iso); string(after) != string(before) {
		t.Errorf("the image is not what it was before: %s", filesIn(t, iso))
	}
}
