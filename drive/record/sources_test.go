package record_test

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/drive/source"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/volume"
)

// folder makes a folder of two files, the second of which is changed by the tests.
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

// change is what happens to a file of the source.
type change struct {
	name string
	do   func(path string) error
	// gone: the planned bytes no longer exist. changed: a burn that has not begun is
	// refused.
	gone, changed bool
}

var changesOfFiles = []change{
	{"longer", func(p string) error { return os.Truncate(p, 700_000) }, false, false},
	{"written to", func(p string) error { return os.Chtimes(p, time.Unix(1e9, 0), time.Unix(1e9, 0)) }, false, true},
	{"shorter", func(p string) error { return os.Truncate(p, 1000) }, true, true},
	{"removed", os.Remove, true, true},
}

// eachChange runs a test with every change, with and without KeepGoing, on an open
// folder.
func eachChange(t *testing.T, try func(t *testing.T, c change, keep bool, src *source.Source, file string)) {
	for _, c := range changesOfFiles {
		for _, keep := range []bool{false, true} {
			name := c.name
			if keep {
				name += ", keep going"
			}
			t.Run(name, func(t *testing.T) {
				dir, file := folder(t)
				src, err := source.Open(t.Context(), dir, source.Options{KeepGoing: keep})
				if err != nil {
					t.Fatal(err)
				}
				defer src.Close()
				try(t, c, keep, src, file)
			})
		}
	}
}

// TestSourceChangesBeforeBurn changes a file between the plan and the burn: a disc
// that can be written only once is not touched.
func TestSourceChangesBeforeBurn(t *testing.T) {
	eachChange(t, func(t *testing.T, c change, keep bool, src *source.Source, file string) {
		d := virtualtest.Blank(t, "dvd+r", 4000)
		b, err := record.NewPlan(t.Context(), d, src, record.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.do(file); err != nil {
			t.Fatal(err)
		}
		r, err := virtualtest.Burn(t.Context(), b, progress.Discard)
		if c.changed && !keep {
			if err == nil || !strings.Contains(err.Error(), file) || status(t, d).Status != mmc.Blank {
				t.Errorf("error %v, the disc is %v", err, status(t, d).Status)
			}
			return
		}
		if err != nil || len(r.Changes) != 1 || !strings.Contains(r.Changes[0].String(), file) {
			t.Errorf("error %v, notices %q", err, r.Changes)
		}
	})
}

// hooked is a drive that calls a function at the first PREVENT ALLOW MEDIUM REMOVAL:
// after the source is checked, and before it is read.
type hooked struct {
	scsi.Transport
	do func() error
}

func (m *hooked) Execute(ctx context.Context, c scsi.Command) (int, error) {
	if do := m.do; c.CDB[0] == scsi.OpPreventAllowMediumRemoval && do != nil {
		m.do = nil
		if err := do(); err != nil {
			return 0, err
		}
	}
	return m.Transport.Execute(ctx, c)
}

// TestSourceChangesDuringBurn changes a file after the burn has begun. The disc is
// completed if the file has the planned number of bytes, and always with KeepGoing.
func TestSourceChangesDuringBurn(t *testing.T) {
	eachChange(t, func(t *testing.T, c change, keep bool, src *source.Source, file string) {
		d := &hooked{virtualtest.Blank(t, "dvd+r", 4000), func() error { return c.do(file) }}
		r, err := burn(t, d, src, record.Options{})
		if c.gone && !keep {
			if err == nil || !strings.Contains(err.Error(), file) {
				t.Errorf("error %v", err)
			}
			return
		}
		if err != nil || !r.Verified || len(r.Changes) != 1 || !strings.Contains(r.Changes[0].String(), file) {
			t.Fatalf("error %v, verified %t, notices %q", err, r.Verified, r.Changes)
		}
		if c.gone {
			return
		}
		if got := fileOnDisc(t, d, "z.log"); got != strings.Repeat("planned ", 75_000) {
			t.Errorf("the file on the disc has %d bytes", len(got))
		}
	})
}

// A simulation reports changes too.
func TestSourceChangesDuringSimulation(t *testing.T) {
	dir, file := folder(t)
	src, err := source.Open(t.Context(), dir, source.Options{KeepGoing: true})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	d := &hooked{virtualtest.Blank(t, "cd-r", 4000), func() error { return os.Truncate(file, 1000) }}
	r, err := burn(t, d, src.Disc, record.Options{Simulate: true})
	if err != nil || len(r.Changes) != 1 || !strings.Contains(r.Changes[0].String(), file) {
		t.Errorf("error %v, notices %q", err, r.Changes)
	}
}

// fileOnDisc reads a file of the volume on the disc in the drive.
func fileOnDisc(t *testing.T, d scsi.Transport, name string) string {
	t.Helper()
	m, err := read.Open(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	v, err := volume.OpenDisc(context.Background(), m, volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := fs.ReadFile(v, name)
	if err != nil {
		t.Fatal(err)
	}
	return string(p)
}
