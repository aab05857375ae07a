package engine_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/volume"
	"glassmaster/ui/engine"
	"glassmaster/ui/model"
)

// label returns the label of the volume in an image.
func label(t *testing.T, path string) string {
	t.Helper()
	d, _, err := image.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	f, err := volume.OpenDisc(t.Context(), d, volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fs.Stat(f, "file"); err != nil {
		t.Error(err)
	}
	return f.Volume().Label
}

// TestEdit changes the label of images: of a plain one in place, of others in a new file.
func TestEdit(t *testing.T) {
	e := engine.New()
	for _, c := range []struct {
		format string
		update bool
	}{{"ISO", true}, {"CUE", false}} {
		t.Run(c.format, func(t *testing.T) {
			path := mastered(t)
			if c.format != "ISO" {
				to := filepath.Join(t.TempDir(), "x.cue")
				if _, err := e.Convert(t.Context(), path, to, c.format, false, nil, progress.Discard); err != nil {
					t.Fatal(err)
				}
				path = to
			}
			m, err := e.Edit(t.Context(), path, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			comp := model.Edited{Compilation: m.Compilation().Snapshot()}
			p, err := m.Plan(t.Context(), comp, progress.Discard)
			if err != nil || p.Writes != 0 || p.Before != p.After {
				t.Errorf("unchanged, the plan is %+v, %v", p, err)
			}
			comp.Label = "CHANGED"
			p, err = m.Plan(t.Context(), comp, progress.Discard)
			if err != nil || p.Unsafe != nil || p.Update != c.update || p.Writes == 0 || m.Facts().Fixed != "" {
				t.Errorf("the plan is %+v, %v; %+v", p, err, m.Facts())
			}
			s, err := m.Save(t.Context(), comp, progress.Discard)
			if err != nil || s.CanUndo != c.update || label(t, path) != "CHANGED" {
				t.Errorf("saved: %+v, %v, %s", s, err, label(t, path))
			}
			made, err := e.LastUpdate(path)
			if err != nil || made.IsZero() == c.update {
				t.Errorf("the last update is of %v, %v", made, err)
			}
			if !c.update {
				return
			}
			if err := e.UndoUpdate(t.Context(), path, progress.Discard); err != nil || label(t, path) == "CHANGED" {
				t.Errorf("undone: %v, %s", err, label(t, path))
			}
		})
	}
}

// TestEditFixed edits a disc in a drive, which can only be saved as an image.
func TestEditFixed(t *testing.T) {
	e := engine.New()
	name := "virtual:" + filepath.Join(t.TempDir(), "disc") + "?medium=dvd+r"
	if _, err := e.Write(t.Context(), fromImage(mastered(t)), model.Target{Drive: name}, model.Options{}, progress.Discard); err != nil {
		t.Fatal(err)
	}
	m, err := e.Edit(t.Context(), name, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if why := m.Facts().Fixed; !strings.Contains(why, "in the drive") {
		t.Errorf("it says %q", why)
	}
	comp := model.Edited{Compilation: m.Compilation().Snapshot()}
	comp.Label = "CHANGED"
	to := filepath.Join(t.TempDir(), "x.iso")
	c, err := m.SaveAs(t.Context(), comp, to, "ISO", false, nil, progress.Discard)
	if err != nil || !c.Good || label(t, to) != "CHANGED" {
		t.Errorf("%+v, %v", c, err)
	}
}

// TestEditChangedMeanwhile saves an image that was changed since it was opened, in all ways.
func TestEditChangedMeanwhile(t *testing.T) {
	path := mastered(t)
	m, err := engine.New().Edit(t.Context(), path, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	comp := model.Edited{Compilation: m.Compilation().Snapshot()}
	comp.Label = "CHANGED"
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.Write(make([]byte, disc.SectorSize))
	f.Close()
	_, err = m.Save(t.Context(), comp, progress.Discard)
	_, other := m.SaveAs(t.Context(), comp, filepath.Join(t.TempDir(), "x.iso"), "ISO", false, nil, progress.Discard)
	if !errors.Is(err, model.ErrImageChanged) || !errors.Is(other, model.ErrImageChanged) || label(t, path) == "CHANGED" {
		t.Errorf("%v, %v", err, other)
	}
}

// TestEditOfARemovedImage saves an image whose file was removed or replaced as a new one.
func TestEditOfARemovedImage(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a file that is open cannot be removed on Windows")
	}
	e := engine.New()
	path := mastered(t)
	m, err := e.Edit(t.Context(), path, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	comp := model.Edited{Compilation: m.Compilation().Snapshot()}
	comp.Label = "CHANGED"
	for _, replace := range []bool{false, true} {
		os.Remove(path)
		if replace {
			if err := os.WriteFile(path, []byte("another"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := m.Save(t.Context(), comp, progress.Discard); !errors.Is(err, model.ErrImageGone) {
			t.Errorf("saved: %v", err)
		}
		if p, _ := os.ReadFile(path); replace && string(p) != "another" {
			t.Error("the other file was changed")
		}
		to := filepath.Join(t.TempDir(), "new.iso")
		c, err := m.SaveAs(t.Context(), comp, to, "ISO", false, nil, progress.Discard)
		if err != nil || !c.Good || label(t, to) != "CHANGED" {
			t.Errorf("saved as a new image: %+v, %v", c, err)
		}
	}
}
