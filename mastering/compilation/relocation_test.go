package compilation

import (
	"path/filepath"
	"strings"
	"testing"

	isoplan "glassmaster/mastering/iso9660/plan"
	"glassmaster/mastering/master"
	"glassmaster/mastering/peertest"
)

// TestRelocatedBesideOthers uses trees in which the names of the relocation directory
// that readers expect already exist: libarchive accepts no other.
func TestRelocatedBesideOthers(t *testing.T) {
	peertest.Need(t, "bsdtar")
	const deep = "a/2/3/4/5/6/7/8/9/10/deep.txt"
	for _, c := range []struct {
		name   string
		o      master.Options
		files  []string // existing files
		hidden string
	}{
		{"nothing", master.Options{}, nil, ""},
		{"a file", master.Options{}, []string{"rr_moved"}, ""},
		{"a folder", master.Options{}, []string{"rr_moved/own/1/2/3/4/5/6/7/8/own.txt", "rr_moved/file", "rr_moved/8"}, ""},
		{"a file and a folder", master.Options{}, []string{"rr_moved", ".rr_moved/file"}, ""},
		{"a hidden folder", master.Options{Hide: []string{"rr_moved"}}, []string{"rr_moved/file"}, "rr_moved"},
	} {
		t.Run(c.name, func(t *testing.T) {
			top := t.TempDir()
			write(t, top, append(c.files, deep)...)
			img := makeImage(t, top, c.o)
			out := t.TempDir()
			peertest.Run(t, out, "bsdtar", "-xf", img)
			got, want := describe(t, out), describe(t, top)
			for name := range want {
				if c.hidden != "" && strings.HasPrefix(name, c.hidden) {
					delete(want, name)
				}
			}
			// bsdtar creates the relocation directory itself, as a parent, without its
			// time.
			for _, moved := range []string{"rr_moved", ".rr_moved"} {
				if strings.HasPrefix(want[moved], "d") && strings.HasPrefix(got[moved], "d") {
					delete(want, moved)
					delete(got, moved)
				}
			}
			equalTrees(t, got, want)
		})
	}
}

// TestLinksOfFolders compares the number of links that a folder has.
func TestLinksOfFolders(t *testing.T) {
	peertest.Need(t, "bsdtar")
	top := t.TempDir()
	write(t, top, "none/0", "three/x/1", "three/y/2", "three/z/3", "one/2/3/4/5/6/7/8/9/4", "hidden/x/5", "hidden/y/6")
	list := peertest.Run(t, "", "bsdtar", "-tvf", makeImage(t, top, master.Options{Hide: []string{"hidden/y"}}))
	links := map[string]string{}
	for line := range strings.Lines(list) {
		if f := strings.Fields(line); len(f) == 9 {
			links[f[8]] = f[1]
		}
	}
	for name, want := range map[string]string{".": "6", "none": "2", "three": "5", "one/2/3/4/5/6/7": "3", "one/2/3/4/5/6/7/8/9": "2", "hidden": "3"} {
		if links[name] != want {
			t.Errorf("%s has %q links, want %s", name, links[name], want)
		}
	}
}

// TestRelocatedLongNames uses names of all lengths, so that the relocation fields no
// longer fit into the record.
func TestRelocatedLongNames(t *testing.T) {
	peertest.Need(t, "bsdtar", "xorriso")
	top := t.TempDir()
	for n := 1; n <= 250; n += 6 {
		write(t, top, filepath.Join("1/2/3/4/5/6/7", strings.Repeat("d", n), strings.Repeat("e", n), "file"))
	}
	want := describe(t, top)
	for _, o := range []master.Options{{}, {Features: isoplan.Features{RockRidge112: true, Stamps: true}}, {Features: isoplan.Features{Level: 1, Stamps: true}}} {
		img := makeImage(t, top, o)
		out := t.TempDir()
		peertest.Run(t, out, "bsdtar", "-xpf", img)
		equalTrees(t, describe(t, out), want)
		peertest.Run(t, "", "xorriso", "-abort_on", "WARNING", "-report_about", "WARNING", "-indev", img, "-find", "/")
	}
}
