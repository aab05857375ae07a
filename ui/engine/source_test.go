package engine_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/drive/job"
	"glassmaster/drive/record"
	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/ui/engine"
	"glassmaster/ui/model"
)

// mastered writes an image with a file of 1 MB.
func mastered(t *testing.T) string {
	t.Helper()
	dir, path := t.TempDir(), filepath.Join(t.TempDir(), "x.iso")
	if err := os.WriteFile(filepath.Join(dir, "file"), bytes.Repeat([]byte("x"), 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := engine.New().Write(t.Context(), fromImage(dir), model.Target{File: path}, model.Options{}, progress.Discard); err != nil {
		t.Fatal(err)
	}
	return path
}

// The window copies the part in use of a disc that is overwritten in place, as the
// command line does.
func TestCopyUsedPart(t *testing.T) {
	e, image := engine.New(), mastered(t)
	info, err := os.Stat(image)
	if err != nil {
		t.Fatal(err)
	}
	name := "virtual:" + filepath.Join(t.TempDir(), "disc") + "?medium=bd-re"
	if _, err := e.Write(t.Context(), fromImage(image), model.Target{Drive: name}, model.Options{}, progress.Discard); err != nil {
		t.Fatal(err)
	}
	src, copied := model.Source{Kind: model.FromDrive, Name: name}, model.Target{File: filepath.Join(t.TempDir(), "copy.iso")}
	p := e.PlanWrite(t.Context(), src, copied, model.Options{})
	if p.Err != nil || p.Sectors != info.Size()/disc.SectorSize || p.Plan.Unused == 0 || !strings.Contains(strings.Join(p.Warnings(), "\n"), "in use") {
		t.Errorf("%d sectors, %q, %v", p.Sectors, p.Warnings(), p.Err)
	}
	if r, err := e.Write(t.Context(), src, copied, model.Options{}, progress.Discard); err != nil || !r.Verified {
		t.Errorf("%+v, %v", r, err)
	}
	if s, err := os.Stat(copied.File); err != nil || s.Size() != info.Size() {
		t.Errorf("%v, %v", s, err)
	}
}

func fromImage(path string) model.Source { return model.Source{Kind: model.FromImage, Name: path} }

// An image of an incomplete source is written, but is not a success.
func TestWriteImageOfShortSource(t *testing.T) {
	for _, o := range []model.Options{{}, {Options: record.Options{NoVerify: true}}} {
		image := mastered(t)
		if err := os.Truncate(image, 300*disc.SectorSize); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "copy.iso")
		r, err := engine.New().Write(t.Context(), fromImage(image), model.Target{File: path}, o, progress.Discard)
		if v := model.Judge(r, err, o.Options); v.Verdict == model.Verified || !strings.Contains(v.Headline, "INCOMPLETE") {
			t.Errorf("%+v", v)
		}
		if s, err := os.Stat(path); err != nil || s.Size() != 300*disc.SectorSize {
			t.Errorf("%v, %v", s, err)
		}
	}
}

// A file that has changed since it was added never results in an image that looks good.
func TestWriteImageOfChangedFiles(t *testing.T) {
	for _, c := range []struct {
		name   string
		do     func(path string) error
		writes bool // the image, and reports what has happened
	}{
		{"longer", func(p string) error { return os.Truncate(p, 2<<20) }, true},
		{"shorter", func(p string) error { return os.Truncate(p, 1000) }, false},
		{"removed", os.Remove, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, path := t.TempDir(), filepath.Join(t.TempDir(), "x.iso")
			file := filepath.Join(dir, "file")
			if err := os.WriteFile(file, bytes.Repeat([]byte("x"), 1<<20), 0o600); err != nil {
				t.Fatal(err)
			}
			comp := compilation.New()
			if _, err := comp.AddPaths(t.Context(), []string{dir}, false, progress.Discard); err != nil {
				t.Fatal(err)
			}
			if err := c.do(file); err != nil {
				t.Fatal(err)
			}
			src := model.Source{Kind: model.FromCompilation, Compilation: comp}
			r, err := engine.New().Write(t.Context(), src, model.Target{File: path}, model.Options{}, progress.Discard)
			if v := model.Judge(r, err, record.Options{}); v.Verdict == model.Verified {
				t.Errorf("the outcome is %+v", v)
			}
			if c.writes != (err == nil && len(r.Changes) == 1) {
				t.Errorf("error %v, changes %v", err, r.Changes)
			}
			if _, err := os.Stat(path); c.writes != (err == nil) {
				t.Errorf("the image: %v", err)
			}
		})
	}
}

// A copy of a disc whose files cannot be found is not a success.
func TestWriteImageOfUnopenable(t *testing.T) {
	p := make([]byte, 400*disc.SectorSize)
	d := p[16*disc.SectorSize:]
	copy(d, "\x01CD001\x01")
	d[80], d[81] = 0x90, 1 // 400 sectors
	copy(d[disc.SectorSize:], "\xffCD001\x01")
	path := filepath.Join(t.TempDir(), "bad.iso")
	if err := os.WriteFile(path, p, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := engine.New().Write(t.Context(), fromImage(path), model.Target{File: filepath.Join(t.TempDir(), "x.iso")}, model.Options{}, progress.Discard)
	if v := model.Judge(r, err, record.Options{}); v.Verdict == model.Verified || v.Verdict == model.Simulated || !strings.Contains(v.Text, "cannot be found") {
		t.Errorf("%+v", v)
	}
}

// TestWriteLackingFiles writes a compilation to which a file could not be added.
func TestWriteLackingFiles(t *testing.T) {
	comp := compilation.New()
	path := filepath.Join(t.TempDir(), "gone")
	src := model.Source{Kind: model.FromCompilation, Compilation: comp, Missing: []disc.Notice{{Severity: disc.Error, Path: path, Text: "no such file"}}}
	drive := "virtual:" + filepath.Join(t.TempDir(), "dvd") + "?medium=dvd+r"
	e := engine.New()
	for _, to := range []model.Target{{File: filepath.Join(t.TempDir(), "x.iso")}, {Drive: drive}} {
		o := model.Options{}
		p := e.PlanWrite(t.Context(), src, to, o)
		if !errors.Is(p.Err, job.ErrMissing) || !strings.Contains(strings.Join(p.Warnings(), "\n"), path) {
			t.Errorf("%v: planned: %v, %v", to, p.Err, p.Warnings())
		}
		if _, err := e.Write(t.Context(), src, to, o, progress.Discard); !errors.Is(err, job.ErrMissing) {
			t.Errorf("%v: written: %v", to, err)
		}
		o.Force = true
		p = e.PlanWrite(t.Context(), src, to, o)
		if p.Err != nil || !strings.Contains(strings.Join(p.Warnings(), "\n"), path) {
			t.Errorf("%v: planned anyway: %v, %v", to, p.Err, p.Warnings())
		}
		r, err := e.Write(t.Context(), src, to, o, progress.Discard)
		v := model.Judge(r, err, o.Options)
		if v.Verdict != model.Unverified || !strings.Contains(v.Headline, "INCOMPLETE") || !strings.Contains(v.Text, path) {
			t.Errorf("%v: the outcome is %v, %s: %s", to, v.Verdict, v.Headline, v.Text)
		}
	}
}
