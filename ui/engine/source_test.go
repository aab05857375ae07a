package engine

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/drive/record"
	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/verify"
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
	if err := img.WriteFile(t.Context(), path, compilation.WriteOptions{}, progress.Discard); err != nil {
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
	var short *verify.IncompleteError
	if _, err := e.WriteImage(t.Context(), path, o.Disc, record.Options{}, progress.Discard); !errors.As(err, &short) {
		t.Errorf("%v", err)
	}
	if s, err := os.Stat(path); err != nil || s.Size() != 300*disc.SectorSize {
		t.Errorf("%v, %v", s, err)
	}
}
