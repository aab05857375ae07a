package dvdvideo_test

import (
	"testing"

	"glassmaster/mastering/dvdvideo"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/udf/udftest"
)

// Whatever the IFO files contain, every file is placed after the previous one.
func FuzzPlace(f *testing.F) {
	manager := ifo("DVDVIDEO-VMG", 2, 49, 16, 0, 50, 150)
	first := ifo("DVDVIDEO-VTS", 3, 99, 20, 40)
	f.Add([]byte(manager), []byte(first), int64(20*2048))
	f.Add([]byte(ifo("DVDVIDEO-VMG", 1, 1<<32-1, 1<<32-1, 1<<32-1)), []byte(ifo("DVDVIDEO-VTS", 1, 0, 0, 1<<32-1)), int64(1))
	f.Fuzz(func(t *testing.T, manager, title []byte, size int64) {
		if size < 0 || size > 1<<40 {
			return
		}
		root, folder := tree.NewFolder("", udftest.When), tree.NewFolder("VIDEO_TS", udftest.When)
		root.Append(folder)
		add := func(name string, b layout.Bytes) {
			folder.Append(tree.NewFile(name, int64(len(b)), udftest.When, b))
		}
		add("VIDEO_TS.IFO", manager)
		add("VIDEO_TS.BUP", manager)
		add("VTS_01_0.IFO", title)
		add("VTS_01_0.BUP", title)
		for _, name := range []string{"VIDEO_TS.VOB", "VTS_01_0.VOB", "VTS_01_1.VOB"} {
			folder.Append(tree.NewFile(name, size, udftest.When, udftest.Marked{Size: size, Mark: "V"}))
		}
		p, err := dvdvideo.Place(root)
		if err != nil {
			return
		}
		at := int64(0)
		for _, f := range p.Files {
			if f.Sector < at {
				t.Errorf("%s begins at %d, before %d", f.Node.Name, f.Sector, at)
			}
			at = f.Sector + (f.Node.Size+2047)/2048
		}
		if len(p.Files) != 7 || at != p.Sectors || p.Gaps() < 0 || p.Gaps() > 7<<20 {
			t.Errorf("%d files, end at %d of %d, gaps of %d", len(p.Files), at, p.Sectors, p.Gaps())
		}
	})
}
