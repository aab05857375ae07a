package record

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/drive/scsi"
	"glassmaster/drive/tray"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// How long a drive may be busy.
const (
	busyTimeout  = 2 * time.Minute  // without accepting a sector
	eraseTimeout = 3 * time.Hour    // to erase or format a whole disc
	closeTimeout = 30 * time.Minute // to close a disc; the lead-out may fill it
)

// burning is a burn in progress.
type burning struct {
	*Burn
	ctx              context.Context // of the caller, who may cancel
	work             context.Context // of the commands: it outlives a cancel
	rep              progress.Reporter
	result           Result
	renewed          bool // the disc was erased or formatted
	noVerify         bool // the drive does not support WRITE AND VERIFY
	stream12         bool // writes have the bit Streaming
	most             int  // bytes of a WRITE that the drive accepts; 0: no limit is known
	zones            []mmc.Performance
	closedUnfinished bool         // the session that an earlier burn left open was closed
	started          bool         // something was written
	position         disc.LBA     // after the last block that the drive has accepted
	finished         int          // stages that are on the disc and closed, as far as they are
	gone             bool         // the drive no longer answers; already reported
	locked           bool         // the tray is locked, if the drive supports that
	limited          bool         // the speed was or will be set
	filler           func([]byte) // what writeZeros writes instead of zeros
	// countsWrongly is set if the transport reported a short transfer wrongly, and
	// mustCompare if it is unknown whether the drive has all sectors.
	countsWrongly, mustCompare bool
	marked                     bool // a disc that is overwritten in place has received sectors of this burn
	stream                     *stream
	watch                      *watch
	burned                     identity // of the disc, before the first sector
	head                       []byte   // the first sectors of a disc that is overwritten in place, which are written last
	sent                       *sent    // complete when everything was written
	// reloaded is how the disc was reloaded after the burn.
	reloaded     tray.ReloadResult
	cacheFlushed bool // other sectors have filled the drive's buffer since
	// completed is set after the first sectors of an overwritten disc, which come last,
	// were sent.
	completed bool
	// old and fresh are the units of a medium that is overwritten in place which make it show
	// another session, as they were and as they will be.
	old, fresh []Sectors
	switching  bool               // the first of them was sent
	restored   bool               // the old ones are on the disc again
	mark       int64              // sectors at the beginning of a disc that are marked until it is erased
	stop       context.CancelFunc // ends the reading of the source
}

func (r *burning) inform(format string, args ...any) {
	r.rep.Notice(disc.Notice{Severity: disc.Info, Text: fmt.Sprintf(format, args...)})
}

func (r *burning) warn(format string, args ...any) {
	r.note(disc.Notice{Severity: disc.Warning, Text: fmt.Sprintf(format, args...)})
}

// note reports a notice and adds it to the result.
func (r *burning) note(n disc.Notice) {
	r.result.Notices = append(r.result.Notices, n)
	r.rep.Notice(n)
}

// optional tolerates the failure of a command that burning does not depend on, with a
// warning. An unsupported command is ignored.
func (r *burning) optional(what string, err error) {
	switch {
	case err == nil, scsi.Unsupported(err), scsi.InvalidField(err), scsi.Recovered(err):
	case scsi.Gone(err) && r.gone: // reported already
	case scsi.Gone(err):
		r.gone = true
		r.warn("could not %s: %v; %s", what, err, scsi.Hint(err))
	default:
		r.warn("could not %s: %v", what, err)
	}
}

// checkSource checks the files of a planned source once more, before the disc is
// changed.
func (r *burning) checkSource() error {
	if p, ok := r.src.(disc.Planned); ok {
		return p.Check(r.ctx)
	}
	return nil
}

// sourceChanges reports the files of the source that have changed since the plan, if
// the source was read; a simulation reads it too.
func (r *burning) sourceChanges() {
	if p, ok := r.src.(disc.Planned); ok && r.stream != nil {
		r.result.Changes = p.Changes()
		for _, c := range r.result.Changes {
			r.note(c)
		}
	}
}

// unchanged checks that the disc is still that of the plan.
func (r *burning) unchanged() error {
	now, err := inspect(r.work, r.t)
	if err != nil {
		return err
	}
	if !now.same(r.medium) {
		return errors.New("the disc is not the one that the burn was planned for, or its state has changed")
	}
	return nil
}

