package record

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"glassmaster/drive/read"
	"glassmaster/drive/scsi"
	"glassmaster/drive/tray"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/verify"
)

// compare reads the disc back and compares it with checksums of what was sent. The
// source is read again, too: it shows which sectors of a piece are bad, and whether it
// has changed.
func (r *burning) compare() error {
	back := r.backed()
	r.rep.Phase(progress.Comparing, r.program.comparedBytes())
	d, err := read.Open(r.ctx, back)
	if err != nil {
		return r.notCompared(err)
	}
	defer d.Close()
	back.counts = true // reads while the disc is opened do not count
	c := comparison{r: r, source: r.whole(), disc: d}
	err = c.run(r.ctx)
	back.countUnnamed()
	r.result.Retried = int64(len(back.failed))
	r.result.Retries = slices.Sorted(maps.Keys(back.failed))
	r.result.SourceChanged = c.changed
	if c.changed != nil && r.o.Locate != nil {
		c.changed.File = r.o.Locate(c.changed.LBA)
	}
	switch {
	case errors.Is(err, ErrDiffers):
		return r.failed(err)
	case err != nil:
		return r.notCompared(err)
	case c.bad != nil:
		return r.differs(c.bad)
	}
	r.source(back)
	r.result.Equal = true
	r.result.Verified = len(r.result.NotAssured) == 0
	if c.changed != nil {
		return r.sourceChanged(c.changed)
	}
	return nil
}

// backed returns the transport for reading the disc back. If the tray was not opened, the
// drive's buffer may still contain what was written last.
func (r *burning) backed() *readback {
	back := &readback{Transport: r.t}
	if r.reloaded == tray.Reopened {
		return back
	}
	size := r.bufferBytes()
	r.cacheFlushed = r.flushReadCache(size, r.otherSectors(size))
	last := r.position - disc.LBA(2*size/disc.SectorSize)
	back.cached = func(lba disc.LBA) bool { return lba >= last || lba < r.next+headSectors }
	return back
}

// source describes where the compared data may have come from, if not from the disc.
func (r *burning) source(back *readback) {
	switch {
	case r.reloaded == tray.NotReloaded:
		r.notAssured("the drive refused to reload the disc, so parts of it may have been read from the drive's buffer")
	case r.reloaded == tray.Restarted && back.noFUA && !r.cacheFlushed:
		r.notAssured("the disc may have been read from the drive's buffer, which can hold all of it, since the tray was not opened")
	case r.reloaded == tray.Restarted && !r.cacheFlushed: // the usual case for such a drive, so not a doubt
		r.inform("the tray was not opened and the disc holds less than the drive's buffer; that the comparison read the disc, and not the buffer, relies on what the drive reports")
	}
}

// comparison is the state of one compare. Addresses are those of the source.
type comparison struct {
	r       *burning
	source  disc.Disc // in all forms
	disc    disc.Disc
	area    area             // that is being compared
	offset  int              // with which the drive reads audio, in bytes
	excused int64            // bytes of audio that cannot be read because of it
	bad     *verify.Mismatch // on the disc
	changed *SourceChange
}

// run compares all areas that are to be compared.
func (c *comparison) run(ctx context.Context) error {
	if err := c.findOffset(ctx); err != nil {
		return err
	}
	for i, a := range c.r.program.areas() {
		if !a.compared {
			continue
		}
		c.area = *a
		if err := c.runArea(ctx, c.r.sent.areas[i]); err != nil {
			return err
		}
	}
	c.tellOffset()
	if c.bad != nil && c.r.o.Locate != nil {
		c.bad.File = c.r.o.Locate(c.bad.LBA)
	}
	if c.bad != nil {
		return nil
	}
	return c.compareSub(ctx)
}

func (c *comparison) runArea(ctx context.Context, sums *areaSums) error {
	a, size := c.area, int64(c.area.block.main())
	mine, theirs := make([]byte, pieceSectors*a.block.size), make([]byte, pieceSectors*size)
	for i, at := 0, int64(0); at < a.sectors; i++ {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("compare: stopped at sector %d: %w", at, err)
		}
		n := min(a.sectors-at, pieceSectors)
		blocks, got := mine[:n*int64(a.block.size)], theirs[:n*size]
		source := make(chan error, 1)
		go func() {
			if c.r.o.Once {
				source <- nil
				return
			}
			source <- a.read(ctx, c.source, blocks, at)
		}()
		var bad map[int]error
		var err, gone error
		if a.audio && c.offset != 0 {
			gone = <-source
			bad, err = c.readAudio(ctx, got, a.at+disc.LBA(at), a.block.strip(bytes.Clone(blocks)))
		} else {
			bad, err = c.readDisc(ctx, got, a.at+disc.LBA(at))
			gone = <-source
		}
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("compare: stopped at sector %d: %w", at, err)
		}
		c.piece(piece{sums.pieces[i], a.start + disc.LBA(at), a.block.strip(blocks), got, bad, gone})
		c.r.rep.Add(n * size)
		at += n
	}
	return nil
}

