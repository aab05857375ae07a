package job_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/drive/job"
	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/drive/record"
	"glassmaster/drive/source"
	"glassmaster/drive/virtual"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/progress"
)

// sink is a sink for a test, with functions to inspect the result.
type sink struct {
	job.Sink
	with      func(o record.Options) job.Sink // with other options
	path      string                          // of an image
	medium    bool                            // writing uses up a medium
	untouched func() bool
	content   func() []byte // of the user data
}

// sinks are the kinds of sinks, by name.
var sinks = map[string]func(t *testing.T) sink{
	"image":  imageSink,
	"dvd+r":  func(t *testing.T) sink { return discSink(t, "dvd+r") },
	"dvd+rw": func(t *testing.T) sink { return discSink(t, "dvd+rw") },
}

func imageSink(t *testing.T) sink {
	dir := t.TempDir()
	path := filepath.Join(dir, "made.iso")
	f, err := job.FormatFor(path, "")
	if err != nil {
		t.Fatal(err)
	}
	with := func(o record.Options) job.Sink { return job.ImageFile(path, f, job.ImageOptions{NoVerify: o.NoVerify}) }
	return sink{
		Sink: with(record.Options{}), with: with, path: path,
		untouched: func() bool {
			left, _ := os.ReadDir(dir)
			return len(left) == 0
		},
		content: func() []byte {
			p, err := os.ReadFile(path)
			if err != nil {
				t.Error(err)
			}
			return p
		},
	}
}

func discSink(t *testing.T, medium string) sink {
	d := virtualtest.Blank(t, medium, 4000)
	with := func(o record.Options) job.Sink { return job.Recorder(d, o) }
	return sink{
		Sink: with(record.Options{}), with: with, medium: true,
		untouched: func() bool {
			var info mmc.DiscInformation
			ask := func() (err error) {
				info, err = mmc.ReadDiscInformation(context.Background(), d)
				return err
			}
			if err := mmc.RetryUnitAttention(ask); err != nil {
				t.Error(err)
			}
			return info.Status == mmc.Blank || medium == "dvd+rw" && info.Background == 0
		},
		content: func() []byte {
			m, err := read.Open(context.Background(), d)
			if err != nil {
				t.Fatal(err)
			}
			return sectors(t, m)
		},
	}
}

// sectors reads all sectors of a disc.
func sectors(t *testing.T, d disc.Disc) []byte {
	t.Helper()
	p := make([]byte, disc.Sectors(d)*disc.SectorSize)
	if n, err := d.ReadSectors(context.Background(), p, 0, disc.User); n*disc.SectorSize != len(p) || err != nil && !errors.Is(err, io.EOF) {
		t.Fatalf("read %d sectors: %v", n, err)
	}
	return p
}

// eachSink runs a test for all sinks.
func eachSink(t *testing.T, f func(t *testing.T, to sink)) {
	for name, made := range sinks {
		t.Run(name, func(t *testing.T) { f(t, made(t)) })
	}
}

