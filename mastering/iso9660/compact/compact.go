// Package compact drops what nothing in an image refers to, such as the contents of files that
// were removed or replaced by an update. What remains moves towards the start of the image,
// in the same order and byte for byte, except for the addresses in it.
//
// A Survey lists what an image consists of: the runs of sectors that are used, and where in
// the image the addresses of runs are stored. Rearrange makes a new image from it. It knows
// volumes of ISO 9660 (ECMA-119) with their extensions. The addresses of boot structures are
// changed by package boot/update.
package compact

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"sort"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/iso9660/internal/format"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/patch"
)

const sectorSize = disc.SectorSize

// run is a run of sectors that is used.
type run struct {
	start, end int64 // sectors
	fixed      bool  // it cannot move
	align      int64 // its address keeps its remainder by this number of sectors; 0: any address
	behind     bool  // it is a partition after the volume
}

// encoding is how an address is stored.
type encoding uint8

const (
	both32 encoding = iota // 32 bits in both byte orders (ECMA-119 7.3.3)
	little32
	big32
)

// reference is a place of the image with the address of a run.
type reference struct {
	at   int64 // offset in bytes
	base int64 // sector from which the address counts
	encoding
}

// Survey is what an image consists of.
type Survey struct {
	r     io.ReaderAt
	size  int64 // bytes
	runs  []run
	open  []int64 // sectors where runs begin that end where the next one begins
	files []run   // those with contents of files
	refs  []reference
	ends  []volumeSize
}

// volumeSize is a place with the size of a volume, in sectors from base on, in both byte
// orders (ECMA-119 8.4.8).
type volumeSize struct{ at, base int64 }

// padding is the number of unused sectors at the end of an image that are kept. Some drives
// cannot read the last sectors of a track, and programs add sectors for that.
const padding = 150

// Use adds sectors that are used and can move. Their new address has the same remainder by
// align, if that is not 0.
func (s *Survey) Use(start, sectors, align int64) {
	if sectors > 0 {
		s.runs = append(s.runs, run{start: start, end: start + sectors, align: align})
	}
}

// UseBehind adds sectors of a partition after the volume.
func (s *Survey) UseBehind(start, sectors, align int64) {
	if sectors > 0 {
		s.runs = append(s.runs, run{start: start, end: start + sectors, align: align, behind: true})
	}
}

// UseOpen adds a run whose length is not known. It ends where the next one begins.
func (s *Survey) UseOpen(start int64) { s.open = append(s.open, start) }

// Fix adds sectors that are used and stay where they are.
func (s *Survey) Fix(start, sectors int64) {
	s.runs = append(s.runs, run{start: start, end: start + sectors, fixed: true})
}

func (s *Survey) refer(at, base int64, e encoding) {
	s.refs = append(s.refs, reference{at, base, e})
}

// Plan says where everything goes.
type Plan struct {
	s    *Survey
	runs []run
	to   []int64 // new starts of the runs
	end  int64   // of the new image, in bytes
	// The sectors where the last run of the volume ended, and where it will end.
	lastFrom, lastTo int64
}

// Arrange decides where everything goes. Runs that overlap or touch move together, in the
// order of their addresses.
func (s *Survey) Arrange() (*Plan, error) {
	if err := s.checkFiles(); err != nil {
		return nil, err
	}
	last := (s.size + sectorSize - 1) / sectorSize
	p := &Plan{s: s, runs: joined(s.runs)}
	p.runs = closed(p.runs, s.open, last)
	at, before := int64(0), int64(0)
	for _, r := range p.runs {
		switch {
		case r.start < 0 || r.end > last:
			return nil, &patch.UnsafeError{Why: fmt.Sprintf("sectors %d to %d are used, but the image has %d", r.start, r.end-1, last)}
		case r.fixed:
			at = r.start
		case r.behind:
			at += min(r.start-before, padding)
		}
		if r.align > 0 && !r.fixed {
			at += (r.start - at) % r.align
		}
		p.to = append(p.to, at)
		at += r.end - r.start
		if before = r.end; !r.behind {
			p.lastFrom, p.lastTo = before, at
		}
	}
	if n := len(p.runs); n > 0 {
		at += min(last-p.runs[n-1].end, padding)
	}
	p.end = at * sectorSize
	return p, nil
}

// checkFiles checks that no address is in the contents of a file, which would change with it:
// a directory of a damaged image can be at the same sectors.
func (s *Survey) checkFiles() error {
	files := joined(s.files)
	for _, ref := range s.refs {
		lba := ref.at / sectorSize
		i := sort.Search(len(files), func(i int) bool { return files[i].end > lba })
		if i < len(files) && files[i].start <= lba {
			return &patch.UnsafeError{Why: fmt.Sprintf("it is damaged: sector %d belongs to the contents of a file and to a structure", lba)}
		}
	}
	return nil
}

