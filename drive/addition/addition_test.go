package addition_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/drive/addition"
	"glassmaster/drive/read"
	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/drive/source"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/master"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/tree"
	udfplan "glassmaster/mastering/udf/plan"
	"glassmaster/mastering/volume"
)

// files are the contents of files by their paths.
type files map[string]string

// noise returns the contents of a file of that many bytes.
func noise(size int, seed byte) string {
	return string(virtualtest.Noise((size+disc.SectorSize-1)/disc.SectorSize, seed)[:size])
}

// folder writes files into a new folder.
func folder(t testing.TB, list files) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range list {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// first burns files as the first session of a disc.
func first(t testing.TB, d scsi.Transport, o master.Options, list files) {
	t.Helper()
	c := compilation.New()
	c.Label, c.Options = "FIRST", o
	if _, err := c.AddPaths(t.Context(), []string{folder(t, list)}, false, progress.Discard); err != nil {
		t.Fatal(err)
	}
	src, err := source.FromCompilation(t.Context(), c, nil, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	b, err := record.NewPlan(t.Context(), d, src, record.Options{Appendable: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := virtualtest.Burn(t.Context(), b, progress.Discard); err != nil {
		t.Fatal(err)
	}
}

// plan plans to add files to a disc, after edit was called.
func plan(t testing.TB, d scsi.Transport, add files, edit func(*compilation.Compilation)) *addition.Addition {
	t.Helper()
	on, err := addition.Import(t.Context(), d, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { on.Close() })
	c := on.Compilation()
	if edit != nil {
		edit(c)
	}
	nodes, notices, err := compilation.Scan(t.Context(), []string{folder(t, add) + "/"}, c.ScanOptions(), progress.Discard)
	if err != nil || len(notices) > 0 {
		t.Fatal(notices, err)
	}
	c.Add(c.Root(), nodes)
	a, err := on.Plan(t.Context(), d, c, nil, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

// burnOptions are the options of a burn that adds a session.
func burnOptions(a *addition.Addition) record.Options {
	return record.Options{Appendable: true, Continue: a.Continuation(), Locate: a.Source.Locate}
}

// add adds files to a disc, which must succeed.
func add(t testing.TB, d scsi.Transport, list files, edit func(*compilation.Compilation)) (*addition.Addition, record.Result) {
	t.Helper()
	a := plan(t, d, list, edit)
	b, err := record.NewPlan(t.Context(), d, a.Source, burnOptions(a))
	if err != nil {
		t.Fatal(err)
	}
	r, err := virtualtest.Burn(t.Context(), b, progress.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return a, r
}

// contents reads all files of the disc in a drive, in a view.
func contents(t testing.TB, d scsi.Transport, view string) files {
	t.Helper()
	m, err := read.Open(context.Background(), d)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	v, err := volume.OpenDisc(context.Background(), m, volume.Options{View: view})
	if err != nil {
		t.Fatalf("%s: %v", view, err)
	}
	return filesOf(t, v)
}

// same reports differences between the files of a disc and those that are wanted.
func same(t testing.TB, what string, got, want files) {
	t.Helper()
	for p, text := range want {
		if g, ok := got[p]; !ok {
			t.Errorf("%s: %s is missing", what, p)
		} else if g != text {
			t.Errorf("%s: %s has other contents", what, p)
		}
	}
	for p := range got {
		if _, ok := want[p]; !ok {
			t.Errorf("%s: there is %s", what, p)
		}
	}
}

// large has room for several sessions: the zones between them alone take 40,000 sectors.
const large = 90000

// small is the size of discs that are overwritten in place, in sectors.
const small = 4096

// media are the kinds of medium to which a session can be added.
var media = []string{
	"cd-r", "cd-rw", "dvd-r", "dvd-rw", "dvd+r", "dvd+r dl", "bd-r", "bd-r dl", "bd-r xl", "bd-r ql",
	"dvd+rw", "dvd-ram", "bd-re", "dvd-rw overwrite",
}

// blank returns a blank disc of a kind of medium.
func blank(t testing.TB, medium string) scsi.Transport {
	t.Helper()
	name, over := strings.CutSuffix(medium, " overwrite")
	sectors := int64(large)
	if inPlace(medium) {
		sectors = small
	} else if strings.HasPrefix(name, "dvd+r") || strings.HasPrefix(name, "bd-r") {
		sectors = 3 * small
	}
	d := virtualtest.Blank(t, name, sectors)
	if over {
		f, err := record.NewFormatting(t.Context(), d, record.FormatOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Run(t.Context(), progress.Discard); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// oldFiles are those of the first session.
func oldFiles() files {
	return files{"kept": noise(100_000, 1), "docs/changed": noise(5000, 2), "docs/removed": noise(2049, 3), "docs/sub/old name": noise(70_000, 4), "empty": ""}
}

// TestAdd adds two sessions to every medium, and compares every file.
func TestAdd(t *testing.T) {
	for _, medium := range media {
		t.Run(medium, func(t *testing.T) {
			d := blank(t, medium)
			want := oldFiles()
			first(t, d, master.Options{}, want)
			a, r := add(t, d, files{"docs/changed": noise(6000, 5), "new/file": noise(40_000, 6)}, func(c *compilation.Compilation) {
				c.Remove([]*tree.Node{c.Root().Lookup("docs/removed")})
				if err := c.Rename(c.Root().Lookup("docs/sub/old name"), "new name"); err != nil {
					t.Fatal(err)
				}
			})
			want["docs/changed"], want["new/file"], want["docs/sub/new name"] = noise(6000, 5), noise(40_000, 6), want["docs/sub/old name"]
			delete(want, "docs/removed")
			delete(want, "docs/sub/old name")
			if c := a.Changes; c.Kept != 3 || c.Removed != 1 || c.Renamed != 1 || c.Replaced != 1 || c.Added != 1 || c.Contents != 3+20 {
				t.Errorf("%+v", c)
			}
			if !r.Verified || len(r.Notices) > 0 || r.Plan.Sectors > 600 {
				t.Errorf("verified %v, %q, %d sectors", r.Verified, r.Notices, r.Plan.Sectors)
			}
			if n := len(r.Checks); n == 0 || !r.Checks[n-1].OK {
				t.Errorf("%+v", r.Checks)
			}
			for _, view := range []string{"Rock Ridge", "Joliet"} {
				same(t, view, contents(t, d, view), want)
			}

			before := r.Plan.Cost
			_, r = add(t, d, files{"third": noise(3000, 7)}, nil)
			want["third"] = noise(3000, 7)
			same(t, "third session", contents(t, d, ""), want)
			if now := r.Plan.Cost; before == nil || now == nil || now.Free != before.Left && r.Plan.Profile != "DVD-RW restricted overwrite" {
				t.Errorf("the second session was to leave room for %+v, and the third one has %+v", before, now)
			}
		})
	}
}

// sessionContents reads all files of a session of the disc in a drive.
func sessionContents(t testing.TB, d scsi.Transport, number int) files {
	t.Helper()
	m, err := read.Open(context.Background(), d)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	v, err := volume.OpenDisc(context.Background(), m, volume.Options{Session: number})
	if err != nil {
		t.Fatal(err)
	}
	return filesOf(t, v)
}

func filesOf(t testing.TB, v fs.FS) files {
	t.Helper()
	got := files{}
	err := fs.WalkDir(v, ".", func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := fs.ReadFile(v, p)
		got[p] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// TestVolumes continues discs of other volumes than ISO 9660 alone: the session has the same.
func TestVolumes(t *testing.T) {
	growing := func(r udfplan.Revision) master.Options {
		return master.Options{UDFOnly: true, UDF: &master.UDF{Revision: r, Virtual: &udfplan.Virtual{}}}
	}
	for _, v := range []struct {
		name  string
		o     master.Options
		views []string
	}{
		{"growing UDF 1.50", growing(udfplan.Revision150), []string{"UDF"}},
		{"growing UDF 2.01", growing(udfplan.Revision201), []string{"UDF"}},
		{"bridge", master.Options{UDF: &master.UDF{Revision: udfplan.Revision102}}, []string{"Rock Ridge", "Joliet", "UDF"}},
		{"UDF 2.01", master.Options{UDFOnly: true, UDF: &master.UDF{Revision: udfplan.Revision201}}, []string{"UDF"}},
		{"UDF 2.60", master.Options{UDFOnly: true, UDF: &master.UDF{Revision: udfplan.Revision260}}, []string{"UDF"}},
	} {
		for _, medium := range []string{"cd-r", "dvd+r", "bd-r", "dvd+rw", "dvd-ram", "bd-re", "dvd-rw overwrite"} {
			if strings.HasPrefix(v.name, "growing") && inPlace(medium) {
				continue
			}
			t.Run(v.name+", "+medium, func(t *testing.T) {
				d := blank(t, medium)
				if strings.HasPrefix(v.name, "growing") {
					v.o.UDF.Virtual.Unit, v.o.UDF.Virtual.Least = map[string]int64{"cd-r": 1, "dvd+r": 16, "bd-r": 32}[medium], map[string]int64{"cd-r": 300}[medium]
				}
				want := oldFiles()
				first(t, d, v.o, want)
				for i, name := range []string{"second", "third"} {
					_, r := add(t, d, files{name: noise(9000, byte(20+i))}, nil)
					want[name] = noise(9000, byte(20+i))
					if !r.Verified {
						t.Errorf("not verified: %q", r.NotAssured)
					}
					for _, view := range v.views {
						same(t, name+", "+view, contents(t, d, view), want)
					}
				}
			})
		}
	}
}

// TestSessionNumber continues the first of two sessions: what the second one has added is
// hidden.
func TestSessionNumber(t *testing.T) {
	d := blank(t, "dvd+r")
	first(t, d, master.Options{}, files{"one": "one"})
	add(t, d, files{"two": "two"}, nil)
	on, err := addition.Import(t.Context(), d, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer on.Close()
	c, notices, err := on.Edited(t.Context(), nil, []string{folder(t, files{"three": "three"})}, progress.Discard)
	if err != nil || len(notices) > 0 {
		t.Fatal(notices, err)
	}
	burnSession(t, d, on, c)
	same(t, "the disc", contents(t, d, ""), files{"one": "one", "three": "three"})
}

// TestHide adds a session that hides the files before it.
func TestHide(t *testing.T) {
	d := blank(t, "cd-r")
	first(t, d, master.Options{}, files{"one": "one"})
	c := compilation.New()
	c.Label = "SECOND"
	if _, err := c.AddPaths(t.Context(), []string{folder(t, files{"two": "two"})}, false, progress.Discard); err != nil {
		t.Fatal(err)
	}
	a, err := addition.Hide(t.Context(), d, c, nil, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	burnAddition(t, d, a)
	same(t, "the disc", contents(t, d, ""), files{"two": "two"})
	same(t, "the first session", sessionContents(t, d, 1), files{"one": "one"})

	over := blank(t, "dvd+rw")
	first(t, over, master.Options{}, files{"one": "one"})
	if _, err := addition.Hide(t.Context(), over, c, nil, source.Options{}); err == nil {
		t.Error("files of a DVD+RW are hidden")
	}
}

// TestSimulate simulates a session, where the medium supports that. The disc does not change.
func TestSimulate(t *testing.T) {
	for medium, can := range map[string]bool{"cd-r": true, "dvd-r": true, "dvd+r": false, "dvd+rw": false, "bd-r": false} {
		d := blank(t, medium)
		first(t, d, master.Options{}, files{"one": "one"})
		a := plan(t, d, files{"two": "two"}, nil)
		o := burnOptions(a)
		o.Simulate = true
		b, err := record.NewPlan(t.Context(), d, a.Source, o)
		if !can {
			if !errors.Is(err, record.ErrNoMode) {
				t.Errorf("%s: %v", medium, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := virtualtest.Burn(t.Context(), b, progress.Discard); err != nil {
			t.Errorf("%s: %v", medium, err)
		}
		same(t, medium, contents(t, d, ""), files{"one": "one"})
	}
}

// TestRefused refuses discs to which nothing can be added.
func TestRefused(t *testing.T) {
	for _, medium := range media {
		if _, err := addition.Import(t.Context(), blank(t, medium), 0); err == nil {
			t.Errorf("%s: a blank disc is continued", medium)
		}
	}
	d := blank(t, "dvd+r")
	first(t, d, master.Options{}, files{"one": "one"})
	a := plan(t, d, files{"two": "two"}, nil)
	o := burnOptions(a)
	o.Appendable = false
	b, err := record.NewPlan(t.Context(), d, a.Source, o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := virtualtest.Burn(t.Context(), b, progress.Discard); err != nil {
		t.Fatal(err)
	}
	if _, err := addition.Import(t.Context(), d, 0); !errors.Is(err, record.ErrNotWritable) {
		t.Errorf("a closed disc: %v", err)
	}
	full := blank(t, "dvd+rw")
	first(t, full, master.Options{}, files{"one": "one"})
	a = plan(t, full, files{"large": noise((small+100)*disc.SectorSize, 1)}, nil)
	if _, err := record.NewPlan(t.Context(), full, a.Source, burnOptions(a)); !errors.Is(err, record.ErrTooLarge) {
		t.Errorf("a session that does not fit: %v", err)
	}
}

// burnSession plans and burns an edited disc.
func burnSession(t testing.TB, d scsi.Transport, on *addition.Disc, c *compilation.Compilation) {
	t.Helper()
	a, err := on.Plan(t.Context(), d, c, nil, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	burnAddition(t, d, a)
}

func burnAddition(t testing.TB, d scsi.Transport, a *addition.Addition) {
	t.Helper()
	b, err := record.NewPlan(t.Context(), d, a.Source, burnOptions(a))
	if err != nil {
		t.Fatal(err)
	}
	if r, err := virtualtest.Burn(t.Context(), b, progress.Discard); err != nil || !r.Verified {
		t.Fatalf("%+v, %v", r, err)
	}
}
