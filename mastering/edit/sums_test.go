package edit_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/peertest"
)

// TestSums edits an image with a file of checksums, and has md5sum check the result.
func TestSums(t *testing.T) {
	peertest.Need(t, "genisoimage", "bsdtar", "md5sum")
	dir := t.TempDir()
	put := func(name, text string) {
		isotest.Must(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755))
		isotest.Must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	list := []string{"a", "b", "d/x", "d/y", "d/e/z"}
	for _, name := range list {
		put("old/"+name, "contents of "+name)
	}
	put("new", "other contents")
	md5sum := func(in string, list ...string) string {
		return peertest.Run(t, filepath.Join(dir, in), "md5sum", list...)
	}
	put("old/md5sum.txt", "# made by hand\n"+strings.TrimSuffix(md5sum("old", list...), "\n")) // no line break at the end
	put("old/d/MD5SUMS", md5sum("old/d", "x", "e/z"))
	image := isotest.Genisoimage(t, filepath.Join(dir, "old"), "-R")

	for _, c := range []struct {
		name, script string
		root, folder string // the paths in the files of checksums afterwards
	}{
		{"replace", "replace NEW=/a\n", "a b d/x d/y d/e/z", "x e/z"},
		{"replace and rename", "replace NEW=/a\nrename /a=/c\n", "c b d/x d/y d/e/z", "x e/z"},
		{"exchange two names", "rename /a=/t\nrename /b=/a\nrename /t=/b\n", "b a d/x d/y d/e/z", "x e/z"},
		{"move a folder and an entry out of it", "rename /d/x=/x\nrename /d=/f\n", "a b x f/y f/e/z", "e/z"},
		{"remove a folder and keep an entry", "rename /d/x=/x\nremove /d\n", "a b x", ""},
		{"remove, and add under the same name", "remove /a\nadd NEW=/a\n", "a b d/x d/y d/e/z", "x e/z"},
		{"remove from a folder deeper down", "remove /d/e/z\n", "a b d/x d/y", "x"},
		{"add", "add NEW=/n\n", "a b d/x d/y d/e/z n", "x e/z"},
		{"remove all and add", "remove /a\nremove /b\nremove /d\nadd NEW=/n\n", "n", ""},
	} {
		for _, session := range []bool{false, true} {
			name := c.name
			if session {
				name += " in a session"
			}
			t.Run(name, func(t *testing.T) {
				out := extracted(t, image, strings.ReplaceAll(c.script, "NEW", filepath.Join(dir, "new")), session)
				for file, want := range map[string]string{"md5sum.txt": c.root, "*/MD5SUMS": c.folder} {
					found, _ := filepath.Glob(filepath.Join(out, file))
					if want == "" && len(found) == 0 {
						continue
					}
					b, err := os.ReadFile(found[0])
					isotest.Must(t, err)
					var got []string
					for line := range strings.Lines(string(b)) {
						if !strings.HasPrefix(line, "#") {
							got = append(got, strings.Fields(line)[1])
						}
					}
					if text := strings.Join(got, " "); text != want {
						t.Errorf("%s lists %s, want %s", file, text, want)
					}
					peertest.Run(t, filepath.Dir(found[0]), "md5sum", "-c", "--quiet", filepath.Base(found[0]))
				}
			})
		}
	}
}

// extracted carries out a script on an image, and returns a folder with the files of the result.
func extracted(t *testing.T, image, script string, session bool) string {
	t.Helper()
	dir := t.TempDir()
	saved := filepath.Join(t.TempDir(), "saved.iso")
	writeDisc(t, savedDisc(t, image, script, session), saved)
	peertest.Run(t, dir, "bsdtar", "-xf", saved)
	return dir
}
