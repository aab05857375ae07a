package record_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/drive/virtual"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// closeDisc plans and closes.
func closeDisc(t *testing.T, d scsi.Transport, level record.Level) (record.Closed, error) {
	t.Helper()
	c, err := record.NewClosing(context.Background(), d, level)
	if err != nil {
		return record.Closed{}, err
	}
	return c.Run(context.Background(), progress.Discard)
}

// A disc left open can be closed, read, and then continued or finalized.
func TestCloseKilled(t *testing.T) {
	eachKill(t, func(t *testing.T, name string, d *virtual.Drive, was []byte) {
		ctx := context.Background()
		track, err := closeDisc(t, d, record.CloseTrack)
		if err != nil || track.Status != "appendable" {
			t.Fatalf("the track: %+v, %v", track, err)
		}
		session, err := closeDisc(t, d, record.CloseSession)
		if err != nil || session.Status != "appendable" || session.Session != "empty" || session.NextWritable <= 0 {
			t.Fatalf("the session: %+v, %v", session, err)
		}
		m, err := read.Open(ctx, d)
		if err != nil {
			t.Fatal(err)
		}
		p := make([]byte, 16*disc.SectorSize)
		if _, err := m.ReadSectors(context.Background(), p, 0, disc.User); err != nil || !bytes.Equal(p, was[:len(p)]) {
			t.Errorf("what was written cannot be read: %v", err)
		}
		again, err := record.NewClosing(ctx, d, record.CloseSession)
		if err != nil || len(again.Plan().Steps) > 0 {
			t.Errorf("closed again: %v", err)
		}

		if strings.HasPrefix(name, "cd") {
			if _, err := closeDisc(t, d, record.CloseDisc); !errors.Is(err, record.ErrNothingToClose) {
				t.Errorf("the disc: %v", err)
			}
		}
		src := sessionAt(t, disc.LBA(session.NextWritable))
		r, err := burn(t, d, src, record.Options{Appendable: true})
		if err != nil || !r.Verified {
			t.Fatal(err)
		}
		if strings.HasPrefix(name, "cd") {
			return
		}
		end, err := closeDisc(t, d, record.CloseDisc)
		if err != nil || end.Status != "closed" || end.NextWritable != -1 {
			t.Errorf("the disc: %+v, %v", end, err)
		}
	})
}

// sessionAt is a source that states its address.
func sessionAt(_ *testing.T, at disc.LBA) disc.Disc {
	return virtualtest.At(virtualtest.DiscOf(virtualtest.Noise(333, 2)), at)
}

// A disc that an interrupted burn left open can be finalized.
func TestFinalizeKilled(t *testing.T) {
	eachKill(t, func(t *testing.T, _ string, d *virtual.Drive, was []byte) {
		c, err := record.NewClosing(context.Background(), d, record.CloseDisc)
		if err != nil {
			t.Fatal(err)
		}
		if p := c.Plan(); len(p.Steps) == 0 || len(p.Costs) != 1 || !strings.Contains(p.Costs[0], "nothing can be added") {
			t.Errorf("plan: %+v", p)
		}
		end, err := c.Run(context.Background(), progress.Discard)
		if err != nil || end.Status != "closed" {
			t.Fatalf("%+v, %v", end, err)
		}
		if !bytes.Equal(content(t, d, 16), was[:16*disc.SectorSize]) {
			t.Error("what was written cannot be read")
		}
		if err := mmc.StartStop(context.Background(), d, mmc.Eject); err != nil {
			t.Errorf("the tray is still locked: %v", err)
		}
	})
}

// A drive that reports success without closing, or rejects closing, is an error.
func TestCloseWithoutEffect(t *testing.T) {
	eachKill(t, func(t *testing.T, _ string, d *virtual.Drive, _ []byte) {
		for _, level := range []record.Level{record.CloseSession, record.CloseDisc} {
			if _, err := closeDisc(t, idle(d, 0x5B), level); !errors.Is(err, record.ErrUnchanged) {
				t.Errorf("%v: %v", level, err)
			}
			d.SetFaults(virtual.Faults{Refuse: []byte{0x5B}})
			if _, err := closeDisc(t, d, level); !scsi.Unsupported(err) || !strings.Contains(err.Error(), "appendable") {
				t.Errorf("%v, refused: %v", level, err)
			}
			d.SetFaults(virtual.Faults{})
		}
	})
}

