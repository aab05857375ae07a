package record_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"glassmaster/drive/mmc"
	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/drive/virtual"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
)

// A drive that answers from its buffer does not make a bad disc look good. If it cannot
// be made to read the disc, the result says so.
func TestEcho(t *testing.T) {
	for _, c := range []struct {
		name   string
		echo   virtual.ReadCache
		refuse []byte
		found  bool
	}{
		{"the disc is reloaded", virtual.ReadCache{On: true, IgnoresFUA: true}, nil, true},
		{"the buffer outlives a stop, and the drive knows FUA", virtual.ReadCache{On: true, KeptOnStop: true}, nil, true},
		{"it does not stop, and knows FUA", virtual.ReadCache{On: true}, []byte{0x1B}, true},
		{"it does not stop, and does not know FUA", virtual.ReadCache{On: true, IgnoresFUA: true}, []byte{0x1B}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			eachMedium(t, func(t *testing.T, _ string, _ bool, d *virtual.Drive) {
				d.SetFaults(virtual.Faults{Corrupt: []int64{700}, ReadCache: c.echo, Refuse: c.refuse})
				r, err := burn(t, d, virtualtest.DiscOf(virtualtest.Noise(900, 4)), record.Options{})
				if r.Verified {
					t.Error("a bad disc is verified")
				}
				switch {
				case c.found && (!errors.Is(err, record.ErrDiffers) || r.Mismatch == nil || r.Mismatch.LBA != 700 || r.Equal):
					t.Errorf("%+v, %v", r, err)
				case !c.found && (err != nil || !r.Equal || len(r.NotAssured) != 1 || !strings.Contains(r.NotAssured[0], "buffer")):
					t.Errorf("%+v, %v", r, err)
				}
			})
		})
	}
}

// Another disc in the tray is not mistaken for the one that was burned, neither during
// writing nor during verification, whether or not the drive reports the change.
func TestOtherDisc(t *testing.T) {
	want, others := virtualtest.Noise(500, 4), virtualtest.Noise(500, 5)
	const reload, write = 0x1B, 0x2A
	for _, c := range []struct {
		name, medium, other string
		op                  byte // at whose At-th occurrence the disc is exchanged
		at                  int
		loud, noVerify      bool
		content             []byte // of the other disc
		cause               error
	}{
		{"of another kind", "dvd+r", "dvd-r", reload, 2, false, true, want, record.ErrOtherDisc},
		{"a blank one", "dvd+r", "dvd+r", reload, 2, false, true, nil, record.ErrNotOnDisc},
		{"with other data", "dvd+r", "dvd+r", reload, 2, false, false, others, record.ErrDiffers},
		{"while writing", "dvd+rw", "dvd+rw", write, 12, false, false, others, record.ErrDiffers},
		{"while writing, the drive reports it", "dvd+rw", "dvd+rw", write, 12, true, true, want, record.ErrLost},
		{"larger", "bd-re", "bd-re", reload, 2, false, true, want, record.ErrOtherDisc},
	} {
		t.Run(c.name, func(t *testing.T) {
			size := int64(small)
			if c.cause == record.ErrOtherDisc {
				size *= 2
			}
			other := virtualtest.Blank(t, c.other, size)
			if c.content != nil {
				if _, err := burn(t, other, virtualtest.DiscOf(c.content), record.Options{}); err != nil {
					t.Fatal(err)
				}
			}
			if err := other.Close(); err != nil {
				t.Fatal(err)
			}
			d := virtualtest.Blank(t, c.medium, small)
			d.SetFaults(virtual.Faults{Events: []virtual.Event{{Op: c.op, At: c.at, Swap: other.Path(), Silent: !c.loud}}})
			r, err := burn(t, d, virtualtest.DiscOf(want), record.Options{NoVerify: c.noVerify})
			var e *record.Error
			if !errors.As(err, &e) || !errors.Is(err, c.cause) && !(c.loud && scsi.MediumChanged(err)) || r.Verified || r.Equal || e.Advice == "" {
				t.Errorf("%+v, %v", r, err)
			}
			if c.cause == record.ErrDiffers && c.op == reload && !strings.Contains(e.Advice, "is the one that was burned") {
				t.Errorf("the disc is blamed: %v", err)
			}
		})
	}
}

