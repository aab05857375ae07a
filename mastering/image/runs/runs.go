// Package runs implements a disc whose sectors are stored in files, in runs of one storage
// layout. All CD image formats use it. A format parses its descriptor into a table
// of contents and a list of runs; [New] makes a disc of them that delivers every form of
// every sector.
package runs

import (
	"fmt"
	"io"
	"slices"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/sector"
)

// Layout is how the sectors of a run are stored: bytes At to At+Length of each sector of
// 2352 bytes. What is not stored is generated. The zero value means that nothing is stored.
type Layout struct {
	At, Length int
	Mode       disc.Mode // of the track
	Form2      bool      // 2324 or 2328 bytes without a sub-header, of form 2
	Swap       bool      // the bytes of each 16-bit audio sample are exchanged (big-endian)
	Scrambled  bool      // whole sectors, of which those with a sync pattern are scrambled; see sector.Scramble
	Sub        Sub       // sub-channels, stored after the bytes of each sector unless Run.SubFrom is set
}

// Sub is how the sub-channels P to W of a sector are stored.
type Sub uint8

// Orders of sub-channels.
const (
	NoSub       Sub = iota
	Interleaved     // 96 bytes, as drives deliver them; see sector.PutSubChannels
	Planar          // 96 bytes, 12 of each channel; see sector.Interleave
	PQ              // 16 bytes: Q in 12, of which drives deliver P as the highest bit of the last byte
)

// Size returns the number of bytes.
func (s Sub) Size() int {
	switch s {
	case Interleaved, Planar:
		return sector.SubSize
	case PQ:
		return 16
	}
	return 0
}

// Common layouts.
var (
	AudioRaw  = Layout{Length: sector.Size, Mode: disc.Audio}
	Mode1User = Layout{At: sector.DataAt, Length: disc.SectorSize, Mode: disc.Mode1}
	Mode1Raw  = Layout{Length: sector.Size, Mode: disc.Mode1}
	Mode2Raw  = Layout{Length: sector.Size, Mode: disc.Mode2}
	Mode2Data = Layout{At: sector.DataAt, Length: sector.Mode2Size, Mode: disc.Mode2} // 2336 bytes
	XARaw     = Layout{Length: sector.Size, Mode: disc.XA}
	XAData    = Layout{At: sector.DataAt, Length: sector.Mode2Size, Mode: disc.XA} // 2336 bytes
	XAForm1   = Layout{At: sector.XADataAt, Length: disc.SectorSize, Mode: disc.XA}
	XAForm2   = Layout{At: sector.XADataAt, Length: sector.Form2Size, Mode: disc.XA, Form2: true}
)

// WithSub returns the layout with sub-channels.
func (l Layout) WithSub(s Sub) Layout {
	l.Sub = s
	return l
}

// Swapped returns the layout with exchanged bytes of the audio samples.
func (l Layout) Swapped() Layout {
	l.Swap = true
	return l
}

// Size returns the number of bytes that are stored for each sector, in bytes.
func (l Layout) Size() int { return l.Length + l.Sub.Size() }

// Run is a run of sectors that are stored one after the other in the same layout.
type Run struct {
	Layout
	Start  disc.LBA
	Count  int64       // sectors
	From   io.ReaderAt // nil: silence, or data sectors whose user data is zero; only Mode of the layout counts then
	Offset int64       // of the first sector in From, in bytes
	Stride int         // bytes from one sector to the next; 0: Layout.Size

	// SubFrom is where sub-channels are read from if not from From; SubOffset is the place
	// of those of the first sector.
	SubFrom   io.ReaderAt
	SubOffset int64
}

// End returns the address after the last sector.
func (r Run) End() disc.LBA { return r.Start + disc.LBA(r.Count) }

// stride returns the number of bytes from one sector to the next.
func (r Run) stride() int {
	if r.Stride > 0 {
		return r.Stride
	}
	if r.SubFrom != nil {
		return r.Length
	}
	return r.Size()
}

// Bytes returns the number of bytes of From that the run uses, from Offset on.
func (r Run) Bytes() int64 { return r.Count * int64(r.stride()) }

// New returns the disc that files contain. Runs are in the order of their addresses, and
// do not overlap. Notices are what was noticed when the image was opened. Closing the disc
// closes the files.
func New(files *format.Files, toc disc.TOC, list []Run, notices ...disc.Notice) (disc.Disc, error) {
	at := disc.LBA(-1 << 40)
	list = slices.Clone(list)
	d := &stored{files: files, toc: toc, runs: list, notices: append(files.Notices(), notices...)}
	for i, r := range list {
		if r.From == nil {
			list[i].Layout, list[i].Stride = Layout{Mode: r.Mode}, 0
			r = list[i]
		}
		if r.Start < max(at, firstSector) || r.Count < 0 || r.Count > disc.MaxSectors || r.Start > disc.MaxSectors {
			return nil, fmt.Errorf("sectors %d to %d of the image overlap others or are out of order", r.Start, r.End()-1)
		}
		at = r.End()
		d.sub = d.sub || r.Sub != NoSub
	}
	if len(list) == 0 || disc.Sectors(d) <= 0 {
		return nil, fmt.Errorf("the image describes a disc without sectors")
	}
	if err := check(toc); err != nil {
		return nil, err
	}
	return d, nil
}

// firstSector is the address of the first sector after the lead-in.
const firstSector = -disc.Pregap

// check returns an error if tracks cannot be on a disc as a descriptor says. What reads a
// disc relies on it.
func check(toc disc.TOC) error {
	number, at := 0, disc.LBA(firstSector)
	for _, s := range toc.Sessions {
		for _, t := range s.Tracks {
			begin := t.Start - disc.LBA(t.Pregap)
			switch {
			case t.Number <= number || t.Number > 99:
				return fmt.Errorf("track %d is described after track %d; tracks have the numbers 1 to 99 in their order", t.Number, number)
			case t.Length <= 0 || t.Length > disc.MaxSectors || t.Start > disc.MaxSectors:
				return fmt.Errorf("track %d has %d sectors from address %d on, which no disc can have", t.Number, t.Length, t.Start)
			case t.Pregap < 0 || t.Pregap > disc.MaxSectors || begin < at:
				return fmt.Errorf("track %d with its pre-gap of %d sectors begins at address %d, before what precedes it ends (%d)", t.Number, t.Pregap, begin, at)
			}
			last := t.Start
			for _, x := range t.Indexes {
				if x < last || x > t.End() {
					return fmt.Errorf("an index of track %d is at address %d, which is not between %d and the end of the track (%d)", t.Number, x, last, t.End())
				}
				last = x
			}
			number, at = t.Number, t.End()
		}
	}
	return nil
}

// Blank returns a disc of empty sectors of one mode, at every address from -150 on: silence,
// or data sectors whose user data is zero. Their sub-channels are those that follow from
// toc. What an image format stores although the source does not have it is read from there.
func Blank(toc disc.TOC, m disc.Mode) disc.Disc {
	return &stored{toc: toc, runs: []Run{{Layout: Layout{Mode: m}, Start: -disc.Pregap, Count: disc.MaxSectors}}}
}