// untouched checks that a simulation has not changed the disc.
func (r *burning) untouched() error {
	now, err := inspect(r.work, r.t)
	if err != nil {
		return &Error{Step: "check the disc after the simulation", LBA: -1, Err: err}
	}
	if !now.same(r.medium) {
		return &Error{
			Step: "check the disc after the simulation", LBA: -1, Err: errors.New("the drive wrote to the disc although a simulation was requested"),
			Left: "the disc is " + now.info.Status.String(), Advice: "do not simulate with this drive",
		}
	}
	r.inform("the simulation succeeded; nothing was written")
	return nil
}

func (r *burning) lock(on bool) {
	if !on {
		free := func() error { return mmc.PreventRemoval(r.work, r.t, false) }
		r.optional("unlock the tray", mmc.RetryUnitAttention(free))
		return
	}
	r.optional("lock the tray", mmc.PreventRemoval(r.work, r.t, true))
}

// prepare does what comes before the first sector.
func (r *burning) prepare() error {
	if err := r.setBook(); err != nil {
		return err
	}
	if err := r.prepareMedium(); err != nil {
		return err
	}
	if err := r.setSpeed(r.work); err != nil && r.o.Speed > 0 {
		r.warn("the drive did not accept the speed and chooses its own: %v", err)
	}
	r.readZones()
	r.result.MediumID = read.MediumID(r.work, r.t, r.medium.profile)
	first := &r.program.stages[0]
	if err := r.setParameters(first); err != nil {
		return r.before("set the write parameters", err)
	}
	if r.calibrates() {
		if err := r.calibrate(); err != nil {
			return r.before("calibrate the laser", err)
		}
	}
	if err := r.setLayerBreak(); err != nil {
		return err
	}
	if err := r.setJump(); err != nil {
		return err
	}
	if r.recipe.reserve && !r.medium.reservedWhole() {
		err := retryWhileBusy(r.work, busyTimeout, func() error { return mmc.ReserveTrack(r.work, r.t, r.plan.Padded) })
		if err != nil && !scsi.Unsupported(err) && !scsi.Recovered(err) {
			return r.before("reserve the track", err)
		}
	}
	if err := r.sendCue(first); err != nil {
		return r.before("send the cue sheet", err)
	}
	if r.watch.lost != nil { // by erasing, formatting or closing
		return r.before("prepare the disc", r.watch.lost)
	}
	return r.recheckNWA()
}

func (r *burning) before(step string, err error) error {
	left, advice := "nothing was written", ""
	switch {
	case r.closedUnfinished:
		left = "the session that an earlier burn left open was closed, and nothing was written"
	case r.renewed && r.grows():
		left = "the formatted area of the disc was enlarged, and nothing was written"
	case r.renewed:
		left = "the disc was erased or formatted, so its previous contents are lost, and nothing was written"
	}
	if r.breakSet {
		left += ", but the layer break of the disc was set"
	}
	if scsi.Gone(err) {
		r.gone, advice = true, scsi.Hint(err)
	}
	return &Error{Step: step, LBA: -1, Err: err, Left: left, Advice: advice}
}

// prepareMedium erases, formats or closes the disc according to the plan, and examines
// the result.
func (r *burning) prepareMedium() error {
	var err error
	switch {
	case r.closeFirst:
		return r.closeUnfinished()
	case r.erase:
		err = erase(r.work, r.t, r.medium, r.fullErase(), r.rep)
	case r.format:
		err = r.formatNow()
	default:
		return nil
	}
	if err != nil {
		e := &Error{
			Step: "erase or format the disc", LBA: -1, Err: err, Left: "nothing was written, and the previous contents of the disc may be lost",
			Advice: "erase the disc in full, or use another one",
		}
		if r.grows() {
			e.Step, e.Left, e.Advice = "enlarge the formatted area of the disc", "nothing was written", "check whether the disc can still be read, and try again"
		}
		if scsi.Gone(err) {
			r.gone = true
			e.Advice = scsi.Hint(err) + "; then erase the disc again"
		}
		return e
	}
	r.renewed = true
	m, err := inspect(r.work, r.t)
	if err != nil {
		return r.before("examine the erased disc", err)
	}
	if r.erase && m.info.Status != mmc.Blank {
		return r.before("erase the disc", fmt.Errorf("%w: it is still %v", ErrUnchanged, m.info.Status))
	}
	r.medium = m
	r.checkFormat()
	if room := m.freeSectors() - r.base(); room < r.plan.Sectors {
		return r.before("examine the erased disc", fmt.Errorf("%w: it has %d sectors, and the disc has room for %d", ErrTooLarge, r.plan.Sectors, room))
	}
	return nil
}

