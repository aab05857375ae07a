package record

import (
	"context"
	"errors"
	"fmt"

	"glassmaster/drive/mmc"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/sector"
)

// Data forms of a cue sheet (MMC-6 6.32): what the blocks of a track hold.
const (
	formAudio   = 0x00 // 2352 bytes
	formSilence = 0x01 // audio that the drive makes
	formMode1   = 0x10 // 2048 bytes
	formMode2   = 0x30 // 2336 bytes
	formXA      = 0x20 // 2336 bytes
	formMade    = 0x04 // or-ed to a data form: made by the drive
	formText    = 0x41 // CD-TEXT in the lead-in, whatever the first track holds
)

// Values of ADR in a cue sheet.
const (
	adrPosition = 1
	adrCatalog  = 2
	adrISRC     = 3
)

// sessionAtOnce plans each session of the source as a cue sheet and all of its sectors.
func (c *cdBurn) sessionAtOnce() cdMode {
	m := cdMode{mode: SessionAtOnce, recipe: recipeSAO}
	if !c.drive.SessionAtOnce {
		m.err = errors.New("the drive does not offer it for this disc")
		return m
	}
	all := c.layOut(&m, shortestTrack)
	for i, tracks := range all {
		if err := c.moved(tracks); err != nil && m.err == nil {
			m.err = err
		}
		text := c.text(&m, i)
		st := c.cueStage(m.toc.Sessions[i], tracks, text, i+1 < len(all))
		if limit := c.drive.CueSheet; limit > 0 && len(st.cue) > limit {
			m.err = fmt.Errorf("its cue sheet has %d bytes, and the drive takes %d", len(st.cue), limit)
		}
		m.program.stages = append(m.program.stages, st)
	}
	if m.err == nil {
		m.err = c.repaired()
	}
	c.layoutLoss(&m, all)
	c.loseSectors(&m)
	if c.ownSub != "" {
		m.lose("%s", c.ownSub)
	}
	return m
}

// layOut places all sessions, and sets the table of contents.
func (c *cdBurn) layOut(m *cdMode, least int64) [][]cdTrack {
	m.toc.Catalog = c.catalog
	at, pregap := c.firstAddress()
	number := c.number
	var all [][]cdTrack
	for i, s := range c.sessions {
		tracks := c.place(s, at, pregap, number, least)
		own := disc.Session{Number: c.session1 + i, CDI: s.CDI}
		for _, t := range tracks {
			own.Tracks = append(own.Tracks, t.Track)
		}
		m.toc.Sessions = append(m.toc.Sessions, own)
		all = append(all, tracks)
		number += len(tracks)
		at, pregap = tracks[len(tracks)-1].End()+disc.SessionGap(own.Number), disc.Pregap
	}
	return all
}

// text returns the packs of the CD-TEXT of a session, and adds what is changed or left out of
// it to the loss. Only the lead-in of the first session of a disc can hold any: players read no other.
func (c *cdBurn) text(m *cdMode, i int) []byte {
	s := c.sessions[i]
	switch {
	case len(s.Text) == 0:
		return nil
	case i > 0 || c.next > 0:
		m.lose("the CD-TEXT of session %d is left out, since only the first session of a disc has any", c.session1+i)
		return nil
	case c.leadIn >= -disc.Pregap:
		m.lose("CD-TEXT is left out: the drive does not report where the lead-in of the disc begins")
		return nil
	case m.mode == Raw && c.rawBlock == mmc.BlockRawPQ:
		m.lose("CD-TEXT is left out: the drive does not take the sub-channels R to W")
		return nil
	}
	packs, changed := sector.EncodeCDText(s)
	m.lost = append(m.lost, changed...)
	m.texts, _ = sector.KeptCDText(s)
	m.packs = packs
	return packs
}

