package format_test

import (
	"os"
	"path/filepath"
	"testing"

	"glassmaster/mastering/image/format"
	"glassmaster/mastering/peertest"
)

// Files outside of the folder of an image are not opened, by no name.
func TestBesideStaysInTheFolder(t *testing.T) {
	dir := t.TempDir()
	folder := filepath.Join(dir, "images")
	for _, name := range []string{"secret.bin", "images/x.cue", "images/real.bin", "images/sub/deep.bin"} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(name), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{"in.bin": "real.bin", "out.bin": "../secret.bin", "absolute.bin": filepath.Join(dir, "secret.bin"), "away": ".."} {
		if err := os.Symlink(target, filepath.Join(folder, link)); err != nil {
			peertest.Skip(t, err.Error())
		}
	}
	for name, allowed := range map[string]bool{
		"real.bin": true, "in.bin": true, "sub/deep.bin": true, `sub\deep.bin`: true, "./real.bin": true,
		"../secret.bin": false, `..\secret.bin`: false, filepath.Join(dir, "secret.bin"): false, `C:\secret.bin`: false,
		"out.bin": false, "absolute.bin": false, "away/secret.bin": false, "sub/../../secret.bin": false, "": false,
	} {
		f, err := format.OpenFiles(filepath.Join(folder, "x.cue"))
		if err != nil {
			t.Fatal(err)
		}
		p, err := f.Beside(name)
		if (err == nil) != allowed {
			t.Errorf("%q: %q, %v", name, p.Name, err)
		}
		f.Close()
	}
}
