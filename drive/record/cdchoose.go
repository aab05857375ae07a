package record

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"glassmaster/drive/mmc"
	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/units"
)

// LossError is the error of a burn that would leave out something of the source.
// Options.AcceptLoss burns it nevertheless.
type LossError struct {
	Mode  Mode
	Lost  []disc.Notice
	Modes []Choice // all modes, with what each would lose
}

func (e *LossError) Error() string {
	var others []string
	for _, c := range e.Modes {
		if c.Err == nil && len(c.Lost) < len(e.Lost) {
			others = append(others, c.Mode.String())
		}
	}
	text := fmt.Sprintf("%v cannot write everything of the source: %s", e.Mode, strings.Join(texts(e.Lost[:min(len(e.Lost), mostLosses)]), "; "))
	if more := len(e.Lost) - mostLosses; more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	if len(others) > 0 {
		text += "; less is lost with: " + strings.Join(others, ", ")
	}
	return text
}

// mostLosses is how many losses the text of an error names.
const mostLosses = 12

// texts returns the texts of notices.
func texts(list []disc.Notice) []string {
	var all []string
	for _, n := range list {
		all = append(all, n.Text)
	}
	return all
}

// planCD plans which sessions of the source are written to a CD, and in which mode.
func (b *Burn) planCD(ctx context.Context) error {
	if err := b.checkVerify(ctx); err != nil {
		return err
	}
	c, err := b.newCDBurn(ctx)
	if err != nil {
		return err
	}
	first := c.sessions[0].Tracks[0]
	single := len(c.sessions) == 1 && len(c.sessions[0].Tracks) == 1
	switch {
	case single && first.Mode != disc.Audio:
		if err := b.checkAddress(ctx, first); err != nil {
			return err
		}
	case b.closeFirst:
		return refuse("an earlier burn of this disc was interrupted; close the disc first, so that the address of the next track is known", ErrUnfinished)
	}
	if _, data := disc.DataTrack(b.src); data && b.next == 0 && !b.closeFirst {
		b.plan.CheckOpens(ctx, b.src)
	}
	m, err := b.chooseMode(ctx, c)
	if err != nil {
		return err
	}
	if b.o.Simulate && len(m.program.stages) > 1 && len(c.sessions) > 1 {
		m.onlyFirst()
		b.warn("only the first session is simulated, since the second one needs the first on the disc")
	}
	b.take(m, c)
	return nil
}

// rawBlocks are the data block types for raw, the best first.
var rawBlocks = [...]byte{mmc.BlockRawSub, mmc.BlockRawPW, mmc.BlockRawPQ}

// probeRaw finds out which blocks the drive takes for raw, which is not in its features. It
// returns false if it takes none.
func (b *Burn) probeRaw(ctx context.Context, c *cdBurn) (bool, error) {
	for _, kind := range rawBlocks {
		if kind != mmc.BlockRawPQ && !c.drive.SubChannels {
			continue
		}
		err := mmc.SetWriteParameters(ctx, b.t, mmc.WriteParameters{Type: mmc.Raw, DataBlock: kind})
		if scsi.Gone(err) {
			return false, fmt.Errorf("find out how the drive writes raw: %w", err)
		}
		if err == nil {
			c.rawBlock = kind
			return true, nil
		}
	}
	return false, nil
}

// modes returns the source in all modes.
func (b *Burn) modes(c *cdBurn) []cdMode {
	all := []cdMode{c.trackAtOnce(), c.sessionAtOnce(), c.raw()}
	if b.closeFirst {
		all[1].err = errors.New("the session of an interrupted burn is closed first, so that the address is not known")
		all[2].err = all[1].err
	}
	return all
}

