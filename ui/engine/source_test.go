package engine

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/drive/record"
	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/ui/model"
)

// mastered writes an image with a file of 1 MB.
func mastered(t *testing.T) string {
	t.Helper()
	dir, path := t.TempDir(), filepath.Join(t.TempDir(), "x.iso")
	if err := os.WriteFile(filepath.Join(dir, "file"), bytes.Repeat([]byte("x"), 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	c := compilation.New()
	nodes, problems, err := compilation.Scan(t.Context(), []string{dir + "/"}, c.ScanOptions(), progress.Discard)
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	c.Add(c.Root(), nodes)
	img, err := c.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	p := make([]byte, img.Size())
	if _, err := img.ReadAt(p, 0); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, p, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Of a disc that is overwritten in place the window copies what is in use, as the
// command line does.
func TestOpenUsedPart(t *testing.T) {
	e, image := New(), mastered(t)
	info, err := os.Stat(image)
	if err != nil {
		t.Fatal(err)
	}
	name := "virtual:" + filepath.Join(t.TempDir(), "disc") + "?medium=bd-re"
	src, err := e.OpenSource(t.Context(), model.Source{Kind: model.FromImage, Name: image})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Burn(t.Context(), name, src.Disc, record.Options{}, progress.Discard); err != nil {
		t.Fatal(err)
	}
	src.Disc.Close()
	o, err := e.OpenSource(t.Context(), model.Source{Kind: model.FromDrive, Name: name})
	if err != nil {
		t.Fatal(err)
	}
	defer o.Disc.Close()
	if o.Sectors != info.Size()/disc.SectorSize || disc.Sectors(o.Disc) != o.Sectors || len(o.Warnings) != 1 || !strings.Contains(o.Warnings[0], "in use") {
		t.Errorf("%d sectors, %q", o.Sectors, o.Warnings)
	}
	copied := filepath.Join(t.TempDir(), "copy.iso")
	if r, err := e.WriteImage(t.Context(), copied, o.Disc, record.Options{}, progress.Discard); err != nil || !r.Verified {
		t.Errorf("%+v, %v", r, err)
	}
}

// An image of a source that is incomplete is written, and is no success.
func TestWriteImageOfShortSource(t *testing.T) {
	image := mastered(t)
	if err := os.Truncate(image, 300*disc.SectorSize); err != nil {
		t.Fatal(err)
	}
	e := New()
	o, err := e.OpenSource(t.Context(), model.Source{Kind: model.FromImage, Name: image})
	if err != nil {
		t.Fatal(err)
	}
	defer o.Disc.Close()
	path := filepath.Join(t.TempDir(), "copy.iso")
	r, err := e.WriteImage(t.Context(), path, o.Disc, record.Options{}, progress.Discard)
	if v := model.Judge(r, err, record.Options{}); v.Verdict != model.Unverified || !strings.Contains(v.Text, "300 (") {
		t.Errorf("%v: %+v", err, v)
	}
	if s, err := os.Stat(path); err != nil || s.Size() != 300*disc.SectorSize {
		t.Errorf("%v, %v", s, err)
	}
}

// A file that grows while the image is written still delivers what was planned: the
// image is kept, and what has happened is told.
func TestWriteImageOfChangedFiles(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(path string) error
		told bool // as a change; else nothing is written
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
			e := New()
			o, err := e.OpenSource(t.Context(), model.Source{Kind: model.FromImage, Name: dir})
			if err != nil {
				t.Fatal(err)
			}
			defer o.Disc.Close()
			if err := c.do(file); err != nil {
				t.Fatal(err)
			}
			r, err := e.WriteImage(t.Context(), path, o.Disc, record.Options{}, progress.Discard)
			v := model.Judge(r, err, record.Options{})
			if v.Verdict == model.Verified {
				t.Errorf("the verdict is %v", v)
			}
			if c.told != (err == nil && len(r.Changes) == 1) {
				t.Errorf("error %v, told %q", err, r.Changes)
			}
			if _, err := os.Stat(path); c.told != (err == nil) {
				t.Errorf("the image: %v", err)
			}
		})
	}
}

// A copy of what is in use of a disc whose files cannot be found is no success.
func TestWriteImageOfUnopenable(t *testing.T) {
	p := make([]byte, 400*disc.SectorSize)
	d := p[16*disc.SectorSize:]
	copy(d, "\x01CD001\x01")
	d[80], d[81] = 0x90, 1 // 400 sectors
	copy(d[disc.SectorSize:], "\xffCD001\x01")
	src := disc.Limit(disc.FromReaderAt(bytes.NewReader(append(p, make([]byte, 1<<20)...)), int64(len(p)+1<<20), nil), 400)
	r, err := New().WriteImage(t.Context(), filepath.Join(t.TempDir(), "x.iso"), src, record.Options{}, progress.Discard)
	if v := model.Judge(r, err, record.Options{}); v.Verdict != model.Unverified || !strings.Contains(v.Text, "cannot be found") {
		t.Errorf("%v: %+v", err, v)
	}
}
