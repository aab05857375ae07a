package read_test

import (
	"context"
	"errors"
	"testing"

	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/drive/scsi"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
)

// hanging answers that many commands, and then none.
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

// At whichever command a drive begins to hang, whoever asks about the medium or reads
// it is told, and nothing more is sent.
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
			_, err = d.ReadSectors(make([]byte, len(data)), 0, disc.User)
			_, again := d.ReadSectors(make([]byte, disc.SectorSize), 7, disc.User)
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
			if h.asked <= answers { // it came to its end
				if err != nil || answers < 5 {
					t.Errorf("%s: %v after %d commands", c.name, err, answers)
				}
				break
			}
			if !errors.Is(err, scsi.ErrTimeout) || h.asked != answers+1 {
				t.Errorf("%s: hangs behind command %d: %v, %d more were sent", c.name, answers, err, h.asked-answers-1)
			}
		}
	}
}

func media(ctx context.Context, t scsi.Transport) error {
	_, err := read.Media(ctx, t)
	return err
}