// A disc that was put in while another one was burned is left alone.
func TestOtherDiscIsNotWritten(t *testing.T) {
	eachMedium(t, func(t *testing.T, name string, _ bool, d *virtual.Drive) {
		other := virtualtest.Blank(t, name, small)
		if err := other.Close(); err != nil {
			t.Fatal(err)
		}
		before, err := os.ReadFile(other.Path())
		if err != nil {
			t.Fatal(err)
		}
		d.SetFaults(virtual.Faults{Events: []virtual.Event{{Op: 0x2A, At: 8, Swap: other.Path()}}})
		r, err := burn(t, d, virtualtest.DiscOf(virtualtest.Noise(900, 4)), record.Options{})
		if !scsi.MediumChanged(err) || r.Verified {
			t.Errorf("%+v, %v", r, err)
		}
		if err := mmc.StartStop(context.Background(), d, mmc.Eject); err != nil {
			t.Errorf("the tray is still locked: %v", err)
		}
		after, err := os.ReadFile(other.Path())
		if err != nil || !bytes.Equal(before, after) {
			t.Errorf("the other disc was written to: %v", err)
		}
	})
}

// changed is a drive whose replies about the disc change after the disc was reloaded.
type changed struct {
	scsi.Transport
	op       byte
	alter    func(p []byte, reloaded bool)
	reloaded bool
}

func (d *changed) Execute(ctx context.Context, c scsi.Command) (int, error) {
	n, err := d.Transport.Execute(ctx, c)
	d.reloaded = d.reloaded || c.CDB[0] == scsi.OpStartStopUnit
	if c.CDB[0] == d.op && err == nil {
		d.alter(c.Data[:n], d.reloaded)
	}
	return n, err
}