// fullErase reports whether quick erasing is not enough: it leaves a DVD-RW that can be
// written only disc at once.
func (b *Burn) fullErase() bool { return b.medium.profile == mmc.DVDRW && !b.recipe.single }

// calibrate calibrates the power of the laser. It ignores errors meaning that the drive
// needs no calibration, or that the calibration area is used up: the drive then chooses
// the power itself.
func (r *burning) calibrate() error {
	err := mmc.SendOPC(r.work, r.t)
	key, asc, ascq, ok := scsi.Code(err)
	switch {
	case err == nil:
		return nil
	case ok && key == scsi.KeyRecoveredError:
		r.warn("the area of the disc for calibrating the laser is almost used up: %v", err)
		return nil
	case ok && key == scsi.KeyIllegalRequest && (asc == 0x20 || asc == 0x24 || asc == 0x27 || asc == 0x2C || asc == 0x30 && ascq == 2):
		return nil
	case scsi.InProgress(err):
		return mmc.Wait(r.work, r.t, busyTimeout, nil)
	}
	return err
}

// recheckNWA reads the next writable address again: write parameters and a reservation
// may have changed it.
func (r *burning) recheckNWA() error {
	if !r.medium.sequential() {
		return nil
	}
	return r.nextTrack()
}

// write sends all stages. What ends the last one is up to finish.
func (r *burning) write() error {
	ctx, stop := context.WithCancel(r.ctx)
	s := newStream(ctx, r.feed(), r.program.areas(), r.blocksAtOnce, r.o.Buffer)
	r.stream, r.stop, r.position = s, stop, r.next
	r.rep.Phase(progress.ReadingAhead, 0)
	s.prime(ctx)
	r.rep.Phase(r.writingPhase(), r.program.bytes())
	began := time.Now()
	defer func() { r.result.Seconds = time.Since(began).Seconds() }()
	if err := r.identifyDisc(); err != nil {
		return err
	}
	if err := r.ctx.Err(); err != nil {
		return r.failure("write", r.next, err)
	}
	if err := r.fillGap(); err != nil {
		return err
	}
	if r.headLength() > 0 {
		if err := r.invalidate(); err != nil {
			return err
		}
	}
	gauge := bufferGauge{r: r}
	for i := range r.program.stages {
		if err := r.writeStage(i, s, &gauge); err != nil {
			return err
		}
	}
	if _, err := s.next(r.ctx); !errors.Is(err, io.EOF) {
		return r.failure("write", r.position, err)
	}
	r.sent, r.result.SHA256 = s.sent, s.sent.end()
	if err := r.writeHead(); err != nil {
		return err
	}
	return r.switchOver()
}

func (r *burning) writingPhase() progress.Phase {
	if r.o.Simulate {
		return progress.Simulating
	}
	return progress.Writing
}

// writeStage begins a stage, sends its blocks, and ends it unless it is the last one.
func (r *burning) writeStage(i int, s *stream, gauge *bufferGauge) error {
	st := &r.program.stages[i]
	if i > 0 { // prepare has begun the first
		if err := r.beginStage(st); err != nil {
			return err
		}
	}
	r.position = st.areas[0].at
	for left := st.blocks(); left > 0; {
		c, err := s.next(r.ctx)
		if err != nil {
			return r.failure("write", r.position, err)
		}
		if err := r.writeChunk(c); err != nil {
			return err
		}
		left -= c.blocks()
		r.rep.Add(int64(len(c.p)))
		gauge.show(s)
		s.done()
		if err := r.lostSectors("write"); err != nil {
			return err
		}
	}
	if i+1 == len(r.program.stages) {
		return nil
	}
	return r.endStage(st)
}

