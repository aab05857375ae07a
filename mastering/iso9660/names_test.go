package iso9660

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/iso9660/internal/format"
	"glassmaster/mastering/volume"
)

// TestTwins uses more than a hundred entries with the same name, among others. Each is
// shown under a unique name, the same one in every kind of access, and Check reports
// each.
func TestTwins(t *testing.T) {
	h := rockRidge(60)
	h.dir(22, 20, 20)
	h.add(20, "DIR", 22, 20*2048, format.FlagDirectory, nm(0, "dir"))
	add := func(i int, name string) {
		const perSector = 20
		h.next[22] = max(h.next[22], (22+i/perSector)*2048)
		h.add(22, fmt.Sprintf("F%03d.;1", i), 50, 100+i, 0, nm(0, name))
	}
	var want []string
	for i := range 120 {
		add(i, "twin")
		want = append(want, fmt.Sprintf("twin~%d", i+1))
	}
	want[0] = "twin"
	for i := 120; i < 300; i++ {
		name := fmt.Sprintf("other %d", i)
		add(i, name)
		want = append(want, name)
	}
	add(300, "twin~2")
	want = append(want, "twin~2~2")
	add(301, "a/b")
	want = append(want, `a\x2fb`)
	v := h.open(t, "")
	i, recorded := 0, 0
	isotest.Must(t, v.Walk("dir", func(e *volume.Entry) error {
		name := strings.TrimPrefix(string(e.Path), "dir/")
		if name != want[i] || e.Size != int64(100+i) {
			t.Errorf("%q with %d bytes, want %q", name, e.Size, want[i])
		}
		if e.Recorded != nil {
			recorded++
		}
		i++
		return nil
	}))
	if i != len(want) || recorded != 121 {
		t.Errorf("%d entries, %d under other names than on the disc", i, recorded)
	}
	for range 2 { // by scanning, then by an index
		for i, name := range want {
			info, err := v.Lstat("dir/" + name)
			if err != nil || info.Size() != int64(100+i) || info.Name() != name {
				t.Errorf("%s: %v, %v", name, info, err)
			}
		}
	}
	list, err := v.ReadDir("dir")
	isotest.Must(t, err)
	var listed []string
	for _, d := range list {
		listed = append(listed, d.Name())
	}
	slices.Sort(want)
	if !slices.Equal(listed, want) {
		t.Errorf("%q", listed)
	}
	defects, err := v.Check(t.Context())
	isotest.Must(t, err)
	twins := 0
	for _, d := range defects {
		if strings.Contains(d.Text, "as well; this one is shown as") {
			twins++
		}
	}
	if twins != 120 || !hasDefect(defects, `the name "a/b" is not a valid file name; it is shown as a\x2fb`) {
		t.Errorf("%d twins in %v", twins, defects)
	}
}

// TestRawNames returns the bytes of names and link targets that are not UTF-8, and finds
// files by them.
func TestRawNames(t *testing.T) {
	h := rockRidge(0)
	px := entry("PX", both(0o120777), both(1), both(0), both(0))
	names := []string{"caf\xe9", "café", "\x91g\x8d\x87.txt", "new\nline"}
	for i, name := range names {
		h.add(20, fmt.Sprintf("A%d.;1", i), 30, 1+i, 0, nm(0, name))
	}
	h.add(20, "L.;1", 0, 0, 0, px, nm(0, "link"), entry("SL", []byte{0, 0, 4}, []byte("caf\xe9")))
	v := h.open(t, "")
	if got, err := walked(v); got != strings.Join(append(names, "link"), " ") || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	for i, name := range names {
		if info, err := fs.Stat(v, name); err != nil || info.Size() != int64(1+i) {
			t.Errorf("%q: %v, %v", name, info, err)
		}
	}
	if target, err := v.ReadLink("link"); target != "caf\xe9" || err != nil {
		t.Errorf("%q, %v", target, err)
	}
	if info, err := fs.Stat(v, "link"); err != nil || info.Size() != 1 {
		t.Errorf("%v, %v", info, err)
	}
}
