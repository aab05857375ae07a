package dvdvideo_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/dvdvideo"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/master"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/udf"
	"glassmaster/mastering/udf/udftest"
	"glassmaster/mastering/volume"
)

// ifo returns an IFO file of the given number of sectors, with the addresses in a set,
// and in the video manager those of the title sets.
func ifo(kind string, sectors int, last, menu, titles uint32, sets ...uint32) layout.Bytes {
	be := binary.BigEndian
	b := make([]byte, sectors*2048)
	copy(b, kind)
	be.PutUint32(b[0x0C:], last)
	be.PutUint32(b[0x1C:], uint32(sectors-1))
	be.PutUint32(b[0xC0:], menu)
	be.PutUint32(b[0xC4:], titles)
	if len(sets) > 0 {
		be.PutUint16(b[0x3E:], uint16(len(sets)))
		be.PutUint32(b[0xC4:], 1)
		t := b[2048:]
		be.PutUint16(t, uint16(len(sets)))
		be.PutUint32(t[4:], uint32(8+12*len(sets)-1))
		for i, at := range sets {
			t[8+12*i] = 0x3C
			t[8+12*i+1] = 1
			be.PutUint16(t[8+12*i+2:], 1)
			t[8+12*i+6], t[8+12*i+7] = byte(i+1), 1
			be.PutUint32(t[8+12*i+8:], at)
		}
	}
	return b
}

// dvd returns a DVD-Video of two title sets with gaps between the files.
func dvd() *tree.Node {
	root := tree.NewFolder("", udftest.When)
	root.Append(tree.NewFile("readme.txt", 6, udftest.When, layout.Bytes("hello\n")))
	root.Append(tree.NewFolder("AUDIO_TS", udftest.When))
	folder := tree.NewFolder("VIDEO_TS", udftest.When)
	root.Append(folder)
	vob := func(sectors int) layout.Bytes { return []byte(strings.Repeat("V", sectors*2048)) }
	add := func(name string, b layout.Bytes) {
		folder.Append(tree.NewFile(name, int64(len(b)), udftest.When, b))
	}
	manager := ifo("DVDVIDEO-VMG", 2, 49, 16, 0, 50, 150)
	first := ifo("DVDVIDEO-VTS", 3, 99, 20, 40)
	second := ifo("DVDVIDEO-VTS", 3, 59, 0, 3)
	add("VIDEO_TS.IFO", manager)
	add("VIDEO_TS.BUP", manager)
	add("VIDEO_TS.VOB", vob(20))
	add("VTS_01_0.BUP", first)
	add("VTS_01_0.IFO", first)
	add("VTS_01_0.VOB", vob(11))
	add("VTS_01_1.VOB", vob(30))
	add("VTS_01_2.VOB", vob(10))
	add("VTS_02_0.BUP", second)
	add("VTS_02_0.IFO", second)
	add("VTS_02_1.VOB", vob(25))
	return root
}

// videoSectors returns the sectors of the files in VIDEO_TS, from the first.
func videoSectors(t *testing.T, v *udf.FS) map[string]int64 {
	t.Helper()
	at := map[string]int64{}
	list, err := v.ReadDir("VIDEO_TS")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range list {
		i, err := d.Info()
		if err != nil {
			t.Fatal(err)
		}
		at[d.Name()] = int64(i.Sys().(*volume.Attributes).Extents[0].Start)
	}
	begin := at["VIDEO_TS.IFO"]
	for name := range at {
		at[name] -= begin
	}
	return at
}