// chooseMode returns the mode in which the source is written: that of the options, or the first
// that loses nothing.
func (b *Burn) chooseMode(ctx context.Context, c *cdBurn) (cdMode, error) {
	if c.drive.Raw {
		c.rawBlock = mmc.BlockRawPQ
		if c.drive.SubChannels {
			c.rawBlock = mmc.BlockRawSub
		}
	}
	all := b.modes(c)
	m, err := b.pick(c, all)
	if err == nil && m.mode == Raw {
		ok, err := b.probeRaw(ctx, c)
		if err != nil {
			return m, err
		}
		if !ok {
			c.rawBlock, c.drive.Raw = 0, false
		}
		all = b.modes(c)
		if m, err = b.pick(c, all); err != nil {
			return m, err
		}
	}
	for _, m := range all {
		b.plan.Modes = append(b.plan.Modes, Choice{m.mode, m.lost, m.err})
	}
	switch {
	case err != nil:
		return m, err
	case len(m.lost) > 0 && !b.o.AcceptLoss:
		return m, &LossError{m.mode, m.lost, b.plan.Modes}
	}
	b.plan.Lost = m.lost
	return m, nil
}

func (b *Burn) pick(c *cdBurn, all []cdMode) (cdMode, error) {
	if b.o.Mode == DiscAtOnce {
		b.o.Mode = SessionAtOnce // its name on CD
	}
	if b.o.Mode != Auto {
		for _, m := range all {
			if m.mode != b.o.Mode {
				continue
			}
			if m.err != nil {
				return m, refuse(fmt.Sprintf("the source cannot be written %v: %v", m.mode, m.err), ErrNotWritable)
			}
			b.plan.Reason = fmt.Sprintf("%v, as requested", m.mode)
			return m, nil
		}
		return cdMode{}, refuse(fmt.Sprintf("a %v cannot be written %v; choose track at once, session at once or raw", b.medium.profile, b.o.Mode), ErrNotWritable)
	}
	order := all
	if c.hasAudio() {
		order = []cdMode{all[1], all[2], all[0]} // nothing between the tracks
	}
	best := -1
	for i, m := range order {
		if m.err == nil && (best < 0 || len(m.lost) < len(order[best].lost)) {
			best = i
		}
	}
	if best < 0 {
		var why []string
		for _, m := range order {
			why = append(why, fmt.Sprintf("%v: %v", m.mode, m.err))
		}
		return cdMode{}, refuse("the source cannot be written on this disc with this drive: "+strings.Join(why, "; "), ErrNotWritable)
	}
	b.plan.Reason = fmt.Sprintf("%v, since %s", order[best].mode, c.reason(order, best))
	return order[best], nil
}

// hasAudio reports whether an audio track is written.
func (c *cdBurn) hasAudio() bool {
	for _, s := range c.sessions {
		for _, t := range s.Tracks {
			if t.Mode == disc.Audio {
				return true
			}
		}
	}
	return false
}

// reason says in a clause why a mode was chosen.
func (c *cdBurn) reason(order []cdMode, best int) string {
	m := order[best]
	switch {
	case best == 0 && m.mode == TrackAtOnce:
		return "every drive writes data tracks in this way"
	case best == 0 && len(m.lost) > 0:
		return "nothing comes between the audio tracks in this way"
	case best == 0:
		return "nothing comes between the audio tracks in this way, and their indexes and texts are kept"
	}
	before := order[best-1]
	if order[0].err == nil {
		before = order[0]
	}
	if before.err != nil {
		return fmt.Sprintf("%v is not possible: %v", before.mode, before.err)
	}
	for _, n := range before.lost {
		if !slices.ContainsFunc(m.lost, func(x disc.Notice) bool { return x.Text == n.Text }) { // which makes the difference
			return fmt.Sprintf("%v would not keep everything: %s", before.mode, strings.TrimSuffix(n.Text, "."))
		}
	}
	return fmt.Sprintf("%v would not keep more", before.mode)
}

// UserData returns the parts of the source, as tracks, of which the user data is written and not
// the sectors as a whole: they have to be intact.
func (b *Burn) UserData() []disc.Track {
	var all []disc.Track
	for _, a := range b.program.areas() {
		if a.block == userBlock && a.generate == nil {
			all = append(all, disc.Track{Start: a.start, Length: a.sectors})
		}
	}
	return all
}

