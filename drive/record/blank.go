package record

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"glassmaster/drive/mmc"
	"glassmaster/drive/scsi"
	"glassmaster/drive/tray"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// Blank makes a rewritable disc new. A CD-RW or DVD-RW is erased: quickly, which
// takes away what makes the disc known as written, or in full. A DVD+RW, BD-RE
// or DVD-RAM is formatted if it is not yet, and overwritten with zeros: where
// data is looked for, or in full. Full takes as long as writing the whole disc.
// What has become of the disc is looked at in the end; ErrUnchanged says that
// nothing has.
func Blank(ctx context.Context, t scsi.Transport, full bool, rep progress.Reporter) error {
	t = scsi.Guard(t)
	m, err := look(ctx, t)
	if err != nil {
		return fmt.Errorf("erase the disc: %w", err)
	}
	if _, ok := recipeFor(m, Options{}); !ok {
		return fmt.Errorf("erase the disc: %w: a %v in this drive is only read", ErrNotWritable, m.profile)
	}
	if m.sequential() && !m.erasable() {
		return fmt.Errorf("erase the disc: %w: a %v keeps what is on it for ever", ErrNotWritable, m.profile)
	}
	if err := scsi.Writable(t); err != nil {
		return fmt.Errorf("erase the disc: the drive can only be read now: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	r := work(ctx, t, m, rep)
	r.lock(true)
	defer r.lock(false)
	if err := r.blank(full); err != nil {
		return err
	}
	r.lock(false)
	if r.medium.erasable() || r.medium.profile == mmc.DVDRWRO {
		r.reload()
		if err := erased(r.work, r.t, nil); err != nil {
			return err
		}
	}
	if r.watch.lost != nil {
		return fmt.Errorf("erase the disc: %w", r.watch.lost)
	}
	r.show()
	return nil
}

// blank is Blank under way.
func (r *burning) blank(full bool) error {
	m := r.medium
	if m.erasable() || m.profile == mmc.DVDRWRO {
		return erase(r.work, r.t, m, full, r.rep)
	}
	if m.unformattedNow() || full && m.unformatted() {
		if err := format(r.work, r.t, m, r.rep); err != nil {
			return err
		}
		var err error
		if r.medium, err = look(r.work, r.t); err != nil {
			return fmt.Errorf("erase the disc: %w", err)
		}
	}
	if err := r.zero(full); err != nil {
		return fmt.Errorf("overwrite the disc with zeros: %w", err)
	}
	return nil
}

// work returns what runs commands that change a disc, outside of a burn.
func work(ctx context.Context, t scsi.Transport, m medium, rep progress.Reporter) *burning {
	r, _ := recipeFor(m, Options{})
	b := &burning{
		Burn: &Burn{medium: m, recipe: r, o: Options{Blank: true, NoVerify: true}},
		ctx:  ctx, work: context.WithoutCancel(ctx), rep: rep,
	}
	b.watch = &watch{Transport: t, warn: b.warn, say: b.say}
	b.t = b.watch
	return b
}

// zero overwrites with zeros the places where data is looked for, or the whole
// disc, and looks whether they have become zeros.
func (r *burning) zero(full bool) error {
	size, err := r.medium.readable(r.work, r.t)
	if err != nil {
		return fmt.Errorf("ask how large the disc is: %w", err)
	}
	places := r.medium.places(size)
	phase := progress.Erasing
	if full {
		places, phase = []span{{0, r.medium.room()}}, progress.ErasingAll
	}
	// Like a burn that overwrites: as long as it is not complete, a mark says so.
	r.mark = min(headSectors, places[0].count)
	if err := r.writeZeros(behindHead(places, r.mark), phase); err != nil {
		return err
	}
	r.rep.Phase(progress.CheckingDisc, 0)
	r.lock(false)
	r.reload()
	m, err := look(r.work, r.t)
	if err != nil {
		return err
	}
	back := r.pastBuffer(places, size)
	lba, err := m.findData(r.work, back)
	var unread *scsi.Error
	switch {
	case errors.Is(err, ErrHoldsData) && errors.As(err, &unread):
		return fmt.Errorf("%w: zeros were written at LBA %d, and cannot be read: %w", ErrNotOnDisc, lba, unread)
	case errors.Is(err, ErrHoldsData):
		return fmt.Errorf("%w: there is still something at LBA %d", ErrUnchanged, lba)
	case err != nil:
		return err
	}
	if r.reloaded == tray.NotReloaded {
		r.warn("the drive refused to reload the disc, so it may have answered from its buffer: take the disc out, put it in again, and look whether it is blank")
	}
	return nil
}

// behindHead returns these runs of sectors with the first n sectors of all as the last.
func behindHead(places []span, n int64) []span {
	all := append([]span{{places[0].start + n, places[0].count - n}}, places[1:]...)
	return append(all, span{places[0].start, n})
}

// pastBuffer is the connection over which a disc of that many sectors is read whose
// places were overwritten. Where the tray was not opened, the drive may still have
// in its buffer what was sent.
func (r *burning) pastBuffer(places []span, size int64) *readback {
	back := &readback{Transport: r.t}
	if r.reloaded == tray.Reopened {
		return back
	}
	var between []span
	for i, s := range places {
		end := size
		if i+1 < len(places) {
			end = places[i+1].start
		}
		between = append(between, span{s.start + s.count, end - s.start - s.count})
	}
	r.pushOut(r.bufferBytes(), between)
	back.fresh = func(disc.LBA) bool { return true }
	return back
}

// writeZeros writes zeros over runs of sectors, and has them reach the disc. When
// it is cancelled the disc is left readable.
func (r *burning) writeZeros(places []span, phase progress.Phase) error {
	if r.recipe.page {
		w := r.recipe.parameters(r.medium, r.o)
		if err := persist(r.work, stuck, func() error { return mmc.SetWriteParameters(r.work, r.t, w) }); err != nil {
			return fmt.Errorf("set the write parameters: %w", err)
		}
	}
	total := int64(0)
	for _, s := range places {
		total += s.count
	}
	r.rep.Phase(phase, total*disc.SectorSize)
	p := make([]byte, max(min(r.recipe.chunk, r.t.MaxTransfer()/disc.SectorSize), 1)*disc.SectorSize)
	if r.filler != nil {
		r.filler(p)
	}
	err := r.writeMark()
	if err == nil {
		err = r.eachChunk(places, p)
	}
	if r.started {
		err = combine(err, r.flush(), r.close(false))
		r.watch.closed()
	}
	return combine(err, r.watch.lost)
}

// writeMark marks a disc that is going to be erased as not complete, in as many
// sectors at its beginning as r.mark says.
func (r *burning) writeMark() error {
	if r.mark == 0 {
		return nil
	}
	p := make([]byte, r.mark*disc.SectorSize)
	disc.MarkUnfinished(p)
	for at := 0; at < len(p); {
		n := min(r.chunk()*disc.SectorSize, len(p)-at)
		if err := r.send(disc.LBA(at/disc.SectorSize), p[at:at+n]); err != nil {
			return err
		}
		at += n
	}
	return r.flush()
}

func (r *burning) eachChunk(places []span, p []byte) error {
	for _, s := range places {
		for at := s.start; at < s.start+s.count; {
			if err := r.ctx.Err(); err != nil {
				return err
			}
			q := p[:min(int64(len(p)/disc.SectorSize), s.start+s.count-at)*disc.SectorSize]
			if err := r.send(disc.LBA(at), q); err != nil {
				return err
			}
			at += int64(len(q) / disc.SectorSize)
			r.rep.Add(int64(len(q)))
		}
	}
	return nil
}

// track reports the progress that the drive tells of a long operation on that
// many sectors.
func track(rep progress.Reporter, phase progress.Phase, sectors int64) func(float64) {
	total := sectors * disc.SectorSize
	rep.Phase(phase, total)
	var done int64
	return func(part float64) {
		if now := int64(part * float64(total)); now > done {
			rep.Add(now - done)
			done = now
		}
	}
}

// erase blanks a CD-RW or DVD-RW, and looks whether it is blank. Where the quick
// way fails, the whole disc is erased: that helps with discs that are damaged at
// their beginning.
func erase(ctx context.Context, t scsi.Transport, m medium, full bool, rep progress.Reporter) error {
	old := sample(ctx, t)
	if !full {
		err := blank(ctx, t, mmc.BlankMinimal, track(rep, progress.Erasing, m.erasedRoom()))
		if err == nil {
			return erased(ctx, t, nil)
		}
		if scsi.Gone(err) {
			return err
		}
		rep.Notice(disc.Notice{Severity: disc.Warning, Text: fmt.Sprintf("erasing quickly failed, now the whole disc is erased: %v", err)})
	}
	if err := blank(ctx, t, mmc.BlankFull, track(rep, progress.ErasingAll, m.erasedRoom())); err != nil {
		return err
	}
	return erased(ctx, t, old)
}

// sample reads the sector in which a volume begins, nil when it cannot be read or
// holds nothing.
func sample(ctx context.Context, t scsi.Transport) []byte {
	p := make([]byte, disc.SectorSize)
	if n, err := mmc.Read10(ctx, t, 16, p); n != 1 || err != nil && !scsi.Recovered(err) || bytes.Equal(p, make([]byte, len(p))) {
		return nil
	}
	return p
}

// erased makes sure that a disc is blank: that the drive says so, and that what was
// read before, if anything, cannot be read any more.
func erased(ctx context.Context, t scsi.Transport, old []byte) error {
	m, err := look(ctx, t)
	if err != nil {
		return fmt.Errorf("look at the erased disc: %w", err)
	}
	if !m.sequential() || m.info.Status != mmc.Blank {
		return fmt.Errorf("erase the disc: %w: it is %v", ErrUnchanged, m.info.Status)
	}
	if old != nil && bytes.Equal(sample(ctx, t), old) {
		return fmt.Errorf("erase the disc: %w: it says that it is blank, and sector 16 still holds what it held", ErrUnchanged)
	}
	return nil
}

func blank(ctx context.Context, t scsi.Transport, kind mmc.BlankType, show func(float64)) error {
	err := mmc.BlankDisc(ctx, t, kind)
	if err != nil && !scsi.InProgress(err) && !scsi.Recovered(err) {
		return fmt.Errorf("erase the disc: %w", err)
	}
	if err := mmc.Wait(ctx, t, eraseTime, show); err != nil {
		return fmt.Errorf("erase the disc: %w", err)
	}
	return nil
}