// cueStage returns the stage that writes a session.
func (c *cdBurn) cueStage(s disc.Session, tracks []cdTrack, text []byte, more bool) stage {
	first := tracks[0]
	st := stage{name: fmt.Sprintf("session %d", s.Number), ends: more}
	st.page = &mmc.WriteParameters{
		Type: mmc.DiscAtOnce, Multisession: more || c.open, AudioPause: audioPause, Session: sessionFormat(s), Catalog: c.catalog,
	}
	if len(text) > 0 {
		a := area{name: "the lead-in", at: c.leadIn, start: c.leadIn, block: textBlock, generate: cdText(text)}
		a.sectors = int64(-disc.Pregap - c.leadIn)
		a.padded = a.sectors
		st.areas = append(st.areas, a)
	}
	for _, t := range tracks {
		_, b := c.cueForm(t)
		st.areas = append(st.areas, c.gapAreas(t, b, t.Number > first.Number)...)
		st.areas = append(st.areas, area{
			name: fmt.Sprintf("track %d", t.Number), at: t.Start, start: t.from, sectors: t.sectors, padded: t.Length,
			block: b, track: t.Number, audio: t.Mode == disc.Audio, compared: true,
		})
	}
	st.cue = c.cueSheet(tracks, len(text) > 0)
	return st
}

// gapAreas returns the areas of the pre-gap of a track. Drives read that of the first track of
// a session only from address 0 on. Audio is compared where it can be read.
func (c *cdBurn) gapAreas(t cdTrack, b block, readable bool) []area {
	from := t.Start - disc.LBA(t.Pregap)
	if readable || t.Start <= 0 || from >= 0 {
		return c.gapArea(t, b, from, t.Start, readable)
	}
	return append(c.gapArea(t, b, from, 0, false), c.gapArea(t, b, 0, t.Start, true)...)
}

// gapArea returns the area of a part of a pre-gap, or none if it is empty.
func (c *cdBurn) gapArea(t cdTrack, b block, from, to disc.LBA, readable bool) []area {
	if from >= to {
		return nil
	}
	n, by := int64(to-from), t.from-t.Start
	own := t.from - disc.LBA(t.gap) // the source has nothing before
	return []area{{
		name: fmt.Sprintf("the pre-gap of track %d", t.Number), at: from, start: from + by,
		sectors: n, padded: n, block: b, track: t.Number, gap: true, audio: t.Mode == disc.Audio,
		compared: readable && t.Mode == disc.Audio,
		generate: func(ctx context.Context, src sectorReader, p []byte, i int64) error {
			at := from + by + disc.LBA(i)
			for ; len(p) > 0 && at < own; at++ {
				whole := make([]byte, b.form.Size())
				emptySector(whole, at-by, b.form, t.Mode)
				b.cut(p[:b.main()], whole)
				p = p[b.size:]
			}
			return readGap(ctx, src, p, at, b, t.Mode)
		},
	}}
}

// cueForm returns the data form and the form of blocks of a track.
func (c *cdBurn) cueForm(t cdTrack) (byte, block) {
	switch t.Mode {
	case disc.Audio:
		return formAudio, wholeBlock
	case disc.XA:
		return formXA, mode2Block
	case disc.Mode2:
		return formMode2, mode2Block
	}
	return formMode1, userBlock // whole sectors can be sent too, but drives replace all but the user data
}

// madeForm returns the data form of a lead-in or lead-out next to a track.
func madeForm(t cdTrack) byte {
	switch t.Mode {
	case disc.Audio:
		return formSilence
	case disc.XA:
		return formXA | formMade
	case disc.Mode2:
		return formMode2 | formMade
	}
	return formMode1 | formMade
}

// cueSheet returns the cue sheet of a session (MMC-6 6.32): catalogue number, lead-in, for each
// track ISRC, pre-gap and indexes, and the lead-out. The address of the lead-in is 00:00:00
// whether it has CD-TEXT or not: drives refuse others.
func (c *cdBurn) cueSheet(tracks []cdTrack, text bool) []byte {
	var p []byte
	if c.catalog != "" {
		p = append(append(p, adrCatalog), c.catalog[:7]...)
		p = append(append(p, adrCatalog), c.catalog[7:]...)
		p = append(p, 0)
	}
	first, last := tracks[0], tracks[len(tracks)-1]
	form := madeForm(first)
	if text {
		form = formText
	}
	p = append(p, controlOf(first.Track)<<4|adrPosition, 0, 0, form, 0, 0, 0, 0)
	for _, t := range tracks {
		p = c.cueTrack(p, t)
	}
	return cueEntry(p, last, sector.LeadOut, 1, madeForm(last), last.End())
}

