package session_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/internal/isotest"
	isoplan "glassmaster/mastering/iso9660/plan"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/master"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/session"
	"glassmaster/mastering/tree"
	udfplan "glassmaster/mastering/udf/plan"
	"glassmaster/mastering/volume"
)

// continued returns the continuation of the disc in an image.
func continued(t *testing.T, b []byte) *session.Continuation {
	t.Helper()
	c, err := session.Continue(t.Context(), disc.FromReaderAt(bytes.NewReader(b), int64(len(b)), nil), volume.Options{})
	isotest.Must(t, err)
	return c
}

// TestContinueOptions examines images of other programs: the options are those with
// which they were made.
func TestContinueOptions(t *testing.T) {
	top := t.TempDir()
	for _, name := range []string{"a long name of more than eight characters.text", "UPPER.TXT"} {
		isotest.Must(t, os.WriteFile(filepath.Join(top, name), []byte(name), 0o644))
	}
	wide := t.TempDir()
	isotest.Must(t, os.WriteFile(filepath.Join(wide, strings.Repeat("w", 90)), []byte("wide"), 0o644))
	deep := filepath.Join(t.TempDir(), "top")
	isotest.Must(t, os.MkdirAll(filepath.Join(deep, "1/2/3/4/5/6/7/8/9"), 0o755))
	off := isoplan.JolietOff
	for name, c := range map[string]struct {
		image string
		want  isoplan.Features
	}{
		"xorriso":               {isotest.Xorriso(t, top), isoplan.Features{Level: 1, Joliet: off, Stamps: true}},
		"xorriso, Joliet":       {isotest.Xorriso(t, top, "-J"), isoplan.Features{Level: 1, Stamps: true}},
		"xorriso, long Joliet":  {isotest.Xorriso(t, wide, "-J", "-joliet-long"), isoplan.Features{Level: 1, Joliet: isoplan.JolietLong, Stamps: true}},
		"xorriso, deep":         {isotest.Xorriso(t, deep, "-D"), isoplan.Features{Level: 3, Joliet: off, Deep: true, Stamps: true}},
		"xorriso, 8.3":          {isotest.Xorriso(t, top, "-iso-level", "1"), isoplan.Features{Level: 1, Joliet: off, Stamps: true}},
		"genisoimage, no names": {isotest.Genisoimage(t, top, "-iso-level", "3"), isoplan.Features{Level: 3, Joliet: off, NoRockRidge: true}},
		"genisoimage, R":        {isotest.Genisoimage(t, top, "-R", "-iso-level", "3"), isoplan.Features{Level: 3, Joliet: off, Stamps: true}},
		"genisoimage, 1999":     {isotest.Genisoimage(t, top, "-R", "-iso-level", "4"), isoplan.Features{Level: 4, Joliet: off, Stamps: true}},
		"genisoimage, Joliet":   {isotest.Genisoimage(t, top, "-J", "-iso-level", "3"), isoplan.Features{Level: 3, NoRockRidge: true}},
	} {
		_, b := open(t, c.image, volume.Options{})
		if got := continued(t, b).Options.Features; got != c.want {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
	}
}

// TestContinueIdentifiers keeps the identifiers of a volume.
func TestContinueIdentifiers(t *testing.T) {
	want := master.Options{Set: "The set", Publisher: "Someone", Preparer: "Another", Application: "A program", System: "LINUX"}
	for name, o := range map[string]master.Options{
		"ISO 9660": want,
		"bridge":   {Set: want.Set, Publisher: want.Publisher, Preparer: want.Preparer, Application: want.Application, System: want.System, UDF: &master.UDF{Revision: udfplan.Revision102, Owner: "O", Contact: "C"}},
	} {
		o.Label, o.Time = "Straße №5", time.Unix(1e9, 0)
		l, _, err := master.Plan(tree.NewFolder("", time.Unix(1e9, 0)), o)
		isotest.Must(t, err)
		var b bytes.Buffer
		isotest.Must(t, l.WriteTo(t.Context(), &b, layout.WriteOptions{}))
		got := continued(t, b.Bytes()).Options
		if got.Label != o.Label || got.Set != o.Set || got.Publisher != o.Publisher || got.Preparer != o.Preparer || got.Application != o.Application || got.System != o.System {
			t.Errorf("%s: got %+v", name, got)
		}
		if (got.UDF == nil) != (o.UDF == nil) || got.UDF != nil && *got.UDF != *o.UDF || got.UDFOnly {
			t.Errorf("%s: UDF is %+v", name, got.UDF)
		}
	}
}

// TestContinueRefuses examines discs to which no session can be added.
func TestContinueRefuses(t *testing.T) {
	peertest.Need(t, "mkudffs")
	image := filepath.Join(t.TempDir(), "udf")
	isotest.Must(t, os.WriteFile(image, make([]byte, 4<<20), 0o644))
	peertest.Run(t, "", "mkudffs", "-b", "2048", image)
	b, err := os.ReadFile(image)
	isotest.Must(t, err)
	_, err = session.Continue(t.Context(), disc.FromReaderAt(bytes.NewReader(b), int64(len(b)), nil), volume.Options{})
	if !errors.Is(err, session.ErrRewritten) {
		t.Errorf("an overwritable UDF volume: %v", err)
	}
	if _, err = session.Continue(t.Context(), disc.FromReaderAt(bytes.NewReader(make([]byte, 1<<20)), 1<<20, nil), volume.Options{}); err == nil {
		t.Error("zeros are continued")
	}
	l, _, err := master.Plan(tree.NewFolder("", time.Unix(1e9, 0)), master.Options{})
	isotest.Must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := session.Continue(ctx, disc.FromReaderAt(l, l.Size(), nil), volume.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestContinueBoot continues a bootable disc: the entries of the boot catalogue stay as
// they are. The image with a boot information table is copied, with the new addresses in
// it. The others stay where they are, also the one that is not a file.
func TestContinueBoot(t *testing.T) {
	top := t.TempDir()
	image := bytes.Repeat([]byte("loader"), 1000)
	fat := make([]byte, 64<<10)
	copy(fat, "\xEB\x3C\x90MSDOS5.0")
	fat[510], fat[511] = 0x55, 0xAA
	isotest.Must(t, os.WriteFile(filepath.Join(top, "loader.bin"), image, 0o644))
	isotest.Must(t, os.WriteFile(filepath.Join(top, "efi.img"), fat, 0o644))
	one := isotest.Xorriso(t, top, "-b", "loader.bin", "-c", "boot.cat", "-no-emul-boot", "-boot-load-size", "4", "-boot-info-table",
		"-eltorito-alt-boot", "-e", "efi.img", "-no-emul-boot")
	_, before := open(t, one, volume.Options{})
	for name, c := range map[string]struct {
		edit func(root *tree.Node, o *master.Options)
	}{
		"files": {func(*tree.Node, *master.Options) {}},
		"without the file of an image": {func(root *tree.Node, o *master.Options) {
			root.Child("efi.img").Detach()
			i := &o.Boot.Images[1]
			i.Path, i.OnDisc = "", &layout.Recorded{Extents: []volume.Extent{{Start: disc.LBA(i.Former.LBA), Length: int64(len(fat))}}, Disc: bytes.NewReader(before)}
		}},
	} {
		n := continued(t, before)
		if n.Options.Boot == nil || n.Options.Boot.Catalog != "boot.cat" {
			t.Fatalf("%s: boot options %+v", name, n.Options.Boot)
		}
		c.edit(n.Root, &n.Options)
		_, l, start := next(t, n.Root, before, n.Options)
		after := filepath.Join(t.TempDir(), "after.iso")
		writeAfter(t, after, before, l, start)
		was := elTorito(t, one, 0)
		is := elTorito(t, after, start)
		if len(was) != 2 || len(is) != 2 {
			t.Fatalf("%s: entries before %q, after %q", name, was, is)
		}
		for i := range was {
			w, g := strings.Fields(was[i]), strings.Fields(is[i])
			if moved := w[len(w)-1] != g[len(g)-1]; moved != (i == 0) { // the address
				t.Errorf("%s: entry %d was %q and is %q", name, i, was[i], is[i])
			}
			if w, g := w[:len(w)-1], g[:len(g)-1]; strings.Join(w, " ") != strings.Join(g, " ") {
				t.Errorf("%s: entry %d was %q and is %q", name, i, was[i], is[i])
			}
		}
		v, err := volume.Open(l, l.Size(), volume.Options{Start: disc.LBA(start)})
		isotest.Must(t, err)
		b, err := fs.ReadFile(v, "loader.bin")
		isotest.Must(t, err)
		if got := le32(b[8:]); got != uint32(start)+16 {
			t.Errorf("%s: the loader has the volume descriptor at sector %d", name, got)
		}
		if !bytes.Equal(b[64:], image[64:]) {
			t.Errorf("%s: the loader was changed", name)
		}
	}
	if o := continued(t, before).Options.Boot; !o.Images[0].InfoTable || o.Images[1].InfoTable || o.Images[0].Platform != boot.BIOS || o.Images[1].Platform != boot.EFI {
		t.Errorf("images %+v", o.Images)
	}
}

func le32(b []byte) uint32 {
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}

// writeAfter writes a session to an image file, after the sessions that are there.
func writeAfter(t *testing.T, name string, before []byte, l *layout.Layout, start int64) {
	t.Helper()
	f, err := os.Create(name)
	isotest.Must(t, err)
	defer f.Close()
	_, err = f.Write(before)
	isotest.Must(t, err)
	_, err = f.Seek(start*disc.SectorSize, 0)
	isotest.Must(t, err)
	isotest.Must(t, l.WriteTo(t.Context(), f, layout.WriteOptions{}))
}

// elTorito returns the lines of xorriso's report about the boot images of the session at
// a sector.
func elTorito(t *testing.T, image string, start int64) []string {
	t.Helper()
	var list []string
	args := []string{"-report_about", "FAILURE"}
	if start > 0 {
		args = append(args, "-load", "sbsector", fmt.Sprint(start))
	}
	out := peertest.Run(t, "", "xorriso", append(args, "-indev", image, "-report_el_torito", "plain")...)
	for line := range strings.Lines(out) {
		if strings.HasPrefix(line, "El Torito boot img :") {
			list = append(list, line)
		}
	}
	return list
}

// TestContinueHidden continues a disc with a file that only the Joliet tree shows. The next
// session does not have it, which is reported.
func TestContinueHidden(t *testing.T) {
	top := t.TempDir()
	for _, name := range []string{"seen", "unseen"} {
		isotest.Must(t, os.WriteFile(filepath.Join(top, name), []byte(name), 0o644))
	}
	_, b := open(t, isotest.Genisoimage(t, top, "-R", "-J", "-hide", "unseen"), volume.Options{})
	list := continued(t, b).Notices()
	if len(list) != 1 || list[0].Severity != disc.Error || list[0].Path != "/unseen" {
		t.Errorf("notices %v", list)
	}
}

// TestContinueRichest continues discs with ISO 9660 and UDF: the names are those of the view
// that a reader shows, and files that only another view has are reported.
func TestContinueRichest(t *testing.T) {
	plain := isoplan.Features{Joliet: isoplan.JolietOff, NoRockRidge: true}
	const long = "A long Name with Capital letters.jpeg"
	for name, c := range map[string]struct {
		o    master.Options
		lost bool
	}{
		"Rock Ridge":             {o: master.Options{}},
		"Joliet":                 {o: master.Options{Features: isoplan.Features{NoRockRidge: true}}},
		"no other names":         {o: master.Options{Features: plain}},
		"hidden in UDF":          {o: master.Options{HideUDF: []string{long}}},
		"hidden in UDF, Joliet":  {o: master.Options{Features: isoplan.Features{NoRockRidge: true}, HideUDF: []string{long}}, lost: true},
		"hidden in ISO 9660":     {o: master.Options{Hide: []string{long}, HideJoliet: []string{long}}, lost: true},
		"hidden, no other names": {o: master.Options{Features: plain, Hide: []string{long}}},
	} {
		c.o.UDF, c.o.Time = &master.UDF{Revision: udfplan.Revision102}, time.Unix(1e9, 0)
		root := tree.NewFolder("", time.Unix(1e9, 0))
		for _, name := range []string{long, "other.txt", "empty"} {
			var contents []byte
			if name != "empty" {
				contents = []byte(name)
			}
			n := tree.NewNode(name, 0o644, layout.Bytes(contents))
			n.Size = int64(len(contents))
			root.Append(n)
		}
		l, _, err := master.Plan(root, c.o)
		isotest.Must(t, err)
		var b bytes.Buffer
		isotest.Must(t, l.WriteTo(t.Context(), &b, layout.WriteOptions{}))
		next := continued(t, b.Bytes())
		list := next.Notices()
		if got := len(list) == 1 && list[0].Severity == disc.Error; got != c.lost || len(list) > 1 {
			t.Errorf("%s: notices %v", name, list)
		}
		if n := next.Root.Lookup(long); (n == nil) != c.lost {
			t.Errorf("%s: the tree has %v", name, next.Root.Children())
		}
		if next.Options.UDF == nil || next.Options.UDFOnly {
			t.Errorf("%s: the options are %+v", name, next.Options)
		}
	}
}
