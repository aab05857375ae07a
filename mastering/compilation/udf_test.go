package compilation

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/extract"
	imagefile "glassmaster/mastering/image"
	_ "glassmaster/mastering/image/iso" // so that what is written can be opened
	"glassmaster/mastering/iso9660"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/udf"
	"glassmaster/mastering/volume"
)

// masterUDF writes a folder as an image with UDF.
func masterUDF(t *testing.T, folder string, o iso9660.Options, only bool) string {
	t.Helper()
	c := compile(t, folder, o)
	c.UDFOnly = only
	m, err := c.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	path := filepath.Join(t.TempDir(), "x.iso")
	if err := m.WriteFile(t.Context(), path, WriteOptions{}, nil); err != nil {
		t.Fatal(err)
	}
	return path
}

// extractView extracts one view of an image with our own reader.
func extractView(t *testing.T, img, view string) string {
	t.Helper()
	d, _, err := imagefile.Open(img)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	v, err := volume.OpenDisc(d, volume.Options{View: view})
	if err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	if _, err := extract.Extract(t.Context(), v, out, extract.Options{}, progress.Discard); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestBridgeDisc writes ISO 9660 and UDF beside each other in every revision:
// both trees are the source, and the contents are there once.
func TestBridgeDisc(t *testing.T) {
	src := oddTree(t)
	want := describe(t, src)
	plain, err := os.Stat(master(t, src, iso9660.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range udf.Revisions {
		t.Run(r.String(), func(t *testing.T) {
			img := masterUDF(t, src, iso9660.Options{UDF: &udf.Options{Revision: r}}, false)
			equalTrees(t, describe(t, extractView(t, img, "UDF")), want, "set-user", "one file")
			equalTrees(t, describe(t, extractView(t, img, "Rock Ridge")), want, "set-user", "one file")
			out := t.TempDir()
			peertest.Run(t, out, "bsdtar", "-xpf", img)
			equalTrees(t, describe(t, out), want)
			if info := peertest.Run(t, "", "udfinfo", "--utf8", img); !strings.Contains(info, "label=INTEROP") || !strings.Contains(info, "udfwriterev="+r.String()) {
				t.Errorf("udfinfo says\n%s", info)
			}
			s, err := os.Stat(img)
			if err != nil || s.Size() > plain.Size()+3<<20 {
				t.Errorf("the bridge has %d bytes, ISO 9660 alone %d (%v)", s.Size(), plain.Size(), err)
			}
		})
	}
}

// TestUDFAlone has 7-Zip extract volumes without ISO 9660. It opens none that
// holds symbolic links.
func TestUDFAlone(t *testing.T) {
	src := oddTree(t)
	err := filepath.WalkDir(src, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type()&fs.ModeSymlink != 0 {
			err = os.Remove(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	want := describe(t, src)
	for _, r := range udf.Revisions {
		t.Run(r.String(), func(t *testing.T) {
			img := masterUDF(t, src, iso9660.Options{UDF: &udf.Options{Revision: r}}, true)
			equalTrees(t, describe(t, extractView(t, img, "")), want, "set-user", "one file")
			out := t.TempDir()
			peertest.Run(t, out, "7z", "x", "-bd", "-y", img)
			got := describe(t, out)
			for name, text := range want {
				if strings.HasPrefix(name, "one file") {
					continue
				}
				w, g := strings.Fields(text), strings.Fields(got[name])
				if len(g) == 0 || text[0] == '-' && g[len(g)-1] != w[len(w)-1] {
					t.Errorf("%s: 7-Zip gives %q, want %q", name, got[name], text)
				}
			}
		})
	}
}

func TestUDFRefuses(t *testing.T) {
	for name, change := range map[string]func(*Compilation){
		"checksum of the image on UDF alone":     func(c *Compilation) { c.UDFOnly, c.Contents.MD5 = true, true },
		"compressed files on UDF alone":          func(c *Compilation) { c.UDFOnly, c.Contents.Zisofs = true, &iso9660.Zisofs{} },
		"a revision that is not written":         func(c *Compilation) { c.Options.UDF = &udf.Options{Revision: 0x300} },
		"stored once what a DVD-Video has twice": func(c *Compilation) { c.Options.UDF = &udf.Options{DVDVideo: true}; c.Contents.Identical = true },
	} {
		c := New()
		dir := t.TempDir()
		write(t, dir, "VIDEO_TS/VIDEO_TS.IFO", "VIDEO_TS/VIDEO_TS.BUP", "a")
		if err := os.WriteFile(filepath.Join(dir, "b"), []byte("a"), 0o600); err != nil {
			t.Fatal(err)
		}
		c.Add(c.Root(), scan(t, ScanOptions{}, dir+"/"))
		change(c)
		if _, err := c.Plan(t.Context()); err == nil {
			t.Errorf("%s was promised", name)
		}
	}
}

// TestHiddenButInUDF: a bridge disc that hides files from ISO 9660 still has
// their contents for UDF.
func TestHiddenButInUDF(t *testing.T) {
	src := t.TempDir()
	write(t, src, "seen", "hidden/in", "hidden/sub/deep")
	o := iso9660.Options{UDF: &udf.Options{}, Hide: []string{"hidden"}, HideJoliet: []string{"hidden"}}
	img := masterUDF(t, src, o, false)
	equalTrees(t, describe(t, extractView(t, img, "UDF")), describe(t, src))
	if n := len(describe(t, extractView(t, img, "Rock Ridge"))); n != 1 {
		t.Errorf("Rock Ridge shows %d entries", n)
	}
}