// cueTrack appends the entries of a track.
func (c *cdBurn) cueTrack(p []byte, t cdTrack) []byte {
	form, _ := c.cueForm(t)
	if t.ISRC != "" {
		head := []byte{controlOf(t.Track)<<4 | adrISRC, byte(t.Number)}
		p = append(append(p, head...), t.ISRC[:6]...)
		p = append(append(p, head...), t.ISRC[6:]...)
	}
	if t.Pregap > 0 {
		p = cueEntry(p, t, t.Number, 0, form, t.Start-disc.LBA(t.Pregap))
	}
	p = cueEntry(p, t, t.Number, 1, form, t.Start)
	for i, at := range t.Indexes {
		p = cueEntry(p, t, t.Number, i+2, form, at)
	}
	return p
}

// cueEntry appends an entry: CONTROL and ADR, track, index, data form, SCMS, address.
func cueEntry(p []byte, t cdTrack, number, index int, form byte, at disc.LBA) []byte {
	m := at.MSF()
	return append(p, controlOf(t.Track)<<4|adrPosition, byte(number), byte(index), form, 0, byte(m.M), byte(m.S), byte(m.F))
}

// controlOf returns the four control bits of a track.
func controlOf(t disc.Track) byte { return sector.ControlOf(t) }

// packSymbols is how many bytes a pack of CD-TEXT has in the sub-channels R to W: six of its
// bits in each. A block of the lead-in has packsInBlock of them.
const (
	packBytes    = 18
	packSymbols  = 24
	packsInBlock = sector.SubSize / packSymbols
)

// cdText returns what makes blocks of the lead-in: the packs, repeated until the lead-in is full
// (MMC-6 annex J).
func cdText(packs []byte) func(context.Context, sectorReader, []byte, int64) error {
	return func(_ context.Context, _ sectorReader, p []byte, i int64) error {
		for ; len(p) > 0; i++ {
			textSymbols(p[:sector.SubSize], packs, i)
			p = p[sector.SubSize:]
		}
		return nil
	}
}

// textSymbols makes the i-th block of the lead-in.
func textSymbols(p, packs []byte, i int64) {
	count := int64(len(packs) / packBytes)
	for k := range packsInBlock {
		pack := packs[(i*packsInBlock+int64(k))%count*packBytes:]
		to := p[k*packSymbols:]
		for j := range packBytes / 3 {
			v := uint32(pack[3*j])<<16 | uint32(pack[3*j+1])<<8 | uint32(pack[3*j+2])
			to[4*j], to[4*j+1], to[4*j+2], to[4*j+3] = byte(v>>18), byte(v>>12)&63, byte(v>>6)&63, byte(v)&63
		}
	}
}

// layoutLoss says what is changed of the layout of the source.
func (c *cdBurn) layoutLoss(m *cdMode, all [][]cdTrack) {
	var short []int // numbers of tracks
	defer func() {
		switch n := len(short); {
		case n == 1:
			m.lose("track %d is extended by silence to four seconds, the shortest length of a track", short[0])
		case n > 1:
			m.lose("%d tracks (the first is track %d) are extended by silence to four seconds, the shortest length of a track", n, short[0])
		}
	}()
	for i, tracks := range all {
		for k, t := range tracks {
			if t.Length > t.sectors && t.Mode == disc.Audio {
				short = append(short, t.Number)
			}
			if k > 0 && t.Pregap > t.gap {
				m.lose("the pre-gap of track %d is extended to two seconds, as between audio and data it has to be", t.Number)
			}
			if s := c.sessions[i].Tracks[k]; k == 0 && (i > 0 || c.next > 0) && s.Pregap > disc.Pregap {
				m.lose("the pre-gap of track %d is shortened to two seconds", t.Number)
			}
		}
	}
}
