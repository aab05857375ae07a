package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/peertest"
)

// What was built or read can be verified: the image is read back and compared.
func TestVerifyWritten(t *testing.T) {
	dir := sample(t)
	image, copied := filepath.Join(t.TempDir(), "a.iso"), filepath.Join(t.TempDir(), "b.iso")
	for _, args := range [][]string{
		{"build", dir, "-o", image, "--verify", "--md5", "--checksums"},
		{"read", image, "-o", copied, "--verify"},
		{"read", dir, "-o", copied, "--verify"},
	} {
		if r := must(t, OK, args...); !strings.Contains(r.log, "comparing") || !strings.Contains(r.log, "read back and equal") {
			t.Errorf("%q: %s", args, r.log)
		}
		data := dataOf(t, must(t, OK, append(args, "--json")...))
		if data["verified"] != true || len(data["sha256"].(string)) != 64 {
			t.Errorf("%q: %v", args, data)
		}
	}
	for _, args := range [][]string{{"build", dir, "--verify", "--dry-run"}, {"build", dir, "-o", "-", "--verify"}, {"read", image, "-o", "-", "--verify"}} {
		must(t, Usage, args...)
	}
	if r := must(t, OK, "build", dir, "-o", image); strings.Contains(r.log, "comparing") {
		t.Errorf("not asked for: %s", r.log)
	}
}

// A source whose files cannot be found is read and burned, but neither is reported as a
// success.
func TestDamagedSource(t *testing.T) {
	image := builtImage(t)
	p := content(t, image)
	for _, sector := range []int{16, 17} { // the roots of both trees
		clear(p[sector*2048+156:][:34])
	}
	if err := os.WriteFile(image, p, 0o600); err != nil {
		t.Fatal(err)
	}
	recorder, _ := blankDisc(t, "dvd+r")
	must(t, Partly, "burn", image, recorder)
	must(t, Differs, "read", image, "-o", filepath.Join(t.TempDir(), "x.iso"))
}

// With --keep-going, unreadable sectors are replaced by zeros on a disc as in an image.
func TestBurnKeepGoing(t *testing.T) {
	from, _ := blankDisc(t, "dvd+r")
	must(t, OK, "burn", builtImage(t), from)
	bad := from + "&unreadable=100"
	broken, _ := blankDisc(t, "dvd+r")
	must(t, Failed, "burn", bad, broken)
	to, file := blankDisc(t, "dvd+r")
	if r := must(t, Partly, "burn", "--keep-going", bad, to); !strings.Contains(r.log, "zeros in place of") {
		t.Errorf("%s", r.log)
	}
	if got := content(t, file)[100*2048 : 101*2048]; strings.Trim(string(got), "\x00") != "" {
		t.Error("the sector is not zeros")
	}
}

// An image does not overwrite its own source, except for an earlier image in a folder.
func TestOutputIsSource(t *testing.T) {
	dir := sample(t)
	earlier, file := filepath.Join(dir, "earlier.iso"), filepath.Join(dir, "readme.txt")
	must(t, OK, "build", filepath.Join(dir, "docs"), "-o", earlier)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		peertest.Skip(t, err.Error())
	}
	kept := map[string][]byte{earlier: content(t, earlier), file: content(t, file)}
	for _, args := range [][]string{
		{"build", file, "-o", file},
		{"build", dir, earlier, "-o", earlier},
		{"build", dir, "-o", file},
		{"build", dir, "-o", filepath.Join(link, "readme.txt")},
	} {
		must(t, Usage, args...)
	}
	must(t, Failed, "read", earlier, "-o", earlier)
	must(t, Failed, "read", dir, "-o", file)
	for path, p := range kept {
		if string(content(t, path)) != string(p) {
			t.Errorf("%s was changed", path)
		}
	}
	for _, output := range []string{earlier, filepath.Join(link, "earlier.iso")} {
		if r := must(t, OK, "build", dir, "-o", output); !strings.Contains(r.log, "is the image itself and is left out") {
			t.Errorf("%s", r.log)
		}
	}
}

// A disc is not burned onto itself, which would destroy it.
func TestBurnOntoItself(t *testing.T) {
	for _, medium := range []string{"dvd-rw", "dvd+rw", "cd-rw"} {
		drive, file := blankDisc(t, medium)
		must(t, OK, "burn", builtImage(t), drive)
		link := filepath.Join(t.TempDir(), "link")
		if err := os.Symlink(file, link); err != nil {
			peertest.Skip(t, err.Error())
		}
		before := content(t, file)
		for _, args := range [][]string{{drive, drive}, {"virtual:" + link, drive}, {file, drive}, {link, drive}} {
			if r := must(t, Failed, "burn", args[0], args[1], "--blank"); !strings.Contains(r.log, "itself") {
				t.Errorf("%s: %s", medium, r.log)
			}
		}
		if string(content(t, file)) != string(before) {
			t.Errorf("%s: the disc was changed", medium)
		}
	}
}
