package record_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/drive/virtual"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
)

// echo is a drive that answers reads with what it was sent, for as long as it has
// that in its buffer: until the tray is opened, or the disc is stopped, or somebody
// insists on the disc.
type echo struct {
	scsi.Transport
	refuse map[byte]bool // operations that it does not know
	deaf   bool          // it takes no notice of FUA
	sent   map[uint32][]byte
}

func newEcho(t scsi.Transport, deaf bool, refuse ...byte) *echo {
	e := &echo{Transport: t, deaf: deaf, refuse: map[byte]bool{}, sent: map[uint32][]byte{}}
	for _, op := range refuse {
		e.refuse[op] = true
	}
	return e
}

func (e *echo) Execute(ctx context.Context, c scsi.Command) (int, error) {
	op := c.CDB[0]
	if e.refuse[op] {
		return 0, refusal(c, 0x20)
	}
	n, err := e.Transport.Execute(ctx, c)
	switch {
	case op == 0x1B && c.CDB[4]&1 == 0 && err == nil:
		e.sent = map[uint32][]byte{}
	case op == 0x2A && err == nil:
		for i := 0; i < n; i += disc.SectorSize {
			e.sent[binary.BigEndian.Uint32(c.CDB[2:])+uint32(i/disc.SectorSize)] = bytes.Clone(c.Data[i : i+disc.SectorSize])
		}
	case op == 0x28 && (e.deaf || c.CDB[1]&8 == 0):
		for i := 0; i < n; i += disc.SectorSize {
			copy(c.Data[i:], e.sent[binary.BigEndian.Uint32(c.CDB[2:])+uint32(i/disc.SectorSize)])
		}
	}
	return n, err
}

func refusal(c scsi.Command, asc byte) error {
	return scsi.NewError(c.CDB, scsi.StatusCheckCondition, []byte{0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, asc, 0, 0, 0, 0, 0})
}

// A drive that answers from its buffer does not make a good disc of a bad one. Where
// it cannot be made to read the disc, the verdict says so.
func TestEcho(t *testing.T) {
	for _, c := range []struct {
		name   string
		deaf   bool
		refuse []byte
		found  bool
	}{
		{"the disc is reloaded", true, nil, true},
		{"it does not stop, and knows FUA", false, []byte{0x1B}, true},
		{"it does not stop, and does not know FUA", true, []byte{0x1B}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			eachMedium(t, func(t *testing.T, _ string, _ bool, d *virtual.Drive) {
				d.SetFaults(virtual.Faults{Corrupt: []int64{700}})
				r, err := burn(t, newEcho(d, c.deaf, c.refuse...), virtualtest.DiscOf(virtualtest.Noise(900, 4)), record.Options{})
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

// exchange is a drive whose disc is another one from some command on.
type exchange struct {
	scsi.Transport
	other  scsi.Transport
	at     func(c scsi.Command) bool
	loud   bool // a unit attention tells of it
	change bool
}

func (e *exchange) Execute(ctx context.Context, c scsi.Command) (int, error) {
	if !e.change && e.at(c) {
		e.change = true
		e.Transport = e.other
		if e.loud {
			return 0, scsi.NewError(c.CDB, scsi.StatusCheckCondition, []byte{0x70, 0, 6, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x28, 0, 0, 0, 0, 0})
		}
	}
	return e.Transport.Execute(ctx, c)
}

// Another disc in the tray is not taken for the one that was burned: neither while
// it is written, nor when it is looked at, whether or not the drive tells.
func TestOtherDisc(t *testing.T) {
	want := virtualtest.Noise(500, 4)
	writes := func(n int) func(scsi.Command) bool {
		return func(c scsi.Command) bool {
			if c.CDB[0] == 0x2A {
				n--
			}
			return n == 0
		}
	}
	stopped := func(c scsi.Command) bool { return c.CDB[0] == 0x1B && c.CDB[4] != 0 }
	for _, c := range []struct {
		name, medium, other string
		at                  func() func(scsi.Command) bool
		loud, noVerify      bool
		content             []byte // of the other disc
		cause               error
	}{
		{"of another kind", "dvd+r", "dvd-r", func() func(scsi.Command) bool { return stopped }, false, true, want, record.ErrOtherDisc},
		{"a blank one", "dvd+r", "dvd+r", func() func(scsi.Command) bool { return stopped }, false, true, nil, record.ErrNotOnDisc},
		{"with other data", "dvd+r", "dvd+r", func() func(scsi.Command) bool { return stopped }, false, false, virtualtest.Noise(500, 5), record.ErrDiffers},
		{"while writing", "dvd+rw", "dvd+rw", func() func(scsi.Command) bool { return writes(12) }, false, false, virtualtest.Noise(500, 5), record.ErrDiffers},
		{"while writing, the drive tells", "dvd+rw", "dvd+rw", func() func(scsi.Command) bool { return writes(12) }, true, true, want, nil},
		{"larger", "bd-re", "bd-re", func() func(scsi.Command) bool { return stopped }, false, true, want, record.ErrOtherDisc},
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
			d := &exchange{Transport: virtualtest.Blank(t, c.medium, small), other: other, at: c.at(), loud: c.loud}
			r, err := burn(t, d, virtualtest.DiscOf(want), record.Options{NoVerify: c.noVerify})
			var e *record.Error
			if !errors.As(err, &e) || c.cause != nil && !errors.Is(err, c.cause) || c.loud && !scsi.MediumChanged(err) || r.Verified || r.Equal || e.Advice == "" {
				t.Errorf("%+v, %v", r, err)
			}
		})
	}
}

// weak is a drive that reads some sectors only at a later attempt.
type weak struct {
	scsi.Transport
	fails map[uint32]int // how often a read over that sector fails
	mute  bool           // the error does not tell which sector it is
	key   byte
}

func (w *weak) Execute(ctx context.Context, c scsi.Command) (int, error) {
	if c.CDB[0] == 0x28 {
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

// Sectors that needed more than one attempt are counted, each once.
func TestRetried(t *testing.T) {
	for _, c := range []struct {
		name string
		key  byte
		mute bool
		want int64
	}{
		{"not read at first", 3, false, 3},
		{"the drive does not tell which", 3, true, 3},
		{"recovered", 1, false, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := virtualtest.Blank(t, "dvd+r", small)
			// Sectors of three commands: the last one is well when it is read alone.
			w := &weak{Transport: d, fails: map[uint32]int{100: 2, 300: 3, 800: 1}, mute: c.mute, key: c.key}
			r, err := burn(t, w, virtualtest.DiscOf(virtualtest.Noise(900, 4)), record.Options{})
			if err != nil || !r.Verified || r.Retried != c.want {
				t.Errorf("%+v, %v", r, err)
			}
		})
	}
}

// shifting is a source that is another one when it is read again.
type shifting struct {
	disc.Disc
	at    disc.LBA // sector that changes
	gone  bool     // it cannot be read any more
	again map[disc.LBA]bool
}

func (s *shifting) ReadSectors(p []byte, lba disc.LBA, f disc.Form) (int, error) {
	n, err := s.Disc.ReadSectors(p, lba, f)
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

// A source that has changed since it was burned is not blamed on the disc; a bad
// disc is one, whatever the source is now.
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
						// Of a source that can be read the very sector is known.
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
						if bad == 801 { // known only by the piece that it lies in
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
