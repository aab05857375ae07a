package plan_test

import (
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/iso9660/plan"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/master"
	"glassmaster/mastering/tree"
)

// when is the time of the volumes that tests make.
var when = time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)

// record is a directory record of an image.
type record struct {
	lba, size uint32
	id        string // identifier
	use       []byte // system use area
}

// recordsOf returns the record of a directory itself, and those of its entries.
func recordsOf(t testing.TB, b []byte) (self record, list []record) {
	t.Helper()
	for at := 0; at < len(b); {
		n := int(b[at])
		if n == 0 {
			at = (at/disc.SectorSize + 1) * disc.SectorSize
			continue
		}
		if at/disc.SectorSize != (at+n-1)/disc.SectorSize {
			t.Errorf("a record of %d bytes at byte %d crosses a sector", n, at)
		}
		r := b[at : at+n]
		id := int(r[32])
		rec := record{
			lba: binary.LittleEndian.Uint32(r[2:]), size: binary.LittleEndian.Uint32(r[10:]),
			id: string(r[33 : 33+id]), use: r[33+id+(id+1)%2:],
		}
		switch rec.id {
		case "\x00":
			self = rec
		case "\x01":
		default:
			list = append(list, rec)
		}
		at += n
	}
	return self, list
}

// rootOf plans a volume and returns the records of its root, in the tree of the
// volume descriptor at a sector.
func rootOf(t testing.TB, root *tree.Node, o plan.Features, descriptor int64) []record {
	t.Helper()
	l := layoutOf(t, root, o)
	d := make([]byte, disc.SectorSize)
	if _, err := l.ReadAt(d, descriptor*disc.SectorSize); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, binary.LittleEndian.Uint32(d[156+10:]))
	if _, err := l.ReadAt(b, int64(binary.LittleEndian.Uint32(d[156+2:]))*disc.SectorSize); err != nil {
		t.Fatal(err)
	}
	_, list := recordsOf(t, b)
	return list
}

// layoutOf plans a volume.
func layoutOf(t testing.TB, root *tree.Node, o plan.Features) *layout.Layout {
	t.Helper()
	l, _, err := master.Plan(root, master.Options{Label: "TEST", Time: when, Features: o})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// rootWith returns a folder with these entries.
func rootWith(children ...*tree.Node) *tree.Node {
	root := tree.NewFolder("", when)
	for _, c := range children {
		root.Append(c)
	}
	return root
}

// rockName returns the Rock Ridge name of a record.
func rockName(r record) string {
	var name strings.Builder
	for p := r.use; len(p) >= 5 && p[2] >= 4; p = p[p[2]:] {
		if string(p[:2]) == "NM" {
			name.Write(p[5:p[2]])
		}
	}
	return name.String()
}
