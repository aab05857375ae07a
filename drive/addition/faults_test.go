package addition_test

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

	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/drive/virtual"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/master"
	"glassmaster/mastering/progress"
)

// discFile returns the file of a disc with a first session.
func discFile(t *testing.T, medium string, list files) []byte {
	t.Helper()
	d := blank(t, medium).(*virtual.Drive)
	first(t, d, master.Options{}, list)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(d.Path())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// reopened opens a copy of a disc.
func reopened(t *testing.T, file []byte) *virtual.Drive {
	t.Helper()
	path := filepath.Join(t.TempDir(), "disc")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const chunk = 64 << 10
	zeros := make([]byte, chunk)
	for at := 0; at < len(file); at += chunk { // the file is sparse
		if p := file[at:min(at+chunk, len(file))]; !bytes.Equal(p, zeros[:len(p)]) {
			if _, err := f.WriteAt(p, int64(at)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := f.Truncate(int64(len(file))); err != nil {
		t.Fatal(err)
	}
	return virtualtest.Open(t, path)
}

// TestKilled kills the program after each command of a burn that adds a session, with and
// without power loss of the drive: the disc shows its old files, or its old files and the new
// ones, and never anything else. On media that are written sequentially, an interrupted
// session may have to be closed before another one is added, but the old session remains.
func TestKilled(t *testing.T) {
	for _, medium := range media {
		if strings.HasPrefix(medium, "bd-r ") || medium == "dvd+r dl" || medium == "cd-rw" || medium == "dvd-rw" {
			continue // as others
		}
		for _, power := range []bool{true, false} {
			if !power && !inPlace(medium) {
				continue // the drive loses sectors of the open session at most
			}
			t.Run(fmt.Sprintf("%s, power stays %v", medium, power), func(t *testing.T) { testKilled(t, medium, power) })
		}
	}
}

func testKilled(t *testing.T, medium string, power bool) {
	old := oldFiles()
	file := discFile(t, medium, old)
	both := files{"new/file": noise(140_000, 6)}
	for p, text := range old {
		both[p] = text
	}
	var before, after int
	step := 1
	if !inPlace(medium) { // where nothing that was written before changes
		step = 3
	}
	for at := 1; ; at += step {
		d := reopened(t, file)
		k := &virtualtest.Killed{Transport: d, Left: 1 << 30}
		a := plan(t, k, files{"new/file": noise(140_000, 6)}, nil)
		b, err := record.NewPlan(t.Context(), k, a.Source, burnOptions(a))
		if err != nil {
			t.Fatal(err)
		}
		k.Left = at
		r, err := virtualtest.Burn(t.Context(), b, progress.Discard)
		done := k.Left >= 0
		if !power {
			if err := d.DropPower(); err != nil {
				t.Fatal(err)
			}
		}
		switch got := shown(t, d); {
		case equalFiles(got, old):
			before++
			if err == nil || r.Verified {
				t.Errorf("after command %d: the burn is good, and the disc shows its old files", at)
			}
		case equalFiles(got, both):
			after++
		default:
			t.Errorf("after command %d: the disc shows %d files, some of which are wrong", at, len(got))
		}
		_ = a.Close()
		_ = d.Close()
		if done {
			if err != nil {
				t.Errorf("a burn that is not interrupted: %v", err)
			}
			break
		}
	}
	if before < 20/step || after == 0 {
		t.Errorf("%d times before, %d times after: the program was not killed at all points", before, after)
	}
}

// inPlace reports whether a medium is overwritten in place.
func inPlace(medium string) bool {
	return strings.Contains(medium, "overwrite") || medium == "dvd+rw" || medium == "dvd-ram" || medium == "bd-re"
}

// shown returns the files that a disc shows after an interrupted burn: an open session does not
// count, as readers do not look for it.
func shown(t *testing.T, d scsi.Transport) files {
	t.Helper()
	if err := mmc.RetryUnitAttention(func() error { return mmc.Wait(context.Background(), d, time.Minute, nil) }); err != nil {
		t.Fatal(err)
	}
	info, err := mmc.ReadDiscInformation(context.Background(), d)
	if err != nil {
		t.Fatal(err)
	}
	m, err := read.Open(context.Background(), d)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	toc := m.TOC().Sessions
	if info.Session != mmc.SessionIncomplete && info.Session != mmc.SessionDamaged {
		return contents(t, d, "")
	}
	last := toc[len(toc)-1]
	if last.Number < info.Sessions {
		return contents(t, d, "")
	}
	return sessionContents(t, d, last.Number-1)
}

func equalFiles(a, b files) bool {
	if len(a) != len(b) {
		return false
	}
	for p, text := range a {
		if other, ok := b[p]; !ok || other != text {
			return false
		}
	}
	return true
}

// TestFaults injects errors: the burn fails, or the disc is right. A medium that is overwritten
// in place shows its old files if the burn fails.
func TestFaults(t *testing.T) {
	for _, medium := range media {
		inPlace := inPlace(medium)
		for _, c := range []struct {
			name string
			f    func(at int64) virtual.Faults
		}{
			{"a lost sector", func(at int64) virtual.Faults { return virtual.Faults{Lost: []int64{at + 150}} }},
			{"a wrong sector", func(at int64) virtual.Faults { return virtual.Faults{Corrupt: []int64{at + 20}} }},
			{"a wrong descriptor", func(at int64) virtual.Faults { return virtual.Faults{Corrupt: []int64{16}} }},
			{"a lost descriptor", func(at int64) virtual.Faults { return virtual.Faults{Lost: []int64{17}} }},
			{"a write error", func(at int64) virtual.Faults {
				return virtual.Faults{WriteErrors: map[int64][3]byte{at/32*32 + 64: {3, 0x0C, 0}}}
			}},
			{"a write error of a descriptor", func(at int64) virtual.Faults {
				return virtual.Faults{WriteErrors: map[int64][3]byte{0: {3, 0x0C, 0}, 16: {3, 0x0C, 0}}}
			}},
			{"everything is discarded", func(int64) virtual.Faults { return virtual.Faults{Discard: true} }},
		} {
			if strings.Contains(c.name, "descriptor") && !inPlace {
				continue
			}
			t.Run(medium+", "+c.name, func(t *testing.T) {
				old := oldFiles()
				d := blank(t, medium).(*virtual.Drive)
				first(t, d, master.Options{}, old)
				a := plan(t, d, files{"new": noise(400_000, 6)}, nil)
				b, err := record.NewPlan(t.Context(), d, a.Source, burnOptions(a))
				if err != nil {
					t.Fatal(err)
				}
				d.SetFaults(c.f(int64(b.Plan().Cost.Start)))
				r, err := virtualtest.Burn(t.Context(), b, progress.Discard)
				d.SetFaults(virtual.Faults{})
				if err == nil || r.Verified || r.Equal {
					t.Fatalf("the burn is good: %+v", r)
				}
				if inPlace && c.name != "a wrong descriptor" {
					same(t, "after the fault", contents(t, d, ""), old)
				}
				if inPlace && !strings.Contains(err.Error(), "old contents") && !strings.Contains(err.Error(), "nothing was written") && !strings.Contains(err.Error(), "could not be restored") {
					t.Errorf("%v", err)
				}
			})
		}
	}
}

// TestOtherDisc exchanges or changes the disc between the plan and the burn.
func TestOtherDisc(t *testing.T) {
	for _, medium := range []string{"cd-r", "dvd+r", "dvd+rw", "bd-re"} {
		file := discFile(t, medium, oldFiles())
		one := reopened(t, file)
		a := plan(t, one, files{"new": "new"}, nil)
		other := reopened(t, discFile(t, medium, files{"kept": noise(100_000, 9), "docs/changed": noise(5000, 2), "docs/removed": noise(2049, 3), "docs/sub/old name": noise(70_000, 4), "empty": ""}))
		before, err := os.ReadFile(other.Path())
		if err != nil {
			t.Fatal(err)
		}
		b, err := record.NewPlan(t.Context(), other, a.Source, burnOptions(a))
		if err == nil {
			_, err = virtualtest.Burn(t.Context(), b, progress.Discard)
		}
		if !errors.Is(err, record.ErrChangedDisc) || !strings.Contains(err.Error(), "nothing was written") && !strings.Contains(err.Error(), "could not be restored") {
			t.Errorf("%s: %v", medium, err)
		}
		after, err := os.ReadFile(other.Path())
		if err != nil {
			t.Fatal(err)
		}
		if n := len(before) - 3<<20; !bytes.Equal(before[:n], after[:n]) {
			t.Errorf("%s: the other disc was changed", medium)
		}
	}
}
