package dvdvideo_test

import (
	"fmt"
	"testing"

	"glassmaster/mastering/dvdvideo"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/udf/udftest"
)

// notRead is the contents of a file that is planned and not read.
type notRead struct{}

func (notRead) String() string { return "not read" }

// large returns a DVD-Video whose title set has the given cells, and the given number of
// files of 524,000 sectors each.
func large(files int, cells ...cell) *tree.Node {
	const size = 524000
	root := tree.NewFolder("", udftest.When)
	folder := tree.NewFolder("VIDEO_TS", udftest.When)
	root.Append(folder)
	add := func(name string, b layout.Bytes) {
		folder.Append(tree.NewFile(name, int64(len(b)), udftest.When, b))
	}
	manager, set := ifo("DVDVIDEO-VMG", 2, 31, 0, 0, 32), withChains(uint32(16+files*size+3+12), 0, 16, cells)
	add("VIDEO_TS.BUP", manager)
	add("VIDEO_TS.IFO", manager)
	add("VTS_01_0.BUP", set)
	add("VTS_01_0.IFO", set)
	for i := range files {
		folder.Append(tree.NewFile(fmt.Sprintf("VTS_01_%d.VOB", i+1), size*2048, udftest.When, notRead{}))
	}
	return root
}

// A DVD-Video for two layers is placed so that the best cell for the layer break begins an
// ECC block, and all others as before.
func TestAlignedCell(t *testing.T) {
	for _, c := range []struct {
		name  string
		files int
		cells []cell
		best  int // index of the cell that begins an ECC block; -1: VIDEO_TS.IFO does
	}{
		{"one layer", 4, []cell{{0, 0, 1200004}, {0, 1200005, 2000000}}, -1},
		{"a cell in each half", 5, []cell{{0, 0, 1000002}, {0, 1000003, 1400004}, {0, 1400005, 1500005}, {0, 1500006, 2600000}}, 2},
		{"a seamless one is nearer", 5, []cell{{0, 0, 1400004}, {8, 1400005, 1500005}, {0, 1500006, 2600000}}, 2},
		{"seamless only", 5, []cell{{0, 0, 1400004}, {8, 1400005, 2600000}}, 1},
		{"angles", 5, []cell{{0, 0, 1400004}, {0x50, 1400005, 2600000}}, -1},
		{"behind the first layer", 5, []cell{{0, 0, 2200004}, {0, 2200005, 2600000}}, -1},
	} {
		u, set := opened(t, large(c.files, c.cells...))
		at := int64(set) - 32
		if c.best >= 0 {
			at = int64(set) + 16 + int64(c.cells[c.best].start)
		}
		if at%dvdvideo.ECCBlock != 0 {
			t.Errorf("%s: %d is not the beginning of an ECC block", c.name, at)
		}
		if _, err := dvdvideo.Cells(u); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
