package virtual_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"glassmaster/drive/virtual"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/peertest"
)

// filesIn returns the names of the files in a folder.
func filesIn(t *testing.T, dir string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}

// TestBecomesImage burns discs that become images of several formats.
func TestBecomesImage(t *testing.T) {
	for _, c := range []struct {
		name  string
		make  func(testing.TB) disc.Disc
		files []string
	}{
		{"x.cue", imagetest.Sessions, []string{"x.bin", "x.cdt", "x.cue"}},
		{"x.toc", imagetest.Mixed, []string{"x.bin", "x.toc"}},
		{"x.ccd", imagetest.Sessions, []string{"x.ccd", "x.img", "x.sub"}},
		{"x.nrg", imagetest.Mixed, []string{"x.nrg"}},
		{"x.mds", imagetest.XA, []string{"x.mdf", "x.mds"}},
		{"x.iso", imagetest.Mode1, []string{"x.iso"}},
		{"x.chd", imagetest.XA, []string{"x.chd"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, c.name)
			s := sourceOf(c.make(t))
			b := insert(t, path, "?medium=cd-r&sectors=20000")
			b.burnCue(s, forms{text: len(s.texts) > 0, final: true})
			if got := filesIn(t, dir); !slices.Equal(got, []string{c.name + ".gmdisc"}) {
				t.Fatalf("before the disc is finalized there are the files %q", got)
			}
			if err := b.d.Close(); err != nil {
				t.Fatal(err)
			}
			if got := filesIn(t, dir); !slices.Equal(got, c.files) {
				t.Errorf("the files are %q, want %q", got, c.files)
			}
			f, _ := image.ByName(filepath.Ext(c.name))
			got, err := image.OpenAs(t.Context(), path, f)
			if err != nil {
				t.Fatal(err)
			}
			defer got.Close()
			imagetest.Same(t, other{s.Disc, withoutText(s.toc, true), s, t}, got, f.Holds)
			again := insert(t, path, "")
			if p := again.get("46 00 00 00 00 00 00 00 08 00", 8); p[7] != 0x08 {
				t.Errorf("the image is a disc of profile %02Xh", p[7])
			}
		})
	}
}

// TestImageInParts: a disc that is not finalized stays in its file, and can be continued.
func TestImageInParts(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.cue")
	const options = "?medium=cd-r&sectors=20000"
	b := insert(t, path, options)
	b.page05(0x01, 0xC4, 8)
	b.writes(0, 300, 2048)
	b.ok("35 00 00 00 00 00 00 00 00 00")
	b.ok("5b 00 02 00 00 00 00 00 00 00")
	b.ok("1b 00 00 00 02 00") // ejected
	b.d.Close()
	if got := filesIn(t, dir); !slices.Equal(got, []string{"x.cue.gmdisc"}) {
		t.Fatalf("the files are %q", got)
	}
	b = insert(t, path, "")
	b.page05(0x01, 0x04, 8)
	b.writes(b.nwa(0xFF), 300, 2048)
	b.ok("35 00 00 00 00 00 00 00 00 00")
	b.ok("5b 00 02 00 00 00 00 00 00 00")
	b.ok("1b 00 00 00 02 00") // ejected: now it is an image
	if got := filesIn(t, dir); !slices.Equal(got, []string{"x.bin", "x.cue", "x.cue.gmdisc"}) {
		t.Errorf("after it was ejected the files are %q", got)
	}
	b.ok("1b 00 00 00 03 00")
	b.fails("6/28/00", "00 00 00 00 00 00")
	b.same(0, 300)
	if err := b.d.Close(); err != nil {
		t.Fatal(err)
	}
	if got := filesIn(t, dir); !slices.Equal(got, []string{"x.bin", "x.cue"}) {
		t.Errorf("at the end the files are %q", got)
	}
}

