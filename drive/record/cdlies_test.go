package record_test

import (
	"bytes"
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/drive/virtual"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/sector"
)

// TestIndexesNotReported burns to a drive that reports no positions afterwards: the indexes are not
// said to be as planned.
func TestIndexesNotReported(t *testing.T) {
	ctx := context.Background()
	d := &altered{Transport: cdDrive(t, 0), change: func(c scsi.Command, _ int) {
		if c.CDB[0] == scsi.OpReadCD && c.CDB[10] == 2 {
			clear(c.Data)
		}
	}}
	b, err := record.NewPlan(ctx, d, imagetest.Audio(t), record.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := virtualtest.Burn(ctx, b, progress.Discard)
	if err != nil || !r.Equal || r.Verified || !strings.Contains(strings.Join(r.NotAssured, "\n"), "the indexes of track 1") {
		t.Errorf("%v, equal %v, verified %v, not assured %q", err, r.Equal, r.Verified, r.NotAssured)
	}
	for _, c := range r.Checks {
		if strings.HasPrefix(c.What, "the indexes") {
			t.Errorf("check: %+v", c)
		}
	}
}

// TestExchangedBetweenTracks exchanges the disc before the third track, without a unit attention:
// nothing is written to the other disc. A drive that writes nothing at all is found then, too.
func TestExchangedBetweenTracks(t *testing.T) {
	for _, medium := range []string{"cd-r", "cd-rw"} {
		ctx := context.Background()
		other := filepath.Join(t.TempDir(), "other")
		m, err := virtual.ParseMedium(medium)
		if err != nil {
			t.Fatal(err)
		}
		if err := virtual.Create(other, m, virtual.Options{Sectors: 40000, NoSync: true}); err != nil {
			t.Fatal(err)
		}
		for name, faults := range map[string]virtual.Faults{
			"exchanged":       {Events: []virtual.Event{{Op: scsi.OpModeSelect10, At: 3, Swap: other, Silent: true}}},
			"nothing written": {Discard: true},
		} {
			d := virtualtest.Blank(t, medium, 40000)
			b, err := record.NewPlan(ctx, d, imagetest.Audio(t), record.Options{Mode: record.TrackAtOnce, AcceptLoss: true})
			if err != nil {
				t.Fatal(err)
			}
			d.SetFaults(faults)
			r, err := virtualtest.Burn(ctx, b, progress.Discard)
			d.Close()
			if err == nil || r.Equal || strings.Contains(err.Error(), "is complete") || !strings.Contains(err.Error(), "exchanged") {
				t.Errorf("%s, %s: %v", medium, name, err)
			}
			t.Log(err)
			s, err := virtualtest.ReadState(other)
			if err != nil || len(s.Sessions) > 0 {
				t.Errorf("%s, %s: the other disc: %+v, %v", medium, name, s, err)
			}
		}
	}
}

// TestWrongQ burns the sub-channels of a source in drives that write another Q in some sectors, or
// in all.
func TestWrongQ(t *testing.T) {
	for _, x := range []struct {
		every int
		equal bool
	}{{0, true}, {40, true}, {1, false}} {
		ctx := context.Background()
		d := qDrive{cdDrive(t, 0), x.every}
		b, err := record.NewPlan(ctx, d, imagetest.SubChannels(t), record.Options{})
		if err != nil {
			t.Fatal(err)
		}
		r, err := virtualtest.Burn(ctx, b, progress.Discard)
		said := slices.ContainsFunc(r.NotAssured, func(s string) bool { return strings.Contains(s, "the sub-channel Q") })
		if (err == nil) != x.equal || r.Equal != x.equal || r.Verified != (x.every == 0) || said != (x.every > 1) {
			t.Errorf("every %d: %v, equal %v, verified %v, not assured %q", x.every, err, r.Equal, r.Verified, r.NotAssured)
		}
	}
}

// qDrive is a drive that records another Q, with another relative time, in every nth sector.
type qDrive struct {
	scsi.Transport
	every int
}

func (q qDrive) Unwrap() scsi.Transport { return q.Transport }

func (q qDrive) Execute(ctx context.Context, c scsi.Command) (int, error) {
	const size = sector.Size + sector.SubSize
	if c.CDB[0] != scsi.OpWrite10 || len(c.Data)%size != 0 || q.every == 0 {
		return q.Transport.Execute(ctx, c)
	}
	c.Data = bytes.Clone(c.Data)
	at := int(int32(uint32(c.CDB[2])<<24 | uint32(c.CDB[3])<<16 | uint32(c.CDB[4])<<8 | uint32(c.CDB[5])))
	for p := c.Data; len(p) > 0; p, at = p[size:], at+1 {
		if at > 0 && at%q.every == 0 {
			p[sector.Size+8*5] ^= 0x40
		}
	}
	return q.Transport.Execute(ctx, c)
}
