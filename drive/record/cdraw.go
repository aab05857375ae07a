package record

import (
	"context"
	"errors"
	"fmt"

	"glassmaster/drive/mmc"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/sector"
)

// raw plans each session of the source with everything that is recorded of it: lead-in with
// the table of contents and CD-TEXT, pre-gaps, tracks, lead-out, and all sub-channels.
func (c *cdBurn) raw() cdMode {
	m := cdMode{mode: Raw, recipe: recipeRaw}
	switch {
	case !c.drive.Raw || c.rawBlock == 0:
		m.err = errors.New("the drive does not offer it for this disc")
	case c.next > 0:
		m.err = errors.New("the disc is not blank")
	case c.leadIn >= -disc.Pregap:
		m.err = errors.New("the drive does not report where the lead-in of the disc begins")
	case len(c.sessions) > 1 && !c.drive.RawSessions:
		m.err = errors.New("the drive writes only one session in this way, and the source has more")
	case c.open:
		m.err = errors.New("the disc is to stay open for more sessions, which this mode does not provide for")
	}
	if m.err != nil {
		return m
	}
	all := c.layOut(&m, 1)
	for i, tracks := range all {
		if err := c.moved(tracks); err != nil && m.err == nil {
			m.err = err
		}
		if err := c.tooShort(tracks); err != nil && m.err == nil {
			m.err = err
		}
		text := c.text(&m, i)
		m.program.stages = append(m.program.stages, c.rawStage(m.toc, i, tracks, text))
	}
	c.layoutLoss(&m, all)
	switch {
	case c.ownSub == "":
	case c.rawBlock == mmc.BlockRawPQ:
		m.lose("%s", c.ownSub)
	case c.rawBlock == mmc.BlockRawPW:
		m.lose("the sub-channels R to W of the source are left out: the drive takes them only as packs, which it interleaves itself, and the source has them as they are on a disc")
	}
	return m
}

// tooShort returns the error of a track that is shorter than the standard has it, unless that is
// forced: some drives do not record such a disc, and some players do not play it. Other modes
// extend the track.
func (c *cdBurn) tooShort(tracks []cdTrack) error {
	for _, t := range tracks {
		if t.Length < shortestTrack && !c.force {
			return fmt.Errorf("track %d has %d sectors, and a track of a CD has at least %d (4 seconds)", t.Number, t.Length, shortestTrack)
		}
	}
	return nil
}

// rawStage returns the stage that writes a session.
func (c *cdBurn) rawStage(toc disc.TOC, i int, tracks []cdTrack, text []byte) stage {
	s := toc.Sessions[i]
	first, last := tracks[0], tracks[len(tracks)-1]
	begin := first.Start - disc.LBA(first.Pregap)
	leadIn, leadOut := c.leadIn, int64(disc.FirstLeadOut)
	if i > 0 {
		leadIn, leadOut = begin-disc.LeadIn, disc.LaterLeadOut
	}
	st := stage{name: fmt.Sprintf("session %d", s.Number), ends: i+1 < len(toc.Sessions)}
	st.page = &mmc.WriteParameters{Type: mmc.Raw, Multisession: st.ends, DataBlock: c.rawBlock, Session: sessionFormat(s), AudioPause: audioPause}
	made := func(name string, at disc.LBA, n int64, mode disc.Mode) {
		st.areas = append(st.areas, c.rawArea(toc, area{name: name, at: at, start: at, sectors: n, padded: n}, mode, text))
	}
	made("the lead-in", leadIn, int64(begin-leadIn), first.Mode)
	for _, t := range tracks {
		for _, a := range c.gapAreas(t, wholeBlock, t.Number > first.Number) {
			st.areas = append(st.areas, c.rawArea(toc, a, t.Mode, nil))
		}
		st.areas = append(st.areas, c.rawArea(toc, area{
			name: fmt.Sprintf("track %d", t.Number), at: t.Start, start: t.from, sectors: t.sectors, padded: t.sectors,
			track: t.Number, audio: t.Mode == disc.Audio, compared: true,
		}, t.Mode, nil))
	}
	made("the lead-out", last.End(), leadOut, last.Mode)
	return st
}

// rawArea adds the sub-channels to an area: those of the source if it has its own, or those
// that follow from the table of contents. text goes into R to W. A drive writes the blocks as
// they are, so data sectors are scrambled here.
func (c *cdBurn) rawArea(toc disc.TOC, a area, mode disc.Mode, text []byte) area {
	b := subBlock
	if c.rawBlock == mmc.BlockRawPQ {
		b = pqBlock
	}
	b.scrambled = mode != disc.Audio
	own := c.hasSub && a.track > 0 && a.at == a.start
	inner := a
	a.block = b
	a.generate = func(ctx context.Context, src sectorReader, p []byte, i int64) error {
		n := len(p) / b.size
		whole := make([]byte, n*sector.Size)
		switch {
		case inner.generate != nil:
			if err := inner.generate(ctx, src, whole, i); err != nil {
				return err
			}
		case inner.track > 0:
			if err := readFull(ctx, src, whole, inner.start+disc.LBA(i), disc.Raw); err != nil {
				return err
			}
		default:
			quiet(whole, inner.at+disc.LBA(i), mode)
		}
		for k := range n {
			to := p[k*b.size : (k+1)*b.size]
			copy(to, whole[k*sector.Size:(k+1)*sector.Size])
			if b.scrambled {
				sector.Scramble(to[:sector.Size])
			}
			lba := inner.at + disc.LBA(i) + disc.LBA(k)
			sub := make([]byte, sector.SubSize)
			if !own || !c.ownSubChannels(ctx, sub, lba) {
				sector.PutSubChannels(sub, toc, lba)
			}
			addText(sub, text, i+int64(k))
			putSub(to[sector.Size:], sub)
		}
		return nil
	}
	return a
}

// ownSubChannels reads the sub-channels of a sector of the source.
func (c *cdBurn) ownSubChannels(ctx context.Context, sub []byte, lba disc.LBA) bool {
	p := make([]byte, disc.RawSub.Size())
	if n, _ := c.src.ReadSectors(ctx, p, lba, disc.RawSub); n != 1 {
		return false
	}
	copy(sub, p[sector.Size:])
	for i := range sub {
		if c.rawBlock == mmc.BlockRawPW {
			sub[i] &^= rwMask
		}
	}
	return true
}

// addText puts CD-TEXT into R to W of a sector of the lead-in.
func addText(sub, packs []byte, i int64) {
	if len(packs) == 0 {
		return
	}
	var symbols [sector.SubSize]byte
	textSymbols(symbols[:], packs, i)
	for k, s := range symbols {
		sub[k] |= s
	}
}

// putSub writes the sub-channels of a sector in the form of a block: all of them, or P and Q in
// 16 bytes, Q in bytes 0 to 11 and P in bit 7 of byte 15 (MMC-6 7.5, data block type 1).
func putSub(dst, sub []byte) {
	if len(dst) == sector.SubSize {
		copy(dst, sub)
		return
	}
	clear(dst)
	q := sector.ReadQ(sub)
	copy(dst, q[:])
	dst[pqSize-1] = sub[0] & 0x80
}

// quiet makes sectors of a lead-in or lead-out: silence, or data sectors without contents.
func quiet(p []byte, lba disc.LBA, mode disc.Mode) {
	clear(p)
	if mode == disc.Audio {
		return
	}
	for ; len(p) > 0; p, lba = p[sector.Size:], lba+1 {
		sector.Generate(p[:sector.Size], lba, sector.Mode0)
	}
}