// TestImageCannotHold: what an image cannot hold is an error, and the disc remains.
func TestImageCannotHold(t *testing.T) {
	dir := t.TempDir()
	if _, err := virtual.OpenName(virtual.Prefix + filepath.Join(dir, "x.cue") + "?medium=bd-r"); err == nil || !strings.Contains(err.Error(), "CUE") {
		t.Errorf("a BD-R that becomes a CUE sheet: %v", err)
	}
	if got := filesIn(t, dir); len(got) > 0 {
		t.Fatalf("left behind: %q", got)
	}
	path := filepath.Join(dir, "x.iso")
	b := insert(t, path, "?medium=cd-r&sectors=20000")
	b.burnCue(sourceOf(imagetest.Mixed(t)), forms{final: true})
	b.fails("4/44/00", "1b 00 00 00 02 00")
	b.ok("00 00 00 00 00 00") // the disc is still in the drive
	err := b.d.Close()
	if err == nil || !strings.Contains(err.Error(), "audio tracks") || !strings.Contains(err.Error(), ".gmdisc") {
		t.Errorf("audio tracks in an ISO image: %v", err)
	}
	if got := filesIn(t, dir); !slices.Equal(got, []string{"x.iso.gmdisc"}) {
		t.Errorf("the files are %q", got)
	}
}

// TestImageOfOthers: an image that was there before is not replaced.
func TestImageOfOthers(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.iso")
	b := insert(t, path, "?medium=cd-r&sectors=2000")
	b.page05(0x01, 0x04, 8)
	b.writes(0, 300, 2048)
	b.ok("35 00 00 00 00 00 00 00 00 00")
	b.ok("5b 00 02 00 00 00 00 00 00 00")
	mine := []byte("an image of somebody else")
	if err := os.WriteFile(path, mine, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := b.d.Close(); err == nil {
		t.Error("no error")
	}
	if got, _ := os.ReadFile(path); !bytes.Equal(got, mine) {
		t.Error("the image was replaced")
	}
}

// TestImageOfRewritable: the image of a disc that can be written again follows it.
func TestImageOfRewritable(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.iso")
	for _, at := range []int64{0, 16} {
		b := insert(t, path, "?medium=dvd-ram&sectors=2000")
		b.writes(at, 16, 2048)
		b.ok("35 00 00 00 00 00 00 00 00 00")
		if err := b.d.Close(); err != nil {
			t.Fatal(err)
		}
		if got := filesIn(t, dir); !slices.Equal(got, []string{"x.iso", "x.iso.gmdisc"}) {
			t.Errorf("the files are %q", got)
		}
		p, err := os.ReadFile(path)
		if err != nil || len(p) != 2000*2048 || !bytes.Equal(p[at*2048:(at+16)*2048], pattern(at, 16, 2048)) {
			t.Errorf("the image has %d bytes, %v, or differs", len(p), err)
		}
	}
}

// TestOthersReadTheImage: other programs read the images that burned discs become.
func TestOthersReadTheImage(t *testing.T) {
	peertest.Need(t, "cd-info", "cdrdao")
	dir := t.TempDir()
	s := sourceOf(imagetest.Mixed(t))
	for _, name := range []string{"x.cue", "y.toc"} {
		b := insert(t, filepath.Join(dir, name), "?medium=cd-r&sectors=20000")
		b.burnCue(s, forms{text: true, final: true})
		if err := b.d.Close(); err != nil {
			t.Fatal(err)
		}
	}
	out := peertest.Run(t, dir, "cd-info", "--no-header", "--no-device-info", "x.cue")
	for _, want := range []string{"Disc mode is listed as: CD-ROM Mixed", "4006381333931", "Second song, with a title", "USRC17607839"} {
		if !strings.Contains(out, want) {
			t.Errorf("cd-info does not show %q:\n%s", want, out)
		}
	}
	out = peertest.Run(t, dir, "cdrdao", "show-toc", "y.toc")
	for _, want := range []string{"TRACK  1  Mode MODE1", "CATALOG NUMBER: 4006381333931", "ISRC US RC1 76 07839", "INDEX  3 00:08:17"} {
		if !strings.Contains(strings.ReplaceAll(out, "\"", ""), want) {
			t.Errorf("cdrdao does not show %q:\n%s", want, out)
		}
	}
}
