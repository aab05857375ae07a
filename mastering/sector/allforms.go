package sector

import (
	"context"
	"errors"

	"glassmaster/mastering/disc"
)

// AllForms returns the disc with all forms of its sectors: what the disc cannot deliver
// itself is generated. Whole sectors are made from user data, and sub-channels from the
// table of contents. User data is never made from what the disc says is not data: such a
// sector remains disc.ErrForm. Closing the result closes d.
func AllForms(d disc.Disc) disc.Disc {
	if _, ok := d.(*allForms); ok {
		return d
	}
	return &allForms{Disc: d, toc: d.TOC()}
}

type allForms struct {
	disc.Disc
	toc disc.TOC
}

// Unwrap returns the disc itself, which may implement further interfaces.
func (a *allForms) Unwrap() disc.Disc { return disc.Unwrap(a.Disc) }

// ReadSectors implements disc.Disc.
func (a *allForms) ReadSectors(ctx context.Context, p []byte, lba disc.LBA, f disc.Form) (int, error) {
	n, err := a.Disc.ReadSectors(ctx, p, lba, f)
	size := f.Size()
	for f != disc.User && n*size < len(p) && errors.Is(err, disc.ErrForm) {
		at := lba + disc.LBA(n)
		k := len(p)/size - n
		if t, ok := a.toc.TrackAt(at); ok { // the sectors of one track are stored in the same way
			end := t.End()
			if at < t.Start {
				end = t.Start
			}
			k = min(k, int(end-at))
		}
		q := p[n*size : (n+k)*size]
		made := 0
		if f == disc.Raw {
			made, err = a.raw(ctx, q, at)
		} else {
			made, err = a.rawSub(ctx, q, at)
		}
		if n += made; made == 0 {
			break // there is no user data to make it from
		}
		if err == nil && n*size < len(p) {
			var more int
			more, err = a.Disc.ReadSectors(ctx, p[n*size:], lba+disc.LBA(n), f)
			n += more
		}
	}
	return n, err
}

// raw makes whole sectors from user data.
func (a *allForms) raw(ctx context.Context, p []byte, lba disc.LBA) (int, error) {
	count := len(p) / Size
	user := p[count*(Size-disc.SectorSize) : count*Size] // the end of p: no other buffer is needed
	n, err := a.Disc.ReadSectors(ctx, user, lba, disc.User)
	user = user[:n*disc.SectorSize]
	if t, ok := a.toc.TrackAt(lba); !ok || t.Mode == disc.Mode1 || t.Mode == disc.Audio {
		EncodeMode1(p, user, lba)
	} else {
		EncodeForm1(p, user, lba)
	}
	return n, err
}

// rawSub adds generated sub-channels to whole sectors.
func (a *allForms) rawSub(ctx context.Context, p []byte, lba disc.LBA) (int, error) {
	size := disc.RawSub.Size()
	whole := make([]byte, len(p)/size*Size)
	n, err := a.ReadSectors(ctx, whole, lba, disc.Raw)
	for i := range n {
		q := p[i*size : (i+1)*size]
		copy(q, whole[i*Size:(i+1)*Size])
		PutSubChannels(q[Size:], a.toc, lba+disc.LBA(i))
	}
	return n, err
}