// planned returns the layout of a DVD-Video with UDF only.
func planned(t *testing.T, root *tree.Node) *layout.Layout {
	t.Helper()
	l, _, err := master.Plan(root, master.Options{UDF: &master.UDF{DVDVideo: true}, UDFOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestDVDVideo(t *testing.T) {
	want := map[string]int64{
		"VIDEO_TS.IFO": 0, "VIDEO_TS.VOB": 16, "VIDEO_TS.BUP": 48,
		"VTS_01_0.IFO": 50, "VTS_01_0.VOB": 70, "VTS_01_1.VOB": 90, "VTS_01_2.VOB": 120, "VTS_01_0.BUP": 147,
		"VTS_02_0.IFO": 150, "VTS_02_1.VOB": 153, "VTS_02_0.BUP": 207,
	}
	root := dvd()
	v, err := dvdvideo.Place(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(v.Files) != len(want) || v.Sectors != 210 || len(v.Notices) > 0 {
		t.Errorf("%d files, %d sectors, notices %v", len(v.Files), v.Sectors, v.Notices)
	}
	for _, f := range v.Files {
		if f.Sector != want[f.Node.Name] {
			t.Errorf("%s at %d, want %d", f.Node.Name, f.Sector, want[f.Node.Name])
		}
	}
	l := planned(t, root)
	u, err := udf.Open(l, l.Size(), volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, at := range videoSectors(t, u) {
		if at != want[name] {
			t.Errorf("%s at %d, want %d", name, at, want[name])
		}
	}
	udftest.Diff(t, udftest.TreeManifest(t, root), udftest.SortLines(udftest.Manifest(t, u)))
	i, err := u.Stat("VIDEO_TS/VIDEO_TS.IFO")
	if err != nil || i.Sys().(*volume.Attributes).Extents[0].Start%dvdvideo.ECCBlock != 0 {
		t.Errorf("VIDEO_TS.IFO does not begin an ECC block: %v", err)
	}
}

// TestDVDGenisoimage compares the addresses with those of genisoimage.
func TestDVDGenisoimage(t *testing.T) {
	peertest.Need(t, "genisoimage")
	root := dvd()
	dir, image := t.TempDir(), filepath.Join(t.TempDir(), "image.iso")
	l := planned(t, root)
	u, err := udf.Open(l, l.Size(), volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(dir, u); err != nil {
		t.Fatal(err)
	}
	peertest.Run(t, "", "genisoimage", "-quiet", "-dvd-video", "-o", image, dir)
	b, err := os.ReadFile(image)
	if err != nil {
		t.Fatal(err)
	}
	peer, err := udf.Open(bytes.NewReader(b), int64(len(b)), volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ours := videoSectors(t, u)
	for name, at := range videoSectors(t, peer) {
		if ours[name] != at {
			t.Errorf("%s at %d, in genisoimage's image at %d", name, ours[name], at)
		}
	}
}

// TestDVDDamage places files that do not match the IFO files.
func TestDVDDamage(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(folder *tree.Node)
		err    string
		warn   string
	}{
		{"no manager", func(f *tree.Node) {
			f.Child("VIDEO_TS.IFO").Detach()
			f.Child("VIDEO_TS.BUP").Detach()
			f.Child("VIDEO_TS.VOB").Detach()
		}, "has no VIDEO_TS.IFO", ""},
		{"no IFO", func(f *tree.Node) { f.Child("VTS_01_0.IFO").Detach() }, "title set 1 in /VIDEO_TS has no IFO", ""},
		{"it has no backup", func(f *tree.Node) { f.Child("VTS_01_0.BUP").Detach() }, "", "it has no backup"},
		{"another file", func(f *tree.Node) { f.Append(tree.NewFile("cover.jpg", 1, udftest.When, layout.Bytes("x"))) }, "", "cover.jpg: it is not a file"},
		{"not an IFO", func(f *tree.Node) {
			f.Child("VTS_01_0.IFO").Detach()
			f.Append(tree.NewFile("VTS_01_0.IFO", 2048, udftest.When, layout.Bytes(make([]byte, 2048))))
		}, "does not begin with DVDVIDEO-VTS", ""},
		{"cut off", func(f *tree.Node) {
			f.Child("VTS_01_0.IFO").Detach()
			f.Append(tree.NewFile("VTS_01_0.IFO", 3, udftest.When, layout.Bytes("DVD")))
		}, "read the beginning", ""},
		{"too long", func(f *tree.Node) {
			f.Child("VTS_01_2.VOB").Detach()
			f.Append(tree.NewFile("VTS_01_2.VOB", 100*2048, udftest.When, layout.Bytes(make([]byte, 100*2048))))
		}, "", "must begin 147 sectors"},
		{"too large", func(f *tree.Node) {
			f.Child("VTS_02_1.VOB").Detach()
			f.Append(tree.NewFile("VTS_02_1.VOB", 1<<30-2047, udftest.When, udftest.Marked{Size: 1<<30 - 2047, Mark: "V"}))
		}, "", "only files of up to 1073739776"},
	} {
		t.Run(test.name, func(t *testing.T) {
			root := dvd()
			test.change(root.Child("VIDEO_TS"))
			v, err := dvdvideo.Place(root)
			if test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) || test.err == "" && err != nil {
				t.Errorf("error %v, want %q", err, test.err)
			}
			if w := fmt.Sprint(v.Notices); test.warn != "" && !strings.Contains(w, test.warn) {
				t.Errorf("notices %s, want %q", w, test.warn)
			}
		})
	}
	if v, err := dvdvideo.Place(tree.NewFolder("", udftest.When)); err != nil || v.Files != nil || len(v.Notices) != 1 {
		t.Errorf("a disc without VIDEO_TS: %v, %v", v, err)
	}
}
