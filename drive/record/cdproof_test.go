package record_test

import (
	"context"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"glassmaster/drive/read"
	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/drive/virtual"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/sector"
)

// altered is a drive some of whose replies are changed after the burn.
type altered struct {
	scsi.Transport
	wrote  bool
	change func(c scsi.Command, n int)
}

func (a *altered) Unwrap() scsi.Transport { return a.Transport }

func (a *altered) Execute(ctx context.Context, c scsi.Command) (int, error) {
	n, err := a.Transport.Execute(ctx, c)
	a.wrote = a.wrote || c.CDB[0] == scsi.OpWrite10
	if err == nil && a.wrote {
		a.change(c, n)
	}
	return n, err
}

// cdDrive returns a recorder with a blank CD that opens its tray.
func cdDrive(t testing.TB, sectors int64) *virtual.Drive {
	d := virtualtest.Blank(t, "cd-r", sectors)
	d.SetLoader(true)
	return d
}

// TestCDProof burns an audio disc to drives that then report something else than was burned: each
// time the burn fails, and says what differs.
func TestCDProof(t *testing.T) {
	for _, x := range []struct {
		name, want string
		change     func(c scsi.Command, n int)
	}{
		{"control bits", "track 2", func(c scsi.Command, n int) {
			if c.CDB[0] == scsi.OpReadTOC && c.CDB[2]&15 == 2 && n > 4 {
				for p := c.Data[4:n]; len(p) >= 11; p = p[11:] {
					if p[3] == 2 {
						p[1] ^= 2
					}
				}
			}
		}},
		{"start", "track 3 begins at address", func(c scsi.Command, n int) {
			if c.CDB[0] == scsi.OpReadTOC && c.CDB[2]&15 == 2 && n > 4 {
				for p := c.Data[4:n]; len(p) >= 11; p = p[11:] {
					if p[3] == 3 {
						p[10]++
					}
				}
			}
		}},
		{"CD-TEXT", "CD-TEXT", func(c scsi.Command, n int) {
			if c.CDB[0] == scsi.OpReadTOC && c.CDB[2]&15 == 5 && n > 4+18 {
				c.Data[4+5] ^= 1
				c.Data[4+16], c.Data[4+17] = 0, 0 // not checked
			}
		}},
		{"catalogue number", "the catalogue number", func(c scsi.Command, _ int) {
			if c.CDB[0] == scsi.OpReadSubChannel && c.CDB[3] == 2 {
				c.Data[10] ^= 1
			}
		}},
		{"ISRC", "the ISRC of track 3", func(c scsi.Command, _ int) {
			if c.CDB[0] == scsi.OpReadSubChannel && c.CDB[3] == 3 && c.CDB[6] == 3 {
				c.Data[20] ^= 1
			}
		}},
		{"index", "the indexes of track 1", func(c scsi.Command, _ int) {
			at := int32(binary.BigEndian.Uint32(c.CDB[2:]))
			if c.CDB[0] == scsi.OpReadCD && c.CDB[10] == 2 && at > 110 && at < 190 && c.Data[0]&15 == 1 {
				c.Data[2] = 1 // index 2 begins at 108
			}
		}},
		{"a sample", "sector 400", func(c scsi.Command, n int) {
			at := int(int32(binary.BigEndian.Uint32(c.CDB[2:])))
			if c.CDB[0] == scsi.OpReadCD && c.CDB[9] == 0xF8 && at <= 400 && n > (400-at)*sector.Size+1000 {
				c.Data[(400-at)*sector.Size+1000] ^= 1
			}
		}},
	} {
		t.Run(x.name, func(t *testing.T) {
			ctx := context.Background()
			d := &altered{Transport: cdDrive(t, 0), change: x.change}
			b, err := record.NewPlan(ctx, d, imagetest.Audio(t), record.Options{})
			if err != nil {
				t.Fatal(err)
			}
			r, err := virtualtest.Burn(ctx, b, progress.Discard)
			if err == nil || r.Verified || r.Equal {
				t.Fatalf("no error, verified %v, equal %v", r.Verified, r.Equal)
			}
			if !strings.Contains(err.Error(), x.want) {
				t.Errorf("%q is missing: %v", x.want, err)
			}
		})
	}
}

