package read_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// cutOff is a drive whose connection is lost after a number of writes.
type cutOff struct {
	scsi.Transport
	writes int
	gone   bool
}

func (c *cutOff) Execute(ctx context.Context, cmd scsi.Command) (int, error) {
	if cmd.CDB[0] == scsi.OpWrite10 && !c.gone {
		c.writes--
		c.gone = c.writes < 0
	}
	if c.gone {
		return 0, scsi.ErrConnection
	}
	return c.Transport.Execute(ctx, cmd)
}

// interrupted burns a disc up to the loss of the connection.
func interrupted(t *testing.T, d scsi.Transport) {
	t.Helper()
	b, err := record.NewPlan(t.Context(), &cutOff{Transport: d, writes: 8}, virtualtest.DiscOf(virtualtest.Noise(640, 5)), record.Options{Force: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := virtualtest.Burn(t.Context(), b, progress.Discard); !errors.Is(err, scsi.ErrConnection) {
		t.Fatalf("burn: %v", err)
	}
}

// damaged is a drive that reports all tracks, and the last session, as damaged.
type damaged struct{ scsi.Transport }

func (d damaged) Execute(ctx context.Context, c scsi.Command) (int, error) {
	n, err := d.Transport.Execute(ctx, c)
	switch {
	case err != nil:
	case c.CDB[0] == scsi.OpReadDiscInformation && n > 2:
		c.Data[2] = c.Data[2]&^0x0C | 2<<2
	case c.CDB[0] == scsi.OpReadTrackInformation && n > 5:
		c.Data[5] |= 0x20
	}
	return n, err
}

// All open tracks and sessions of a disc are reported.
func TestTracks(t *testing.T) {
	reserve := func(t *testing.T, d scsi.Transport) {
		t.Helper()
		ctx := t.Context()
		if err := read.Ready(ctx, d); err != nil {
			t.Fatal(err)
		}
		if p, _ := mmc.CurrentProfile(ctx, d); p == mmc.DVDR || p == mmc.DVDRW {
			if err := mmc.SetWriteParameters(ctx, d, mmc.WriteParameters{Multisession: true, FixedPacket: true, TrackMode: 5, DataBlock: 8, LinkSize: 16, PacketSize: 16}); err != nil {
				t.Fatal(err)
			}
		}
		if err := mmc.ReserveTrack(ctx, d, 320); err != nil {
			t.Fatal(err)
		}
	}
	write := func(t *testing.T, d scsi.Transport) {
		t.Helper()
		if err := mmc.WriteBlocks(t.Context(), d, 0, virtualtest.Noise(32, 5), disc.SectorSize); err != nil {
			t.Fatal(err)
		}
	}
	all := []string{"cd-r", "cd-rw", "dvd-r", "dvd-rw", "dvd+r", "bd-r"}
	for _, c := range []struct {
		name   string
		media  []string
		make   func(t *testing.T, d scsi.Transport)
		wrap   func(d scsi.Transport) scsi.Transport
		last   mmc.SessionState
		states []read.TrackState
	}{
		{"blank", all, func(*testing.T, scsi.Transport) {}, nil, mmc.SessionEmpty, []read.TrackState{read.TrackInvisible}},
		{"appendable", all, func(t *testing.T, d scsi.Transport) {
			burn(t, d, virtualtest.Noise(320, 5), record.Options{Appendable: true})
		}, nil, mmc.SessionEmpty, []read.TrackState{read.TrackComplete, read.TrackInvisible}},
		{"closed", all, func(t *testing.T, d scsi.Transport) {
			burn(t, d, virtualtest.Noise(320, 5), record.Options{})
		}, nil, mmc.SessionComplete, []read.TrackState{read.TrackComplete}},
		{"interrupted", all, interrupted, nil, mmc.SessionIncomplete, []read.TrackState{read.TrackOpen}},
		{"interrupted in the second session", []string{"cd-r", "dvd-r", "dvd+r", "bd-r"}, func(t *testing.T, d scsi.Transport) {
			burn(t, d, virtualtest.Noise(320, 5), record.Options{Appendable: true})
			interrupted(t, d)
		}, nil, mmc.SessionIncomplete, []read.TrackState{read.TrackComplete, read.TrackOpen}},
		{"reserved", []string{"dvd-r", "dvd+r", "bd-r"}, reserve, nil, mmc.SessionIncomplete, []read.TrackState{read.TrackReserved, read.TrackInvisible}},
		{"reserved and begun", []string{"dvd-r", "dvd+r", "bd-r"}, func(t *testing.T, d scsi.Transport) {
			reserve(t, d)
			write(t, d)
		}, nil, mmc.SessionIncomplete, []read.TrackState{read.TrackReservedOpen, read.TrackInvisible}},
		{"damaged", all, interrupted, func(d scsi.Transport) scsi.Transport { return damaged{d} }, mmc.SessionDamaged, []read.TrackState{read.TrackDamaged}},
	} {
		for _, medium := range c.media {
			t.Run(c.name+" "+medium, func(t *testing.T) {
				var d scsi.Transport = virtualtest.Blank(t, medium, 40960)
				c.make(t, d)
				if c.wrap != nil {
					d = c.wrap(d)
				}
				m, err := read.Media(t.Context(), d)
				if err != nil {
					t.Fatal(err)
				}
				var states []read.TrackState
				for i, tr := range m.Tracks {
					states = append(states, tr.State)
					if tr.Number != i+1 || tr.Session < 1 || tr.Session > m.Count {
						t.Errorf("track %+v of %d sessions", tr, m.Count)
					}
					begun := tr.State == read.TrackOpen || tr.State == read.TrackReservedOpen
					if begun && (tr.Written <= 0 || int64(tr.Next-tr.Start) != tr.Written) || tr.State == read.TrackReserved && tr.Size != 320 {
						t.Errorf("%+v", tr)
					}
				}
				if fmt.Sprint(states) != fmt.Sprint(c.states) || m.Last != c.last {
					t.Errorf("tracks %v, last session %v; want %v, %v", states, m.Last, c.states, c.last)
				}
			})
		}
	}
}

// A disc without a closed session cannot be opened; otherwise an open last session is
// reported.
func TestOpenSession(t *testing.T) {
	for _, medium := range []string{"cd-r", "dvd-r", "dvd+r", "bd-r"} {
		d := virtualtest.Blank(t, medium, 40960)
		interrupted(t, d)
		switch m, err := read.Open(t.Context(), d); {
		case medium == "cd-r":
			if !errors.Is(err, read.ErrNotClosed) {
				t.Errorf("%s: %v", medium, err)
			}
		case err != nil:
			t.Errorf("%s: %v", medium, err)
		default:
			if r := read.Notices(m); len(r) != 1 {
				t.Errorf("%s: %q", medium, r)
			}
		}
	}
}
