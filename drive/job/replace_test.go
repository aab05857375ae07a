package job_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/drive/job"
	"glassmaster/drive/record"
	"glassmaster/drive/source"
	"glassmaster/drive/virtual"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/compilation"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/zisofs"
)

// An image does not replace a file that it is made of, or the disc of a virtual recorder.
func TestReplacesSource(t *testing.T) {
	blank := func(path string) {
		m, err := virtual.ParseMedium("dvd+r")
		if err != nil {
			t.Fatal(err)
		}
		if err := virtual.Create(path, m, virtual.Options{Sectors: 4000, NoSync: true}); err != nil {
			t.Fatal(err)
		}
	}
	copied := func(from, to string) {
		p, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, p, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, made := range map[string]func(t *testing.T) (*source.Source, string){
		"image": func(t *testing.T) (*source.Source, string) {
			path := image(t)
			return open(t, path, source.Options{}), path
		},
		"link to an image": func(t *testing.T) (*source.Source, string) {
			path, link := image(t), filepath.Join(t.TempDir(), "link.iso")
			if err := os.Symlink(path, link); err != nil {
				peertest.Skip(t, err.Error())
			}
			return open(t, path, source.Options{}), link
		},
		"part of an image": func(t *testing.T) (*source.Source, string) {
			dir := t.TempDir()
			copied(image(t), filepath.Join(dir, "x.001"))
			copied(image(t), filepath.Join(dir, "x.002"))
			return open(t, filepath.Join(dir, "x.001"), source.Options{}), filepath.Join(dir, "x.002")
		},
		"file of a folder": func(t *testing.T) (*source.Source, string) {
			dir, file := folder(t)
			return open(t, dir, source.Options{}), file
		},
		"compressed file": func(t *testing.T) (*source.Source, string) {
			c := compilation.New()
			dir, file := folder(t)
			if _, err := c.AddPaths(t.Context(), []string{dir}, false, progress.Discard); err != nil {
				t.Fatal(err)
			}
			c.Contents.Zisofs = &zisofs.Options{}
			s, err := source.FromCompilation(t.Context(), c, nil, source.Options{Report: progress.Discard})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { s.Close() })
			return s, file
		},
		"virtual disc": func(t *testing.T) (*source.Source, string) {
			path := filepath.Join(t.TempDir(), "disc")
			blank(path)
			return open(t, image(t), source.Options{}), path
		},
		"virtual disc in a drive": func(t *testing.T) (*source.Source, string) {
			path := filepath.Join(t.TempDir(), "disc")
			blank(path)
			d := virtualtest.Open(t, path)
			run(t, open(t, image(t), source.Options{}), job.Recorder(d, record.Options{}))
			d.Close()
			return open(t, "virtual:"+path, source.Options{}), path
		},
	} {
		t.Run(name, func(t *testing.T) {
			src, path := made(t)
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			f, _ := job.FormatFor(path, "iso")
			j, err := job.New(t.Context(), src, job.ImageFile(path, f, job.ImageOptions{}))
			if err == nil {
				_, _ = j.Run(t.Context(), progress.Discard)
			}
			if after, _ := os.ReadFile(path); err == nil || !strings.Contains(err.Error(), "name another file") || !bytes.Equal(before, after) {
				t.Errorf("%v; the file is the same: %v", err, bytes.Equal(before, after))
			}
		})
	}
}

// Other files are replaced, also those that hold the same.
func TestReplacesOther(t *testing.T) {
	src, path := open(t, image(t), source.Options{}), image(t)
	f, _ := job.FormatFor(path, "")
	if r := run(t, src, job.ImageFile(path, f, job.ImageOptions{})); !r.Equal {
		t.Errorf("%+v", r)
	}
}

// An image file that another one has replaced since it was opened is still the source.
func TestSourceReplaced(t *testing.T) {
	path := image(t)
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, replace := range map[string]func() error{
		"replaced": func() error {
			if err := os.WriteFile(path, make([]byte, len(want)), 0o600); err != nil {
				return err
			}
			return os.Chtimes(path, info.ModTime(), info.ModTime())
		},
		"removed": func() error { return nil },
	} {
		if err := os.WriteFile(path, want, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
			t.Fatal(err)
		}
		src, to := open(t, path, source.Options{}), imageSink(t)
		if err := os.Remove(path); err != nil {
			peertest.Skip(t, err.Error()) // Windows does not remove an open file
		}
		if err := replace(); err != nil {
			t.Fatal(err)
		}
		if r := run(t, src, to); !r.Equal || !bytes.Equal(to.content(), want) {
			t.Errorf("%s: %+v", name, r)
		}
	}
}
