package record_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/drive/virtual"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
)

// flaky is a drive that answers every third command of some kinds with an error that
// only requires a retry.
type flaky struct {
	scsi.Transport
	counts map[byte]int
}

func (n *flaky) Execute(ctx context.Context, c scsi.Command) (int, error) {
	op := c.CDB[0]
	n.counts[op]++
	sense := []byte{0x70, 0, 2, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x04, 0x07, 0, 0, 0, 0} // busy
	switch op {
	case scsi.OpReadDiscInformation, scsi.OpReserveTrack, scsi.OpModeSelect10, scsi.OpSynchronizeCache, scsi.OpCloseTrackSession:
	case scsi.OpWrite10:
		sense[2], sense[12], sense[13] = 6, 0x2A, 0x01 // parameters changed
	default:
		return n.Transport.Execute(ctx, c)
	}
	if n.counts[op]%3 == 1 {
		return 0, scsi.NewError(c.CDB, scsi.StatusCheckCondition, sense)
	}
	return n.Transport.Execute(ctx, c)
}

func TestFrequentUnitAttentions(t *testing.T) {
	eachMedium(t, func(t *testing.T, _ string, _ bool, d *virtual.Drive) {
		r, err := burn(t, &flaky{d, map[byte]int{}}, virtualtest.DiscOf(virtualtest.Noise(900, 16)), record.Options{})
		if err != nil || !r.Verified || len(r.Notices) > 0 {
			t.Errorf("%+v, %v", r, err)
		}
	})
}

// lossy is a transport that reports a short transfer for one WRITE, correctly or not.
type lossy struct {
	scsi.Transport
	writes    int
	carry     int  // sectors of that WRITE that reach the drive
	reported  int  // sectors that are reported as transferred
	silentNWA bool // the drive does not report how far the track is written
}

func (l *lossy) Execute(ctx context.Context, c scsi.Command) (int, error) {
	if op := c.CDB[0]; op == scsi.OpWrite10 || op == scsi.OpWrite12 {
		if l.writes++; l.writes == 20 {
			c.CDB = bytes.Clone(c.CDB)
			length := map[byte]int{scsi.OpWrite10: 8, scsi.OpWrite12: 9}[op]
			c.CDB[length] = byte(l.carry)
			c.Data = c.Data[:l.carry*disc.SectorSize]
			_, err := l.Transport.Execute(ctx, c)
			return l.reported * disc.SectorSize, err
		}
	}
	n, err := l.Transport.Execute(ctx, c)
	if c.CDB[0] == scsi.OpReadTrackInformation && l.silentNWA && l.writes >= 20 && err == nil {
		c.Data[7] &^= 1
	}
	return n, err
}

// A wrong count does not end a burn, and with a correct one nothing is lost.
func TestShortWrite(t *testing.T) {
	eachMedium(t, func(t *testing.T, _ string, _ bool, d *virtual.Drive) {
		const unit = 16 // sectors in a write
		want := virtualtest.Noise(900, 12)
		r, err := burn(t, &lossy{Transport: d, carry: unit, reported: unit - 1}, virtualtest.DiscOf(want), record.Options{})
		if err != nil || !r.Verified || len(r.Notices) != 1 || !strings.Contains(r.Notices[0].Text, "short transfer") {
			t.Fatalf("a wrong count: %v, %q", err, r.Notices)
		}
		if !bytes.Equal(content(t, d, 900), want) {
			t.Error("the disc differs from its source")
		}
	})
}

// A drive that accepted less gets the rest. If it accepted another number of sectors than
// the count says, the burn fails.
func TestTrueShortWrite(t *testing.T) {
	for _, carry := range []int{15, 7} {
		d := virtualtest.Blank(t, "cd-r", small)
		r, err := burn(t, &lossy{Transport: d, carry: carry, reported: 15}, virtualtest.DiscOf(virtualtest.Noise(900, 12)), record.Options{})
		if carry == 15 {
			if err != nil || !r.Verified {
				t.Errorf("%v, %q", err, r.Notices)
			}
			continue
		}
		e := failed(t, d, r, err, nil)
		if e.Written != 19*16 || e.LBA != 19*16 || !strings.Contains(err.Error(), "the drive accepted 30720 of 32768 bytes") {
			t.Errorf("error: %v", err)
		}
	}
}

// What a drive does not report is found by the comparison, even with NoVerify.
func TestShortWriteInDoubt(t *testing.T) {
	d := virtualtest.Blank(t, "cd-r", small)
	r, err := burn(t, &lossy{Transport: d, carry: 16, reported: 3, silentNWA: true}, virtualtest.DiscOf(virtualtest.Noise(900, 12)), record.Options{NoVerify: true})
	if err != nil || !r.Verified {
		t.Errorf("%v, verified %v", err, r.Verified)
	}
}

// power fails in the middle of a burn.
type power struct {
	*virtual.Drive
	writes int
}

func (p *power) Execute(ctx context.Context, c scsi.Command) (int, error) {
	if c.CDB[0] == scsi.OpWrite10 || c.CDB[0] == scsi.OpWrite12 {
		if p.writes++; p.writes == 20 {
			if err := p.DropPower(); err != nil {
				return 0, err
			}
		}
	}
	return p.Drive.Execute(ctx, c)
}

func TestPowerFails(t *testing.T) {
	eachMedium(t, func(t *testing.T, _ string, _ bool, d *virtual.Drive) {
		r, err := burn(t, &power{Drive: d}, virtualtest.DiscOf(virtualtest.Noise(900, 13)), record.Options{})
		e := failed(t, d, r, err, nil)
		if !scsi.WasReset(err) || e.Left == "" {
			t.Errorf("error: %+v", e)
		}
	})
}

// disconnected is a transport that stops working.
type disconnected struct {
	scsi.Transport
	writes int
}

func (m *disconnected) Execute(ctx context.Context, c scsi.Command) (int, error) {
	if c.CDB[0] == scsi.OpWrite10 {
		m.writes++
	}
	if m.writes >= 20 {
		return 0, scsi.ErrConnection
	}
	return m.Transport.Execute(ctx, c)
}

func TestConnectionLost(t *testing.T) {
	d := virtualtest.Blank(t, "dvd+r", small)
	_, err := burn(t, &disconnected{Transport: d}, virtualtest.DiscOf(virtualtest.Noise(900, 14)), record.Options{})
	var e *record.Error
	if !errors.As(err, &e) || !errors.Is(err, scsi.ErrConnection) || !strings.Contains(e.Left, "is unknown") {
		t.Errorf("error: %v", err)
	}
}
