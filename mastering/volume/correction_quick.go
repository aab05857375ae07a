package volume

import (
	"cmp"
	"context"
	"slices"

	"glassmaster/mastering/disc"
)

const (
	maxPadding = 300  // sectors at the end of a disc
	manyEmpty  = 1000 // up to this number of empty files are always checked
)

// suspects returns the files of a view that may have more contents than recorded: those
// that are followed by sectors of no file, and, if there are such sectors, the empty
// files. On most discs files follow each other, so that it is only the last one.
func (l *Listing) suspects(end disc.LBA) []int {
	type run struct {
		start, end disc.LBA
		file       int32 // -1: more of the file follows
	}
	runs := make([]run, 0, len(l.extents))
	var empty []int
	for i, f := range l.files {
		if !f.regular {
			continue
		}
		if f.count == 0 {
			empty = append(empty, i)
		}
		extents := l.extentsOf(i)
		for k, x := range extents {
			r := run{x.Start, x.Start + disc.LBA((x.Length+disc.SectorSize-1)/disc.SectorSize), -1}
			if k == len(extents)-1 {
				r.file = int32(i)
			}
			runs = append(runs, r)
		}
	}
	order := func(a, b run) int { return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.end, b.end)) }
	if !slices.IsSortedFunc(runs, order) {
		slices.SortStableFunc(runs, order)
	}
	var found []int
	var reach disc.LBA
	room := false // for the contents of a file recorded as empty
	for i, r := range runs {
		reach = max(reach, r.end)
		next, padding := end, disc.LBA(maxPadding)
		if i+1 < len(runs) {
			next, padding = runs[i+1].start, 0
		}
		if reach < next && r.file >= 0 {
			found = append(found, int(r.file))
		}
		room = room || reach+padding < next
	}
	if room || len(runs) == 0 || len(empty) <= manyEmpty {
		found = append(found, empty...)
	}
	return found
}

// lookUp compares files that may be longer in b, by their paths. It returns false if one
// of the paths is not in b.
func (l *Listing) lookUp(files []int, b FS) ([]lengthened, bool) {
	var all []lengthened
	for _, i := range files {
		f := l.files[i]
		if !f.sized {
			continue
		}
		info, err := b.Lstat(string(l.path(i)))
		if err != nil || !info.Mode().IsRegular() {
			return nil, false
		}
		at, ok := info.Sys().(*Attributes)
		if !ok || info.Size() == f.size || len(at.Extents) == 0 || f.count > 0 && at.Extents[0].Start != l.start(i) {
			continue
		}
		all = append(all, lengthened{f.place, f.size, Content{info.Size(), at.Extents}})
	}
	return all, true
}

// longer returns the files of a that differ in b. If reading all of b is slow, it only
// looks up the files that may be longer, where possible.
func longer(a, b FS, end disc.LBA) []lengthened {
	this, _ := list(context.Background(), a) // a damaged volume as far as it can be read
	if viewOf(b).Spread {
		files := this.suspects(end)
		if len(files) == 0 {
			return nil
		}
		if found, ok := this.lookUp(files, b); ok {
			return found
		}
	}
	other, _ := list(context.Background(), b)
	var all []lengthened
	differ, _ := this.against(other)
	for _, d := range differ {
		f := this.files[d.this]
		all = append(all, lengthened{f.place, f.size, other.content(d.other)})
	}
	return all
}
