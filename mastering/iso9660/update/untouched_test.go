package update_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"strings"
	"testing"

	"glassmaster/mastering/iso9660"
	"glassmaster/mastering/iso9660/update"
	"glassmaster/mastering/patch"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/volume"
)

// TestUntouched checks that updates overwrite neither contents nor the system area, and
// that records which do not change keep all of their bytes.
func TestUntouched(t *testing.T) {
	for name, b := range images(t, false) {
		for seed := range uint64(2) {
			t.Run(fmt.Sprintf("%s/%d", name, seed), func(t *testing.T) {
				m := edit(t, bytes.NewReader(b), int64(len(b)), "")
				contents := fileSectors(t, m.v)
				e := &editor{Rand: rand.New(rand.NewPCG(seed, 11)), m: m}
				for range 10 {
					e.step()
				}
				_, err := m.update()
				must(t, err)
				for off, p := range m.set.Overwritten() {
					for at := off / 2048; at < (off+int64(len(p)))/2048; at++ {
						if at < 16 || contents[at] != "" {
							t.Errorf("sector %d of %q is overwritten", at, contents[at])
						}
					}
				}
			})
		}
	}
}

// fileSectors returns the sectors of the contents of files.
func fileSectors(t testing.TB, v *iso9660.FS) map[int64]string {
	t.Helper()
	m := map[int64]string{}
	must(t, v.Walk(".", func(e *volume.Entry) error {
		if e.Mode.IsRegular() {
			for _, x := range e.Extents {
				for i := int64(0); i < x.Length; i += 2048 {
					m[int64(x.Start)+i/2048] = string(e.Path)
				}
			}
		}
		return nil
	}))
	return m
}

// TestSurgical checks that one new file changes few sectors, and that the records of the
// others keep their bytes.
func TestSurgical(t *testing.T) {
	for name, b := range images(t, false) {
		t.Run(name, func(t *testing.T) {
			m := edit(t, bytes.NewReader(b), int64(len(b)), "")
			var folder *tree.Node
			for _, path := range []string{"links", "LINKS", "folder 2", "FOLDER_2"} {
				if n := m.root.Lookup(path); n != nil {
					folder = n
				}
			}
			before := dates(m.v)
			folder.Append(m.file("NEW.TXT", "new"))
			_, err := m.update()
			must(t, err)
			sectors := 0
			for _, p := range m.set.Overwritten() {
				sectors += len(p) / 2048
			}
			if sectors > 16 {
				t.Errorf("%d sectors are overwritten", sectors)
			}
			after := dates(m.open(""))
			for name, s := range before {
				if after[name] != s {
					t.Errorf("%s: %s became %s", name, s, after[name])
				}
			}
		})
	}
}

// dates describes all that the view knows of its files.
func dates(v *iso9660.FS) map[string]string {
	m := map[string]string{}
	_ = fs.WalkDir(v, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil
		}
		if info, err := d.Info(); err == nil {
			m[path] = fmt.Sprintf("%v %d %v %+v", info.Mode(), info.Size(), info.ModTime(), info.Sys())
		}
		return nil
	})
	return m
}

// TestDamaged refuses to change what is damaged.
func TestDamaged(t *testing.T) {
	good := own(t, plan0)
	root := int(uint32At(good[16*2048+158:])) * 2048
	third := root + int(good[root])
	third += int(good[third]) // "folder 0"
	for _, c := range []struct {
		name   string
		damage func(b []byte)
		want   string
	}{
		{"record", func(b []byte) { b[third+int(b[third])] = 20 }, "damaged"},
		{"identifier", func(b []byte) { b[third+32] = 250 }, "damaged"},
		{"no parent", func(b []byte) { b[root+int(b[root])+33] = 7 }, "no records of itself"},
		{"shared", func(b []byte) {
			next := third + int(b[third])
			copy(b[next+2:next+18], b[third+2:third+18])
		}, "several director"},
		{"overlap", func(b []byte) { put32(b[third+10:], 4096) }, "several records of itself"},
		{"outside", func(b []byte) { put32(b[third+2:], uint32(len(b)/2048)+5) }, "not within the image"},
		{"fields", func(b []byte) {
			i := bytes.Index(b[third:], []byte("PX$\x01"))
			b[third+i+2] = 3
		}, "system use field"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := bytes.Clone(good)
			c.damage(b)
			m := edit(t, bytes.NewReader(b), int64(len(b)), "")
			for _, n := range m.root.Children() {
				if n.IsDir() {
					n.Append(m.file("new", "new"))
					n.Mode ^= 1
					n.Name += " renamed"
				}
			}
			m.root.Append(m.file("new", "new"))
			_, err := m.update()
			var unsafe *patch.UnsafeError
			if !errors.As(err, &unsafe) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// TestNoVolume finds no volume.
func TestNoVolume(t *testing.T) {
	b := make([]byte, 100<<11)
	u, err := update.New(patch.New(bytes.NewReader(b), int64(len(b)), nil), patch.Edit{Root: tree.NewFolder("", when)}, volume.Options{})
	if u != nil || err != nil {
		t.Errorf("%v, %v", u, err)
	}
}
