package replace

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/sector"
)

// pieceSectors is how many sectors of the track are read at a time.
const pieceSectors = 64

// ReadSectors implements disc.Disc.
func (r *replaced) ReadSectors(ctx context.Context, p []byte, lba disc.LBA, f disc.Form) (int, error) {
	size := f.Size()
	n := 0
	for n*size < len(p) {
		at := lba + disc.LBA(n)
		k, err := r.part(ctx, p[n*size:], at, f)
		n += k
		if err != nil || k == 0 {
			return n, err
		}
	}
	return n, nil
}

// part reads sectors before the track, in it, or after it.
func (r *replaced) part(ctx context.Context, p []byte, lba disc.LBA, f disc.Form) (int, error) {
	size := f.Size()
	most := func(n int64) []byte { return p[:min(int64(len(p)/size), n)*int64(size)] }
	switch {
	case lba < r.old.Start:
		return r.Disc.ReadSectors(ctx, most(int64(r.old.Start-lba)), lba, f)
	case lba >= r.end():
		return r.after(ctx, p, lba, f)
	case f == disc.User:
		return r.user(ctx, most(int64(r.end()-lba)), lba)
	case !r.raw || f == disc.RawSub && !r.sub:
		return 0, disc.ErrForm // sector.AllForms generates it
	case lba < r.old.End():
		return r.changed(ctx, most(min(int64(r.end()-lba), int64(r.old.End()-lba), pieceSectors)), lba, f)
	}
	return r.appended(ctx, most(min(int64(r.end()-lba), pieceSectors)), lba, f)
}

// after reads sectors after the track, which are moved.
func (r *replaced) after(ctx context.Context, p []byte, lba disc.LBA, f disc.Form) (int, error) {
	n, err := r.Disc.ReadSectors(ctx, p, lba-r.by, f)
	var damaged *sector.DataError
	if errors.As(err, &damaged) {
		err = &sector.DataError{LBA: damaged.LBA + r.by, Fault: damaged.Fault}
	}
	if f == disc.User || r.by == 0 {
		return n, err
	}
	size := f.Size()
	for i := range n {
		s := p[i*size : (i+1)*size]
		at := lba + disc.LBA(i)
		if t, ok := r.toc.TrackAt(at); !ok || t.Mode != disc.Audio || at < t.Start { // samples have no header
			sector.Move(s[:sector.Size], r.by)
		}
		if f == disc.RawSub {
			sector.MoveSubChannels(s[sector.Size:], r.by)
		}
	}
	return n, err
}

// user reads user data of the track.
func (r *replaced) user(ctx context.Context, p []byte, lba disc.LBA) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	n, err := r.data.ReadAt(p, int64(lba-r.old.Start)*disc.SectorSize)
	if n == len(p) {
		return n / disc.SectorSize, nil
	}
	last := lba + disc.LBA(len(p)/disc.SectorSize)
	if errors.Is(err, io.EOF) && last == r.end() && n > len(p)-disc.SectorSize {
		clear(p[n:]) // the last sector is not complete
		return len(p) / disc.SectorSize, nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = fmt.Errorf("the new contents of track %d end before their last sector: %w", r.old.Number, io.ErrUnexpectedEOF)
	}
	return n / disc.SectorSize, err
}

// changed reads whole sectors of the track where there were sectors before.
func (r *replaced) changed(ctx context.Context, p []byte, lba disc.LBA, f disc.Form) (int, error) {
	n, oldErr := r.Disc.ReadSectors(ctx, p, lba, f)
	user := make([]byte, n*disc.SectorSize)
	have, _ := r.user(ctx, user, lba) // why it is less than n is found out below
	size := f.Size()
	for i := range n {
		at, s := lba+disc.LBA(i), p[i*size:(i+1)*size]
		u := user[i*disc.SectorSize : (i+1)*disc.SectorSize]
		var unread error
		if i >= have { // one by one from the first sector that cannot be read
			if _, unread = r.user(ctx, u, at); unread != nil && ctx.Err() != nil {
				return i, unread
			}
		}
		if err := r.combine(s[:sector.Size], u, unread, at); err != nil {
			return i, err
		}
		if f == disc.RawSub {
			r.flag(s[sector.Size:], at)
		}
	}
	return n, oldErr
}

// combine puts the user data of a sector into the old sector s, unless it is the same. unread
// is the error of reading it.
func (r *replaced) combine(s, user []byte, unread error, lba disc.LBA) error {
	var was [disc.SectorSize]byte
	_, oldErr := sector.CorrectedUserData(was[:], s, lba, func(disc.LBA) {})
	switch {
	case unread != nil && oldErr != nil && sameReason(unread, oldErr):
		return nil
	case errors.Is(unread, disc.ErrForm): // not in the chain of the error: other forms cannot be read either
		return fmt.Errorf("sector %d of the new contents of track %d has no user data of 2048 bytes", lba-r.old.Start, r.old.Number)
	case unread != nil:
		return fmt.Errorf("read sector %d of the new contents of track %d: %w", lba-r.old.Start, r.old.Number, unread)
	case oldErr == nil && bytes.Equal(was[:], user):
		return nil
	}
	if k, ok := sector.Identify(s); ok && k == sector.Form1 {
		copy(s[sector.XADataAt:], user)
		sector.Generate(s, lba, k)
		return nil
	}
	r.generate(s, user, lba)
	return nil
}

// sameReason reports whether user data cannot be read for the reason for which the old user
// data could not be read: the new contents contain the same sector.
func sameReason(err, was error) bool {
	if errors.Is(was, disc.ErrForm) {
		return errors.Is(err, disc.ErrForm)
	}
	var a, b *sector.DataError
	return errors.As(err, &a) && errors.As(was, &b) && a.LBA == b.LBA
}

// generate makes a whole sector of user data in the mode of the track.
func (r *replaced) generate(s, user []byte, lba disc.LBA) {
	if r.old.Mode == disc.Mode1 {
		sector.EncodeMode1(s, user, lba)
		return
	}
	sector.EncodeForm1(s, user, lba)
}

// appended reads whole sectors of the track after its old end.
func (r *replaced) appended(ctx context.Context, p []byte, lba disc.LBA, f disc.Form) (int, error) {
	size := f.Size()
	user := make([]byte, len(p)/size*disc.SectorSize)
	n, err := r.user(ctx, user, lba)
	for i := range n {
		s := p[i*size : (i+1)*size]
		r.generate(s[:sector.Size], user[i*disc.SectorSize:(i+1)*disc.SectorSize], lba+disc.LBA(i))
		if f == disc.RawSub {
			sector.PutSubChannels(s[sector.Size:], r.toc, lba+disc.LBA(i))
		}
	}
	return n, err
}

// flagSectors is how long P is one at the end of a track, in sectors (ECMA-130 22.2).
const flagSectors = 150

// flag changes the P sub-channel near the old and the new end of the track, where it says that
// the next track begins soon.
func (r *replaced) flag(sub []byte, lba disc.LBA) {
	if r.by == 0 || lba < min(r.end(), r.old.End())-flagSectors {
		return
	}
	var made [sector.SubSize]byte
	sector.PutSubChannels(made[:], r.toc, lba)
	for i := range made {
		sub[i] = sub[i]&0x7F | made[i]&0x80
	}
}
