package compilation

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"glassmaster/mastering/tree"
)

// FuzzLoad loads arbitrary saved compilations, and plans their discs.
func FuzzLoad(f *testing.F) {
	for _, s := range []string{
		`{"format":"glassmaster compilation","version":1,"root":{"mode":"d0755","entries":[]}}`,
		`{"format":"glassmaster compilation","version":1,"label":"A","options":{"level":4,"joliet":2,"deep":true,"attributes":true,"stamps":true,
		"boot":{"images":[{"platform":"efi","path":"a"}],"append":[{"number":2,"type":"efi","path":"here"}],"gpt":"only"},"udf":{"revision":258}},
		"root":{"mode":"d0755","from":".","entries":["here",{"name":"a","data":"eA==","mode":"-0644","modified":"2024-02-29T12:00:00Z","extra":{}},
		{"name":"l","link":"../../x","mode":"l0777"},{"name":"n","mode":"c0666","device":4294967299},{"name":"d","mode":"d1777","entries":[{"name":"b","from":"here"}]}]}}`,
		`{"format":"glassmaster compilation","version":1,"options":{"boot":{"partitionOffset":16,"images":[{"platform":"bios","path":"a","loadSectors":4,"infoTable":true}],
		"apm":true}},"contents":{"md5":true},"root":{"mode":"d0755","entries":[{"name":"a","data":"eHh4eHh4eHg=","mode":"-0644"}]}}`,
		`{"format":"glassmaster compilation","version":1,"udfOnly":true,"exclude":["["],"contents":{},"root":{"from":"..","entries":["../x","..",null,{}]}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 4<<10 {
			return
		}
		dir := t.TempDir()
		path := filepath.Join(dir, "x"+Extension)
		for name, content := range map[string][]byte{path: b, filepath.Join(dir, "here"): []byte("content")} {
			if err := os.WriteFile(name, content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		c, _, err := Load(path)
		if err != nil {
			return
		}
		check(t, c.Root())
		if i, err := c.Plan(t.Context()); err == nil {
			p := make([]byte, 1<<16)
			_, _ = i.ReadAt(p, 0)
			_, _ = i.ReadAt(p, max(i.Size()-int64(len(p)), 0))
		}
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 64<<20 {
			t.Errorf("%d bytes of memory for %d", used, len(b))
		}
	})
}

// check checks that all names of a tree are valid and unique.
func check(t *testing.T, n *tree.Node) {
	seen := map[string]bool{}
	for _, c := range n.Children() {
		if err := tree.CheckName(c.Name); err != nil || seen[c.Name] {
			t.Errorf("%q: %v", c.Name, err)
		}
		seen[c.Name] = true
		if c.IsDir() {
			check(t, c)
		}
	}
}
