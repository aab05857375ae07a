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

// Blank erases a rewritable disc. A CD-RW or DVD-RW is blanked: minimally, which only
// erases the lead-in and the beginning, or in full. A DVD+RW, BD-RE or DVD-RAM is
// formatted if necessary, and overwritten with zeros: where file systems begin, or in
// full. Full erasing takes as long as writing the whole disc. The disc is checked at the
// end: ErrUnchanged is in the chain of the error if the drive reported success and did
// nothing.
func Blank(ctx context.Context, t scsi.Transport, full bool, rep progress.Reporter) error {
	t = scsi.Guard(t)
	m, err := inspect(ctx, t)
	if err != nil {
		return fmt.Errorf("erase the disc: %w", err)
	}
	if _, ok := recipeFor(m, Options{}); !ok {
		return fmt.Errorf("erase the disc: %w: this drive can only read a %v", ErrNotWritable, m.profile)
	}
	if m.sequential() && !m.erasable() {
		return fmt.Errorf("%w: the %v cannot be erased, because it can be written only once; insert a rewritable disc", ErrNotWritable, m.profile)
	}
	if err := scsi.Writable(t); err != nil {
		return fmt.Errorf("erase the disc: the drive is open for reading only: %w", err)
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

// blank does the work of Blank.
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
		if r.medium, err = inspect(r.work, r.t); err != nil {
			return fmt.Errorf("erase the disc: %w", err)
		}
	}
	if err := r.zero(full); err != nil {
		return fmt.Errorf("overwrite the disc with zeros: %w", err)
	}
	return nil
}

// work returns what runs commands that change a disc outside of a burn.
func work(ctx context.Context, t scsi.Transport, m medium, rep progress.Reporter) *burning {
	r, _ := recipeFor(m, Options{})
	b := &burning{
		Burn: &Burn{medium: m, recipe: r, o: Options{Blank: true, NoVerify: true}},
		ctx:  ctx, work: context.WithoutCancel(ctx), rep: rep,
	}
	b.watch = &watch{Transport: t, warn: b.warn, inform: b.inform}
	b.t = b.watch
	return b
}

// lockPlanned checks that the disc can be written and is the one that was planned for, and
// leaves the tray locked if it is.
func (r *burning) lockPlanned() error {
	if err := scsi.Writable(r.t); err != nil {
		return fmt.Errorf("the drive is open for reading only: %w", err)
	}
	if err := r.ctx.Err(); err != nil {
		return err
	}
	r.lock(true)
	err := r.unchanged()
	if err != nil {
		r.lock(false)
	}
	return err
}

// zero overwrites with zeros the probes of the disc, or the whole disc, and checks that
// the probes read as zeros.
func (r *burning) zero(full bool) error {
	size, err := r.medium.readable(r.work, r.t)
	if err != nil {
		return fmt.Errorf("read the capacity of the disc: %w", err)
	}
	probes := r.medium.probes(size)
	phase := progress.Erasing
	if full {
		probes, phase = []span{{0, r.medium.freeSectors()}}, progress.ErasingAll
	}
	// As in a burn, the disc is marked as not complete until it is.
	r.mark = min(headSectors, probes[0].count)
	if err := r.writeZeros(headLast(probes, r.mark), phase); err != nil {
		return err
	}
	r.rep.Phase(progress.CheckingDisc, 0)
	r.lock(false)
	r.reload()
	m, err := inspect(r.work, r.t)
	if err != nil {
		return err
	}
	back := r.uncached(probes, size)
	lba, err := m.findData(r.work, back)
	var unread *scsi.Error
	switch {
	case errors.Is(err, ErrHoldsData) && errors.As(err, &unread):
		return fmt.Errorf("%w: zeros were written at LBA %d and cannot be read: %w", ErrNotOnDisc, lba, unread)
	case errors.Is(err, ErrHoldsData):
		return fmt.Errorf("%w: there is still data at LBA %d", ErrUnchanged, lba)
	case err != nil:
		return err
	}
	if r.reloaded == tray.NotReloaded {
		r.warn("the drive refused to reload the disc, so it may have answered from its buffer: eject the disc, insert it again, and check that it is blank")
	}
	return nil
}

// headLast returns these runs of sectors with the first n sectors as the last run.
func headLast(probes []span, n int64) []span {
	all := append([]span{{probes[0].start + n, probes[0].count - n}}, probes[1:]...)
	return append(all, span{probes[0].start, n})
}

