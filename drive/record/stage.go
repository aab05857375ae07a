package record

import (
	"errors"
	"fmt"
	"slices"

	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
)

// setParameters sets mode page 05h for a stage, if the medium has it, and sends its cue sheet.
func (r *burning) setParameters(s *stage) error {
	if !r.recipe.page {
		return nil
	}
	w := r.recipe.parameters(r.medium, r.o)
	if s.page != nil {
		own := *s.page
		own.BufferFree, own.Test = r.medium.config.BufferFreeCD(own.Type), w.Test
		w = own
	}
	return retryWhileBusy(r.work, busyTimeout, func() error { return mmc.SetWriteParameters(r.work, r.t, w) })
}

// sendCue sends the cue sheet of a stage, if it has one.
func (r *burning) sendCue(s *stage) error {
	if s.cue == nil {
		return nil
	}
	err := retryWhileBusy(r.work, busyTimeout, func() error { return mmc.SendCueSheet(r.work, r.t, s.cue) })
	if scsi.Recovered(err) {
		return nil
	}
	return err
}

// beginStage does what comes before the first block of a stage after the first one.
func (r *burning) beginStage(s *stage) error {
	if err := r.setParameters(s); err != nil {
		return r.failure("set the write parameters of "+s.name, -1, err)
	}
	if err := r.sendCue(s); err != nil {
		return r.failure("send the cue sheet of "+s.name, -1, err)
	}
	ti, err := read.NextTrack(r.work, r.t, r.medium.profile, r.medium.info)
	if err != nil {
		return r.failure("read the next writable address", -1, err)
	}
	at, planned := disc.LBA(ti.NextWritable), s.areas[0].at
	switch {
	case r.recipe.mode != mmc.TrackAtOnce:
		if ti.Writable && !s.beginsAt(at) {
			return r.failure("read the next writable address", -1, fmt.Errorf("the drive reports %d, and %s was planned for %d", at, s.name, s.index1()))
		}
	case !ti.Writable && r.o.Simulate:
	case !ti.Writable:
		return r.failure("read the next writable address", -1, errors.New("the drive reports none"))
	case at == planned:
	case !r.o.Simulate && (at < r.position || at > planned+mostShift):
		return r.failure("read the next writable address", -1, fmt.Errorf("the drive reports %d, and %s was planned for %d: the track before it may not be on the disc, or the disc was exchanged", at, s.name, planned))
	case !s.areas[0].audio && !r.o.Simulate:
		return r.failure("read the next writable address", -1, fmt.Errorf("%w: the drive reports %d, and %s, which holds data, was made for %d", ErrOtherAddress, at, s.name, planned))
	default:
		r.moveTrack(s, at)
	}
	return nil
}

// beginsAt reports whether an address that a drive reports as the next writable one is that of a
// stage: drives report the beginning of the lead-in, of the pre-gap, or of the track itself.
func (s stage) beginsAt(at disc.LBA) bool {
	for _, a := range s.areas {
		if at == a.at {
			return true
		}
		if a.track > 0 && !a.gap {
			break // the first track
		}
	}
	pregap := s.index1() - disc.Pregap
	return at == pregap || at == pregap-disc.LeadIn
}

// index1 returns the address of the first track of a stage.
func (s stage) index1() disc.LBA {
	for _, a := range s.areas {
		if a.track > 0 && !a.gap {
			return a.at
		}
	}
	return s.areas[0].at
}

// mostShift is how many sectors after the planned address a drive may begin an audio track.
const mostShift = audioPause

// moveTrack moves an audio track to the address at which the drive writes it: drives differ in
// what they leave between two tracks.
func (r *burning) moveTrack(s *stage, at disc.LBA) {
	a := &s.areas[0]
	for i := range r.toc.Sessions {
		for k := range r.toc.Sessions[i].Tracks {
			if t := &r.toc.Sessions[i].Tracks[k]; t.Number == a.track {
				t.Start = at
			}
		}
	}
	a.at = at
}

// endStage ends a stage that another one follows: it flushes the drive's buffer, and closes
// the session if that is to end.
func (r *burning) endStage(s *stage) error {
	if err := r.flush(); err != nil {
		return r.failure("flush the drive's buffer", s.end(), err)
	}
	if err := r.lostSectors("flush the drive's buffer"); err != nil {
		return err
	}
	r.finished++
	if !s.ends || r.o.Simulate {
		return nil
	}
	if r.recipe.closing == closeSession {
		if err := r.closeOne(mmc.CloseSession, 0); err != nil {
			return r.failure("close the session", -1, err)
		}
	}
	if err := r.lostSectors("close the session"); err != nil {
		return err
	}
	info, err := discInformation(r.work, r.t)
	switch {
	case err != nil:
		return r.failure("read the disc information", -1, err)
	case info.Status != mmc.Appendable:
		return r.failure("close the session", -1, fmt.Errorf("%w: the disc is %v, so that no session can follow", ErrNotWritable, info.Status))
	}
	r.medium.info = info
	return nil
}

// clone returns a copy of a program that shares no addresses with it.
func (p program) clone() program {
	own := program{slices.Clone(p.stages)}
	for i := range own.stages {
		own.stages[i].areas = slices.Clone(own.stages[i].areas)
	}
	return own
}

// cloneTOC returns a copy of a table of contents that shares no addresses with it.
func cloneTOC(toc disc.TOC) disc.TOC {
	toc.Sessions = slices.Clone(toc.Sessions)
	for i := range toc.Sessions {
		toc.Sessions[i].Tracks = slices.Clone(toc.Sessions[i].Tracks)
	}
	return toc
}
