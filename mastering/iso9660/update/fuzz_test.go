package update_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"glassmaster/mastering/iso9660"
	"glassmaster/mastering/iso9660/plan"
	"glassmaster/mastering/iso9660/update"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/master"
	"glassmaster/mastering/patch"
	"glassmaster/mastering/session"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/volume"
)

// tiny makes a small image with a bit of everything.
func tiny(t testing.TB, o plan.Features) []byte {
	t.Helper()
	root := tree.NewFolder("", when)
	d := root
	for range 9 {
		k := tree.NewFolder("d", when)
		d.Append(k)
		d.Append(tree.NewFile("file with a name", 4, when, layout.Bytes("1234")))
		d = k
	}
	l, _, err := master.Plan(root, master.Options{Label: "TINY", Time: when, Features: o, NoPadding: true})
	must(t, err)
	b := make([]byte, l.Size())
	if n, err := l.ReadAt(b, 0); n < len(b) {
		t.Fatal(err)
	}
	return b
}

// hostile edits an image that may be damaged. The result of a successful update must open.
func hostile(t *testing.T, b []byte, seed uint64) {
	r := bytes.NewReader(b)
	v, err := iso9660.Open(r, int64(len(b)), volume.Options{})
	if err != nil {
		return
	}
	root := session.Import(v, r).Root()
	nodes := 0
	if root.Walk(func(*tree.Node) error {
		if nodes++; nodes > 500 {
			return volume.ErrUnknown
		}
		return nil
	}) != nil {
		return
	}
	m := &image{t: t, r: r, size: int64(len(b)), v: v, root: root, view: v.Volume().View, set: patch.New(r, int64(len(b)), nil)}
	e := &editor{Rand: rand.New(rand.NewPCG(seed, 1)), m: m}
	for range 1 + e.IntN(5) {
		e.step()
	}
	u, err := update.New(m.set, patch.Edit{Root: root, View: m.view, Time: when, Extents: func(n *tree.Node) []volume.Extent {
		return []volume.Extent{{Start: 1, Length: n.Size}}
	}}, volume.Options{})
	if err != nil || u == nil {
		return
	}
	if _, err := u.Update(t.Context()); err != nil {
		return
	}
	must(t, u.Finish(m.set.Sectors()))
	if _, err := iso9660.Open(m.set, m.set.Size(), volume.Options{}); err != nil {
		t.Error(err)
	}
}

// FuzzUpdate edits damaged images.
func FuzzUpdate(f *testing.F) {
	for _, o := range tinies() {
		f.Add(tiny(f, o), uint64(1))
	}
	f.Fuzz(func(t *testing.T, b []byte, seed uint64) {
		if len(b) <= 1<<20 {
			hostile(t, b, seed)
		}
	})
}

func tinies() []plan.Features {
	return []plan.Features{{}, {RockRidge112: true, Joliet: plan.JolietOff}, {NoRockRidge: true, Level: 4}}
}

// TestHostile edits images in which bytes were changed, and parts copied elsewhere.
func TestHostile(t *testing.T) {
	for i, o := range tinies() {
		good := tiny(t, o)
		for seed := range uint64(300) {
			b := bytes.Clone(good)
			r := rand.New(rand.NewPCG(seed, uint64(i)))
			for range 1 + r.IntN(10) {
				b[16*2048+r.IntN(len(b)-16*2048)] = byte(r.Uint32())
			}
			for range r.IntN(4) {
				to, from := 18*2048+r.IntN(len(b)-18*2048-300), 18*2048+r.IntN(len(b)-18*2048-300)
				copy(b[to:to+200], b[from:from+200])
			}
			hostile(t, b, seed)
		}
	}
}
