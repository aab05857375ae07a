package record_test

import (
	"context"
	"fmt"
	"testing"

	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/drive/virtual"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/progress"

	"glassmaster/drive/virtualtest"
)

// TestCDFaults burns discs of several tracks, each with one command that fails, is followed by a
// deferred error, or is answered after a reset. Either the burn fails, or the disc equals its
// source.
func TestCDFaults(t *testing.T) {
	faults := []virtual.Event{}
	for _, op := range []byte{
		scsi.OpModeSelect10, scsi.OpSendCueSheet, scsi.OpWrite10, scsi.OpSynchronizeCache, scsi.OpCloseTrackSession,
		scsi.OpReadTrackInformation, scsi.OpReadDiscInformation, scsi.OpReadTOC, scsi.OpReadCD, scsi.OpReadSubChannel,
	} {
		for _, at := range []int{1, 40} {
			faults = append(faults,
				virtual.Event{Op: op, At: at, Sense: [3]byte{3, 0x0C, 0}},
				virtual.Event{Op: op, At: at, Sense: [3]byte{3, 0x0C, 0}, Deferred: true},
				virtual.Event{Op: op, At: at, Reset: true},
				virtual.Event{Op: op, At: at, Sense: [3]byte{5, 0x24, 0}},
				virtual.Event{Op: op, At: at, Sense: [3]byte{2, 4, 8}},
			)
		}
	}
	for _, x := range cdCases {
		switch x.name {
		case "audio", "mixed by track", "two sessions", "XA at once":
		default:
			continue
		}
		good, src := 0, x.src(t)
		for _, f := range faults {
			name := fmt.Sprintf("%s, %s %d: % X, deferred %v, reset %v", x.name, scsi.Describe([]byte{f.Op}), f.At, f.Sense, f.Deferred, f.Reset)
			ctx := context.Background()
			d := cdDrive(t, 40000)
			b, err := record.NewPlan(ctx, d, src, x.o)
			if err != nil {
				t.Fatal(err)
			}
			d.SetFaults(virtual.Faults{Events: []virtual.Event{f}})
			r, err := virtualtest.Burn(ctx, b, progress.Discard)
			d.SetFaults(virtual.Faults{})
			switch {
			case err == nil && !r.Equal:
				t.Errorf("%s: no error, and not equal", name)
			case err == nil:
				good++
				sameCD(t, src, d, b.Plan())
			case r.Verified:
				t.Errorf("%s: verified, although %v", name, err)
			}
			d.Close()
		}
		t.Logf("%s: %d of %d burns succeeded", x.name, good, len(faults))
		if good == 0 || good == len(faults) {
			t.Errorf("%s: %d of %d burns succeeded", x.name, good, len(faults))
		}
	}
}

// TestCDNothingWritten burns discs to a drive that reports success for everything, and writes
// nothing.
func TestCDNothingWritten(t *testing.T) {
	for _, x := range cdCases {
		ctx := context.Background()
		d := cdDrive(t, 40000)
		b, err := record.NewPlan(ctx, d, x.src(t), x.o)
		if err != nil {
			t.Fatal(err)
		}
		d.SetFaults(virtual.Faults{Discard: true})
		r, err := virtualtest.Burn(ctx, b, progress.Discard)
		if err == nil || r.Equal || r.Verified {
			t.Errorf("%s: %v, equal %v", x.name, err, r.Equal)
		}
	}
}

// TestCDWrongDisc burns discs in each mode to a drive that reports success, and does not write
// what it was sent: none of these burns succeeds.
func TestCDWrongDisc(t *testing.T) {
	faults := map[string]virtual.Faults{
		"short":   {Short: 5},
		"corrupt": {Corrupt: []int64{50}},
		"lost":    {Lost: []int64{50}},
	}
	for _, x := range cdCases {
		for name, f := range faults {
			ctx := context.Background()
			d := cdDrive(t, 40000)
			b, err := record.NewPlan(ctx, d, x.src(t), x.o)
			if err != nil {
				t.Fatal(err)
			}
			d.SetFaults(f)
			if r, err := virtualtest.Burn(ctx, b, progress.Discard); err == nil {
				t.Errorf("%s, %s: verified %v, without an error", x.name, name, r.Verified)
			}
			d.Close()
		}
	}
}

// TestShortTracks burns tracks of less than four seconds, which raw keeps if that is forced.
func TestShortTracks(t *testing.T) {
	ctx := context.Background()
	d := cdDrive(t, 40000)
	b, err := record.NewPlan(ctx, d, shortTracks{imagetest.Audio(t)}, record.Options{Mode: record.Raw, Force: true})
	if err != nil {
		t.Fatal(err)
	}
	if b.Plan().Mode != record.Raw {
		t.Errorf("mode %v", b.Plan().Mode)
	}
	if _, err := virtualtest.Burn(ctx, b, progress.Discard); err != nil {
		t.Error(err)
	}
}

// shortTracks is a disc whose tracks are cut to short ones.
type shortTracks struct{ disc.Disc }

func (shortTracks) TOC() disc.TOC {
	s := disc.Session{Number: 1}
	for i := range 4 {
		s.Tracks = append(s.Tracks, disc.Track{Number: i + 1, Mode: disc.Audio, Start: disc.LBA(60 * i), Length: 60})
	}
	return disc.TOC{Sessions: []disc.Session{s}}
}
