package volume

import (
	"cmp"
	"context"
	"io/fs"
	"slices"
	"sort"
	"unicode"
	"unicode/utf8"

	"glassmaster/mastering/disc"
)

// Listing is what a view records about the contents of its files, in compact form: about
// 80 bytes per file, and its path.
type Listing struct {
	view    string
	files   []listed
	paths   []byte   // of all files, one after another
	extents []Extent // of all files
	lengths bool     // some sizes are those of another view

	starts []int32 // the files that have extents, ordered by the first one
	next   int     // index in starts after the last hit: files follow each other
}

// listed is a file of a Listing.
type listed struct {
	path, extent int // where they begin
	pathEnd      int
	count        int32 // of extents
	regular      bool
	sized        bool // its size is that of its extents
	size         int64
	place        uint64
}

// Add adds an entry of a walk.
func (l *Listing) Add(e *Entry) {
	if e.Err != nil || len(e.Extents) == 0 && !e.Mode.IsRegular() {
		return
	}
	l.lengths = l.lengths || e.Note != ""
	l.paths = append(l.paths, e.Path...)
	l.extents = append(l.extents, e.Extents...)
	l.files = append(l.files, listed{
		path: len(l.paths) - len(e.Path), pathEnd: len(l.paths),
		extent: len(l.extents) - len(e.Extents), count: int32(len(e.Extents)),
		regular: e.Mode.IsRegular(), sized: sized(e), size: e.Size, place: e.Place,
	})
}

// list returns the listing of a view.
func list(ctx context.Context, v fs.FS) (*Listing, error) {
	l := &Listing{}
	err := Walk(v, ".", func(e *Entry) error {
		l.Add(e)
		return ctx.Err()
	})
	return l, err
}

func (l *Listing) path(i int) []byte { return l.paths[l.files[i].path:l.files[i].pathEnd] }

func (l *Listing) extentsOf(i int) []Extent {
	f := l.files[i]
	return l.extents[f.extent : f.extent+int(f.count)]
}

// start returns the first sector of a file that has extents.
func (l *Listing) start(i int) disc.LBA { return l.extents[l.files[i].extent].Start }

func (l *Listing) content(i int) Content {
	return Content{l.files[i].size, slices.Clone(l.extentsOf(i))}
}

// at returns the files that begin at a sector.
func (l *Listing) at(start disc.LBA) []int32 {
	if l.starts == nil {
		l.starts = make([]int32, 0, len(l.files))
		for i, f := range l.files {
			if f.count > 0 {
				l.starts = append(l.starts, int32(i))
			}
		}
		slices.SortFunc(l.starts, func(a, b int32) int {
			return cmp.Or(cmp.Compare(l.start(int(a)), l.start(int(b))), cmp.Compare(a, b))
		})
	}
	from := func(k int) disc.LBA { return l.start(int(l.starts[k])) }
	i := l.next
	if i == len(l.starts) || from(i) != start || i > 0 && from(i-1) == start {
		i = sort.Search(len(l.starts), func(k int) bool { return from(k) >= start })
	}
	end := i
	for end < len(l.starts) && from(end) == start {
		end++
	}
	l.next = end
	return l.starts[i:end]
}

// difference is a file that differs between two listings.
type difference struct{ this, other int }

// against compares a listing with another. It returns the files that differ in the other
// one, and those that are not in it. Files are the same if their contents begin at the
// same sector or, if one is empty, if they have the same path.
func (l *Listing) against(o *Listing) (differ []difference, only []int) {
	var byPath []int // files that cannot be found by their first sector
	for i, f := range l.files {
		if !f.sized {
			continue
		}
		if f.count == 0 {
			byPath = append(byPath, i)
			continue
		}
		other, same := -1, true
		for _, k := range o.at(l.start(i)) {
			if g := o.files[k]; g.sized {
				same = same && (other < 0 || o.files[other].size == g.size)
				other = int(k)
			}
		}
		switch {
		case other < 0:
			byPath = append(byPath, i)
		case same && o.files[other].size != f.size:
			differ = append(differ, difference{i, other})
		}
	}
	if len(byPath) == 0 {
		return differ, nil
	}
	there := o.named(l, byPath)
	for _, i := range byPath {
		k := there[string(appendFold(nil, l.path(i)))]
		switch f := l.files[i]; {
		case k >= 0 && (o.files[k].size == 0) != (f.size == 0):
			differ = append(differ, difference{i, k})
		case k < 0 && f.count > 0 && len(o.at(l.start(i))) == 0:
			only = append(only, i)
		}
	}
	slices.SortFunc(differ, func(a, b difference) int { return cmp.Compare(a.this, b.this) })
	return differ, only
}

// named returns the files that have the paths of files of another listing, -1 for a path
// that is not in this one.
func (l *Listing) named(o *Listing, wanted []int) map[string]int {
	found := make(map[string]int, len(wanted))
	for _, i := range wanted {
		found[string(appendFold(nil, o.path(i)))] = -1
	}
	var b []byte
	for i, f := range l.files {
		if !f.sized {
			continue
		}
		b = appendFold(b[:0], l.path(i))
		if _, ok := found[string(b)]; ok {
			found[string(b)] = i
		}
	}
	return found
}

// appendFold appends the path in a form that is equal in all views: ISO 9660 has upper
// case letters, and a dot at the end of a name without an extension.
func appendFold(dst, path []byte) []byte {
	if n := len(path); n > 0 && path[n-1] == '.' {
		path = path[:n-1]
	}
	for i := 0; i < len(path); {
		c := path[i]
		if c < utf8.RuneSelf {
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			dst = append(dst, c)
			i++
			continue
		}
		r, n := utf8.DecodeRune(path[i:])
		dst = utf8.AppendRune(dst, unicode.ToLower(r))
		i += n
	}
	return dst
}
