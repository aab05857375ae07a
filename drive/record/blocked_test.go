package record_test

import (
	"context"
	"testing"

	"glassmaster/drive/mmc"
	"glassmaster/drive/record"
	"glassmaster/drive/ring"
	"glassmaster/drive/scsi"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/progress"
)

// blocked is a source that does not return from an address on, even if the context ends.
type blocked struct {
	disc.Disc
	from    disc.LBA
	reached chan struct{}
	release chan struct{}
}

func (b *blocked) ReadSectors(ctx context.Context, p []byte, lba disc.LBA, f disc.Form) (int, error) {
	if lba >= b.from {
		select {
		case b.reached <- struct{}{}:
		default:
		}
		<-b.release
	}
	return b.Disc.ReadSectors(ctx, p, lba, f)
}

// unlocked reports when the tray is unlocked.
type unlocked struct {
	scsi.Transport
	free chan struct{}
}

func (u unlocked) Unwrap() scsi.Transport { return u.Transport }

func (u unlocked) Execute(ctx context.Context, c scsi.Command) (int, error) {
	n, err := u.Transport.Execute(ctx, c)
	if c.CDB[0] == scsi.OpPreventAllowMediumRemoval && c.CDB[4] == 0 && err == nil {
		select {
		case u.free <- struct{}{}:
		default:
		}
	}
	return n, err
}

// TestBlockedSource burns sources that stop to answer in the middle. When the burn is cancelled the
// disc is closed and the tray unlocked, although the source still does not return.
func TestBlockedSource(t *testing.T) {
	for _, x := range []struct {
		medium string
		src    disc.Disc
		from   disc.LBA
	}{
		{"dvd+r", virtualtest.DiscOf(virtualtest.Noise(900, 3)), 600},
		{"cd-r", imagetest.Audio(t), 700},
	} {
		ctx, cancel := context.WithCancel(context.Background())
		d := unlocked{virtualtest.Blank(t, x.medium, 40000), make(chan struct{}, 1)}
		src := &blocked{x.src, 1 << 30, make(chan struct{}, 1), make(chan struct{})}
		b, err := record.NewPlan(ctx, d, src, record.Options{Buffer: ring.LeastSize})
		if err != nil {
			t.Fatal(err)
		}
		src.from = x.from
		ended := make(chan error)
		go func() {
			_, err := virtualtest.Burn(ctx, b, progress.Discard)
			ended <- err
		}()
		<-src.reached
		cancel()
		<-d.free
		if err := mmc.RetryUnitAttention(func() error { return mmc.StartStop(context.Background(), d, mmc.Eject) }); err != nil {
			t.Errorf("%s: the tray does not open: %v", x.medium, err)
		}
		close(src.release)
		if err := <-ended; err == nil {
			t.Errorf("%s: no error", x.medium)
		} else {
			t.Log(err)
		}
	}
}