// uncached returns the transport for reading a disc of that many sectors whose probes
// were overwritten. If the tray was not opened, the drive's buffer may still contain what
// was sent.
func (r *burning) uncached(probes []span, size int64) *readback {
	back := &readback{Transport: r.t}
	if r.reloaded == tray.Reopened {
		return back
	}
	var between []span
	for i, s := range probes {
		end := size
		if i+1 < len(probes) {
			end = probes[i+1].start
		}
		between = append(between, span{s.start + s.count, end - s.start - s.count})
	}
	r.flushReadCache(r.bufferBytes(), between)
	back.cached = func(disc.LBA) bool { return true }
	return back
}

// writeZeros overwrites runs of sectors with zeros, and flushes the drive's buffer. When
// it is cancelled the disc is left readable.
func (r *burning) writeZeros(probes []span, phase progress.Phase) error {
	if r.recipe.page {
		w := r.recipe.parameters(r.medium, r.o)
		if err := retryWhileBusy(r.work, busyTimeout, func() error { return mmc.SetWriteParameters(r.work, r.t, w) }); err != nil {
			return fmt.Errorf("set the write parameters: %w", err)
		}
	}
	total := int64(0)
	for _, s := range probes {
		total += s.count
	}
	r.rep.Phase(phase, total*disc.SectorSize)
	p := make([]byte, r.chunk()*disc.SectorSize)
	if r.filler != nil {
		r.filler(p)
	}
	err := r.writeMark()
	if err == nil {
		err = r.eachChunk(probes, p)
	}
	if r.started {
		err = combine(err, r.flush(), r.close(false))
		r.watch.closed()
	}
	return combine(err, r.watch.lost)
}

// writeMark marks the first r.mark sectors of a disc that will be erased as not complete.
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

func (r *burning) eachChunk(probes []span, p []byte) error {
	for _, s := range probes {
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

// track returns a function that reports the progress, from 0 to 1, of an operation of
// the drive on that many sectors.
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

// erase blanks a CD-RW or DVD-RW, and checks that it is blank. If minimal blanking
// fails the whole disc is blanked, which helps with discs that are damaged at the
// beginning.
func erase(ctx context.Context, t scsi.Transport, m medium, full bool, rep progress.Reporter) error {
	old := readSample(ctx, t)
	if !full {
		show := track(rep, progress.Erasing, m.sectorsWhenErased())
		err := blank(ctx, t, mmc.BlankMinimal, show)
		if err == nil {
			show(1) // the drive need not have been asked at the end
			return erased(ctx, t, nil)
		}
		if scsi.Gone(err) {
			return err
		}
		rep.Notice(disc.Notice{Severity: disc.Warning, Text: fmt.Sprintf("quick erasing failed, so the whole disc is erased: %v", err)})
	}
	show := track(rep, progress.ErasingAll, m.sectorsWhenErased())
	if err := blank(ctx, t, mmc.BlankFull, show); err != nil {
		return err
	}
	show(1)
	return erased(ctx, t, old)
}

// readSample reads the sector in which a volume begins. It returns nil if the sector
// cannot be read or is empty.
func readSample(ctx context.Context, t scsi.Transport) []byte {
	p := make([]byte, disc.SectorSize)
	if n, err := mmc.Read10(ctx, t, 16, p); n != 1 || err != nil && !scsi.Recovered(err) || bytes.Equal(p, make([]byte, len(p))) {
		return nil
	}
	return p
}

// erased checks that a disc is blank: that the drive reports so, and that old, what was
// read before (nil: nothing), can no longer be read.
func erased(ctx context.Context, t scsi.Transport, old []byte) error {
	m, err := inspect(ctx, t)
	if err != nil {
		return fmt.Errorf("examine the erased disc: %w", err)
	}
	if !m.sequential() || m.info.Status != mmc.Blank {
		return fmt.Errorf("erase the disc: %w: it is %v", ErrUnchanged, m.info.Status)
	}
	if old != nil && bytes.Equal(readSample(ctx, t), old) {
		return fmt.Errorf("erase the disc: %w: the drive reports it as blank, but sector 16 still holds its old contents", ErrUnchanged)
	}
	return nil
}

func blank(ctx context.Context, t scsi.Transport, kind mmc.BlankType, show func(float64)) error {
	err := mmc.BlankDisc(ctx, t, kind)
	if err != nil && !scsi.InProgress(err) && !scsi.Recovered(err) {
		return fmt.Errorf("erase the disc: %w", err)
	}
	if err := mmc.Wait(ctx, t, eraseTimeout, show); err != nil {
		return fmt.Errorf("erase the disc: %w", err)
	}
	return nil
}