// readDisc reads blocks from an address of the disc, and returns the errors of those that
// cannot be read, by index. Its own error means that the drive, or the disc in it, is gone.
func (c *comparison) readDisc(ctx context.Context, p []byte, lba disc.LBA) (map[int]error, error) {
	b := c.area.block
	form := b.form.Size()
	whole := p
	if form != b.main() {
		whole = make([]byte, len(p)/b.main()*form)
		defer func() { b.cut(p, whole) }()
	}
	var bad map[int]error
	for i := 0; i*form < len(whole); {
		n, err := c.disc.ReadSectors(ctx, whole[i*form:], lba+disc.LBA(i), b.form)
		i += n
		if i*form == len(whole) {
			break
		}
		if err == nil && n > 0 {
			continue
		}
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if lost(err) {
			return nil, err
		}
		if bad == nil {
			bad = map[int]error{}
		}
		bad[i] = err
		clear(whole[i*form : (i+1)*form])
		i++
	}
	return bad, nil
}

// piece is one piece of a comparison.
type piece struct {
	sum       [sha256.Size]byte // of what was sent
	lba       disc.LBA
	want, got []byte        // of the source as it is now, and of the disc
	unread    map[int]error // sectors of the disc
	gone      error         // of reading the source
}

// piece compares the disc and the source with what was sent, separately.
func (c *comparison) piece(p piece) {
	if c.r.o.Once {
		if len(p.unread) > 0 || sha256.Sum256(p.got) != p.sum {
			c.whole(p)
		}
		return
	}
	same := p.gone == nil && sha256.Sum256(p.want) == p.sum
	if !same && c.changed == nil {
		c.changed = &SourceChange{LBA: p.lba, Err: p.gone}
	}
	good := len(p.unread) == 0 && sha256.Sum256(p.got) == p.sum
	switch {
	case good && !same && p.gone == nil:
		// The disc has what was sent, so it shows which sector of the source has changed.
		if at := firstDifference(p.want, p.got); at >= 0 && c.changed.LBA == p.lba {
			c.changed.LBA += disc.LBA(at / c.area.block.main())
		}
	case good:
	case same:
		c.sectors(p)
	default:
		c.whole(p)
	}
}

// sectors counts the bad sectors of a piece whose source is what was sent.
func (c *comparison) sectors(p piece) {
	size := c.area.block.main()
	for i := 0; i*size < len(p.want); i++ {
		w, g := p.want[i*size:(i+1)*size], p.got[i*size:(i+1)*size]
		if err := p.unread[i]; err != nil || !bytes.Equal(w, g) {
			c.found(&verify.Mismatch{LBA: p.lba + disc.LBA(i), Offset: max(firstDifference(w, g), 0), Err: err, Count: 1})
		}
	}
}

// whole counts a piece that differs from what was sent and whose source has changed too.
// Only the unreadable sectors are then known to be bad.
func (c *comparison) whole(p piece) {
	for i := range len(p.got) / c.area.block.main() {
		if err := p.unread[i]; err != nil {
			c.found(&verify.Mismatch{LBA: p.lba + disc.LBA(i), Err: err, Count: int64(len(p.unread))})
			return
		}
	}
	c.found(&verify.Mismatch{LBA: p.lba, Count: 1})
}

// found counts bad sectors and keeps the first.
func (c *comparison) found(m *verify.Mismatch) {
	if c.bad == nil {
		c.bad = m
		return
	}
	c.bad.Count += m.Count
}

// firstDifference returns the index of the first byte that differs, or -1.
func firstDifference(a, b []byte) int {
	for i := range a {
		if a[i] != b[i] {
			return i
		}
	}
	return -1
}

// differs is the error of a disc that is not equal to what was sent.
func (r *burning) differs(m *verify.Mismatch) error {
	r.result.Mismatch = m
	e := &Error{
		Step: "compare the disc with its source", LBA: -1, Written: r.result.Written, Err: fmt.Errorf("%w: %w", ErrDiffers, m),
		Left: "the disc was burned completely", Advice: "do not rely on this disc; burn another one at a lower speed",
	}
	if r.streams() {
		e.Advice = "do not rely on this disc; burn it again and let the drive verify what it writes, which replaces bad sectors if the disc has spare areas, or use another disc"
	}
	if 2*m.Count > r.plan.Sectors {
		e.Advice = "most of the disc differs: check that the disc in the drive is the one that was burned; if it is, " + e.Advice
	}
	if r.result.SourceChanged != nil {
		e.Left += ", and its source has changed since, so that the bad sectors are known only approximately"
	}
	return e
}

// sourceChanged is the error of a disc that is equal to what was sent, and whose source has
// changed since.
func (r *burning) sourceChanged(s *SourceChange) error {
	return &Error{
		Step: "its source has changed", LBA: -1, Written: r.result.Written, Err: s,
		Left:   "the disc is good: it was read back, and holds what was sent to it" + r.doubts(),
		Advice: "to get a consistent copy of the current source, burn it again while nothing changes it",
	}
}

// doubts returns what could not be assured, as part of a sentence.
func (r *burning) doubts() string {
	var s string
	for _, d := range r.result.NotAssured {
		s += "; but " + d
	}
	return s
}

func (r *burning) notCompared(err error) error {
	advice := "compare it again before you rely on it"
	if scsi.Gone(err) {
		r.gone = true
		advice = scsi.Hint(err) + "; then " + advice
	}
	return &Error{
		Step: "compare the disc with its source", LBA: -1, Written: r.result.Written, Err: err,
		Left: "the disc was burned, but not compared completely", Advice: advice,
	}
}

// lost reports whether a sector could not be read because the drive, or the disc in it,
// is gone, which does not mean that the sector is bad.
func lost(err error) bool {
	return errors.Is(err, context.Canceled) || scsi.DiscGone(err)
}