// Discs with nothing to close are an error; closed discs are not changed.
func TestNothingToClose(t *testing.T) {
	for _, name := range []string{"cd-r", "dvd-r", "dvd+r", "bd-r", "bd-re", "dvd+rw"} {
		d := virtualtest.Blank(t, name, small)
		if _, err := closeDisc(t, d, record.CloseDisc); !errors.Is(err, record.ErrNothingToClose) {
			t.Errorf("%s, blank: %v", name, err)
		}
		if _, err := burn(t, d, virtualtest.DiscOf(virtualtest.Noise(500, 1)), record.Options{}); err != nil {
			t.Fatal(err)
		}
		c, err := record.NewClosing(context.Background(), d, record.CloseDisc)
		if name == "bd-re" || name == "dvd+rw" { // which are never closed
			if !errors.Is(err, record.ErrNothingToClose) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil || len(c.Plan().Steps) > 0 {
			t.Errorf("%s, closed: %v", name, err)
			continue
		}
		if got, err := c.Run(context.Background(), progress.Discard); err != nil || got.Status != "closed" {
			t.Errorf("%s, closed: %+v, %v", name, got, err)
		}
	}
}

// On media that are overwritten in place, closing ends the format.
func TestCloseFormat(t *testing.T) {
	d := quick(t)
	fill(t, d, 0, virtualtest.Noise(320, 1))
	if got, err := closeDisc(t, d, record.CloseDisc); err != nil {
		t.Errorf("%+v, %v", got, err)
	}
	if f, err := mmc.ReadFormatCapacities(context.Background(), d); err != nil || f.State != mmc.Formatted || f.Blocks != 320 {
		t.Errorf("%+v, %v", f, err)
	}
	d = virtualtest.Blank(t, "dvd+rw", small)
	kill(t, d, 0x2A, 20, record.Options{})
	if got := status(t, d).Background; got != 2 {
		t.Fatalf("the format is in state %d", got)
	}
	if _, err := closeDisc(t, d, record.CloseSession); err != nil || status(t, d).Background == 2 {
		t.Errorf("%v, the format is in state %d", err, status(t, d).Background)
	}
}

// broken is a drive whose last track is damaged until it is repaired, and which may not
// support REPAIR TRACK.
type broken struct {
	scsi.Transport
	knows, damaged bool
	repairs        int
}

func (b *broken) Execute(ctx context.Context, c scsi.Command) (int, error) {
	switch c.CDB[0] {
	case scsi.OpRepairTrack:
		if !b.knows {
			return 0, scsi.NewError(c.CDB, scsi.StatusCheckCondition, []byte{0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0})
		}
		b.repairs++
		b.damaged = false
		return 0, nil
	case scsi.OpCloseTrackSession:
		if b.damaged && b.knows {
			return 0, scsi.NewError(c.CDB, scsi.StatusCheckCondition, []byte{0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x72, 3, 0, 0, 0, 0})
		}
		b.damaged = false
	}
	n, err := b.Transport.Execute(ctx, c)
	switch {
	case err != nil || !b.damaged:
	case c.CDB[0] == scsi.OpReadDiscInformation:
		c.Data[2] = c.Data[2]&^0x0C | 2<<2
	case c.CDB[0] == scsi.OpReadTrackInformation:
		c.Data[5] |= 0x20
		c.Data[7] &^= 1
	}
	return n, err
}

// A damaged track is repaired if the drive supports that, and closed in any case, by the
// next burn too.
func TestCloseDamaged(t *testing.T) {
	for _, name := range writeOnce {
		for _, knows := range []bool{false, true} {
			for _, burning := range []bool{false, true} {
				d := virtualtest.Blank(t, name, large)
				kill(t, d, 0x2A, 20, record.Options{Appendable: true}) // so that a DVD+R DL keeps its room
				b := &broken{Transport: d, knows: knows, damaged: true}
				if burning {
					r, err := burn(t, b, virtualtest.DiscOf(virtualtest.Noise(500, 5)), record.Options{Force: true})
					if err != nil || !r.Verified {
						t.Errorf("%s: %v", name, err)
					}
					continue
				}
				c, err := record.NewClosing(context.Background(), b, record.CloseSession)
				if err != nil {
					t.Fatal(err)
				}
				if p := c.Plan(); !p.Damaged || !strings.Contains(p.Steps[0], "repair") {
					t.Errorf("plan: %+v", p)
				}
				got, err := c.Run(context.Background(), progress.Discard)
				if err != nil || got.Session != "empty" || (b.repairs > 0) != knows || (len(got.Notices) > 0) == knows {
					t.Errorf("%s: %+v, %v", name, got, err)
				}
			}
		}
	}
}

// silentOnBlank is a drive that never reports a track as blank.
type silentOnBlank struct{ scsi.Transport }

func (s silentOnBlank) Execute(ctx context.Context, c scsi.Command) (int, error) {
	n, err := s.Transport.Execute(ctx, c)
	if c.CDB[0] == scsi.OpReadTrackInformation && n > 6 {
		c.Data[6] &^= 0x40
	}
	return n, err
}

// The invisible track is not treated as a track left open.
func TestNextTrackIsNotOpen(t *testing.T) {
	for _, name := range writeOnce {
		d := virtualtest.Blank(t, name, large)
		if _, err := burn(t, d, virtualtest.DiscOf(virtualtest.Noise(500, 1)), record.Options{Appendable: true}); err != nil {
			t.Fatal(err)
		}
		m, err := read.Media(context.Background(), silentOnBlank{d})
		if err != nil {
			t.Fatal(err)
		}
		for _, tr := range m.Tracks {
			if tr.State != read.TrackComplete && tr.State != read.TrackInvisible {
				t.Errorf("%s: track %d is %v", name, tr.Number, tr.State)
			}
		}
		for _, level := range []record.Level{record.CloseTrack, record.CloseSession} {
			c, err := record.NewClosing(context.Background(), silentOnBlank{d}, level)
			if err != nil {
				t.Fatal(err)
			}
			if p := c.Plan(); len(p.Open) > 0 || len(p.Steps) > 0 {
				t.Errorf("%s, %v: %+v", name, level, p)
			}
		}
	}
}
