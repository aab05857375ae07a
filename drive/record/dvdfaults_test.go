package record_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"glassmaster/drive/mmc"
	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/drive/virtual"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// dvdCases are burns of DVD and BD with options, or after the disc was formatted.
var dvdCases = []struct {
	name, medium string
	format       *record.FormatOptions // before
	o            record.Options
	vendor       string // of the drive's commands for book types
}{
	{name: "DVD-R at once", medium: "dvd-r", o: record.Options{Mode: record.DiscAtOnce}},
	{name: "DVD-R DL, layer break", medium: "dvd-r dl", o: record.Options{LayerBreak: 208}},
	{name: "DVD-R DL at once", medium: "dvd-r dl", o: record.Options{Mode: record.DiscAtOnce}},
	{name: "layer jump on layer 0", medium: "dvd-r dl", o: record.Options{Mode: record.LayerJump, Appendable: true}},
	{name: "layer jump on both layers", medium: "dvd-r dl", o: record.Options{Mode: record.LayerJump, LayerBreak: 176}},
	{name: "DVD-RW, quick format", medium: "dvd-rw", format: &record.FormatOptions{}},
	{name: "DVD-RW, full format", medium: "dvd-rw", format: &record.FormatOptions{Full: true}},
	{name: "DVD+R, book type", medium: "dvd+r", o: record.Options{BookType: bookROM()}, vendor: "benq"},
	{name: "DVD+R DL, layer break and book type", medium: "dvd+r dl", o: record.Options{LayerBreak: 208, BookType: bookROM()}, vendor: "lite-on"},
	{name: "DVD+RW, book type", medium: "dvd+rw", o: record.Options{BookType: bookROM()}, vendor: "ricoh"},
	{name: "DVD+RW, verified by the drive", medium: "dvd+rw", o: record.Options{DriveVerify: true}},
	{name: "BD-R, spare areas", medium: "bd-r", o: record.Options{Spare: spareOf(record.SpareUsual)}},
	{name: "BD-R, most spare areas, appendable", medium: "bd-r dl", o: record.Options{Spare: spareOf(record.SpareMost), Appendable: true}},
	{name: "BD-R, pseudo-overwrite", medium: "bd-r", format: &record.FormatOptions{PseudoOverwrite: true}},
	{name: "BD-RE, spare areas", medium: "bd-re", o: record.Options{Spare: spareOf(record.SpareUsual)}},
	{name: "BD-RE, no spare areas", medium: "bd-re", o: record.Options{Spare: spareOf(record.SpareNone)}},
	{name: "DVD-RAM, verified by the drive", medium: "dvd-ram", o: record.Options{DriveVerify: true}},
}

func bookROM() *mmc.BookType { b := mmc.BookROM; return &b }

func spareOf(s record.Spare) *record.Spare { return &s }

