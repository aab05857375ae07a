package runs

import (
	"fmt"
	"io"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/units"
)

// sized is a reader that knows its size in bytes, such as *io.SectionReader.
type sized interface {
	io.ReaderAt
	Size() int64
}

// missing returns the number of sectors of the run, at its end, that its file does not
// contain. It is 0 if the reader does not know its size.
func (r Run) missing() int64 {
	f, ok := r.From.(sized)
	if !ok {
		return 0
	}
	last := int64(r.Length) // bytes of the last sector, which nothing has to follow
	if r.SubFrom == nil {
		last = int64(r.Size())
	}
	room := f.Size() - r.Offset
	if room < last {
		return r.Count
	}
	return max(0, r.Count-1-(room-last)/int64(r.stride()))
}

// Shorten takes from the end of a disc the sectors that its files do not contain, and
// returns a notice about them. It is an error if they are not at the end of the disc, or if
// nothing else remains. Files whose reader has no method Size are taken to be complete.
func Shorten(toc disc.TOC, list []Run) (disc.TOC, []Run, []disc.Notice, error) {
	first := -1
	var end, lost disc.LBA
	for i, r := range list {
		m := r.missing()
		switch {
		case first >= 0 && r.From != nil && m < r.Count:
			return toc, list, nil, fmt.Errorf("the image does not contain sectors %d to %d, but contains those from %d on", end, list[first].End()-1, r.Start)
		case first >= 0:
			lost += disc.LBA(r.Count)
		case m > 0:
			first, end, lost = i, r.End()-disc.LBA(m), disc.LBA(m)
		}
	}
	if first < 0 {
		return toc, list, nil, nil
	}
	cut := disc.TOC{Catalog: toc.Catalog, LayerBreak: toc.LayerBreak}
	for _, s := range toc.Sessions {
		all := s.Tracks
		s.Tracks = nil
		for _, t := range all {
			if t.Start < end {
				t.Length = min(t.Length, int64(end-t.Start))
				t.Indexes = before(t.Indexes, end)
				s.Tracks = append(s.Tracks, t)
			}
		}
		if len(s.Tracks) > 0 {
			cut.Sessions = append(cut.Sessions, s)
		}
	}
	if len(cut.Sessions) == 0 {
		return toc, list, nil, fmt.Errorf("the image is truncated before the end of the first sector: %w", io.ErrUnexpectedEOF)
	}
	list[first].Count = int64(end - list[first].Start)
	list = list[:first+1]
	rest := cut.Sessions[len(cut.Sessions)-1].Tracks
	for n := len(list) - 1; n > 0 && list[n].Start >= rest[len(rest)-1].End(); n-- { // the pre-gap of a track that is missing
		r := list[n]
		list = list[:n]
		lost += disc.LBA(r.Count)
		if r.Count > 0 {
			end = r.Start
		}
	}
	return cut, list, []disc.Notice{{
		Severity: disc.Error, Incomplete: true,
		Text:   fmt.Sprintf("The image is truncated: %s from address %d on.", units.Count(int(lost), "sector is missing", "sectors are missing"), end),
		Advice: "copy or download the image again",
	}}, nil
}

// before returns the indexes before an address.
func before(list []disc.LBA, end disc.LBA) []disc.LBA {
	for i, at := range list {
		if at >= end {
			return list[:i:i]
		}
	}
	return list
}
