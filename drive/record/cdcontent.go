package record

import (
	"context"
	"errors"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/sector"
)

// cdTrack is a track of the source as it will be on a CD. Addresses and lengths are those
// of the disc, in sectors.
type cdTrack struct {
	disc.Track
	from    disc.LBA // address of index 1 in the source
	sectors int64    // of the source; Length can be more, up to the shortest track
	gap     int64    // sectors before index 1 that can be read from the source
	data    contents
}

// contents is what is in the sectors of a data track, as far as they are stored as a whole.
type contents struct {
	known     bool     // they were read
	plain     bool     // all follow from 2048 bytes of user data
	irregular int64    // sectors of intact user data around which something does not follow from it
	damaged   int64    // sectors whose user data is damaged and cannot be corrected
	first     disc.LBA // of the source: the first irregular or damaged one
	corrected int64    // damaged sectors that their ECC corrects
	firstECC  disc.LBA // the first of these
}

// scanSectors is how many sectors are read at a time.
const scanSectors = 256

// scan reads a data track of the source, if it is stored in whole sectors.
func scan(ctx context.Context, src disc.Disc, t disc.Track) (contents, error) {
	c := contents{plain: true}
	if !disc.DeliversRaw(ctx, src, t) {
		return c, nil
	}
	if !disc.StoresRaw(src, t.Start) && t.Mode == disc.Mode1 {
		return c, nil // a disc in a drive: reading all of it for the plan would take too long
	}
	if !disc.StoresRaw(src, t.Start) {
		c.plain = false // unknown
		return c, nil
	}
	c.known = true
	buf, faults := make([]byte, scanSectors*sector.Size), make([]sector.Fault, scanSectors)
	for at := t.Start; at < t.End(); {
		n := min(int64(t.End()-at), scanSectors)
		got, err := src.ReadSectors(ctx, buf[:n*sector.Size], at, disc.Raw)
		if ctx.Err() != nil {
			return c, ctx.Err()
		}
		if err != nil && got == 0 {
			c.count(at, sector.BadEDC, nil) // it is reported when the source is read for the burn
			at++
			continue
		}
		sector.CheckAll(faults[:got], buf, at)
		for i := range got {
			c.count(at+disc.LBA(i), faults[i], buf[i*sector.Size:(i+1)*sector.Size])
		}
		at += disc.LBA(got)
	}
	return c, nil
}

// count counts a sector p with these faults.
func (c *contents) count(lba disc.LBA, f sector.Fault, p []byte) {
	if p != nil {
		c.plain = c.plain && follows(p, lba)
	}
	switch {
	case f == 0:
		return
	case p != nil && f&(sector.BadSync|sector.BadEDC|sector.BadP|sector.BadQ) == 0:
		c.irregular++
	case p != nil && sector.Correct(p):
		if c.corrected++; c.corrected == 1 {
			c.firstECC = lba
		}
		return
	default:
		c.damaged++
	}
	if c.irregular+c.damaged == 1 {
		c.first = lba
	}
}

// follows reports whether a whole sector is what is generated from its user data: mode 1,
// or form 1 with the usual sub-header.
func follows(p []byte, lba disc.LBA) bool {
	k, ok := sector.Identify(p)
	var own [sector.Size]byte
	switch {
	case ok && k == sector.Mode1:
		return true // Check has found no fault, or one that is counted
	case ok && k == sector.Form1:
		sector.EncodeForm1(own[:], p[sector.XADataAt:sector.XADataAt+disc.SectorSize], lba)
		return string(own[sector.SubheadAt:sector.XADataAt]) == string(p[sector.SubheadAt:sector.XADataAt])
	}
	return false
}

// sounds reports whether a run of audio sectors of the source is not silent. What cannot be
// read is silent.
func sounds(ctx context.Context, src disc.Disc, from disc.LBA, n int64) bool {
	buf := make([]byte, scanSectors*sector.Size)
	for n > 0 {
		p := buf[:min(n, scanSectors)*sector.Size]
		got, err := src.ReadSectors(ctx, p, from, disc.Raw)
		for _, b := range p[:got*sector.Size] {
			if b != 0 {
				return true
			}
		}
		if got == 0 || err != nil {
			return false
		}
		from, n = from+disc.LBA(got), n-int64(got)
	}
	return false
}

// readGap fills p with blocks of a pre-gap from an address of the source on. Sectors that
// the source does not have are silent, or zeros.
func readGap(ctx context.Context, src sectorReader, p []byte, lba disc.LBA, b block, mode disc.Mode) error {
	size := b.form.Size()
	whole := make([]byte, size)
	for i := 0; (i+1)*b.size <= len(p); i++ {
		one := p[i*b.size : (i+1)*b.size]
		n, err := src.ReadSectors(ctx, whole, lba+disc.LBA(i), b.form)
		if n == 1 {
			b.cut(one, whole)
			continue
		}
		if ctx.Err() != nil || errors.Is(err, disc.ErrGone) {
			return err
		}
		emptySector(whole, lba+disc.LBA(i), b.form, mode)
		b.cut(one, whole)
	}
	return nil
}

// emptySector makes a sector of a pre-gap without contents in the form User or Raw.
func emptySector(p []byte, lba disc.LBA, f disc.Form, mode disc.Mode) {
	clear(p)
	if f == disc.User || mode == disc.Audio {
		return
	}
	kind := sector.Mode1
	switch mode {
	case disc.XA:
		kind = sector.Form2
		p[sector.SubheadAt+2], p[sector.SubheadAt+6] = sector.Form2Bit, sector.Form2Bit
	case disc.Mode2:
		kind = sector.Mode2
	}
	sector.Generate(p[:sector.Size], lba, kind)
}
