package dvdvideo_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/dvdvideo"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/udf"
	"glassmaster/mastering/udf/udftest"
	"glassmaster/mastering/volume"
)

// cell is an entry of a cell playback table.
type cell struct {
	category   byte
	start, end uint32 // the first and the last sector
}

// withChains returns an IFO file of 3 sectors whose third one has these program chains.
func withChains(last, menu, titles uint32, chains ...[]cell) layout.Bytes {
	be := binary.BigEndian
	b := ifo("DVDVIDEO-VTS", 3, last, menu, titles)
	be.PutUint32(b[0xCC:], 2)
	t := b[2*2048:]
	be.PutUint16(t, uint16(len(chains)))
	at := 8 + 8*len(chains)
	for i, cells := range chains {
		be.PutUint32(t[8+8*i+4:], uint32(at))
		t[at+3] = byte(len(cells))
		be.PutUint16(t[at+0xE8:], 0xEC)
		at += 0xEC
		for _, c := range cells {
			t[at] = c.category
			be.PutUint32(t[at+8:], c.start)
			be.PutUint32(t[at+0x14:], c.end)
			at += 24
		}
	}
	return b
}

// withCells returns a DVD-Video whose title set has these program chains.
func withCells(chains ...[]cell) *tree.Node {
	root := tree.NewFolder("", udftest.When)
	folder := tree.NewFolder("VIDEO_TS", udftest.When)
	root.Append(folder)
	add := func(name string, b layout.Bytes) {
		folder.Append(tree.NewFile(name, int64(len(b)), udftest.When, b))
	}
	manager, set := ifo("DVDVIDEO-VMG", 2, 31, 0, 0, 32), withChains(159, 0, 16, chains...)
	add("VIDEO_TS.BUP", manager)
	add("VIDEO_TS.IFO", manager)
	add("VTS_01_0.BUP", set)
	add("VTS_01_0.IFO", set)
	add("VTS_01_1.VOB", layout.Bytes(strings.Repeat("V", 120*2048)))
	return root
}

// opened returns the volume of a DVD-Video, and where its title set begins.
func opened(t *testing.T, root *tree.Node) (volume.FS, disc.LBA) {
	t.Helper()
	l := planned(t, root)
	u, err := udf.Open(l, l.Size(), volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	i, err := u.Stat("VIDEO_TS/VTS_01_0.IFO")
	if err != nil {
		t.Fatal(err)
	}
	return u, i.Sys().(*volume.Attributes).Extents[0].Start
}

func TestCells(t *testing.T) {
	u, at := opened(t, withCells(
		[]cell{{0, 0, 31}, {8, 32, 63}, {0x54, 64, 79}},
		[]cell{{0, 32, 63}, {0, 80, 119}},
	))
	got, err := dvdvideo.Cells(u)
	if err != nil {
		t.Fatal(err)
	}
	titles := at + 16
	want := []dvdvideo.Cell{
		{Set: 1, Chain: 1, Number: 1, Start: titles, End: titles + 32},
		{Set: 1, Chain: 1, Number: 2, Start: titles + 32, End: titles + 64, Seamless: true},
		{Set: 1, Chain: 1, Number: 3, Start: titles + 64, End: titles + 80, Interleaved: true},
		{Set: 1, Chain: 2, Number: 2, Start: titles + 80, End: titles + 120},
	}
	if len(got) != len(want) {
		t.Fatalf("%d cells, want %d: %v", len(got), len(want), got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("cell %d is %+v, want %+v", i, got[i], want[i])
		}
	}
	if s := got[3].String(); s != "title set 1, program chain 2, cell 2" {
		t.Errorf("the place is %q", s)
	}
}

// A volume without a DVD-Video has no cells, and a damaged table is an error.
func TestCellsDamaged(t *testing.T) {
	for _, c := range []struct {
		name  string
		cells []cell
		want  string
	}{
		{"reversed", []cell{{0, 0, 9}, {0, 20, 10}}, "title set 1: program chain 1: cell 2 ends before it begins"},
	} {
		u, _ := opened(t, withCells(c.cells))
		if _, err := dvdvideo.Cells(u); err == nil || err.Error() != c.want {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
	root := tree.NewFolder("", udftest.When)
	root.Append(tree.NewFile("a", 1, udftest.When, layout.Bytes("a")))
	l := planned(t, root)
	u, err := udf.Open(l, l.Size(), volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if cells, err := dvdvideo.Cells(u); err != nil || len(cells) > 0 {
		t.Errorf("%v, %v", cells, err)
	}
}

func TestIsNavigation(t *testing.T) {
	p := make([]byte, 2048)
	copy(p, "\x00\x00\x01\xBA")
	copy(p[0x0E:], "\x00\x00\x01\xBB")
	if dvdvideo.IsNavigation(p) {
		t.Error("a pack without control information is taken for a navigation pack")
	}
	copy(p[0x26:], "\x00\x00\x01\xBF")
	if !dvdvideo.IsNavigation(p) || dvdvideo.IsNavigation(p[:64]) {
		t.Error("a navigation pack is not recognised, or half of one is")
	}
}

// memory is a volume of files in memory that begin at address 1000.
type memory struct{ fstest.MapFS }

func (memory) Volume() volume.Info { return volume.Info{} }
func (m memory) Stat(name string) (fs.FileInfo, error) {
	i, err := m.MapFS.Stat(name)
	return placed{i}, err
}

func (m memory) Open(name string) (fs.File, error) {
	p, err := m.ReadFile(name)
	return open{bytes.NewReader(p)}, err
}

type placed struct{ fs.FileInfo }

func (placed) Sys() any {
	return &volume.Attributes{Extents: []volume.Extent{{Start: 1000}}}
}

type open struct{ *bytes.Reader }

func (open) Stat() (fs.FileInfo, error) { return nil, io.ErrUnexpectedEOF }
func (open) Close() error               { return nil }

// Whatever the information contains, the cells are in order and not empty.
func FuzzCells(f *testing.F) {
	f.Add([]byte(withChains(159, 0, 16, []cell{{0, 0, 31}, {8, 32, 63}}, []cell{{0x54, 64, 79}})))
	f.Add([]byte(ifo("DVDVIDEO-VTS", 1, 0, 0, 1<<32-1)))
	f.Fuzz(func(t *testing.T, set []byte) {
		v := memory{fstest.MapFS{
			"VIDEO_TS/VTS_01_0.IFO": {Data: set, ModTime: time.Unix(0, 0)},
			"VIDEO_TS/VTS_02_0.IFO": {Data: set, ModTime: time.Unix(0, 0)},
		}}
		cells, _ := dvdvideo.Cells(v)
		last := disc.LBA(-1)
		for _, c := range cells {
			if c.Start <= last || c.End <= c.Start || c.Number < 1 || c.Chain < 1 {
				t.Fatalf("%+v follows %d", c, last)
			}
			last = c.Start
		}
	})
}
