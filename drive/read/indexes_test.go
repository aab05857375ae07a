package read_test

import (
	"context"
	"encoding/binary"
	"reflect"
	"testing"

	"glassmaster/drive/read"
	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/sector"
)

// lateQ is a drive that delivers the Q sub-channel of another sector than the one asked for, or in
// binary, or not at all.
type lateQ struct {
	scsi.Transport
	by      int32 // sectors
	binary  bool
	without bool
	asked   *int
}

func (l lateQ) Unwrap() scsi.Transport { return l.Transport }

func (l lateQ) Execute(ctx context.Context, c scsi.Command) (int, error) {
	if c.CDB[0] != scsi.OpReadCD || c.CDB[10] != 2 {
		return l.Transport.Execute(ctx, c)
	}
	*l.asked++
	if l.without {
		return 0, scsi.NewError(c.CDB, scsi.StatusCheckCondition, sense(5, 0x24, 0))
	}
	c.CDB = append([]byte(nil), c.CDB...)
	binary.BigEndian.PutUint32(c.CDB[2:], uint32(int32(binary.BigEndian.Uint32(c.CDB[2:]))+l.by))
	n, err := l.Transport.Execute(ctx, c)
	if err == nil && l.binary && c.Data[0]&15 == 1 {
		for i := 1; i < 10; i++ {
			v, _ := sector.FromBCD(c.Data[i])
			c.Data[i] = byte(v)
		}
	}
	return n, err
}

// Pre-gaps and indexes of an audio disc are read from the Q sub-channel, whatever a drive makes
// of it, with few commands.
func TestIndexes(t *testing.T) {
	src := imagetest.Audio(t)
	v := virtualtest.Blank(t, "cd-r", 40000)
	b, err := record.NewPlan(t.Context(), v, src, record.Options{NoVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := virtualtest.Burn(t.Context(), b, progress.Discard); err != nil {
		t.Fatal(err)
	}
	indexes := 0
	for _, k := range src.TOC().Sessions[0].Tracks {
		indexes += len(k.Indexes)
	}
	for _, drive := range []lateQ{{}, {by: 1}, {by: -2}, {by: 4, binary: true}, {without: true}} {
		drive.Transport, drive.asked = v, new(int)
		d, err := read.Open(t.Context(), drive)
		if err != nil {
			t.Fatal(err)
		}
		got, want := d.TOC().Sessions[0].Tracks, src.TOC().Sessions[0].Tracks
		if drive.without {
			if *drive.asked > 4 || len(got[1].Indexes) > 0 || got[1].Pregap > 0 {
				t.Errorf("asked %d times for sub-channels that the drive does not deliver: %+v", *drive.asked, got)
			}
			continue
		}
		for i, w := range want {
			if g := got[i]; g.Pregap != w.Pregap || g.Length != w.Length || !reflect.DeepEqual(g.Indexes, w.Indexes) {
				t.Errorf("by %d: track %+v, want %+v", drive.by, g, w)
			}
		}
		if most := 16 + 12*len(want) + 12*indexes; *drive.asked > most {
			t.Errorf("asked %d times, at most %d expected", *drive.asked, most)
		}
		p := make([]byte, disc.RawSectorSize)
		if n, err := d.ReadSectors(t.Context(), p, got[1].Start-1, disc.Raw); n != 1 || err != nil {
			t.Errorf("the pre-gap cannot be read: %v", err)
		}
	}
}
