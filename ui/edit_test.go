package ui

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"glassmaster/drive"
	"glassmaster/mastering/compilation"
	mimage "glassmaster/mastering/image"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/volume"
	"glassmaster/ui/engine"
	"glassmaster/ui/model"
	"glassmaster/ui/widgets"
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
	p.until("the image", func() bool { return p.last("browse")["name"] == path && p.browse.CanEdit() })
	p.press("Edit")
	p.until("the editor", func() bool { return p.browse.Editor() != nil })
	p.until("the files", func() bool { return !p.browse.Editor().List.Root().Unread() })
	return p.browse.Editor()
}

// item chooses an item of the menu that is open.
func (p *pilot) item(text string) {
	p.t.Helper()
	var item fyne.Tappable // contains the texts that follow it
	for _, o := range p.overlay() {
		if i, ok := o.(fyne.Tappable); ok {
			item = i
		}
		if c, ok := o.(*canvas.Text); ok && c.Text == text {
			item.Tapped(&fyne.PointEvent{})
			return
		}
	}
	p.t.Fatalf("the menu has no item %q", text)
}

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
	m.List.Open(m.List.Root().Child("boot"))
	if !p.shown("into the image, and can be undone") {
		t.Error("it does not say what saving does")
	}
	p.press("Save")
	p.until("the saving", func() bool { return p.last("saved image")["ok"] != nil })
	if p.last("saved image")["ok"] != true {
		t.Fatalf("it was not saved: %v", p.last("saved image"))
	}
	p.until("the message", func() bool { return p.shown("linux.iso was changed") })
	if got := filesIn(t, iso); got != "boot/grub.cfg preseed.cfg README.txt" {
		t.Errorf("the image has %s", got)
	}
	p.until("the editor", func() bool { return p.browse.Editor() != nil })
	if p.window.Title() != "Glassmaster" || p.browse.Editor() == m || p.browse.Unsaved() {
		t.Error("the saved image is not what is edited now")
	}
	p.until("the folder", func() bool { return p.browse.Editor().List.Folder().Path() == "/boot" })
	p.until("the journal", func() bool { return p.last("last update")["undo"] == true })
	p.press("Undo last update…")
	p.answerSheet("Undo update")
	p.until("the undoing", func() bool { return p.last("undone")["ok"] != nil })
	p.until("the message", func() bool { return p.shown("was undone") })
	if after, _ := os.ReadFile(iso); string(after) != string(before) {
		t.Errorf("the image is not what it was before: %s", filesIn(t, iso))
	}
}

// TestEditBeginsWithADrop drops a file on an image that is shown.
func TestEditBeginsWithADrop(t *testing.T) {
	p := newPilot(t)
	iso := imageOf(t, "linux.iso", "boot/grub.cfg")
	p.openFiles([]string{iso})
	p.until("the image", func() bool { return p.last("browse")["name"] == iso && p.browse.CanEdit() })
	p.drop(fyne.NewPos(900, 500), hostFiles(t, "ks.cfg")+"/ks.cfg")
	p.until("the editor", func() bool { return p.browse.Editor() != nil })
	p.edited("1 added")
	if p.page != browsePage {
		t.Errorf("the file went to %s", p.page)
	}
	// The image that is shown in Browse is the one of the file: it must not be burned for the
	// edited one.
	if p.browse.Image() != "" {
		t.Error("the image without the changes is offered to be burned")
	}
}

// TestEditAsksBeforeLeaving closes the window, and opens another image, with unsaved changes.
func TestEditAsksBeforeLeaving(t *testing.T) {
	p := newPilot(t)
	iso, other := imageOf(t, "one.iso", "a.txt", "b.txt"), imageOf(t, "two.iso", "c.txt")
	m := p.edits(iso)
	closed := false
	p.AskClose(func() { closed = true })
	if !closed {
		t.Error("it asks although nothing was changed")
	}
	m.Remove([]*tree.Node{m.List.Root().Child("a.txt")})
	p.edited("1 removed")
	closed = false
	p.show(compilePage)
	p.AskClose(func() { closed = true })
	if closed || p.sheet() != "Save the changes to one.iso?" || p.page != browsePage {
		t.Errorf("the sheet is %q", p.sheet())
	}
	p.key(fyne.KeyEscape)
	p.openFiles([]string{other})
	if p.sheet() != "Save the changes to one.iso?" {
		t.Fatalf("opening another image, the sheet is %q", p.sheet())
	}
	p.key(fyne.KeyEscape)
	if !p.browse.Unsaved() {
		t.Fatal("Escape loses the changes")
	}
	p.openFiles([]string{other})
	p.key(fyne.KeyReturn) // Save
	p.until("the other image", func() bool { return p.last("browse")["name"] == other })
	if got := filesIn(t, iso); got != "b.txt" {
		t.Errorf("the image has %s", got)
	}
	p.edits(iso)
	m = p.browse.Editor()
	m.Remove([]*tree.Node{m.List.Root().Child("b.txt")})
	p.edited("1 removed")
	p.AskClose(func() { closed = true })
	p.answerSheet("Close without saving")
	p.until("the closing", func() bool { return closed })
	if got := filesIn(t, iso); got != "b.txt" {
		t.Errorf("discarded changes were saved: %s", got)
	}
}

