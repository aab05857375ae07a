package volume

import (
	"cmp"
	"io/fs"
	"slices"

	"glassmaster/mastering/disc"
)

const (
	slack = 300  // sectors at the end of a disc that may be padding
	few   = 1000 // empty files that are looked at in any case
)

// suspects returns the files of a that may have more contents than a says: those that
// sectors follow which no file of a lays claim to, and, where there are such sectors,
// the empty ones. On most discs files follow each other, and it is the last one alone.
func suspects(a fs.FS, end disc.LBA) []Entry {
	type run struct {
		start, end disc.LBA
		e          Entry
	}
	var runs []run
	var empty []Entry
	_ = Walk(a, ".", func(e *Entry) error { // the function never fails
		if !e.Mode.IsRegular() || e.Err != nil {
			return nil
		}
		keep := Entry{Path: slices.Clone(e.Path), Mode: e.Mode, Size: e.Size, Place: e.Place, Encoded: e.Encoded, Extents: slices.Clone(e.Extents)}
		if len(e.Extents) == 0 {
			empty = append(empty, keep)
		}
		for i, x := range e.Extents {
			r := run{start: x.Start, end: x.Start + disc.LBA((x.Length+disc.SectorSize-1)/disc.SectorSize)}
			if i == len(e.Extents)-1 {
				r.e = keep
			}
			runs = append(runs, r)
		}
		return nil
	})
	slices.SortStableFunc(runs, func(a, b run) int { return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.end, b.end)) })
	var list []Entry
	var reach disc.LBA
	room := false // for a file that is said to be empty
	for i, r := range runs {
		reach = max(reach, r.end)
		next, padding := end, disc.LBA(slack)
		if i+1 < len(runs) {
			next, padding = runs[i+1].start, 0
		}
		if reach < next && r.e.Path != nil {
			list = append(list, r.e)
		}
		room = room || reach+padding < next
	}
	if room || len(runs) == 0 || len(empty) <= few {
		list = append(list, empty...)
	}
	return list
}

// compareSuspects is Compare for files that may be longer in b than in a, by their
// paths. It reports false where b does not know one of the paths.
func compareSuspects(list []Entry, b FS) ([]Difference, bool) {
	var all []Difference
	for _, e := range list {
		if !sized(&e) {
			continue
		}
		info, err := b.Lstat(string(e.Path))
		if err != nil || !info.Mode().IsRegular() {
			return nil, false
		}
		at, ok := info.Sys().(*Attributes)
		if !ok || info.Size() == e.Size || len(at.Extents) == 0 || len(e.Extents) > 0 && at.Extents[0].Start != e.Extents[0].Start {
			continue
		}
		all = append(all, Difference{string(e.Path), e.Place, Content{e.Size, e.Extents}, Content{info.Size(), at.Extents}})
	}
	return all, true
}

// longer returns the files of a of which b knows more. Files of UDF are spread over
// as many sectors as there are files, and so of a few they alone are looked at.
func longer(a, b FS, end disc.LBA) []Difference {
	if b.Volume().View == "UDF" {
		list := suspects(a, end)
		if len(list) == 0 {
			return nil
		}
		if found, ok := compareSuspects(list, b); ok {
			return found
		}
	}
	return Compare(a, b)
}