// onlyFirst removes all sessions but the first one.
func (m *cdMode) onlyFirst() {
	for i, s := range m.program.stages {
		if s.ends {
			m.program.stages = append([]stage(nil), m.program.stages[:i+1]...)
			break
		}
	}
	m.toc.Sessions = m.toc.Sessions[:1]
}

// take makes a mode the plan.
func (b *Burn) take(m cdMode, c *cdBurn) {
	b.recipe, b.program, b.toc = m.recipe, m.program, m.toc
	b.packs, b.ownSub = m.packs, m.mode == Raw && c.hasSub
	b.start = c.sessions[0].Tracks[0].Start
	p := &b.plan
	p.Mode, p.CDText = m.mode, m.texts
	b.noteDamage(c, m.mode)
	for _, s := range m.toc.Sessions {
		for _, t := range s.Tracks {
			p.Tracks = append(p.Tracks, Track{Session: s.Number, Track: t, Title: titleOf(m.texts, t.Number)})
		}
	}
	for _, a := range m.program.areas() {
		if a.track > 0 && !a.gap {
			p.Sectors += a.sectors
		}
		if a.track > 0 {
			p.Padded += a.padded
			b.least = max(b.least, int64(a.end()-b.next))
		}
	}
}

// noteDamage adds the damaged sectors of the source: raw writes them as they are, and the other
// modes correct what can be corrected. Those of mode 1 are reported when they are read.
func (b *Burn) noteDamage(c *cdBurn, m Mode) {
	for _, s := range c.sessions {
		for _, t := range s.Tracks {
			d := c.contents[t.Start]
			switch {
			case m != Raw && d.corrected > 0 && t.Mode != disc.Mode1:
				b.plan.Notices = append(b.plan.Notices, disc.Notice{Severity: disc.Warning, Text: fmt.Sprintf(
					"the source is damaged: %s of track %d (the first is sector %d); the ECC corrects %s, and the disc gets the correct data",
					units.Count(d.corrected, "sector", "sectors"), t.Number, d.firstECC, units.Plural(d.corrected, "it", "them"))})
			case m == Raw && d.damaged+d.corrected > 0:
				n := disc.Notice{Severity: disc.Error, Text: damageText(t, d) + ", and " +
					units.Plural(d.damaged+d.corrected, "is written as it is", "are written as they are")}
				b.plan.Defects = append(b.plan.Defects, n)
				b.plan.Notices = append(b.plan.Notices, aboutSource([]disc.Notice{n}, "disc")...)
			}
		}
	}
}

// damageText describes the damaged sectors of a track.
func damageText(t disc.Track, d contents) string {
	n, first := d.damaged+d.corrected, d.first
	if d.damaged == 0 || d.corrected > 0 && d.firstECC < first {
		first = d.firstECC
	}
	text := fmt.Sprintf("%s of track %d %s damaged", units.Count(n, "sector", "sectors"), t.Number, units.Plural(n, "is", "are"))
	switch {
	case d.damaged == n:
		text += " and cannot be corrected"
	case d.damaged > 0:
		text += fmt.Sprintf(", of which %d cannot be corrected", d.damaged)
	}
	return fmt.Sprintf("%s (the first is sector %d)", text, first)
}

// titleOf returns the title of a track in the first language.
func titleOf(texts []disc.CDText, track int) string {
	if len(texts) == 0 {
		return ""
	}
	return texts[0].Tracks[track].Title
}

// overburns reports whether the disc is written beyond what it says that it holds.
// A BD and the second layer of a DVD have no room behind their end.
func (b *Burn) overburns() bool {
	switch b.medium.profile {
	case mmc.CDR, mmc.CDRW, mmc.DVDR, mmc.DVDRW, mmc.DVDPR:
		return b.o.Overburn
	}
	return false
}