// offsetDrive is a drive that reads audio with an offset in samples.
type offsetDrive struct {
	scsi.Transport
	samples int
}

func (o offsetDrive) Unwrap() scsi.Transport { return o.Transport }

func (o offsetDrive) Execute(ctx context.Context, c scsi.Command) (int, error) {
	n := len(c.Data) / sector.Size
	if c.CDB[0] != scsi.OpReadCD || c.CDB[9] != 0xF8 || c.CDB[10] != 0 || n == 0 {
		return o.Transport.Execute(ctx, c)
	}
	lba := int(int32(binary.BigEndian.Uint32(c.CDB[2:])))
	const around = 8
	wide := make([]byte, (n+2*around)*sector.Size)
	for i := range n + 2*around { // what cannot be read is silent
		one := c
		one.CDB = append([]byte(nil), c.CDB...)
		binary.BigEndian.PutUint32(one.CDB[2:], uint32(lba-around+i))
		one.CDB[6], one.CDB[7], one.CDB[8] = 0, 0, 1
		one.Data = wide[i*sector.Size : (i+1)*sector.Size]
		if _, err := o.Transport.Execute(ctx, one); err != nil && i >= around && i < n+around {
			return 0, err
		}
	}
	return copy(c.Data, wide[around*sector.Size-4*o.samples:]), nil
}

// TestReadOffset checks that audio is compared sample by sample with the offset with which the
// drive reads it, and that a difference is still found.
func TestReadOffset(t *testing.T) {
	for _, samples := range []int{0, 6, 667, -1164, 1776, -2999} {
		ctx := context.Background()
		d := offsetDrive{cdDrive(t, 0), samples}
		b, err := record.NewPlan(ctx, d, imagetest.Audio(t), record.Options{})
		if err != nil {
			t.Fatal(err)
		}
		r, err := virtualtest.Burn(ctx, b, progress.Discard)
		if err != nil || !r.Verified || r.ReadOffset == nil || *r.ReadOffset != samples {
			t.Errorf("offset %d: %v, verified %v (%v), found %v", samples, err, r.Verified, r.NotAssured, r.ReadOffset)
		}
	}
}

// lateQ is a drive that delivers the Q sub-channel of a sector further on.
type lateQ struct {
	scsi.Transport
	by uint32
}

func (l lateQ) Unwrap() scsi.Transport { return l.Transport }

func (l lateQ) Execute(ctx context.Context, c scsi.Command) (int, error) {
	if c.CDB[0] == scsi.OpReadCD && c.CDB[10] == 2 {
		c.CDB = append([]byte(nil), c.CDB...)
		binary.BigEndian.PutUint32(c.CDB[2:], binary.BigEndian.Uint32(c.CDB[2:])+l.by)
	}
	return l.Transport.Execute(ctx, c)
}

