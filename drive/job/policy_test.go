package job_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"glassmaster/drive/job"
	"glassmaster/drive/read"
	"glassmaster/drive/record"
	"glassmaster/drive/source"
	"glassmaster/drive/virtual"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// A source whose end is missing is burned only with Force, and is written to an image
// file as far as it goes. Neither result is good.
func TestIncomplete(t *testing.T) {
	eachSink(t, func(t *testing.T, to sink) {
		path := image(t)
		if err := os.Truncate(path, 400*disc.SectorSize); err != nil {
			t.Fatal(err)
		}
		src := open(t, path, source.Options{})
		j, err := job.New(t.Context(), src, to)
		if to.medium {
			if !errors.Is(err, record.ErrIncomplete) || !to.untouched() {
				t.Fatalf("%v, untouched: %t", err, to.untouched())
			}
			j, err = job.New(t.Context(), src, to.with(record.Options{Force: true}))
		}
		if err != nil {
			t.Fatal(err)
		}
		if p := j.Plan(); p.Incomplete() == "" || len(p.Notices) != 1 || !strings.Contains(p.Notices[0].Text, "incomplete") {
			t.Errorf("the plan is %+v", p)
		}
		r, err := j.Run(t.Context(), progress.Discard)
		if err != nil || !r.Equal || r.Short == nil || r.Short.Missing() < 300 || len(r.Flaws()) != 1 {
			t.Errorf("%+v, %v", r, err)
		}
	})
}

// A source whose files cannot be found is written, but the result is not good.
func TestUnopenable(t *testing.T) {
	eachSink(t, func(t *testing.T, to sink) {
		path := image(t)
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, volume := range []int64{16, 17} { // the roots of both trees (ECMA-119 8.4.18)
			if _, err := f.WriteAt(make([]byte, 34), volume*disc.SectorSize+156); err != nil {
				t.Fatal(err)
			}
		}
		f.Close()
		j, err := job.New(t.Context(), open(t, path, source.Options{}), to)
		if err != nil {
			t.Fatal(err)
		}
		if p := j.Plan(); p.Unopenable == nil || len(p.Notices) == 0 {
			t.Errorf("the plan is %+v", p)
		}
		r, err := j.Run(t.Context(), progress.Discard)
		if err != nil || !r.Equal || len(r.Flaws()) != 1 || !strings.Contains(r.Flaws()[0].Text, "cannot be found") {
			t.Errorf("%+v, %v: %v", r, err, r.Flaws())
		}
	})
}

// Missing files are left out only with KeepGoing.
func TestMissing(t *testing.T) {
	missing := []disc.Notice{{Severity: disc.Warning, Text: "renamed"}, {Severity: disc.Error, Path: "/x", Text: "gone"}}
	eachSink(t, func(t *testing.T, to sink) {
		for _, keep := range []bool{false, true} {
			src, err := source.FromCompilation(t.Context(), compiled(t), missing, source.Options{Report: progress.Discard, KeepGoing: keep})
			if err != nil {
				t.Fatal(err)
			}
			defer src.Close()
			if keep {
				if r := run(t, src, to); !r.Equal || len(r.Missing) != 1 || len(r.Flaws()) != 1 {
					t.Errorf("%+v", r)
				}
				return
			}
			if _, err := job.New(t.Context(), src, to); err == nil || err.Error() != "/x: gone" || !to.untouched() {
				t.Errorf("%v", err)
			}
		}
	})
}

// change is what happens to a file of the source.
type change struct {
	name string
	do   func(path string) error
	// gone: the planned bytes no longer exist. refused: a job that has not begun is
	// refused.
	gone, refused bool
}

var changes = []change{
	{"longer", func(p string) error { return os.Truncate(p, 700_000) }, false, false},
	{"written to", func(p string) error { return os.Chtimes(p, time.Unix(1e9, 0), time.Unix(1e9, 0)) }, false, true},
	{"shorter", func(p string) error { return os.Truncate(p, 1000) }, true, true},
	{"removed", os.Remove, true, true},
}

// eachChange runs a test for all changes, with and without KeepGoing, and all sinks.
func eachChange(t *testing.T, f func(t *testing.T, c change, src *source.Source, file string, to sink)) {
	for _, c := range changes {
		for _, keep := range []bool{false, true} {
			name := c.name
			if keep {
				name += ", keep going"
			}
			t.Run(name, func(t *testing.T) {
				eachSink(t, func(t *testing.T, to sink) {
					dir, file := folder(t)
					f(t, c, open(t, dir, source.Options{KeepGoing: keep}), file, to)
				})
			})
		}
	}
}

// A file that changes between plan and execution ends the job before anything is written.
func TestChangedBefore(t *testing.T) {
	eachChange(t, func(t *testing.T, c change, src *source.Source, file string, to sink) {
		j, err := job.New(t.Context(), src, to)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.do(file); err != nil {
			t.Fatal(err)
		}
		r, err := j.Run(t.Context(), progress.Discard)
		if c.refused && !src.KeepGoing {
			if err == nil || !strings.Contains(err.Error(), file) || !to.untouched() || r.Written > 0 {
				t.Errorf("%v, untouched: %t", err, to.untouched())
			}
			return
		}
		if err != nil || !r.Equal || len(r.Changes) != 1 || !strings.Contains(r.Changes[0].Path, file) || len(r.Flaws()) != 1 {
			t.Errorf("%v, %+v", err, r)
		}
	})
}

