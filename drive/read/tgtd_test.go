package read_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/drive/scsi/iscsi"
	"glassmaster/drive/tgtdtest"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
)

// The drives of tgtd, an independent emulator: a pressed disc, a blank one, and none.
func TestTgtd(t *testing.T) {
	ctx := context.Background()
	want := virtualtest.Noise(700, 5)
	path := filepath.Join(t.TempDir(), "disc.iso")
	if err := os.WriteFile(path, want, 0o600); err != nil {
		t.Fatal(err)
	}
	target := tgtdtest.Start(t)
	blank, _ := target.Blank()
	for _, c := range []struct {
		name, address string
		err           error
		profile       mmc.Profile
		status        mmc.DiscStatus
		sectors       int64
		free          int64
	}{
		{"pressed", target.Drive(path), nil, mmc.DVDROM, mmc.Closed, 700, 0},
		{"blank", blank, read.ErrBlank, mmc.DVDPR, mmc.Blank, 0, 2295104},
		{"empty", target.Drive(""), read.ErrNoMedium, mmc.NoProfile, mmc.Blank, 0, 0},
	} {
		s, err := iscsi.Open(ctx, c.address)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		m, err := read.Media(ctx, s)
		if c.err == read.ErrNoMedium != errors.Is(err, read.ErrNoMedium) {
			t.Errorf("%s: %v", c.name, err)
		}
		if m.Profile != c.profile || m.Status != c.status || m.Free != c.free || disc.Sectors(sessions(m.Sessions)) != c.sectors {
			t.Errorf("%s: %+v", c.name, m)
		}
		d, err := read.Open(ctx, s)
		if !errors.Is(err, c.err) {
			t.Errorf("%s: %v", c.name, err)
		}
		if c.err != nil {
			continue
		}
		got := make([]byte, len(want))
		if n, err := d.ReadSectors(context.Background(), got, 0, disc.User); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d sectors, %v", c.name, n, err)
		}
	}
}

type sessions []disc.Session

func (s sessions) TOC() disc.TOC { return disc.TOC{Sessions: s} }
func (sessions) ReadSectors(context.Context, []byte, disc.LBA, disc.Form) (int, error) {
	return 0, disc.ErrForm
}
func (sessions) Close() error { return nil }
