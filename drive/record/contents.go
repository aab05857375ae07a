package record

import (
	"context"
	"errors"
	"fmt"
	"time"

	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/units"
	"glassmaster/mastering/volume"
)

// Contents describes what is on a disc that will be erased.
type Contents struct {
	Format, Label string    // of the volume; empty: no known file system
	Created       time.Time // of the volume, zero: not recorded
	Sessions      int
	Audio         int   // audio tracks
	Sectors       int64 // that hold data, or can
	Data          bool  // the disc is not empty
	Unfinished    bool  // a burn that overwrote the disc was interrupted
}

// LookInto examines what is on the disc in the drive. A disc that cannot be read is not
// empty.
func LookInto(ctx context.Context, t scsi.Transport) (Contents, error) {
	t = scsi.Guard(t)
	m, err := inspect(ctx, t)
	if err != nil {
		return Contents{}, err
	}
	return m.contents(ctx, t)
}

func (m medium) contents(ctx context.Context, t scsi.Transport) (Contents, error) {
	if m.sequential() && m.info.Status == mmc.Blank || !m.sequential() && m.unformattedNow() {
		return Contents{}, nil
	}
	c := Contents{Data: true, Sessions: m.info.Sessions}
	if !m.sequential() {
		_, err := m.findData(ctx, t)
		if c.Data = err != nil; err != nil && !errors.Is(err, ErrHoldsData) {
			return Contents{}, err
		}
	}
	d, err := read.Open(ctx, t)
	if err != nil {
		return c, nil // a disc that cannot be read can be erased nevertheless
	}
	defer d.Close()
	c.Sessions, c.Sectors = len(d.TOC().Sessions), disc.Sectors(d)
	for _, s := range d.TOC().Sessions {
		for _, t := range s.Tracks {
			if t.Mode == disc.Audio {
				c.Audio++
			}
		}
	}
	if c.Unfinished = disc.Unfinished(ctx, d); c.Unfinished {
		return c, nil
	}
	if v, err := volume.OpenDisc(ctx, d, volume.Options{}); err == nil {
		info := v.Volume()
		c.Format, c.Label, c.Created, c.Data = info.Format, info.Label, info.Created, true
		if info.BlockSize > 0 && info.Blocks > 0 {
			c.Sectors = min(c.Sectors, info.Blocks*int64(info.BlockSize)/disc.SectorSize)
		}
	}
	return c, nil
}

// String describes the contents without the size: "the ISO 9660 volume "HOLIDAY"".
func (c Contents) String() string {
	audio := units.Count(c.Audio, "audio track", "audio tracks")
	text := ""
	switch {
	case !c.Data:
		return "nothing"
	case c.Unfinished:
		return "an incomplete burn"
	case c.Format != "" && c.Label != "":
		text = fmt.Sprintf("the %s volume %q", c.Format, c.Label)
	case c.Format != "":
		text = fmt.Sprintf("an %s volume without a label", c.Format)
	case c.Audio > 0:
		return audio
	default:
		return "data in an unknown format"
	}
	if c.Audio > 0 {
		text += " and " + audio
	}
	return text
}

// unformattedNow reports whether a medium that is overwritten in place has never been
// formatted: it is empty.
func (m medium) unformattedNow() bool {
	if m.profile == mmc.DVDPRW || m.profile == mmc.DVDPRWDL {
		return m.info.Background == 0
	}
	return m.unformatted()
}

// span is a run of sectors.
type span struct{ start, count int64 }

// Data is searched for in the first sectors, where all file systems begin, and in one
// block of each of many equal parts of the rest.
const (
	firstSectors = 1024
	spreadPlaces = 32
)

// probes returns the runs of sectors that decide whether a medium that is overwritten in
// place holds data, and which quick erasing overwrites: the first sectors, a block in
// each of many equal parts, and the anchors at the end of a UDF volume (ECMA-167 part 3,
// 8.4.2.1). They do not depend on how much of the medium is formatted; those beyond
// readable, in sectors, are left out.
func (m medium) probes(readable int64) []span {
	whole := m.freeSectors()
	unit := m.unit()
	all := []span{{0, firstSectors}}
	stride := max(whole/spreadPlaces/unit*unit, unit)
	for at := int64(firstSectors); at < whole; at += stride {
		all = append(all, span{at, unit})
	}
	for _, end := range []int64{whole, readable} {
		for _, anchor := range []int64{end - 257, end - 1} {
			if anchor >= firstSectors {
				all = append(all, span{anchor / unit * unit, unit})
			}
		}
	}
	var inside []span
	for _, s := range all {
		if s.count = min(s.count, readable-s.start); s.count > 0 {
			inside = append(inside, s)
		}
	}
	return inside
}