// folder makes a folder of two files, and returns the path of the second one.
func folder(t *testing.T) (dir, file string) {
	t.Helper()
	dir = t.TempDir()
	file = filepath.Join(dir, "z.log")
	for path, n := range map[string]int{filepath.Join(dir, "a.bin"): 900_000, file: 600_000} {
		if err := os.WriteFile(path, bytes.Repeat([]byte("planned "), n/8), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir, file
}

// compiled returns a compilation of a folder.
func compiled(t *testing.T) *compilation.Compilation {
	t.Helper()
	c := compilation.New()
	c.Label = "TEST"
	dir, _ := folder(t)
	if notices, err := c.AddPaths(t.Context(), []string{dir}, false, progress.Discard); err != nil || len(notices) > 0 {
		t.Fatal(err, notices)
	}
	return c
}

// image writes an image of a compilation with the sinks of this package.
func image(t *testing.T) string {
	t.Helper()
	src, err := source.FromCompilation(t.Context(), compiled(t), nil, source.Options{Report: progress.Discard})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	path := filepath.Join(t.TempDir(), "source.iso")
	f, _ := job.FormatFor(path, "iso")
	run(t, src, job.ImageFile(path, f, job.ImageOptions{NoVerify: true}))
	return path
}

func open(t *testing.T, name string, o source.Options) *source.Source {
	t.Helper()
	o.Report, o.LateSums = progress.Discard, true
	s, err := source.Open(t.Context(), name, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// run runs a job that must succeed.
func run(t *testing.T, from *source.Source, to job.Sink) job.Result {
	t.Helper()
	j, err := job.New(t.Context(), from, to)
	if err != nil {
		t.Fatal(err)
	}
	r, err := j.Run(t.Context(), progress.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// kinds are the kinds of sources, all with the same files.
var kinds = map[string]func(t *testing.T) *source.Source{
	"image": func(t *testing.T) *source.Source { return open(t, image(t), source.Options{}) },
	"folder": func(t *testing.T) *source.Source {
		dir, _ := folder(t)
		return open(t, dir, source.Options{})
	},
	"compilation": func(t *testing.T) *source.Source {
		c := compiled(t)
		c.Contents.Checksums, c.Contents.MD5 = true, true
		s, err := source.FromCompilation(t.Context(), c, nil, source.Options{Report: progress.Discard, LateSums: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	},
	"drive": func(t *testing.T) *source.Source {
		name := "virtual:" + filepath.Join(t.TempDir(), "disc") + "?medium=dvd+r&sectors=4000"
		d, err := virtual.OpenName(name)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		run(t, open(t, image(t), source.Options{}), job.Recorder(d, record.Options{}))
		return open(t, name, source.Options{})
	},
}

// Every kind of source is written to every kind of sink, and the result is equal.
func TestRun(t *testing.T) {
	for name, kind := range kinds {
		t.Run("from "+name, func(t *testing.T) {
			eachSink(t, func(t *testing.T, to sink) {
				src := kind(t)
				j, err := job.New(t.Context(), src, to)
				if err != nil {
					t.Fatal(err)
				}
				if p := j.Plan(); p.Sectors != disc.Sectors(src) || len(p.Steps) < 2 || p.Profile == "" || len(p.Notices) > 0 {
					t.Errorf("the plan is %+v", p)
				}
				if !to.untouched() {
					t.Error("the plan has written something")
				}
				r, err := j.Run(t.Context(), progress.Discard)
				if err != nil || !r.Verified || !r.Equal || len(r.SHA256) != 64 || r.Written < disc.Sectors(src) || len(r.Flaws()) > 0 {
					t.Errorf("%+v, %v", r, err)
				}
				if got := to.content(); !bytes.HasPrefix(got, sectors(t, src)) {
					t.Error("the sink is not equal to the source")
				}
			})
		})
	}
}

func TestNoVerify(t *testing.T) {
	eachSink(t, func(t *testing.T, to sink) {
		r := run(t, open(t, image(t), source.Options{}), to.with(record.Options{NoVerify: true}))
		if r.Verified || r.Equal || r.Written == 0 {
			t.Errorf("%+v", r)
		}
	})
}

// An image written to a stream is equal to one in a file. It cannot be read back.
func TestStream(t *testing.T) {
	src := open(t, image(t), source.Options{})
	f, _ := job.FormatFor("", "")
	var b bytes.Buffer
	if r := run(t, src, job.ImageStream(&b, f, job.ImageOptions{})); r.Verified || r.Written != disc.Sectors(src) {
		t.Errorf("%+v", r)
	}
	if !bytes.Equal(b.Bytes(), sectors(t, src)) {
		t.Error("the stream is not equal to the source")
	}
}

// onPhase is a reporter that calls a function when a phase begins.
type onPhase struct {
	progress.Reporter
	phase progress.Phase
	do    func()
}

func (o *onPhase) Phase(p progress.Phase, total int64) {
	if do := o.do; p == o.phase && do != nil {
		o.do = nil
		do()
	}
	o.Reporter.Phase(p, total)
}

// A cancelled job leaves no image file, and reports the state of the disc.
func TestCancelWriting(t *testing.T) {
	eachSink(t, func(t *testing.T, to sink) {
		ctx, cancel := context.WithCancel(t.Context())
		j, err := job.New(ctx, open(t, image(t), source.Options{}), to)
		if err != nil {
			t.Fatal(err)
		}
		r, err := j.Run(ctx, &onPhase{progress.Discard, progress.Writing, cancel})
		var e *record.Error
		if !errors.Is(err, context.Canceled) || r.Equal || errors.As(err, &e) != to.medium || !to.medium && !to.untouched() {
			t.Errorf("%+v, %v", r, err)
		}
	})
}

// An image that differs from its source is an error.
func TestImageDiffers(t *testing.T) {
	to := imageSink(t)
	src := open(t, image(t), source.Options{})
	j, err := job.New(t.Context(), src, to)
	if err != nil {
		t.Fatal(err)
	}
	damage := func() {
		f, err := os.OpenFile(to.path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteAt([]byte("?"), 600*disc.SectorSize+5); err != nil {
			t.Fatal(err)
		}
	}
	r, err := j.Run(t.Context(), &onPhase{progress.Discard, progress.Comparing, damage})
	if !errors.Is(err, record.ErrDiffers) || r.Verified || r.Mismatch == nil || r.Mismatch.LBA != 600 || r.Mismatch.Offset != 5 || r.Mismatch.File == "" {
		t.Errorf("%+v, %v", r, err)
	}
	if !strings.Contains(err.Error(), "is not good") || !strings.Contains(err.Error(), to.path) {
		t.Errorf("does not say what became of the image: %v", err)
	}
}

// An image is there when the comparison is cancelled, and the error says so.
func TestCancelComparing(t *testing.T) {
	to := imageSink(t)
	ctx, cancel := context.WithCancel(t.Context())
	j, err := job.New(ctx, open(t, image(t), source.Options{}), to)
	if err != nil {
		t.Fatal(err)
	}
	r, err := j.Run(ctx, &onPhase{progress.Discard, progress.Comparing, cancel})
	if !errors.Is(err, context.Canceled) || r.Verified || r.Equal || !strings.Contains(err.Error(), to.path+" was written, but not compared") {
		t.Errorf("%+v, %v", r, err)
	}
	if len(to.content()) == 0 {
		t.Error("there is no image")
	}
}

// After a panic no part of an image is left, and the tray of a drive is unlocked.
func TestPanic(t *testing.T) {
	eachSink(t, func(t *testing.T, to sink) {
		j, err := job.New(t.Context(), open(t, image(t), source.Options{}), to)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if recover() == nil || !to.medium && !to.untouched() {
				t.Error("the panic was swallowed, or something is left")
			}
		}()
		_, _ = j.Run(t.Context(), &onPhase{progress.Discard, progress.Writing, func() { panic("test") }})
	})
}

// A source that does not fit is refused in the plan.
func TestTooLarge(t *testing.T) {
	for name, to := range map[string]func(*testing.T) sink{"image": imageSink, "dvd+r": sinks["dvd+r"]} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			f, err := os.Create(filepath.Join(dir, "sparse"))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if err := f.Truncate(4 << 40); err != nil {
				peertest.Skip(t, err.Error())
			}
			sink := to(t)
			j, err := job.New(t.Context(), open(t, dir, source.Options{}), sink)
			switch {
			case sink.medium:
				if !errors.Is(err, record.ErrTooLarge) {
					t.Errorf("%v", err)
				}
			case err != nil || len(j.Plan().Notices) != 1 || !strings.Contains(j.Plan().Notices[0].Text, "free"):
				t.Errorf("%+v, %v", j, err)
			}
		})
	}
}

func TestFormatFor(t *testing.T) {
	for _, c := range []struct{ path, wanted, want, fails string }{
		{"x.iso", "", "ISO", ""},
		{"x.UDF", "", "ISO", ""},
		{"backup-2026.01", "", "ISO", ""},
		{"", "", "ISO", ""},
		{"x.daa", "iso", "ISO", ""},
		{"x.nrg", "", "Nero", ""},
		{"x.daa", "", "", "PowerISO"},
		{"x.bin", "", "CUE", ""},
		{"x.img", "", "ISO", ""},
		{"x.zip", "", "", "archive"},
		{"x.iso", "wax", "", `"wax" cannot be written`},
	} {
		f, err := job.FormatFor(c.path, c.wanted)
		if c.fails == "" && (err != nil || f.Name != c.want) || c.fails != "" && (err == nil || !strings.Contains(err.Error(), c.fails)) {
			t.Errorf("%q, %q: %s, %v", c.path, c.wanted, f.Name, err)
		}
	}
}
