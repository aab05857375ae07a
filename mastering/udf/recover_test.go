package udf_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/udf"
	"glassmaster/mastering/udf/plan"
	"glassmaster/mastering/udf/udftest"
	"glassmaster/mastering/volume"
)

// damagedDisc is a disc with sectors that are blank or cannot be read.
type damagedDisc struct {
	io.ReaderAt
	blank, bad []int64 // sectors of 2048 bytes
}

func (s *damagedDisc) ReadAt(p []byte, off int64) (int, error) {
	n, err := s.ReaderAt.ReadAt(p, off)
	for _, b := range s.blank {
		from, to := max(0, b*disc.SectorSize-off), min(int64(n), (b+1)*disc.SectorSize-off)
		if from < to {
			clear(p[from:to])
		}
	}
	for _, b := range s.bad {
		if k := max(0, b*disc.SectorSize-off); k < int64(n) && off < (b+1)*disc.SectorSize {
			return int(k), errors.New("medium error")
		}
	}
	return n, err
}

// TestFileSetDamage erases the file set descriptor and its mirror.
func TestFileSetDamage(t *testing.T) {
	for _, r := range plan.Revisions {
		root := tree.NewFolder("", udftest.When)
		for i := range 3 {
			dir := tree.NewFolder(fmt.Sprint("folder ", i), udftest.When)
			root.Append(dir)
			dir.Append(tree.NewFile("file", 1, udftest.When, layout.Bytes("x")))
		}
		l, p := udftest.VolumeAndPlan(t, root, plan.Options{Revision: r, Time: udftest.When})
		s := &damagedDisc{ReaderAt: l, blank: []int64{plan.FirstSector}}
		if p.MirrorSectors() > 0 {
			_, mirror := udftest.Mirror(t, l, p)
			s.blank = []int64{plan.FirstSector + udftest.MetadataUnit, mirror}
		}
		v, err := udf.Open(s, l.Size(), volume.Options{})
		if err != nil {
			t.Fatalf("%s: %v", r, err)
		}
		if got := property(v.Volume(), "Recovered"); !strings.Contains(got, "found by a search, at block 2 of") || !strings.Contains(got, "blank") {
			t.Errorf("%s: recovered %q", r, got)
		}
		sound, err := udf.Open(l, l.Size(), volume.Options{})
		if err != nil {
			t.Fatal(err)
		}
		udftest.Diff(t, udftest.Manifest(t, sound), udftest.Manifest(t, v))
	}
}

// TestDirectoryDamage damages blocks of a directory with 1000 names. The names outside
// of these blocks are listed. A name that extends into a damaged block is lost.
func TestDirectoryDamage(t *testing.T) {
	root := tree.NewFolder("", udftest.When)
	for i := range 1000 {
		root.Append(tree.NewFile(fmt.Sprintf("%03d", i), 1, udftest.When, layout.Bytes("x")))
	}
	l := udftest.Volume(t, root, plan.Options{Revision: plan.Revision150})
	const first = plan.FirstSector + udftest.FirstBlock // of the names, 44 bytes each, after the parent
	for _, test := range []struct {
		name  string
		disc  *damagedDisc
		names int
		want  string
	}{
		{"nothing", &damagedDisc{}, 1000, ""},
		{"blank", &damagedDisc{blank: []int64{first + 5}}, 1000 - 48, "byte 10204, sector 264: the CRC"},
		{"unreadable", &damagedDisc{bad: []int64{first + 2, first + 15}}, 1000 - 2*47, "sector 262: medium error"},
		{"begin", &damagedDisc{blank: []int64{first}}, 1000 - 46, "byte 0, sector 260"},
		{"end", &damagedDisc{bad: []int64{first + 21}}, 1000 - 24, "sector 281: medium error"},
	} {
		test.disc.ReaderAt = l
		v, err := udf.Open(test.disc, l.Size(), volume.Options{})
		if err != nil {
			t.Fatal(err)
		}
		list, err := v.ReadDir(".")
		if len(list) != test.names || (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %d names, error %v, want %d and %q", test.name, len(list), err, test.names, test.want)
		}
		if _, err := fs.ReadFile(v, "600"); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// TestMirrorOfDescriptors erases continued allocation descriptors of a large file in
// the main copy of the metadata.
func TestMirrorOfDescriptors(t *testing.T) {
	const size = 140 * udftest.MaxExtent
	root := tree.NewFolder("", udftest.When)
	root.Append(tree.NewFile("large", size, udftest.When, udftest.Marked{Size: size, Mark: "mark"}))
	l := udftest.Volume(t, root, plan.Options{Revision: plan.Revision250})
	s := &damagedDisc{ReaderAt: l, blank: []int64{plan.FirstSector + udftest.MetadataUnit + udftest.FirstBlock + 1}}
	v, err := udf.Open(s, l.Size(), volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f, err := v.Open("large")
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 4)
	if _, err := f.(io.ReaderAt).ReadAt(b, size-4); err != nil || string(b) != "mark" {
		t.Errorf("%q, error %v", b, err)
	}
}