// joined sorts runs and joins those that overlap or touch. A joined run is fixed if one of
// its parts is, and has the largest alignment.
func joined(list []run) []run {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b run) int { return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(b.end, a.end)) })
	var out []run
	for _, r := range list {
		n := len(out) - 1
		if n < 0 || out[n].end < r.start || out[n].end == r.start && (out[n].fixed != r.fixed || out[n].align != r.align || out[n].behind != r.behind) {
			out = append(out, r)
			continue
		}
		out[n].end = max(out[n].end, r.end)
		out[n].fixed = out[n].fixed || r.fixed
		out[n].align = max(out[n].align, r.align)
		out[n].behind = out[n].behind && r.behind
	}
	return out
}

// closed adds runs whose ends are not known to others, which are joined.
func closed(list []run, starts []int64, last int64) []run {
	starts = slices.Clone(starts)
	slices.Sort(starts)
	for _, start := range slices.Compact(starts) {
		i := sort.Search(len(list), func(i int) bool { return list[i].end > start })
		end := last
		if i < len(list) {
			end = list[i].start
		}
		if start < end {
			list = slices.Insert(list, i, run{start: start, end: end})
		}
	}
	return list
}

// SetSize sets the size of the new image in bytes, to what boot structures need at its end.
// Without it, at most 150 unused sectors are kept there.
func (p *Plan) SetSize(n int64) { p.end = n }

// Last returns the sectors where the last run of the volume ended, and where it will end.
// Partitions after it do not count.
func (p *Plan) Last() (from, to int64) { return p.lastFrom, p.lastTo }

// Moved returns the new address of a sector. For one that is not used, it returns the end of
// the last run before it, and false.
func (p *Plan) Moved(lba int64) (int64, bool) {
	i := sort.Search(len(p.runs), func(i int) bool { return p.runs[i].end > lba })
	if i < len(p.runs) && p.runs[i].start <= lba {
		return p.to[i] + lba - p.runs[i].start, true
	}
	if i == 0 {
		return 0, false
	}
	return p.to[i-1] + p.runs[i-1].end - p.runs[i-1].start, false
}

// Rearrange returns the new image, with the addresses that the survey knows changed. source
// is what the kernel can copy the old image from, nil for its reader.
func (p *Plan) Rearrange(source layout.Source) (*patch.Set, error) {
	if source == nil {
		source = &patch.Reader{ReaderAt: p.s.r}
	}
	var extents []layout.Extent
	for i, r := range p.runs {
		length := min(r.end*sectorSize, p.s.size) - r.start*sectorSize
		extents = append(extents, layout.Extent{Start: p.to[i] * sectorSize, Length: length, Offset: r.start * sectorSize, Source: source})
	}
	l, err := layout.New(extents, p.end)
	if err != nil {
		return nil, err
	}
	set := patch.NewLayout(l)
	for _, ref := range p.s.refs {
		if err := p.rewrite(set, ref); err != nil {
			return nil, err
		}
	}
	return set, nil
}

// Resize changes the sizes of the volumes in the new image. end returns the sector at which
// a volume will end that ended at a sector. Descriptors do not move.
func (p *Plan) Resize(set *patch.Set, end func(old int64) int64) error {
	for _, v := range p.s.ends {
		var b [8]byte
		if n, err := p.s.r.ReadAt(b[:], v.at); n < len(b) {
			return fmt.Errorf("read the size of the volume at byte %d: %w", v.at, err)
		}
		format.PutBoth32(b[:], uint32(end(v.base+int64(format.Both32(b[:])))-v.base))
		if _, err := set.WriteAt(b[:], v.at); err != nil {
			return err
		}
	}
	return nil
}

// rewrite changes one address.
func (p *Plan) rewrite(set *patch.Set, ref reference) error {
	var b [8]byte
	n := 4
	if ref.encoding == both32 {
		n = 8
	}
	if k, err := p.s.r.ReadAt(b[:n], ref.at); k < n {
		return fmt.Errorf("read the address at byte %d: %w", ref.at, err)
	}
	var old uint32
	switch ref.encoding {
	case both32:
		old = format.Both32(b[:])
	case little32:
		old = binary.LittleEndian.Uint32(b[:])
	case big32:
		old = binary.BigEndian.Uint32(b[:])
	}
	to, ok := p.Moved(int64(old) + ref.base)
	if !ok {
		return nil // the address of nothing, such as that of an empty file
	}
	at, ok := p.Moved(ref.at / sectorSize)
	if !ok {
		return fmt.Errorf("the address at byte %d is in a sector that is not used", ref.at)
	}
	now := uint32(to - ref.base)
	if now == old {
		return nil
	}
	switch ref.encoding {
	case both32:
		format.PutBoth32(b[:], now)
	case little32:
		binary.LittleEndian.PutUint32(b[:], now)
	case big32:
		binary.BigEndian.PutUint32(b[:], now)
	}
	_, err := set.WriteAt(b[:n], at*sectorSize+ref.at%sectorSize)
	return err
}
