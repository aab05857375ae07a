package model

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"

	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
	mimage "glassmaster/mastering/image"
	"glassmaster/mastering/progress"
)

// isoOf writes an image of a folder.
func isoOf(t *testing.T, dir string) string {
	t.Helper()
	nodes, problems, err := compilation.Scan(t.Context(), []string{dir + "/"}, compilation.ScanOptions{}, progress.Discard)
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	c := compilation.New()
	c.Label = "SAMPLE"
	c.Add(c.Root(), nodes)
	m, err := c.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	path := filepath.Join(t.TempDir(), "sample.iso")
	p := make([]byte, m.Size())
	if _, err := m.ReadAt(p, 0); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, p, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func openImage(_ context.Context, name string, _ disc.LBA) (disc.Disc, error) {
	d, _, err := mimage.Open(context.Background(), name)
	return d, err
}

func TestVolume(t *testing.T) {
	iso := isoOf(t, hostFiles(t, "Folder/Sub/deep.txt", "Folder/a long name, with commas.txt", "top.txt"))
	q := newMainLoop()
	v := NewVolume(openImage, q.post)
	v.Open(iso)
	if v.State() != Opening {
		t.Errorf("the state is %d", v.State())
	}
	q.until(t, "the folders", func() bool { return v.State() == Ready && !v.Reading() })
	if got := names(v.List.Rows()); got != "Folder top.txt" {
		t.Errorf("the root holds %s", got)
	}
	files, folders, size := v.Totals()
	if files != 3 || folders != 2 || size != int64(len("Folder/Sub/deep.txtFolder/a long name, with commas.txttop.txt")) {
		t.Errorf("%d files, %d folders, %d bytes", files, folders, size)
	}
	if v.Info().Label != "SAMPLE" || v.Info().View != "Rock Ridge" {
		t.Errorf("the volume is %+v", v.Info())
	}
	v.List.Search("deep")
	if got := names(v.List.Rows()); got != "deep.txt" {
		t.Errorf("found %s", got)
	}
	v.SetView("ISO 9660")
	q.until(t, "the plain view", func() bool { return v.State() == Ready && !v.Reading() && v.Info().View == "ISO 9660" })
	if got := names(v.List.Rows()); !strings.EqualFold(got, "folder top.txt") || strings.Contains(got, "top") {
		t.Errorf("the plain names are %s", got)
	}
	v.Close()
	if v.State() != Closed || len(v.List.Rows()) != 0 {
		t.Error("still shown after it was closed")
	}
}

func TestVolumeBroken(t *testing.T) {
	path := filepath.Join(hostFiles(t, "no.iso"), "no.iso")
	q := newMainLoop()
	v := NewVolume(openImage, q.post)
	v.Open(path)
	q.until(t, "the error", func() bool { return v.State() == Broken })
	if v.Err() == nil || !strings.Contains(v.Err().Error(), "no.iso") {
		t.Errorf("the error is %v", v.Err())
	}
	good := isoOf(t, hostFiles(t, "x"))
	v.Open(path)
	v.Open(good) // the result of the first must not replace the second
	q.until(t, "the second", func() bool { return v.State() == Ready && !v.Reading() && len(q) == 0 })
	if v.Name() != good {
		t.Errorf("%s is shown", v.Name())
	}
}

func TestPreview(t *testing.T) {
	dir := hostFiles(t, "empty", "plain.txt", "latin.txt", "utf16.txt", "binary.dat", "koi8.txt", "sjis.txt", "art.nfo", "picture.png", "broken.png", "long.log")
	write := func(name string, b []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("empty", nil)
	write("plain.txt", []byte("a\tb\r\nGrüße\x1b"))
	write("latin.txt", []byte("Gr\xfc\xdfe"))
	write("utf16.txt", []byte("\xff\xfeh\x00i\x00\x3d\xd8\x00\xde"))
	for name, text := range map[string]string{"koi8.txt": "Привет, мир! Как дела?", "sjis.txt": "これはテスト/です。"} {
		b, err := map[string]encoding.Encoding{"koi8.txt": charmap.KOI8R, "sjis.txt": japanese.ShiftJIS}[name].NewEncoder().String(text)
		if err != nil {
			t.Fatal(err)
		}
		write(name, []byte(b))
	}
	write("art.nfo", []byte("\xc9\xcd\xbb"))
	write("binary.dat", bytes.Repeat([]byte{0, 1, 2, 200}, 100))
	write("long.log", bytes.Repeat([]byte("ü"), textBytes))
	m := image.NewRGBA(image.Rect(0, 0, 7, 5))
	m.Set(1, 1, color.White)
	var p bytes.Buffer
	if err := png.Encode(&p, m); err != nil {
		t.Fatal(err)
	}
	write("picture.png", p.Bytes())
	q := newMainLoop()
	v := NewVolume(openImage, q.post)
	v.Open(isoOf(t, dir))
	q.until(t, "the folders", func() bool { return v.State() == Ready && !v.Reading() })
	defer v.Close()
	for name, want := range map[string]Preview{
		"empty":       {Note: "The file is empty"},
		"plain.txt":   {Text: "a    b\nGrüße", Charset: "UTF-8"},
		"latin.txt":   {Text: "Grüße", Charset: "windows-1252 (guessed)"},
		"utf16.txt":   {Text: "hi😀", Charset: "UTF-16, little-endian"},
		"koi8.txt":    {Text: "Привет, мир! Как дела?", Charset: "koi8-r (guessed)"},
		"sjis.txt":    {Text: "これはテスト/です。", Charset: "shift_jis (guessed)"},
		"art.nfo":     {Text: "╔═╗", Charset: "IBM437"},
		"binary.dat":  {Note: "Not a text file"},
		"broken.png":  {Note: "No preview: the format of this picture is not supported"},
		"picture.png": {Note: "7 × 5, PNG"},
		"long.log":    {Text: strings.Repeat("ü", textBytes/2), Charset: "UTF-8", Truncated: true},
	} {
		got := ReadPreview(t.Context(), v.FS(), v.List.Root().Child(name))
		if got.Text != want.Text || got.Charset != want.Charset || got.Note != want.Note || got.Truncated != want.Truncated {
			t.Errorf("%s: text %.60q in %s, note %q, truncated %v", name, got.Text, got.Charset, got.Note, got.Truncated)
		}
		if (got.Picture != nil) != (name == "picture.png") {
			t.Errorf("%s: a picture is %v", name, got.Picture != nil)
		}
	}
}

// The defects of an image are known when it is open, and no longer when it is closed.
func TestVolumeDefects(t *testing.T) {
	iso := isoOf(t, hostFiles(t, "a.txt", "b.txt"))
	q := newMainLoop()
	v := NewVolume(openImage, q.post)
	for _, cut := range []bool{false, true} {
		if cut {
			info, err := os.Stat(iso)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(iso, info.Size()-100*2048); err != nil {
				t.Fatal(err)
			}
		}
		v.Open(iso)
		q.until(t, "the folders", func() bool { return v.State() == Ready && !v.Reading() })
		if d := v.Defects(); cut != (len(d) > 0 && d[0].Incomplete) {
			t.Errorf("cut %v: %v", cut, d)
		}
	}
	v.Close()
	if d := v.Defects(); len(d) > 0 {
		t.Errorf("closed: %v", d)
	}
}
