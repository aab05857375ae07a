package update_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"glassmaster/mastering/layout"
	"glassmaster/mastering/patch"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/udf"
	"glassmaster/mastering/udf/plan"
	"glassmaster/mastering/udf/udftest"
	"glassmaster/mastering/volume"
)

// TestSessions edits the newest session of an image. The older one stays as it is.
func TestSessions(t *testing.T) {
	const gap = 1234
	for i, r := range plan.Revisions {
		first := planned(t, r)
		v, err := udf.Open(bytes.NewReader(first), int64(len(first)), volume.Options{})
		if err != nil {
			t.Fatal(err)
		}
		info, err := v.Stat("large")
		if err != nil {
			t.Fatal(err)
		}
		root := small()
		n := tree.NewFile("of the first session", info.Size(), udftest.When,
			&layout.Recorded{Extents: info.Sys().(*volume.Attributes).Extents, Disc: bytes.NewReader(first)})
		root.Append(n)
		p, err := plan.New(root, plan.Options{Revision: r, Time: udftest.When})
		if err != nil {
			t.Fatal(err)
		}
		l, err := udftest.Place(p, root, int64(len(first))/2048+gap, bytes.NewReader(first))
		if err != nil {
			t.Fatal(err)
		}
		image := save(t, l, l.Size())
		for round := range uint64(2) {
			e := &editor{Rand: rand.New(rand.NewPCG(uint64(i), round)), number: 1000 * int(round)}
			e.root = treeOf(t, bytes.NewReader(image), int64(len(image)))
			for range 8 {
				e.step()
			}
			set, _, err := tryChange(t, bytes.NewReader(image), int64(len(image)), patch.Edit{Root: e.root, View: "UDF"})
			if err != nil {
				t.Fatal(err)
			}
			next := save(t, set, set.Size())
			compare(t, next, e.root)
			if !bytes.Equal(next[:len(first)], first) {
				t.Errorf("revision %s: the first session was changed", r)
			}
			image = next
		}
	}
}