// The manufacturer's data and the identification of a disc are the same before and after
// the burn.
func TestIdentity(t *testing.T) {
	makerAt := func(at int) func([]byte, bool) {
		return func(p []byte, reloaded bool) {
			if reloaded && len(p) > at {
				p[at] ^= 0x20
			}
		}
	}
	number := func(p []byte, reloaded bool) {
		if len(p) < 16 {
			return
		}
		p[7] |= 0x80 // the identification is valid
		if reloaded {
			p[15] = 1
		}
	}
	for _, c := range []struct {
		name, medium string
		op           byte
		alter        func([]byte, bool)
	}{
		{"number of a DVD+R", "dvd+r", 0x51, number},
		{"number of a CD-R", "cd-r", 0x51, number},
		{"maker of a DVD+R", "dvd+r", 0xAD, makerAt(4 + 20)},
		{"maker of a DVD+RW", "dvd+rw", 0xAD, makerAt(4 + 20)},
		{"maker of a DVD-R", "dvd-r", 0xAD, makerAt(4 + 18)},
		{"maker of a BD-R", "bd-r", 0xAD, makerAt(4 + 101)},
		{"lead-in of a CD-R", "cd-r", 0x43, func(p []byte, reloaded bool) {
			if reloaded && len(p) > 10 {
				p[10] ^= 1
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := &changed{Transport: virtualtest.Blank(t, c.medium, small), op: c.op, alter: c.alter}
			r, err := burn(t, d, virtualtest.DiscOf(virtualtest.Noise(500, 4)), record.Options{})
			if !errors.Is(err, record.ErrOtherDisc) || r.Verified || r.Equal {
				t.Errorf("%+v, %v", r, err)
			}
		})
	}
}

// A drive that reports in a media event that the disc was changed during writing.
func TestMediaEvent(t *testing.T) {
	asked := 0
	alter := func(p []byte, _ bool) {
		if asked++; asked == 2 && len(p) > 4 {
			p[2], p[4] = 4, 3 // media class, removed
		}
	}
	d := &changed{Transport: virtualtest.Blank(t, "dvd+r", small), op: scsi.OpGetEventStatus, alter: alter}
	r, err := burn(t, d, virtualtest.DiscOf(virtualtest.Noise(500, 4)), record.Options{})
	if err != nil || r.Verified || !r.Equal || len(r.NotAssured) != 1 || !strings.Contains(r.NotAssured[0], "new disc") {
		t.Errorf("%+v, %v", r, err)
	}
}

// weak is a drive that reads some sectors only at a later attempt.
type weak struct {
	scsi.Transport
	fails map[uint32]int // how often a read over that sector fails
	mute  bool           // the error does not state the sector
	key   byte
}

func (w *weak) Execute(ctx context.Context, c scsi.Command) (int, error) {
	if c.CDB[0] == scsi.OpRead10 {
		from := binary.BigEndian.Uint32(c.CDB[2:])
		for at := from; at < from+uint32(len(c.Data)/disc.SectorSize); at++ {
			if w.fails[at] == 0 {
				continue
			}
			w.fails[at]--
			sense := []byte{0xF0, 0, w.key, byte(at >> 24), byte(at >> 16), byte(at >> 8), byte(at), 10, 0, 0, 0, 0, 0x11, 0, 0, 0, 0, 0}
			if w.mute {
				sense[0] = 0x70
			}
			n := 0
			if w.key == 1 {
				n, _ = w.Transport.Execute(ctx, c)
			}
			return n, scsi.NewError(c.CDB, scsi.StatusCheckCondition, sense)
		}
	}
	return w.Transport.Execute(ctx, c)
}

// Sectors that needed more than one attempt are counted, each once, with their addresses. If
// the drive does not tell which sector of a command it was, and it is read in the end, the
// address is the first one of the command.
func TestRetried(t *testing.T) {
	exact := []disc.LBA{100, 300, 800}
	for _, c := range []struct {
		name, medium string
		key          byte
		mute         bool
		want         []disc.LBA
	}{
		{"not read at first", "dvd+r", 3, false, exact},
		{"not read at first", "dvd-r", 3, false, exact},
		{"not read at first", "dvd+rw", 3, false, exact},
		{"not read at first", "bd-r", 3, false, exact},
		{"the drive does not tell which", "dvd+r", 3, true, exact},
		{"recovered", "dvd+r", 1, false, exact},
	} {
		t.Run(c.name+" "+c.medium, func(t *testing.T) {
			d := virtualtest.Blank(t, c.medium, small)
			// Sectors of three commands: the last one can be read when it is read alone.
			w := &weak{Transport: d, fails: map[uint32]int{100: 2, 300: 3, 800: 1}, mute: c.mute, key: c.key}
			r, err := burn(t, w, virtualtest.DiscOf(virtualtest.Noise(900, 4)), record.Options{})
			if err != nil || !r.Verified || r.Retried != int64(len(c.want)) || !slices.Equal(r.Retries, c.want) {
				t.Errorf("%+v, %v", r, err)
			}
		})
	}
}

// shifting is a source that has changed when it is read again.
type shifting struct {
	disc.Disc
	at    disc.LBA // sector that changes
	gone  bool     // it can no longer be read
	again map[disc.LBA]bool
}

func (s *shifting) ReadSectors(ctx context.Context, p []byte, lba disc.LBA, f disc.Form) (int, error) {
	n, err := s.Disc.ReadSectors(context.Background(), p, lba, f)
	if lba > s.at || lba+disc.LBA(n) <= s.at {
		return n, err
	}
	if s.again[s.at] {
		if s.gone {
			return int(s.at - lba), errors.New("the file is gone")
		}
		p[int(s.at-lba)*disc.SectorSize+7] ^= 1
	}
	s.again[s.at] = true
	return n, err
}

// A change of the source after the burn is not reported as an error of the disc, and a
// bad disc is reported whatever the source is now.
func TestSourceChangesAfterwards(t *testing.T) {
	locate := func(a disc.LBA) string { return fmt.Sprintf("/file%d", a) }
	for _, gone := range []bool{false, true} {
		for _, bad := range []int64{-1, 300, 801} {
			t.Run(fmt.Sprintf("gone %v, bad sector %d", gone, bad), func(t *testing.T) {
				eachMedium(t, func(t *testing.T, _ string, _ bool, d *virtual.Drive) {
					if bad >= 0 {
						d.SetFaults(virtual.Faults{Corrupt: []int64{bad}})
					}
					src := &shifting{Disc: virtualtest.DiscOf(virtualtest.Noise(900, 15)), at: 800, gone: gone, again: map[disc.LBA]bool{}}
					r, err := burn(t, d, src, record.Options{Locate: locate})
					var e *record.Error
					var s *record.SourceChange
					switch {
					case !errors.As(err, &e) || r.SourceChanged == nil || e.Left == "" || e.Advice == "":
						t.Fatalf("%+v, %v", r, err)
					case bad < 0:
						// If the source can be read, the exact sector is known.
						at, file := disc.LBA(800), "/file800"
						if gone {
							at, file = 768, "/file768"
						}
						if !errors.As(err, &s) || errors.Is(err, record.ErrDiffers) || !r.Verified || r.Mismatch != nil || s.LBA != at || s.File != file || (s.Err != nil) != gone {
							t.Errorf("%+v, %v", r, err)
						}
						if strings.Contains(err.Error(), "burn another one") || strings.Contains(err.Error(), "failed") {
							t.Errorf("the disc is blamed: %v", err)
						}
					default:
						at := disc.LBA(300)
						if bad == 801 { // known only by its piece
							at = 768
						}
						if !errors.Is(err, record.ErrDiffers) || r.Equal || r.Verified || r.Mismatch == nil || r.Mismatch.LBA != at {
							t.Errorf("%+v, %v", r, err)
						}
					}
				})
			})
		}
	}
}
