package record

import (
	"errors"
	"fmt"

	"glassmaster/drive/mmc"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/units"
)

// runOut is how many sectors that cannot be read a drive writes after a track that is written
// track at once.
const runOut = 2

// trackAtOnce plans the source track by track. The drive writes what is between them.
func (c *cdBurn) trackAtOnce() cdMode {
	m := cdMode{mode: TrackAtOnce, recipe: recipeTAO}
	if !c.drive.TrackAtOnce {
		m.err = errors.New("the drive does not offer it for this disc")
		return m
	}
	m.toc.Catalog = c.catalog
	at, number := c.next, c.number
	var all []cdTrack
	for i, s := range c.sessions {
		own := disc.Session{Number: c.session1 + i, CDI: s.CDI}
		for k, t := range s.Tracks {
			ct := c.track(t, number, shortestTrack)
			ct.move(at)
			ct.Pregap = audioPause
			if k == 0 && at == 0 {
				ct.Pregap = disc.Pregap
			}
			st, err := c.trackStage(s, ct, i+1 < len(c.sessions))
			if err != nil {
				m.err = err
				return m
			}
			st.ends = k+1 == len(s.Tracks) && i+1 < len(c.sessions)
			m.program.stages = append(m.program.stages, st)
			ct.Indexes = nil
			own.Tracks = append(own.Tracks, ct.Track)
			all = append(all, ct)
			at, number = ct.End()+runOut+audioPause, number+1
		}
		m.toc.Sessions = append(m.toc.Sessions, own)
		at += disc.SessionGap(own.Number) - audioPause
	}
	if m.err = c.moved(all); m.err == nil {
		m.err = c.repaired()
	}
	c.trackAtOnceLoss(&m)
	return m
}

// trackStage returns the stage that writes one track at once; more says that another session
// of the source follows.
func (c *cdBurn) trackStage(s disc.Session, t cdTrack, more bool) (stage, error) {
	b, kind, err := c.takenAtOnce(t)
	if err != nil {
		return stage{}, err
	}
	page := &mmc.WriteParameters{
		Type: mmc.TrackAtOnce, Multisession: more || c.open, TrackMode: controlOf(t.Track), DataBlock: kind,
		Session: sessionFormat(s), AudioPause: audioPause, Catalog: c.catalog, ISRC: t.ISRC,
	}
	return stage{name: fmt.Sprintf("track %d", t.Number), page: page, areas: []area{{
		at: t.Start, start: t.from, sectors: t.sectors, padded: t.Length, block: b, track: t.Number,
		audio: t.Mode == disc.Audio, compared: true,
	}}}, nil
}

// takenAtOnce returns the form of blocks in which a track is written track at once, and its data
// block type.
func (c *cdBurn) takenAtOnce(t cdTrack) (block, byte, error) {
	can := func(kind int) bool { return c.drive.Blocks == 0 || c.drive.Blocks>>kind&1 != 0 }
	switch {
	case t.Mode == disc.Audio && can(mmc.BlockRaw):
		return wholeBlock, mmc.BlockRaw, nil
	case t.Mode == disc.Mode1 && can(mmc.BlockMode1):
		return userBlock, mmc.BlockMode1, nil
	case t.Mode == disc.XA && t.data.plain && can(mmc.BlockForm1):
		return userBlock, mmc.BlockForm1, nil
	case (t.Mode == disc.XA || t.Mode == disc.Mode2) && can(mmc.BlockMode2):
		return mode2Block, mmc.BlockMode2, nil
	case t.Mode == disc.XA && can(mmc.BlockMixed):
		return mixedBlock, mmc.BlockMixed, nil
	}
	return block{}, 0, fmt.Errorf("the drive cannot write the sectors of track %d (%v) track at once", t.Number, t.Mode)
}

// trackAtOnceLoss says what track at once does not keep.
func (c *cdBurn) trackAtOnceLoss(m *cdMode) {
	var joined, gaps, indexes, short, hidden, texts int
	for i, s := range c.sessions {
		texts += len(s.Text)
		for k, t := range s.Tracks {
			indexes += len(t.Indexes)
			if t.Mode == disc.Audio && t.Length < shortestTrack {
				short++
			}
			if k == 0 {
				if i == 0 && t.Start > 0 && t.Mode == disc.Audio && c.next == 0 {
					hidden++
				}
				continue
			}
			before := s.Tracks[k-1]
			switch gap := int64(t.Start - before.End()); {
			case t.Mode != disc.Audio && before.Mode != disc.Audio:
			case gap == 0:
				joined++
			case gap != audioPause && gap != audioPause+runOut, c.noisy[t.Start]:
				gaps++
			}
		}
	}
	c.loseSectors(m)
	count := func(n int, one, many, what string) {
		if n > 0 {
			m.lose("%s %s", units.Count(n, one, many), what)
		}
	}
	count(joined, "track follows", "tracks follow", "the one before without a pause, and a pause of two seconds is inserted")
	count(gaps, "pre-gap is", "pre-gaps are", "replaced by two seconds of silence")
	if hidden > 0 {
		m.lose("the pre-gap between address 0 and the first track is left out, with any sound in it")
	}
	count(indexes, "index is", "indexes are", "left out")
	count(short, "audio track is", "audio tracks are", "extended by silence to four seconds, the shortest length of a track")
	count(texts, "language of CD-TEXT is", "languages of CD-TEXT are", "left out")
	if c.ownSub != "" {
		m.lose("%s", c.ownSub)
	}
}

// loseSectors says what is lost of data sectors that are written by their user data.
func (c *cdBurn) loseSectors(m *cdMode) {
	for _, s := range c.sessions {
		for _, t := range s.Tracks {
			if d := c.contents[t.Start]; d.irregular > 0 {
				m.lose("%s of track %d does not follow from the user data (the first is sector %d), and is written as the standard has it",
					units.Count(d.irregular, "header or parity", "headers or parities"), t.Number, d.first)
			}
		}
	}
}