// writeChunk sends a chunk, except for what is held back.
func (r *burning) writeChunk(c chunk) error {
	at, rest := r.holdBack(c.at(), c.p)
	if len(rest) > 0 {
		if err := r.sendBlocks(at, rest, c.area.block.size); err != nil {
			return r.failure("write", c.at(), err)
		}
	}
	r.position = c.at() + disc.LBA(c.blocks())
	if c.area.track > 0 { // not the lead-in or lead-out
		r.result.Written += c.blocks()
	}
	return nil
}

// lostSectors returns the error of a burn whose drive reported the loss of data it had
// accepted, or nil.
func (r *burning) lostSectors(step string) error {
	if r.watch.lost == nil {
		return nil
	}
	return r.failure(step, -1, r.watch.lost)
}

// stopReading ends the reading of the source and waits for its end, so that the caller
// can close it.
func (r *burning) stopReading() {
	if r.stream != nil {
		r.stop()
		<-r.stream.ended
	}
}

// send writes one chunk of sectors of 2048 bytes.
func (r *burning) send(lba disc.LBA, p []byte) error { return r.sendBlocks(lba, p, disc.SectorSize) }

// sendBlocks writes blocks of size bytes. While the drive's buffer is full the command is
// repeated.
func (r *burning) sendBlocks(lba disc.LBA, p []byte, size int) error {
	if r.most > 0 && len(p) > r.most {
		return r.sendParts(lba, p, size)
	}
	if at := r.jumps.cut(lba, len(p)/size) * size; at > 0 {
		if err := r.sendBlocks(lba, p[:at], size); err != nil {
			return err
		}
		lba, p = lba+disc.LBA(at/size), p[at:]
	}
	r.started = r.started || !r.o.Simulate
	before := r.watch.resent
	err := retryWhileBusy(r.ctx, busyTimeout, func() error { return r.put(lba, p, size) })
	switch {
	case r.smaller(err, p):
		return r.sendParts(lba, p, size)
	case scsi.Recovered(err):
		r.warn("the drive recovered from an error: %v", err)
		return nil
	case r.watch.resent > before && scsi.Is(err, scsi.KeyIllegalRequest, 0x21, 0x02) && r.taken(lba, len(p)/size):
		return nil
	}
	var short *mmc.ShortWrite
	if errors.As(err, &short) {
		return r.short(lba, p, size, short)
	}
	return err
}

// taken reports whether a drive executed a WRITE that it answered with a deferred error,
// and that was therefore sent again: the next writable address is then after it.
func (r *burning) taken(lba disc.LBA, blocks int) bool {
	ti, err := read.NextTrack(r.work, r.t, r.medium.profile, r.medium.info)
	return err == nil && ti.Writable && disc.LBA(ti.NextWritable) == lba+disc.LBA(blocks)
}

func (r *burning) failure(step string, lba disc.LBA, err error) *Error {
	return &Error{Step: step, LBA: lba, Written: r.result.Written, Err: err}
}

// bufferGauge reports the fill levels of the buffers.
type bufferGauge struct {
	r           *burning
	last        time.Time
	unsupported bool // the drive does not report it
}

// pollInterval is how often the drive's buffer level is polled. Polling more often would
// disturb the drive.
const pollInterval = 500 * time.Millisecond

func (g *bufferGauge) show(s *stream) {
	if now := time.Now(); now.Sub(g.last) >= pollInterval {
		g.last = now
		level := -1.0
		if !g.unsupported {
			b, err := mmc.ReadBufferCapacity(g.r.work, g.r.t)
			if g.unsupported = err != nil; !g.unsupported {
				level = b.Level()
			}
		}
		g.r.rep.Buffers(s.level(), level)
	}
}

// restoreSpeed restores the default speeds of a DVD or BD drive: many keep the ones
// that they were set to, even for the next disc.
func (r *burning) restoreSpeed() {
	if r.plan.Speed > 0 && !r.medium.profile.IsCD() {
		r.optional("restore the speed", mmc.RestoreStreaming(r.work, r.t))
	}
}