// TestEditSavesAs edits an image that cannot be changed itself, and saves it as a new one.
func TestEditSavesAs(t *testing.T) {
	p := newPilot(t)
	iso := imageOf(t, "linux.iso", "a.txt", "b.txt")
	plain, err := os.ReadFile(iso)
	if err != nil {
		t.Fatal(err)
	}
	packed := iso + ".gz"
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(plain)
	z.Close()
	if err := os.WriteFile(packed, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	m := p.edits(packed)
	if !p.shown("cannot be changed in place") {
		t.Error("it does not say that the image cannot be changed")
	}
	if at := p.layer.Controls()["Add"]; len(at) < 2 || at[1] < 110 {
		t.Errorf("the message covers the buttons, at %v", at)
	}
	m.SetLabel("NEW")
	p.edited("new label")
	if m.WhySave() == "" || m.WhySaveAs() != "" {
		t.Errorf("save: %q, save as: %q", m.WhySave(), m.WhySaveAs())
	}
	p.pick = filepath.Join(t.TempDir(), "new.iso")
	p.press("Save as…")
	p.answerSheet("Save as…")
	p.until("the new image", func() bool { return p.last("browse")["name"] == p.pick })
	if !p.shown("NEW") || filesIn(t, p.pick) != "a.txt b.txt" {
		t.Errorf("the new image has another label, or %s", filesIn(t, p.pick))
	}
	if now, _ := os.ReadFile(packed); !bytes.Equal(now, b.Bytes()) {
		t.Error("the old image was changed")
	}
}

// TestEditOfAChangedImage saves an image that another program has changed meanwhile.
func TestEditOfAChangedImage(t *testing.T) {
	p := newPilot(t)
	iso := imageOf(t, "linux.iso", "a.txt", "b.txt")
	m := p.edits(iso)
	m.Remove([]*tree.Node{m.List.Root().Child("a.txt")})
	p.edited("1 removed")
	f, err := os.OpenFile(iso, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.Write(make([]byte, 2048))
	f.Close()
	was, _ := os.ReadFile(iso)
	p.press("Save")
	p.until("the failure", func() bool { return p.last("save failed")["text"] != nil })
	if p.sheet() != "linux.iso was not saved" || !p.sees("another program") || !p.sees("Open it again") {
		t.Errorf("the sheet is %q", p.sheet())
	}
	p.key(fyne.KeyEscape)
	if now, _ := os.ReadFile(iso); !bytes.Equal(now, was) || !p.browse.Unsaved() {
		t.Error("the image was changed, or the changes are lost")
	}
}

// TestEditProperties changes permissions in the sheet, which refuses what is not valid.
func TestEditProperties(t *testing.T) {
	p := newPilot(t)
	m := p.edits(imageOf(t, "linux.iso", "a.txt", "b.txt"))
	n := m.List.Root().Child("a.txt")
	m.List.Selection.Set(n)
	p.browse.Browser().Reload()
	p.press("Change permissions, owner and date")
	enter := func(from, to string) {
		t.Helper()
		for _, o := range p.overlay() {
			if f, ok := o.(*widgets.Field); ok && f.Text == from {
				f.SetText(to)
				return
			}
		}
		t.Fatalf("no field has the text %q", from)
	}
	was := model.TextsOf([]*tree.Node{n}).Permissions
	enter(was, "rwx")
	p.answerSheet("Apply")
	if p.sheet() == "" || !p.sees("not an octal number") {
		t.Fatal("it accepts permissions that are not a number")
	}
	enter("rwx", "0700")
	p.answerSheet("Apply")
	p.edited("1 with other properties")
	if n.Mode != 0o700 {
		t.Errorf("the mode is %v", n.Mode)
	}
	p.press("Take back")
	p.edited("")
	if got := model.TextsOf([]*tree.Node{n}).Permissions; got != was {
		t.Errorf("taken back, the permissions are %s, not %s", got, was)
	}
}

// TestEditListsChanges takes a change back in the list of all changes.
func TestEditListsChanges(t *testing.T) {
	p := newPilot(t)
	m := p.edits(imageOf(t, "linux.iso", "a.txt", "b.txt"))
	m.Remove([]*tree.Node{m.List.Root().Child("a.txt")})
	m.SetLabel("NEW")
	p.edited("1 removed, new label")
	p.press("Changes…")
	for _, text := range []string{"/a.txt", "“NEW”", "was “SAMPLE”"} {
		if !p.sees(text) {
			t.Errorf("the list lacks %s", text)
		}
	}
	for _, o := range p.overlay() {
		if b, ok := o.(*widgets.Button); ok && b.Text == "Put back" {
			b.OnTapped()
			break
		}
	}
	p.edited("new label")
	p.key(fyne.KeyEscape)
	p.press("Undo all")
	p.edited("")
	if m.Label() != "SAMPLE" {
		t.Errorf("the label is %s", m.Label())
	}
}

// TestEditCompacts saves an image without a file, and drops what nothing refers to.
func TestEditCompacts(t *testing.T) {
	p := newPilot(t)
	iso := imageOf(t, "linux.iso", "a.txt", "b.txt")
	f := filepath.Join(t.TempDir(), "big")
	if err := os.WriteFile(f, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	save := func() {
		t.Helper()
		was := p.browse.Editor()
		p.events = nil
		p.press("Save")
		p.until("the saving", func() bool { return p.last("saved image")["ok"] == true })
		p.until("the editor", func() bool { m := p.browse.Editor(); return m != nil && m != was && !m.List.Root().Unread() })
	}
	p.edits(iso)
	p.drop(fyne.NewPos(900, 500), f)
	p.edited("1 added")
	save()
	m := p.browse.Editor()
	m.Remove([]*tree.Node{m.List.Root().Child("big")})
	p.edited("1 removed")
	save()
	before, _ := os.Stat(iso)
	p.press("Sessions, compacting and boot entries")
	p.item("Compact…")
	p.until("the plan", func() bool { return p.last("compact planned")["ok"] != nil })
	if p.sheet() != "Compact linux.iso?" {
		t.Fatalf("the sheet is %q, with the plan %v", p.sheet(), p.last("compact planned"))
	}
	p.picture("compact")
	p.events = nil
	p.answerSheet("Compact")
	p.until("the compacting", func() bool { return p.last("saved image")["ok"] != nil })
	after, _ := os.Stat(iso)
	if p.last("saved image")["ok"] != true || before.Size()-after.Size() < 1<<20 || filesIn(t, iso) != "a.txt b.txt" {
		t.Errorf("%v: %d bytes became %d, with %s", p.last("saved image"), before.Size(), after.Size(), filesIn(t, iso))
	}
	p.until("the message", func() bool { return p.shown("was compacted") })
}

// TestBurnKeepsAnEditedDisc begins to burn in the drive whose disc is edited: it asks before
// the changes are lost.
func TestBurnKeepsAnEditedDisc(t *testing.T) {
	path := filepath.Join(t.TempDir(), "disc")
	t.Setenv(drive.Environment, "virtual:"+path+"?medium=dvd+rw")
	p := newPilot(t)
	ready := func() {
		t.Helper()
		p.until("the plan", func() bool { return p.last("settings")["ready"] == true })
	}
	p.drop(fyne.NewPos(700, 400), filepath.Join(hostFiles(t, "a.txt"), "a.txt"))
	p.compiled(1)
	p.press("Burn…")
	ready()
	p.press("Burn")
	p.until("the outcome", func() bool { return p.last("outcome")["verdict"] != nil })
	p.press("Done")
	name := p.burning.Target().Drive
	p.show(browsePage)
	p.browse.Open(name)
	p.until("the disc", func() bool { return p.last("browse")["name"] == name && p.browse.CanEdit() })
	p.press("Edit")
	p.until("the editor", func() bool { return p.browse.Editor() != nil && !p.browse.Editor().List.Root().Unread() })
	m := p.browse.Editor()
	m.Remove([]*tree.Node{m.List.Root().Child("a.txt")})
	p.edited("1 removed")
	p.show(burnPage)
	p.events = nil
	p.burn.StartAction(model.Eject)
	if !strings.HasPrefix(p.sheet(), "Save the changes to") || !p.browse.Unsaved() {
		t.Fatalf("the sheet is %q", p.sheet())
	}
	p.key(fyne.KeyEscape)
	if !p.browse.Unsaved() {
		t.Error("Cancel loses the changes")
	}
	p.burn.StartAction(model.Eject)
	p.answerSheet("Discard changes")
	p.until("the tray", func() bool { return p.last("settings")["ready"] == false && p.browse.Editor() == nil })
}

// TestEditOfAnIncompleteImage asks before it saves an image without files that are lost.
func TestEditOfAnIncompleteImage(t *testing.T) {
	p := newPilot(t)
	iso := imageOf(t, "linux.iso", "a.txt", "b.txt")
	info, err := os.Stat(iso)
	if err != nil {
		t.Fatal(err)
	}
	whole := 0 // sectors of the image without the padding at its end
	b, _ := os.ReadFile(iso)
	for n := 0; n < int(info.Size()/2048); n++ {
		if bytes.ContainsAny(b[n*2048:(n+1)*2048], "ab") && !bytes.Equal(b[n*2048:(n+1)*2048], make([]byte, 2048)) {
			whole = n + 1
		}
	}
	if err := os.Truncate(iso, int64(whole-1)*2048); err != nil {
		t.Fatal(err)
	}
	m := p.edits(iso)
	m.SetLabel("NEW")
	p.edited("new label")
	if m.WhySave() == "" {
		t.Fatal("an incomplete image can be changed")
	}
	p.pick = filepath.Join(t.TempDir(), "new.iso")
	p.press("Save as…")
	if p.sheet() != "The new image will lack files that cannot be read" {
		t.Fatalf("the sheet is %q", p.sheet())
	}
	p.key(fyne.KeyEscape)
	p.press("Save as…")
	p.answerSheet("Save without them")
	p.until("the formats", func() bool { return strings.HasPrefix(p.sheet(), "Save linux.iso as") })
}
