package udf_test

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/udf/internal/ecma167"
	"glassmaster/mastering/udf/plan"
	"glassmaster/mastering/udf/udftest"
	"glassmaster/mastering/volume"
)

// redirect makes an entry of a directory point to the directory whose file entry is
// in a sector. The names of the changed directory must be within its file entry.
func redirect(t *testing.T, p []byte, folder string, text string, sector int) {
	t.Helper()
	at := sectorOf(t, p, folder)
	b := p[at*disc.SectorSize:][:disc.SectorSize]
	for n := b[int(176)+ecma167.FIDParentLength:]; ; n = n[(ecma167.FIDLength+int(n[19])+3)&^3:] {
		if string(n[ecma167.FIDLength+1:ecma167.FIDLength+int(n[19])]) != text {
			continue
		}
		n[18] |= ecma167.FIDDirectory
		le.PutUint32(n[24:], uint32(sector-plan.FirstSector))
		ecma167.SealTag(n[:(ecma167.FIDLength+int(n[19])+3)&^3], ecma167.TagFID, 2, le.Uint32(n[12:]))
		break
	}
	resealSector(p, at)
}

// TestSecondName reads a directory that has two names. Both are listed, by a walk and
// by path, and a check reports it as minor.
func TestSecondName(t *testing.T) {
	root := tree.NewFolder("", udftest.When)
	for _, name := range []string{"a", "b"} {
		d := tree.NewFolder(name, udftest.When)
		d.Append(tree.NewFile("in "+name, 3, udftest.When, layout.Bytes("abc")))
		root.Append(d)
	}
	p := image(t, root, plan.Revision150)
	redirect(t, p, ".", "b", sectorOf(t, p, "a"))
	v, err := openBytes(p, volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	const want = "a a/in a b b/in a"
	var walked, listed []string
	if err := v.Walk(".", func(e *volume.Entry) error {
		walked = append(walked, string(e.Path))
		return e.Err
	}); err != nil {
		t.Error(err)
	}
	if err := fs.WalkDir(v, ".", func(path string, _ fs.DirEntry, err error) error {
		listed = append(listed, path)
		return err
	}); err != nil {
		t.Error(err)
	}
	if got := strings.Join(walked, " "); got != want {
		t.Error(got)
	}
	if got := strings.Join(listed, " "); got != ". "+want {
		t.Error(got)
	}
	got := defects(t, p)
	if !strings.Contains(got, "minor: ") || !strings.Contains(got, "b is another name of the directory /a") {
		t.Errorf("%s", got)
	}
	for line := range strings.Lines(got) {
		if !strings.HasPrefix(line, "minor: ") {
			t.Error(line)
		}
	}
}

// TestDoublingDirectories reads twenty directories of which each contains the next one
// under two names. A walk, and one by io/fs, end before they have followed all of the
// million paths.
func TestDoublingDirectories(t *testing.T) {
	const levels = 20
	root := tree.NewFolder("", udftest.When)
	for at, i := root, 0; i < levels; i++ {
		next := tree.NewFolder("a", udftest.When)
		at.Append(next)
		at.Append(tree.NewFolder("b", udftest.When))
		at = next
	}
	p := image(t, root, plan.Revision150)
	for i := range levels {
		path := strings.TrimSuffix("."+strings.Repeat("/a", i), "/")
		if i > 0 {
			path = path[2:]
		}
		next := strings.TrimPrefix(path+"/a", "./")
		redirect(t, p, path, "b", sectorOf(t, p, next))
	}
	v, err := openBytes(p, volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	const most = 20000
	steps := 0
	reported := false
	if err := v.Walk(".", func(e *volume.Entry) error {
		steps++
		reported = reported || e.Err != nil
		return nil
	}); err != nil || steps > most || !reported {
		t.Errorf("%v after %d entries, reported %v", err, steps, reported)
	}
	steps = 0
	_ = fs.WalkDir(v, ".", func(string, fs.DirEntry, error) error {
		if steps++; steps > most {
			t.Error("the walk does not end")
			return fs.SkipAll
		}
		return nil
	})
}

// TestVATBeforeZeros finds the virtual allocation table of an image that is padded
// with zeros, as images of recordable media are.
func TestVATBeforeZeros(t *testing.T) {
	peertest.Need(t, "mkudffs")
	const vatSearch = 4 << 20 // bytes that the reader searches
	for _, args := range [][]string{{"-m", "cdr", "-r", "1.50"}, {"-m", "dvdr", "-r", "2.00"}} {
		p := blankBytes(t, "2000", args...)
		p = append(p, make([]byte, vatSearch+10*disc.SectorSize)...)
		v, err := openBytes(p, volume.Options{})
		if err != nil {
			t.Errorf("%v: %v", args, err)
			continue
		}
		if got := property(v.Volume(), "Partition map"); !strings.Contains(got, "virtual") {
			t.Errorf("%v: %s", args, got)
		}
	}
}

// TestNames reads names that are not valid, and a name that is there twice. All are
// shown, and a check reports them.
func TestNames(t *testing.T) {
	root := tree.NewFolder("", udftest.When)
	for _, name := range []string{"a-b", "na", "nb", "xx", "c-c"} {
		root.Append(tree.NewFile(name, 3, udftest.When, layout.Bytes("abc")))
	}
	p := image(t, root, plan.Revision150)
	at := sectorOf(t, p, ".")
	b := p[at*disc.SectorSize:][:disc.SectorSize]
	for n := b[176+ecma167.FIDParentLength:]; le.Uint16(n) == ecma167.TagFID; {
		length := (ecma167.FIDLength + int(n[19]) + 3) &^ 3
		text := n[ecma167.FIDLength+1 : ecma167.FIDLength+int(n[19])]
		copy(text, map[string]string{"a-b": "a/b", "nb": "na", "xx": "..", "c-c": "c\x1bc"}[string(text)])
		ecma167.SealTag(n[:length], ecma167.TagFID, 2, le.Uint32(n[12:]))
		n = n[length:]
	}
	resealSector(p, at)
	v, err := openBytes(p, volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	if err := v.Walk(".", func(e *volume.Entry) error {
		got = append(got, fmt.Sprintf("%s %q", e.Path, e.Recorded))
		_, err := v.Lstat(string(e.Path))
		return err
	}); err != nil {
		t.Error(err)
	}
	if list, want := strings.Join(got, ", "), `\x2e\x2e "..", a\x2fb "a/b", c`+"\x1b"+`c "", na "", na~2 "na"`; list != want {
		t.Errorf("%s, want %s", list, want)
	}
	reported := defects(t, p)
	for _, want := range []string{
		`the name ".." is not valid; it is shown as \x2e\x2e`, `the name "a/b" is not valid; it is shown as a\x2fb`,
		`the directory has more than one entry named "na"`, `the name "c\x1bc" contains control characters`,
	} {
		if !strings.Contains(reported, want) {
			t.Errorf("%s is not in\n%s", want, reported)
		}
	}
}
