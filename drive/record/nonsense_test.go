package record_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"glassmaster/drive/read"
	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/progress"
)

// nonsense is a drive whose replies about the disc are of any length and content.
type nonsense struct {
	scsi.Transport
	r     *rand.Rand
	every int // one reply in this number is changed
	on    bool
}

func (d *nonsense) Unwrap() scsi.Transport { return d.Transport }

func (d *nonsense) Execute(ctx context.Context, c scsi.Command) (int, error) {
	n, err := d.Transport.Execute(ctx, c)
	if c.Direction != scsi.In || !d.on || d.r.IntN(d.every) > 0 || c.CDB[0] == scsi.OpRequestSense || c.CDB[0] == scsi.OpInquiry {
		return n, err
	}
	n = d.r.IntN(len(c.Data) + 1)
	if d.r.IntN(2) == 0 {
		n = len(c.Data)
	}
	for i := range c.Data[:n] {
		c.Data[i] = byte(d.r.IntN(256) >> (d.r.IntN(2) * d.r.IntN(9)))
	}
	if n > 4 && d.r.IntN(3) > 0 { // a length that the reply can have
		c.Data[0], c.Data[1] = byte((n-2)>>8), byte(n-2)
	}
	return n, nil
}

// TestNonsense reads, plans and burns with drives that reply anything about their discs. They
// never cause a panic, a hang, or a verified burn of a disc that is not one.
func TestNonsense(t *testing.T) {
	words := map[string]int{}
	for seed := range uint64(150) {
		r := rand.New(rand.NewPCG(seed, 5))
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		v := virtualtest.Blank(t, pick(r, "cd-r", "cd-rw", "dvd+r", "dvd-r dl", "bd-r", "bd-re"), 40000)
		d := &nonsense{Transport: v, r: r, every: pick(r, 1, 3, 10, 40)}
		src := disc.Disc(virtualtest.DiscOf(virtualtest.Noise(500, 3)))
		if r.IntN(2) == 0 {
			src = imagetest.Audio(t)
		}
		d.on = true
		if x, err := read.Open(ctx, d); err == nil {
			_, _ = x.ReadSectors(ctx, make([]byte, 10*2352), 0, disc.Raw) // any result
			x.Close()
		}
		_, _ = read.Media(ctx, d)
		if r.IntN(2) == 0 {
			d.on = false
		}
		b, err := record.NewPlan(ctx, d, src, record.Options{AcceptLoss: true})
		if err == nil {
			d.on = true
			var res record.Result
			res, err = virtualtest.Burn(ctx, b, progress.Discard)
			d.on = false
			if res.Verified && err == nil {
				words["verified"]++
				if len(src.TOC().Sessions[0].Tracks) > 1 {
					sameCD(t, src, v, b.Plan())
				}
			}
		}
		if err != nil {
			words["failed"]++
		}
		if err != nil && strings.Contains(err.Error(), "internal error") || ctx.Err() != nil {
			t.Errorf("%d: %v (%v)", seed, err, ctx.Err())
		}
		v.Close()
		cancel()
	}
	t.Log(words)
}
