package volume_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/volume"
)

const sector = disc.SectorSize

// sessionFolders makes folders s1, s2 and s3 with one file each.
func sessionFolders(t *testing.T) string {
	t.Helper()
	top := t.TempDir()
	for _, n := range []string{"1", "2", "3"} {
		if err := os.Mkdir(filepath.Join(top, "s"+n), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(top, "s"+n, "file"+n), []byte("content "+n), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return top
}

// inSessions makes an image of three sessions with gap sectors between them, with another
// program.
func inSessions(t *testing.T, gap int, program ...string) []byte {
	t.Helper()
	top := sessionFolders(t)
	var whole []byte
	last := 0
	for _, n := range []string{"1", "2", "3"} {
		args := slices.Clone(program[1:])
		start := len(whole) / sector
		if n != "1" {
			start += gap
			if err := os.WriteFile(filepath.Join(top, "before"), whole, 0o600); err != nil {
				t.Fatal(err)
			}
			args = append(args, "-M", "before", "-C", fmt.Sprintf("%d,%d", last, start))
		}
		args = append(args, "-V", "SESSION"+n, "-o", "session"+n, "s"+n)
		peertest.Run(t, top, program[0], args...)
		whole = append(whole, make([]byte, start*sector-len(whole))...)
		whole = append(whole, contents(t, filepath.Join(top, "session"+n))...)
		last = start
	}
	return whole
}

// shown returns the label of a volume and the entries of its root.
func shown(t *testing.T, d disc.Disc, o volume.Options) string {
	t.Helper()
	v, err := volume.OpenDisc(context.Background(), d, o)
	if err != nil {
		return err.Error()
	}
	text := v.Volume().Label
	_ = volume.Walk(v, ".", func(e *volume.Entry) error {
		if e.IsDir() {
			return nil
		}
		p, err := fs.ReadFile(v, string(e.Path))
		if err != nil {
			t.Error(err)
		}
		name := strings.ToLower(strings.TrimSuffix(string(e.Path), "."))
		text += fmt.Sprintf(" %s=%s", name, p)
		return nil
	})
	return text
}

// Sessions are found wherever they begin and however short the last one is. Every view
// shows the files of the chosen session.
func TestSessions(t *testing.T) {
	want := []string{
		1: "SESSION1 file1=content 1",
		2: "SESSION2 file1=content 1 file2=content 2",
		3: "SESSION3 file1=content 1 file2=content 2 file3=content 3",
	}
	for _, c := range []struct {
		name    string
		gap     int
		program []string
		views   []string
	}{
		{"one after the other", 0, []string{"genisoimage", "-quiet", "-R", "-J"}, []string{"Rock Ridge", "Joliet", "ISO 9660"}},
		{"short", 0, []string{"genisoimage", "-quiet", "-no-pad", "-R"}, []string{"Rock Ridge"}},
		{"unaligned", 7, []string{"genisoimage", "-quiet", "-no-pad", "-R"}, []string{"Rock Ridge"}},
		{"of a CD", 11400, []string{"genisoimage", "-quiet", "-R"}, []string{"Rock Ridge"}},
		{"of a DVD", 27000, []string{"genisoimage", "-quiet", "-R"}, []string{"Rock Ridge"}},
		{"bridge", 0, []string{"genisoimage", "-quiet", "-R", "-udf"}, []string{"Rock Ridge", "UDF"}},
		{"bridge, Joliet", 3, []string{"genisoimage", "-quiet", "-J", "-udf"}, []string{"UDF", "Joliet"}},
		{"xorriso", 0, []string{"xorriso", "-as", "mkisofs", "-quiet", "-R"}, []string{"Rock Ridge"}},
		{"xorriso, apart", 1000, []string{"xorriso", "-as", "mkisofs", "-quiet", "-R"}, []string{"Rock Ridge"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := inSessions(t, c.gap, c.program...)
			if got := shown(t, discOf(p), volume.Options{}); got != want[3] {
				t.Errorf("by default: %s", got)
			}
			for _, view := range c.views {
				for n := 1; n <= 3; n++ {
					if got := shown(t, discOf(p), volume.Options{View: view, Session: n}); got != want[n] {
						t.Errorf("%s, session %d: %s", view, n, got)
					}
				}
				if got := shown(t, discOf(p), volume.Options{View: view, Session: 4}); !strings.Contains(got, "no session 4; the newest one is 3") {
					t.Errorf("%s, session 4: %s", view, got)
				}
			}
		})
	}
}

// counted counts the bytes that are read.
type counted struct {
	io.ReaderAt
	n int64
}

func (c *counted) ReadAt(p []byte, off int64) (int, error) {
	c.n += int64(len(p))
	return c.ReaderAt.ReadAt(p, off)
}

// Sectors of a volume are not searched, and no more than a limited number of those that
// follow it.
func TestSearchLimits(t *testing.T) {
	image := peer(t, "genisoimage", "-quiet", "-R", "-J", "-o", "IMAGE", "FOLDER")
	path := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(path, image, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		size  int64
		drive bool
		most  int64
	}{
		{int64(len(image)), false, 64 << 10},
		{50e9, false, 160 << 20},
		{50e9, true, 2 << 20},
	} {
		if err := os.Truncate(path, c.size); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		r := &counted{ReaderAt: f}
		if list := volume.FindSessions(r, c.size, c.drive); len(list) != 1 || r.n > c.most {
			t.Errorf("%d bytes: %d sessions, and %d bytes read", c.size, len(list), r.n)
		}
		f.Close()
	}
}

// An image stored in a file, or after a volume but not made for that address, is not a
// session.
func TestNoSession(t *testing.T) {
	inner := peer(t, "genisoimage", "-quiet", "-R", "-udf", "-V", "INNER", "-o", "IMAGE", "FOLDER")
	outer := peer(t, "genisoimage", "-quiet", "-R", "-V", "OUTER", "-o", "IMAGE", "FOLDER")
	for _, gap := range []int{0, 1, 32, 4000} {
		p := append(bytes.Clone(outer), make([]byte, gap*sector)...)
		d := discOf(append(p, inner...))
		if got := shown(t, d, volume.Options{}); !strings.HasPrefix(got, "OUTER ") {
			t.Errorf("%d sectors after: %.40s", gap, got)
		}
	}
}

// A volume that is older than the one before it is a remnant.
func TestRemnant(t *testing.T) {
	p := inSessions(t, 0, "genisoimage", "-quiet", "-R")
	copy(p[16*sector+813:], "2099123123595900")
	d := discOf(p)
	if got := shown(t, d, volume.Options{}); got != "SESSION1 file1=content 1" {
		t.Error(got)
	}
	known := volume.Known(context.Background(), d)
	if len(known) != 1 || known[0].Severity != disc.Info || !strings.Contains(known[0].Text, "remnant") {
		t.Errorf("%v", known)
	}
}

// Hundredths of a second, which not all programs record, do not make a session older.
func TestSessionsSameSecond(t *testing.T) {
	p := inSessions(t, 2000, "genisoimage", "-quiet", "-R")
	for at := 16 * sector; at+sector <= len(p); at += sector {
		if string(p[at:at+7]) == "\x01CD001\x01" {
			copy(p[at+813:], "2026112715071300")
		}
	}
	copy(p[16*sector+813:], "2026112715071376")
	if got := shown(t, discOf(p), volume.Options{}); !strings.HasPrefix(got, "SESSION3 ") {
		t.Error(got)
	}
}

// Known reports a missing end first, and sessions that other systems do not show.
func TestKnown(t *testing.T) {
	p := inSessions(t, 0, "genisoimage", "-quiet", "-R", "-udf")
	for _, c := range []struct {
		name string
		p    []byte
		want []string
	}{
		{"whole", p, []string{"3 sessions in one track"}},
		{"last session cut", p[:len(p)-100*sector], []string{"the end is missing", "3 sessions"}},
		{"one session", p[:binary.LittleEndian.Uint32(p[16*sector+80:])*sector], nil},
	} {
		known := volume.Known(context.Background(), discOf(c.p))
		if len(known) != len(c.want) {
			t.Errorf("%s: %v", c.name, known)
			continue
		}
		for i, d := range known {
			if !strings.Contains(d.Text, c.want[i]) || d.Incomplete != strings.Contains(d.Text, "missing") {
				t.Errorf("%s: %+v, want %s", c.name, d, c.want[i])
			}
		}
	}
}

// If the main sequence of descriptors is damaged, the disc can be read, and Known reports
// it.
func TestKnownRecovered(t *testing.T) {
	p := peer(t, "mkudffs", "-b", "2048", "--media-type=dvdrw", "--new-file", "IMAGE", "2000")
	anchor := p[256*sector:]
	main := binary.LittleEndian.Uint32(anchor[20:])
	clear(p[int(main)*sector : int(main+16)*sector])
	known := volume.Known(context.Background(), discOf(p))
	if len(known) != 1 || known[0].Severity == disc.Info || known[0].LBA != disc.LBA(main) || !strings.Contains(known[0].Text, "reserve") {
		t.Errorf("%v", known)
	}
}