// dvdDrive returns a drive with the disc of a case.
func dvdDrive(t *testing.T, i int) *virtual.Drive {
	t.Helper()
	c := dvdCases[i]
	d := virtualtest.Blank(t, c.medium, small)
	if c.vendor != "" {
		if err := d.SetBookVendor(c.vendor); err != nil {
			t.Fatal(err)
		}
	}
	if c.format != nil {
		if _, _, err := formatDisc(t, d, *c.format); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// dvdFaults are the faults of TestDVDFaults.
func dvdFaults() []virtual.Event {
	var all []virtual.Event
	for _, op := range []byte{
		scsi.OpModeSelect10, scsi.OpWrite10, scsi.OpWrite12, scsi.OpWriteAndVerify, scsi.OpSynchronizeCache, scsi.OpCloseTrackSession, scsi.OpFormatUnit,
		scsi.OpReserveTrack, scsi.OpSendDiscStructure, scsi.OpReadDiscStructure, scsi.OpReadTrackInformation, scsi.OpReadDiscInformation,
		scsi.OpReadFormatCapacities, scsi.OpRead10,
	} {
		for _, at := range []int{1, 12} {
			if at > 1 && op != scsi.OpWrite10 && op != scsi.OpWrite12 && op != scsi.OpRead10 {
				continue // there are few of the others
			}
			all = append(all,
				virtual.Event{Op: op, At: at, Sense: [3]byte{3, 0x0C, 0}},
				virtual.Event{Op: op, At: at, Sense: [3]byte{3, 0x0C, 0}, Deferred: true},
				virtual.Event{Op: op, At: at, Reset: true},
				virtual.Event{Op: op, At: at, Sense: [3]byte{5, 0x24, 0}},
			)
		}
	}
	return all
}

// TestDVDFaults burns discs with options, each with one command that fails, is followed by a
// deferred error, or is answered after a reset. Either the burn fails, or the disc equals its
// source and is as requested. The tray is unlocked in any case, the drive has its own book
// type again, and no DVD-RW is left in the intermediate state, if the drive ends it.
func TestDVDFaults(t *testing.T) {
	want := virtualtest.Noise(321, 8)
	faults := dvdFaults()
	for i, c := range dvdCases {
		t.Run(c.name, func(t *testing.T) {
			good := 0
			for _, f := range faults {
				name := fmt.Sprintf("%s %d: % X, deferred %v, reset %v", scsi.Describe([]byte{f.Op}), f.At, f.Sense, f.Deferred, f.Reset)
				d := dvdDrive(t, i)
				b, err := record.NewPlan(t.Context(), narrow{d}, virtualtest.DiscOf(want), c.o)
				if err != nil {
					t.Fatal(err)
				}
				d.SetFaults(virtual.Faults{Events: []virtual.Event{f}})
				r, err := virtualtest.Burn(t.Context(), b, progress.Discard)
				d.SetFaults(virtual.Faults{})
				var e *record.Error
				switch {
				case err == nil && !r.Equal:
					t.Errorf("%s: no error, and not equal", name)
				case err == nil:
					good++
					if !bytes.Equal(content(t, d, 321), want) {
						t.Errorf("%s: no error, and the disc differs", name)
					}
					checkRequested(t, name, d, c.o, r)
				case r.Verified:
					t.Errorf("%s: verified, although %v", name, err)
				case !errors.As(err, &e) || e.Left == "":
					t.Errorf("%s: the error does not say what is left: %v", name, err)
				}
				checkLeft(t, name, d, c.vendor, err)
			}
			t.Logf("%d of %d burns succeeded", good, len(faults))
			if good == 0 || good == len(faults) {
				t.Errorf("%d of %d burns succeeded", good, len(faults))
			}
		})
	}
}

// checkRequested checks the layer break and book type of a disc.
func checkRequested(t *testing.T, name string, d *virtual.Drive, o record.Options, r record.Result) {
	t.Helper()
	f, err := mmc.ReadPhysicalFormat(t.Context(), d)
	if err != nil {
		return // BD
	}
	if o.LayerBreak > 0 && f.Layer0() != o.LayerBreak {
		t.Errorf("%s: no error, and the layer break is at %d; checks %+v", name, f.Layer0(), r.Checks)
	}
	if o.BookType != nil && f.Book != *o.BookType {
		t.Errorf("%s: no error, and the book type is %v; checks %+v", name, f.Book, r.Checks)
	}
}

// checkLeft checks the drive and the format of the disc after a burn.
func checkLeft(t *testing.T, name string, d *virtual.Drive, vendor string, failed error) {
	t.Helper()
	status(t, d) // which waits until the drive is ready
	if err := mmc.RetryUnitAttention(func() error { return mmc.StartStop(t.Context(), d, mmc.Eject) }); err != nil {
		t.Errorf("%s: the tray is locked: %v, after %v", name, err, failed)
	}
	if err := mmc.StartStop(t.Context(), d, mmc.Load); err != nil {
		t.Fatal(err)
	}
	status(t, d)
	p, err := mmc.CurrentProfile(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	caps, err := mmc.ReadFormatCapacities(t.Context(), d)
	if p == mmc.DVDRWRO && (err != nil || caps.State == mmc.NoMedium) {
		t.Errorf("%s: the DVD-RW is in the intermediate state (%v), after %v", name, err, failed)
	}
	way := map[string]mmc.BookVendor{"benq": mmc.BenQBookType, "lite-on": mmc.LiteOnBookType, "ricoh": mmc.RicohBookType}[vendor]
	target := map[mmc.Profile]mmc.BookTarget{mmc.DVDPR: mmc.BookOfPlusR, mmc.DVDPRDL: mmc.BookOfPlusRDL, mmc.DVDPRW: mmc.BookOfPlusRW}[p]
	if vendor == "" || p == mmc.DVDROM {
		return
	}
	if now, err := mmc.BookTypeSetting(t.Context(), d, way, target); err != nil || now == mmc.BookROM {
		t.Errorf("%s: the drive's book type is %v: %v, after %v", name, now, err, failed)
	}
}

// The capacity that the plan of a burn states can be written to its last sector, and one
// sector more is refused before anything is written.
func TestExactCapacity(t *testing.T) {
	for i, c := range dvdCases {
		t.Run(c.name, func(t *testing.T) {
			o := c.o
			o.LayerBreak = 0
			b, err := record.NewPlan(t.Context(), dvdDrive(t, i), virtualtest.DiscOf(virtualtest.Noise(321, 8)), o)
			if err != nil {
				t.Fatal(err)
			}
			n := int(b.Plan().Capacity)
			if c.name == "DVD-RW, quick format" {
				n = small // it is enlarged
			}
			if _, err := record.NewPlan(t.Context(), dvdDrive(t, i), virtualtest.DiscOf(virtualtest.Noise(n+1, 1)), o); !errors.Is(err, record.ErrTooLarge) {
				t.Errorf("%d sectors: %v", n+1, err)
			}
			want := virtualtest.Noise(n, 9)
			for _, wide := range []bool{false, true} { // with small and with large writes
				d := dvdDrive(t, i)
				var x scsi.Transport = d
				if !wide {
					x = narrow{d}
				}
				if b, err = record.NewPlan(t.Context(), x, virtualtest.DiscOf(want), o); err != nil {
					t.Fatal(err)
				}
				r, err := virtualtest.Burn(t.Context(), b, progress.Discard)
				if err != nil || !r.Verified || !bytes.Equal(content(t, d, n), want) {
					t.Errorf("%d sectors (%d bytes), large writes %v: %v", n, n*disc.SectorSize, wide, err)
				}
			}
		})
	}
}