// unit is the smallest number of sectors that can be written.
func (m medium) unit() int64 {
	if r, ok := recipeFor(m, Options{}); ok {
		return r.unit
	}
	return dvdBlock
}

// readable returns how many sectors can be read now.
func (m medium) readable(ctx context.Context, t scsi.Transport) (int64, error) {
	last, size, err := mmc.ReadCapacity(ctx, t)
	switch {
	case err == nil && size == disc.SectorSize && last > 0:
		return last + 1, nil
	case err == nil && last <= 0, err != nil && neverWritten(err):
		return 0, nil
	case err == nil:
		return 0, fmt.Errorf("the drive reads sectors of %d bytes", size)
	}
	return 0, err
}

// findData searches a medium that is overwritten in place for data. It returns the
// address of the first sector that is not zeros with a *dataError, or -1. A sector that
// cannot be read counts as data, except when it was never written.
func (m medium) findData(ctx context.Context, t scsi.Transport) (disc.LBA, error) {
	if m.unformattedNow() {
		return -1, nil
	}
	size, err := m.readable(ctx, t)
	if err != nil {
		return -1, fmt.Errorf("read the capacity of the disc: %w", err)
	}
	chunk := max(min(dvdBlock, t.MaxTransfer()/disc.SectorSize), 1)
	p := make([]byte, chunk*disc.SectorSize)
	for _, s := range m.probes(size) {
		for at := s.start; at < s.start+s.count; at += int64(chunk) {
			q := p[:min(int64(chunk), s.start+s.count-at)*disc.SectorSize]
			lba, err := firstData(ctx, t, disc.LBA(at), q)
			if err != nil || lba >= 0 {
				return lba, err
			}
		}
	}
	return -1, nil
}

// dataError is the error of a disc that is not empty. It is an ErrHoldsData.
type dataError struct {
	LBA disc.LBA // of the first sector that is not empty
	Err error    // not nil: the sector cannot be read, so it may hold data
}

func (e *dataError) Error() string { return ErrHoldsData.Error() + ": " + e.where() }

func (e *dataError) Is(target error) bool { return target == ErrHoldsData }

func (e *dataError) Unwrap() error { return e.Err }

// where describes where the data is.
func (e *dataError) where() string {
	if e.Err != nil {
		return fmt.Sprintf("LBA %d cannot be read, so it may hold data: %v", e.LBA, e.Err)
	}
	return fmt.Sprintf("there is data at LBA %d", e.LBA)
}

// firstData returns the first sector of a run that is not zeros, or -1.
func firstData(ctx context.Context, t scsi.Transport, at disc.LBA, p []byte) (disc.LBA, error) {
	var n int
	err := retryWhileBusy(ctx, busyTimeout, func() (err error) {
		n, err = mmc.Read10(ctx, t, at, p)
		return err
	})
	if scsi.Recovered(err) {
		err = nil
	}
	for i, b := range p[:min(n*disc.SectorSize, len(p))] {
		if b != 0 {
			lba := at + disc.LBA(i/disc.SectorSize)
			return lba, &dataError{LBA: lba}
		}
	}
	key, _, _, isSCSI := scsi.Code(err)
	switch {
	case err == nil, neverWritten(err):
		return -1, nil
	case !isSCSI || key == scsi.KeyNotReady || key == scsi.KeyUnitAttention || ctx.Err() != nil:
		return -1, fmt.Errorf("search the disc for data: %w", err)
	}
	return at, &dataError{LBA: at, Err: err}
}

// neverWritten reports whether an error means that sectors were never written: an address
// beyond the end (5/21), a track without a mode (5/64), a blank sector (8).
func neverWritten(err error) bool {
	key, asc, _, ok := scsi.Code(err)
	return ok && (key == scsi.KeyBlankCheck || key == scsi.KeyIllegalRequest && (asc == 0x21 || asc == 0x64))
}
