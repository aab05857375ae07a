package model

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/tree"
)

// newProject returns a project that measures without delay.
func newProject(t *testing.T) (*Project, mainLoop) {
	t.Helper()
	q := newMainLoop()
	p := NewProject(q.post)
	p.delay = 0
	return p, q
}

// hostFiles creates files in a temporary folder; the contents of each are its name.
func hostFiles(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(name), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func (p *Project) waitUntilIdle(t *testing.T, q mainLoop) {
	t.Helper()
	q.until(t, "the end of adding and measuring", func() bool { return !p.Scanning() && !p.Measuring() && len(q) == 0 })
}

// shape returns the tree as one line of text.
func shape(n *tree.Node) string {
	var s []string
	for _, c := range n.Children() {
		text := c.Name
		if c.IsDir() {
			text += "(" + shape(c) + ")"
		}
		s = append(s, text)
	}
	return strings.Join(s, " ")
}

func TestProjectAddsAndMeasures(t *testing.T) {
	p, q := newProject(t)
	dir := hostFiles(t, "Trip/a.txt", "Trip/sub/b.txt")
	p.AddPaths([]string{filepath.Join(dir, "Trip")}, p.Compilation().Root())
	p.waitUntilIdle(t, q)
	if got := shape(p.Compilation().Root()); got != "Trip(a.txt sub(b.txt))" && got != "Trip(sub(b.txt) a.txt)" {
		t.Errorf("the disc holds %s", got)
	}
	if p.Label() != "Trip" {
		t.Errorf("the label is %q", p.Label())
	}
	s := p.Size()
	if s.Files != 2 || s.Folders != 2 || s.Content != int64(len("Trip/a.txt")+len("Trip/sub/b.txt")) || s.Err != nil {
		t.Errorf("the size is %+v", s)
	}
	m, err := p.Compilation().Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if s.Sectors != m.Sectors() {
		t.Errorf("%d sectors, the image has %d", s.Sectors, m.Sectors())
	}
	if names(p.List.Selected()) != "Trip" {
		t.Errorf("selected: %s", names(p.List.Selected()))
	}
}

// The label of a disc is the one that the command line gives it.
func TestProjectLabel(t *testing.T) {
	dir := hostFiles(t, "Trip 8.2024/a.txt", "film.mkv")
	for _, name := range []string{"Trip 8.2024", "film.mkv"} {
		p, q := newProject(t)
		path := filepath.Join(dir, name)
		p.AddPaths([]string{path}, p.Compilation().Root())
		p.waitUntilIdle(t, q)
		if want := compilation.LabelFor([]string{path}); p.Label() != want {
			t.Errorf("%s: the label is %q, want %q", name, p.Label(), want)
		}
	}
}

func TestProjectUndo(t *testing.T) {
	p, q := newProject(t)
	root := p.Compilation().Root()
	first := hostFiles(t, "A/one.txt", "A/both.txt")
	second := hostFiles(t, "A/two.txt", "A/both.txt", "B/three.txt")
	add := func(path string) {
		p.AddPaths([]string{path}, root)
		p.waitUntilIdle(t, q)
	}
	var states []string
	note := func() { states = append(states, shape(root)) }
	note()
	add(filepath.Join(first, "A"))
	note()
	add(filepath.Join(second, "A")) // merges, and replaces both.txt
	note()
	add(filepath.Join(second, "B"))
	note()
	p.Move([]*tree.Node{root.Child("B")}, root.Child("A"))
	note()
	if err := p.Rename(root.Child("A"), "Z"); err != nil {
		t.Fatal(err)
	}
	note()
	p.Mkdir(root)
	p.Mkdir(root)
	note()
	p.Remove([]*tree.Node{root.Child("Z").Child("B"), root.Child("New folder 2")})
	note()
	if len(p.Problems()) != 1 || p.Problems()[0].Severity != disc.Warning || !strings.Contains(p.Problems()[0].Text, "replaces") {
		t.Errorf("problems: %v", p.Problems())
	}
	steps := len(states) // one more edit than states, by the second folder
	for range 3 {
		for range steps {
			p.Undo()
		}
		if got := shape(root); got != states[0] || p.Undoable() != "" {
			t.Errorf("all undone: %q, and %q can be undone", got, p.Undoable())
		}
		for range steps {
			p.Redo()
		}
		if got := shape(root); got != states[len(states)-1] || p.Redoable() != "" {
			t.Errorf("all done again: %q, want %q", got, states[len(states)-1])
		}
	}
	for _, n := range []*tree.Node{root.Child("Z"), root.Child("Z").Child("two.txt")} {
		if root.Lookup(n.Path()) != n {
			t.Errorf("%s has lost its folder", n.Path())
		}
	}
}

func TestProjectReports(t *testing.T) {
	p, q := newProject(t)
	p.AddPaths([]string{filepath.Join(t.TempDir(), "missing")}, p.Compilation().Root())
	p.waitUntilIdle(t, q)
	if len(p.Problems()) != 1 || p.Problems()[0].Severity != disc.Error || p.Problems()[0].Text != syscall.ENOENT.Error() {
		t.Errorf("problems: %v", p.Problems())
	}
	p.ClearProblems()
	if len(p.Problems()) != 0 || !p.Empty() {
		t.Error("the problems are still there")
	}
}

func TestProjectRefusesNames(t *testing.T) {
	p, q := newProject(t)
	dir := hostFiles(t, "a", "b")
	p.AddPaths([]string{filepath.Join(dir, "a"), filepath.Join(dir, "b")}, p.Compilation().Root())
	p.waitUntilIdle(t, q)
	a := p.Compilation().Root().Child("a")
	undoable := p.Undoable()
	for _, name := range []string{"b", "", "x/y"} {
		if err := p.Rename(a, name); err == nil || a.Name != "a" {
			t.Errorf("a could be renamed to %q", name)
		}
	}
	if p.Undoable() != undoable {
		t.Errorf("a refused rename can be undone: %s", p.Undoable())
	}
}

func TestCapacity(t *testing.T) {
	cd, _ := mediumNamed("CD 80 min")
	for _, c := range []struct {
		c        Capacity
		headline string
		remark   string
		over     bool
	}{
		{Capacity{Medium: cd}, "0 B of 737 MB", "737 MB free", false},
		{Capacity{Medium: cd, Content: 2048 * 100, Sectors: 300}, "614 kB of 737 MB", "736 MB free", false},
		{Capacity{Medium: cd, Content: 1e9, Sectors: 500000}, "1.02 GB of 737 MB", "287 MB too much – fits on Mini DVD", true},
		{Capacity{Medium: cd, Content: 1e12, Sectors: 500000000}, "1.02 TB of 737 MB", "1.02 TB too much", true},
	} {
		if c.c.Headline() != c.headline || c.c.Remark() != c.remark || c.c.Over() != c.over {
			t.Errorf("%q, %q, over %v; want %q, %q, %v", c.c.Headline(), c.c.Remark(), c.c.Over(), c.headline, c.remark, c.over)
		}
		g := c.c.Segments()
		if sum := g.Content + g.Overhead + g.Excess; sum > 1.000001 || g.Content < 0 || g.Overhead < -1e-9 || c.over != (g.Excess > 0) {
			t.Errorf("%s: the parts are %+v", c.headline, g)
		}
	}
}

// TestMissingFiles adds a folder of which a file cannot be read, and a file that does not
// exist. They are missing as long as their folder is on the disc and the person has not
// cleared the list.
func TestMissingFiles(t *testing.T) {
	p, _ := newProject(t)
	host := filepath.Join(string(filepath.Separator), "host")
	secret := filepath.Join(host, "Trip", "sub", "secret")
	trip := tree.NewFolder("Trip", time.Time{})
	trip.Append(tree.NewFolder("sub", time.Time{}))
	failed := func(path string) disc.Notice {
		return disc.Notice{Severity: disc.Error, Path: path, Text: "permission denied"}
	}
	root := p.Compilation().Root()
	p.insert([]*tree.Node{trip}, root, []string{filepath.Join(host, "Trip"), filepath.Join(host, "gone")},
		[]disc.Notice{failed(secret), failed(filepath.Join(host, "gone")), {Severity: disc.Warning, Text: "replaced"}})
	p.AddProblem(disc.Notice{Severity: disc.Error, Path: "backup", Text: "the compilation cannot be backed up"})
	missing := func(want ...string) {
		t.Helper()
		var got []string
		for _, n := range p.Missing() {
			got = append(got, n.Path)
		}
		if !slices.Equal(got, want) {
			t.Errorf("missing are %q, want %q", got, want)
		}
	}
	gone := filepath.Join(host, "gone")
	missing(secret, gone)
	p.Remove([]*tree.Node{root.Child("Trip").Child("sub")})
	missing(gone)
	p.Undo()
	missing(secret, gone)
	p.ClearProblems()
	missing()
	p.Replace(compilation.New(), "x.glassmaster", []disc.Notice{failed(gone)})
	missing(gone)
}