// TestLateSubChannels burns indexes with drives that deliver the sub-channels of other sectors than
// those asked for: they say of which.
func TestLateSubChannels(t *testing.T) {
	for _, by := range []int{3, -12} {
		ctx := context.Background()
		b, err := record.NewPlan(ctx, lateQ{cdDrive(t, 0), uint32(by)}, imagetest.Audio(t), record.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if r, err := virtualtest.Burn(ctx, b, progress.Discard); err != nil || !r.Verified {
			t.Errorf("by %d: %v, %v", by, err, r.NotAssured)
		}
	}
}

// TestCDSimulation simulates each mode: the disc remains blank.
func TestCDSimulation(t *testing.T) {
	for _, x := range cdCases {
		t.Run(x.name, func(t *testing.T) {
			ctx := context.Background()
			d := cdDrive(t, 40000)
			o := x.o
			o.Simulate = true
			b, err := record.NewPlan(ctx, d, x.src(t), o)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := virtualtest.Burn(ctx, b, progress.Discard); err != nil {
				t.Fatal(err)
			}
			if _, err := read.Open(ctx, d); !errors.Is(err, read.ErrBlank) {
				t.Errorf("after the simulation: %v", err)
			}
		})
	}
}

// TestCDWriteError fails one WRITE in each mode. Finished tracks and sessions remain, and nothing
// looks complete.
func TestCDWriteError(t *testing.T) {
	for _, x := range cdCases {
		t.Run(x.name, func(t *testing.T) {
			ctx := context.Background()
			d := cdDrive(t, 40000)
			at := 12
			switch {
			case x.mode != record.TrackAtOnce:
			case countTracks(x.src(t).TOC()) == 1:
				at = 6
			default: // in the second track
				at = 20
			}
			d.SetFaults(virtual.Faults{Events: []virtual.Event{{Op: scsi.OpWrite10, At: at, Sense: [3]byte{3, 0x0C, 0}}}})
			b, err := record.NewPlan(ctx, d, x.src(t), x.o)
			if err != nil {
				t.Fatal(err)
			}
			r, err := virtualtest.Burn(ctx, b, progress.Discard)
			var e *record.Error
			if !errors.As(err, &e) || e.Left == "" || e.Advice == "" || r.Equal {
				t.Fatalf("%v, equal %v", err, r.Equal)
			}
			t.Log(err)
			d.SetFaults(virtual.Faults{})
			back, err := read.Open(ctx, d)
			if err != nil {
				t.Logf("then: %v", err)
				return
			}
			defer back.Close()
			t.Logf("then: %d tracks", countTracks(back.TOC()))
			if n := countTracks(back.TOC()); x.mode == record.TrackAtOnce && n == 0 || x.mode != record.TrackAtOnce && n == countTracks(x.src(t).TOC()) {
				t.Errorf("%d tracks can be read", n)
			}
		})
	}
}

// TestSecondSession writes a disc of two sessions in two burns: the second one takes the session
// that was made for the address.
func TestSecondSession(t *testing.T) {
	ctx := context.Background()
	d := cdDrive(t, 40000)
	src := imagetest.Sessions(t)
	first := src.TOC().Sessions[0]
	end := first.Tracks[len(first.Tracks)-1].End()
	for i, part := range []disc.Disc{disc.Limit(src, end), src} {
		b, err := record.NewPlan(ctx, d, part, record.Options{Mode: record.SessionAtOnce, Appendable: i == 0})
		if err != nil {
			t.Fatal(err)
		}
		r, err := virtualtest.Burn(ctx, b, progress.Discard)
		if err != nil || !r.Verified {
			t.Fatalf("session %d: %v, %v", i+1, err, r.NotAssured)
		}
	}
	sameCD(t, src, d, record.Plan{Mode: record.SessionAtOnce})
}

// TestOverburn writes more than a CD says that it holds: it is refused, and when it is forced the
// drive decides.
func TestOverburn(t *testing.T) {
	ctx := context.Background()
	d := cdDrive(t, 1000)
	long := virtualtest.DiscOf(virtualtest.Noise(1024, 3))
	if _, err := record.NewPlan(ctx, d, long, record.Options{}); !errors.Is(err, record.ErrTooLarge) {
		t.Fatalf("%v", err)
	}
	b, err := record.NewPlan(ctx, d, long, record.Options{Overburn: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(b.Plan().Notices) == 0 {
		t.Error("there is no warning")
	}
	r, err := virtualtest.Burn(ctx, b, progress.Discard)
	if err == nil || r.Equal || r.Verified {
		t.Fatalf("the drive refuses such a disc: %v, equal %v", err, r.Equal)
	}
	t.Log(err)
}
