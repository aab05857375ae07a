package read_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/drive/scsi"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
)

// hanging answers this many commands, and then none.
type hanging struct {
	scsi.Transport
	answers, asked int
}

func (h *hanging) Execute(ctx context.Context, c scsi.Command) (int, error) {
	if h.asked++; h.asked > h.answers {
		return 0, scsi.ErrTimeout
	}
	return h.Transport.Execute(ctx, c)
}

// At whichever command a drive begins to hang, Media and Open return an error, and
// nothing more is sent.
func TestDriveHangs(t *testing.T) {
	data := virtualtest.Noise(300, 5)
	for _, c := range []struct {
		name, blank string
		do          func(context.Context, scsi.Transport) error
	}{
		{"media, blank CD-R", "cd-r", media},
		{"media, blank DVD+R", "dvd+r", media},
		{"media, DVD+RW", "dvd+rw", media},
		{"media, BD-R", "bd-r", media},
		{"media, pressed", "", media},
		{"read", "", func(ctx context.Context, t scsi.Transport) error {
			d, err := read.Open(ctx, t)
			if err != nil {
				return err
			}
			_, err = d.ReadSectors(context.Background(), make([]byte, len(data)), 0, disc.User)
			_, again := d.ReadSectors(context.Background(), make([]byte, disc.SectorSize), 7, disc.User)
			if err == nil {
				err = again
			}
			return err
		}},
	} {
		for answers := 0; ; answers++ {
			var d scsi.Transport
			if c.blank != "" {
				d = virtualtest.Blank(t, c.blank, 4096)
			} else {
				d = virtualtest.Pressed(t, data)
			}
			if err := mmc.Wait(context.Background(), d, 0, nil); err != nil {
				t.Fatal(err)
			}
			h := &hanging{Transport: d, answers: answers}
			err := c.do(context.Background(), h)
			if h.asked <= answers { // it was not interrupted
				if err != nil || answers < 5 {
					t.Errorf("%s: %v after %d commands", c.name, err, answers)
				}
				break
			}
			if !errors.Is(err, scsi.ErrTimeout) || h.asked != answers+1 {
				t.Errorf("%s: hangs after command %d: %v, %d more were sent", c.name, answers, err, h.asked-answers-1)
			}
		}
	}
}

func media(ctx context.Context, t scsi.Transport) error {
	_, err := read.Media(ctx, t)
	return err
}

// deferring returns deferred errors with its first reads.
type deferring struct {
	scsi.Transport
	errors [][3]byte
	reads  int
}

func (d *deferring) Execute(ctx context.Context, c scsi.Command) (int, error) {
	if c.CDB[0] != scsi.OpRead10 {
		return d.Transport.Execute(ctx, c)
	}
	if d.reads++; d.reads <= len(d.errors) {
		e := d.errors[d.reads-1]
		return 0, scsi.NewError(c.CDB, scsi.StatusCheckCondition, []byte{0x71, 0, e[0], 0, 0, 0, 0, 10, 0, 0, 0, 0, e[1], e[2], 0, 0, 0, 0})
	}
	return d.Transport.Execute(ctx, c)
}

// A deferred error does not mean that the sector cannot be read.
func TestDeferredAtReading(t *testing.T) {
	data := virtualtest.Noise(100, 6)
	d := &deferring{Transport: virtualtest.Pressed(t, data), errors: [][3]byte{{3, 0x0C, 0}, {1, 0x17, 1}, {5, 0x20, 0}, {2, 0x3A, 0}}}
	m, err := read.Open(context.Background(), d)
	if err != nil {
		t.Fatal(err)
	}
	d.reads = 0
	p := make([]byte, len(data))
	if n, err := m.ReadSectors(context.Background(), p, 0, disc.User); err != nil || n != 100 || !bytes.Equal(p, data) {
		t.Errorf("%d sectors, %v", n, err)
	}
	if d.reads < 5 || d.reads > 8 {
		t.Errorf("%d reads", d.reads)
	}
}
