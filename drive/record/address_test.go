package record_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/drive/virtual"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/progress"
)

// Nothing is written if the drive reports a next writable address inside a track, or
// another one than planned.
func TestAddressMoves(t *testing.T) {
	d := virtualtest.Blank(t, "dvd+r", small)
	for name, change := range map[string]func(p []byte){
		"another address":  func(p []byte) { p[15] = 16 },
		"no address":       func(p []byte) { p[7] &^= 1 },
		"inside a track":   func(p []byte) { p[6] &^= 0x40; p[11] = 0x80 },
		"negative address": func(p []byte) { copy(p[12:], "\xff\xff\xff\xf0") },
	} {
		src := virtualtest.DiscOf(virtualtest.Noise(500, 2))
		m := &moving{Transport: d, change: change}
		b, err := record.NewPlan(context.Background(), m, src, record.Options{})
		if err != nil {
			t.Fatal(err)
		}
		m.on = true
		r, err := virtualtest.Burn(context.Background(), b, progress.Discard)
		if name == "no address" { // a blank disc begins at 0
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			d = virtualtest.Blank(t, "dvd+r", small)
			continue
		}
		if err == nil || r.Written > 0 || status(t, d).Status != mmc.Blank {
			t.Errorf("%s: %v, %d sectors written", name, err, r.Written)
		}
	}
}

// moving changes the reply to READ TRACK INFORMATION after the tray is locked and the
// disc has been checked again.
type moving struct {
	scsi.Transport
	change func(p []byte)
	on     bool
	asked  int
}

func (m *moving) Execute(ctx context.Context, c scsi.Command) (int, error) {
	n, err := m.Transport.Execute(ctx, c)
	if c.CDB[0] == scsi.OpReadTrackInformation && m.on {
		if m.asked++; m.asked == 2 {
			m.change(c.Data)
		}
	}
	return n, err
}

// An image that genisoimage made for another address is refused, on blank discs too. The
// error states the address.
func TestImageForOtherAddress(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"one", "two"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name, name), virtualtest.Noise(40, name[0]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	peertest.Run(t, dir, "genisoimage", "-quiet", "-r", "-o", "one.iso", "one")
	image := func(name string, next int64, more ...string) disc.Disc {
		args := append([]string{"-quiet", "-r", "-M", "one.iso", "-C", fmt.Sprintf("0,%d", next), "-o", name}, more...)
		peertest.Run(t, dir, "genisoimage", append(args, "two")...)
		return imageOf(t, dir, name, 0)
	}
	ctx := context.Background()
	for _, c := range []struct {
		name string
		src  func(next int64) disc.Disc
		want string // empty: it is the right one
	}{
		{"right", func(next int64) disc.Disc { return image("right.iso", next) }, ""},
		{"too early", func(next int64) disc.Disc { return image("early.iso", next-16) }, "was made for address"},
		{"far", func(next int64) disc.Disc { return image("far.iso", next+100000) }, "was made for address"},
		{"Joliet", func(next int64) disc.Disc { return image("joliet.iso", next+32, "-J") }, "was made for address"},
		{"for address 0", func(int64) disc.Disc { return imageOf(t, dir, "one.iso", 0) }, "was made for address 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := virtualtest.Blank(t, "cd-r", large)
			if c.want != "was made for address 0" {
				_, err := record.NewPlan(ctx, d, c.src(19000), record.Options{Force: true})
				if !errors.Is(err, record.ErrOtherAddress) {
					t.Errorf("on a blank disc: %v", err)
				}
			}
			if _, err := burn(t, d, imageOf(t, dir, "one.iso", 0), record.Options{Appendable: true}); err != nil {
				t.Fatal(err)
			}
			m, err := read.Media(ctx, d)
			if err != nil {
				t.Fatal(err)
			}
			b, err := record.NewPlan(ctx, d, c.src(int64(m.NextWritable)), record.Options{Force: true})
			if c.want != "" {
				if !errors.Is(err, record.ErrOtherAddress) || !strings.Contains(err.Error(), c.want) {
					t.Errorf("got %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			r, err := virtualtest.Burn(ctx, b, progress.Discard)
			if err != nil || len(r.Notices) > 0 {
				t.Errorf("%v, %q", err, r.Notices)
			}
		})
	}
}

// If a drive reports a wrong address, nothing is written, or the drive rejects the write.
func TestWrongAddress(t *testing.T) {
	for _, name := range writeOnce {
		for _, off := range []int64{16, -16, 4000} {
			d := virtualtest.Blank(t, name, large)
			d.SetFaults(virtual.Faults{NWA: off})
			r, err := burn(t, d, virtualtest.DiscOf(virtualtest.Noise(500, 1)), record.Options{})
			if err == nil || r.Written > 0 || status(t, d).Status != mmc.Blank {
				t.Errorf("%s, %d sectors off: %v, %d sectors written", name, off, err, r.Written)
			}
			d.SetFaults(virtual.Faults{})
			if _, err := burn(t, d, virtualtest.DiscOf(virtualtest.Noise(500, 1)), record.Options{Appendable: true}); err != nil {
				t.Fatal(err)
			}
			m, err := read.Media(context.Background(), d)
			if err != nil {
				t.Fatal(err)
			}
			d.SetFaults(virtual.Faults{NWA: off})
			if _, err := record.NewPlan(context.Background(), d, sessionAt(t, m.NextWritable), record.Options{}); err == nil {
				t.Errorf("%s: a session was planned for another address than the drive reports", name)
			}
			r, err = burn(t, d, sessionAt(t, m.NextWritable+disc.LBA(off)), record.Options{})
			if err == nil || r.Verified || r.Written > 0 {
				t.Errorf("%s: a session at the wrong address: %v, %d sectors written", name, err, r.Written)
			}
		}
	}
}
