package master_test

import (
	"io/fs"
	"testing"

	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/master"
	"glassmaster/mastering/tree"
	udfplan "glassmaster/mastering/udf/plan"
	"glassmaster/mastering/volume"
	_ "glassmaster/mastering/volume/formats"
)

// volumesOf returns options for each combination of volumes.
func volumesOf() map[string]master.Options {
	all := map[string]master.Options{"ISO 9660": {}}
	for _, r := range udfplan.Revisions {
		all["UDF "+r.String()] = master.Options{UDF: &master.UDF{Revision: r}, UDFOnly: true}
		all["bridge "+r.String()] = master.Options{UDF: &master.UDF{Revision: r}}
	}
	return all
}

// viewsOf opens all views of a planned disc.
func viewsOf(t *testing.T, root *tree.Node, o master.Options) map[string]volume.FS {
	t.Helper()
	l, _, err := master.Plan(root, o)
	isotest.Must(t, err)
	views := map[string]volume.FS{}
	for _, name := range []string{"Rock Ridge", "Joliet", "UDF"} {
		if v, err := volume.Open(l, l.Size(), volume.Options{View: name}); err == nil {
			views[name] = v
		}
	}
	if want := map[bool]int{true: 1, false: 2}[o.UDFOnly] + map[bool]int{true: 1}[o.UDF != nil && !o.UDFOnly]; len(views) != want {
		t.Fatalf("%d views, want %d: %v", len(views), want, views)
	}
	return views
}

// firstSector returns the sector of a file's contents.
func firstSector(t *testing.T, v volume.FS, path string) int64 {
	t.Helper()
	info, err := fs.Stat(v, path)
	isotest.Must(t, err)
	a, ok := info.Sys().(*volume.Attributes)
	if !ok || len(a.Extents) != 1 {
		t.Fatalf("%s: %+v", path, info.Sys())
	}
	return int64(a.Extents[0].Start)
}

// TestOrderInAllVolumes checks the order of contents by weight in all combinations of
// volumes.
func TestOrderInAllVolumes(t *testing.T) {
	for name, o := range volumesOf() {
		t.Run(name, func(t *testing.T) {
			root := bootFiles(t, map[string][]byte{"a": []byte("a"), "b/c": []byte("c"), "d": []byte("d"), "e": []byte("e")})
			o.Order = []master.Weight{{Pattern: "a", Weight: -2}, {Pattern: "b", Weight: 9}, {Pattern: "e", Weight: 3}}
			for view, v := range viewsOf(t, root, o) {
				last := int64(0)
				for _, path := range []string{"b/c", "e", "d", "a"} {
					at := firstSector(t, v, path)
					if at <= last {
						t.Errorf("%s: %s is at sector %d, not after %d", view, path, at, last)
					}
					last = at
				}
			}
		})
	}
}

// TestIdenticalInAllVolumes stores files with the same contents once, in all
// combinations of volumes.
func TestIdenticalInAllVolumes(t *testing.T) {
	for name, o := range volumesOf() {
		t.Run(name, func(t *testing.T) {
			root := bootFiles(t, map[string][]byte{"a": []byte("same"), "b/c": []byte("same"), "d": []byte("other")})
			o.Identical = map[*tree.Node]int{root.Lookup("a"): 1, root.Lookup("b/c"): 1}
			for view, v := range viewsOf(t, root, o) {
				if a, c := firstSector(t, v, "a"), firstSector(t, v, "b/c"); a != c {
					t.Errorf("%s: the contents are at sectors %d and %d", view, a, c)
				}
				for path, want := range map[string]string{"a": "same", "b/c": "same", "d": "other"} {
					if got, err := fs.ReadFile(v, path); string(got) != want || err != nil {
						t.Errorf("%s: %s contains %q (%v)", view, path, got, err)
					}
				}
			}
		})
	}
}