// An unreadable sector ends the job; with KeepGoing it is replaced by zeros, and counted
// once although the source is read twice.
func TestUnreadable(t *testing.T) {
	eachSink(t, func(t *testing.T, to sink) {
		name := "virtual:" + filepath.Join(t.TempDir(), "disc") + "?medium=dvd+r&sectors=4000"
		d, err := virtual.OpenName(name)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		run(t, open(t, image(t), source.Options{}), job.Recorder(d, record.Options{}))
		want := sectors(t, open(t, name, source.Options{}))
		bad := []int64{300, 301, 555}
		d.SetFaults(virtual.Faults{ReadErrors: bad})

		src := open(t, name, source.Options{KeepGoing: true})
		j, err := job.New(t.Context(), src, to)
		if err != nil {
			t.Fatal(err)
		}
		r, err := j.Run(t.Context(), progress.Discard)
		if err != nil || !r.Equal || r.Unread == nil || r.Unread.Count != 3 || r.Unread.LBA != 300 || len(r.Flaws()) != 1 {
			t.Errorf("%+v, %v", r, err)
		}
		for _, lba := range bad {
			clear(want[lba*disc.SectorSize : (lba+1)*disc.SectorSize])
		}
		if got := to.content(); !bytes.HasPrefix(got, want) {
			t.Error("the rest of the source was not written")
		}
	})
	t.Run("without KeepGoing", func(t *testing.T) {
		eachSink(t, func(t *testing.T, to sink) {
			v := virtualtest.Pressed(t, sectors(t, open(t, image(t), source.Options{})))
			v.SetFaults(virtual.Faults{ReadErrors: []int64{300}})
			d, err := read.Open(t.Context(), v)
			if err != nil {
				t.Fatal(err)
			}
			j, err := job.New(t.Context(), &source.Source{Disc: d, Name: "test", Locate: func(disc.LBA) string { return "" }}, to)
			if err != nil {
				t.Fatal(err)
			}
			r, err := j.Run(t.Context(), progress.Discard)
			if err == nil || r.Equal || !strings.Contains(err.Error(), "300") || !to.medium && !to.untouched() {
				t.Errorf("%+v, %v", r, err)
			}
		})
	})
}

// Writing an image uses up no medium, so it also fails if a file changes during writing,
// unless the file has only grown.
func TestChangedWhileWritten(t *testing.T) {
	for _, c := range changes {
		for _, keep := range []bool{false, true} {
			t.Run(fmt.Sprint(c.name, ", keep going: ", keep), func(t *testing.T) {
				dir, file := folder(t)
				to := imageSink(t)
				j, err := job.New(t.Context(), open(t, dir, source.Options{KeepGoing: keep}), to.with(record.Options{NoVerify: true}))
				if err != nil {
					t.Fatal(err)
				}
				do := func() {
					if err := c.do(file); err != nil {
						t.Error(err)
					}
				}
				r, err := j.Run(t.Context(), &onPhase{progress.Discard, progress.Writing, do})
				if c.refused && !keep {
					if err == nil || !strings.Contains(err.Error(), file) || !to.untouched() {
						t.Errorf("%v, untouched: %t", err, to.untouched())
					}
					return
				}
				if err != nil || len(r.Changes) != 1 || len(r.Flaws()) != 1 || len(to.content()) != int(r.Written)*disc.SectorSize {
					t.Errorf("%v, %+v", err, r)
				}
			})
		}
	}
}

// aware is a disc that knows something of its own state, and counts what is read of it.
type aware struct {
	disc.Disc
	disc.Memo
	inPlace bool
	reads   int
}

func (a *aware) Overwritable() bool { return a.inPlace }

func (a *aware) Notices() []disc.Notice {
	return []disc.Notice{{Severity: disc.Warning, Text: "a session is open"}}
}

func (a *aware) ReadSectors(ctx context.Context, p []byte, lba disc.LBA, f disc.Form) (int, error) {
	a.reads++
	return a.Disc.ReadSectors(ctx, p, lba, f)
}

// What a disc knows of itself is in the plan, also where only a part of the disc is
// written, or unreadable sectors are to be replaced. A part is searched once more, and
// nothing is searched again and again.
func TestPlanOfPart(t *testing.T) {
	img := sectors(t, open(t, image(t), source.Options{}))
	img = append(img, make([]byte, 1000*disc.SectorSize)...)
	whole := 0 // reads of a plan for the whole disc
	for _, inPlace := range []bool{false, true} {
		for _, keep := range []bool{false, true} {
			a := &aware{Disc: virtualtest.DiscOf(img), inPlace: inPlace}
			j, err := job.New(t.Context(), &source.Source{Disc: a, KeepGoing: keep}, imageSink(t))
			if err != nil {
				t.Fatal(err)
			}
			p := j.Plan()
			if len(p.Defects) != 1 || p.Defects[0].Text != "a session is open" || (p.Unused > 0) != inPlace {
				t.Errorf("in place %t, keep going %t: %+v", inPlace, keep, p)
			}
			if whole == 0 {
				whole = a.reads
			}
			if a.reads > whole && !inPlace || a.reads > 2*whole {
				t.Errorf("in place %t, keep going %t: %d reads, and %d for a plan of the whole disc", inPlace, keep, a.reads, whole)
			}
		}
	}
}
