package source

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/drive/read"
	"glassmaster/drive/scsi"
	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/volume"
)

// Discs of all kinds are opened in the same way and contain the same files.
func TestOpen(t *testing.T) {
	dir := t.TempDir()
	folder := filepath.Join(dir, "folder")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "hello"), []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	c := compilation.New()
	if _, err := c.AddPaths(ctx, []string{folder}, false, progress.Discard); err != nil {
		t.Fatal(err)
	}
	saved, image := filepath.Join(dir, "x"+compilation.Extension), filepath.Join(dir, "x.iso")
	if err := c.Save(saved); err != nil {
		t.Fatal(err)
	}
	m, err := c.Plan(ctx)
	if err != nil {
		t.Fatal(err)
	}
	p := make([]byte, m.Size())
	if _, err := m.ReadAt(p, 0); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(image, p, 0o600); err != nil {
		t.Fatal(err)
	}
	wrapped := 0
	o := Options{Report: progress.Discard, Wrap: func(_ string, t scsi.Transport) scsi.Transport { wrapped++; return t }}
	for name, kind := range map[string]string{
		folder: "folder", saved: "compilation", image: "image", "virtual:" + image: "drive",
	} {
		s, err := Open(ctx, name, o)
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		if s.Kind != kind || s.Name != name || len(s.Notices) > 0 {
			t.Errorf("%s: %+v", kind, s)
		}
		vol, err := volume.OpenDisc(context.Background(), s.Disc, volume.Options{})
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		located := ""
		for a := range disc.LBA(disc.Sectors(s.Disc)) {
			if strings.Contains(s.Locate(a), "hello") {
				located = s.Locate(a)
			}
		}
		if _, err := vol.Stat("hello"); err != nil || located == "" {
			t.Errorf("%s: %v, located %q", kind, err, located)
		}
		if err := s.Close(); err != nil {
			t.Errorf("%s: close: %v", kind, err)
		}
	}
	if wrapped != 1 {
		t.Errorf("%d drives were wrapped, want 1", wrapped)
	}
	if _, err := Open(ctx, "virtual:"+filepath.Join(dir, "blank")+"?medium=dvd+r&sectors=4000", o); !errors.Is(err, read.ErrBlank) {
		t.Errorf("a blank disc: %v", err)
	}
}

// TestPrepared checks that checksums are computed when a compilation is opened: a drive
// could not wait for them during a burn.
func TestPrepared(t *testing.T) {
	dir := t.TempDir()
	film, saved := filepath.Join(dir, "film"), filepath.Join(dir, "x.glassmaster")
	if err := os.WriteFile(film, []byte("film"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := compilation.New()
	c.Contents.Checksums = true
	if _, err := c.AddPaths(t.Context(), []string{film}, false, progress.Discard); err != nil {
		t.Fatal(err)
	}
	if err := c.Save(saved); err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), saved, Options{Report: progress.Discard})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := os.Remove(film); err != nil {
		t.Fatal(err)
	}
	v, err := volume.OpenDisc(context.Background(), s.Disc, volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	list, err := fs.ReadFile(v, "SHA256SUMS")
	if want := fmt.Sprintf("%x  ./film\n", sha256.Sum256([]byte("film"))); string(list) != want {
		t.Errorf("%q (%v), want %q", list, err, want)
	}
}

// TestAudioFirst checks a CD that begins with audio tracks and has its volume in a later
// session: an image read from it begins with zeros.
func TestAudioFirst(t *testing.T) {
	const start = 20000
	dir := t.TempDir()
	peertest.Run(t, dir, "mkdir", "data")
	if err := os.WriteFile(filepath.Join(dir, "data", "film"), []byte("film"), 0o600); err != nil {
		t.Fatal(err)
	}
	peertest.Run(t, dir, "genisoimage", "-quiet", "-R", "-C", fmt.Sprintf("0,%d", start), "-o", "session", "data")
	session, err := os.ReadFile(filepath.Join(dir, "session"))
	if err != nil {
		t.Fatal(err)
	}
	whole := filepath.Join(dir, "whole")
	if err := os.WriteFile(whole, append(make([]byte, start*disc.SectorSize), session...), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), whole, Options{Report: progress.Discard})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	v, err := volume.OpenDisc(context.Background(), s.Disc, volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if p, err := fs.ReadFile(v, "film"); string(p) != "film" || len(s.Defects(context.Background())) > 1 || len(s.Defects(context.Background())) == 1 && s.Defects(context.Background())[0].Severity != disc.Info {
		t.Errorf("%q, %v, %v", p, err, s.Defects(context.Background()))
	}
}

// A saved compilation is recognized by its extension, as in the window.
func TestIsPlan(t *testing.T) {
	dir := t.TempDir()
	for name, want := range map[string]bool{
		dir: true, "x.glassmaster": true, "X.GLASSMASTER": true, "x.iso": false, "glassmaster": false, "virtual:x.glassmaster": false,
	} {
		if got := IsPlan(name); got != want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
