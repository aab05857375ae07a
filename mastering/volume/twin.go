package volume

import (
	"context"
	"fmt"
	"io/fs"
	"strings"

	"glassmaster/mastering/disc"
)

// A disc may show the same files in several views, such as ISO 9660 and UDF, which
// are written apart from one another and may disagree. The sizes of ISO 9660 have 32
// bits: what a writer cuts to them is a small part of a file of 4 GiB and more. And
// writers of a later session may know contents of earlier ones in one view only.

// Content is what a view says of the contents of a file.
type Content struct {
	Size    int64
	Extents []Extent
}

// Difference is a file of which two views say different things.
type Difference struct {
	Path  string // in the first view
	Place uint64 // of its entry there, for Opener
	This  Content
	Other Content
}

// Longer is what another view says of a file of which it knows more.
type Longer struct {
	Content
	Note string // for people: who says what, and what is taken
}

// Twinned is a file system that takes the contents of files from another view of the
// same disc, where that knows more of them. SetTwin gives it the function that finds
// those files, by the Place of their entries; it is called when it is needed first.
type Twinned interface {
	SetTwin(find func() map[uint64]Longer)
}

// Compare returns the files of a of which b says something else. Files are the same
// when their contents begin in the same sector, or, where one is empty, when they
// have the same path. It goes through all folders of both.
func Compare(a, b fs.FS) []Difference {
	t := newTwin(b)
	var list []Difference
	_ = Walk(a, ".", func(e *Entry) error { // the function never fails
		if !sized(e) {
			return nil
		}
		if c, ok := t.of(e); ok && c.Size != e.Size {
			list = append(list, Difference{
				string(e.Path), e.Place, Content{e.Size, append([]Extent(nil), e.Extents...)}, c,
			})
		}
		return nil
	})
	return list
}

// sized reports whether an entry is a file whose size is that of its sectors.
func sized(e *Entry) bool {
	return e.Err == nil && e.Mode.IsRegular() && !e.Encoded && (len(e.Extents) > 0 || e.Size == 0)
}

// twin is what a view says of its files.
type twin struct {
	starts map[disc.LBA]Content
	many   map[disc.LBA]bool // files of several sizes begin here
	there  map[disc.LBA]bool // any file begins here
	paths  map[string]Content
}

func newTwin(v fs.FS) *twin {
	t := &twin{map[disc.LBA]Content{}, map[disc.LBA]bool{}, map[disc.LBA]bool{}, map[string]Content{}}
	_ = Walk(v, ".", func(e *Entry) error { // the function never fails
		if e.Err == nil && len(e.Extents) > 0 {
			t.there[e.Extents[0].Start] = true
		}
		if !sized(e) {
			return nil
		}
		c := Content{e.Size, append([]Extent(nil), e.Extents...)}
		t.paths[fold(e.Path)] = c
		if len(c.Extents) == 0 {
			return nil
		}
		start := c.Extents[0].Start
		if before, ok := t.starts[start]; ok && before.Size != c.Size {
			t.many[start] = true
		}
		t.starts[start] = c
		return nil
	})
	return t
}

// fold makes paths of different views equal: ISO 9660 has capitals, and a dot at the
// end of a name without an ending.
func fold(path []byte) string {
	return strings.TrimSuffix(strings.ToLower(string(path)), ".")
}

// of returns what the view says of a file of another one.
func (t *twin) of(e *Entry) (Content, bool) {
	if len(e.Extents) > 0 {
		start := e.Extents[0].Start
		if c, ok := t.starts[start]; ok {
			return c, !t.many[start]
		}
	}
	c, ok := t.paths[fold(e.Path)]
	return c, ok && (c.Size == 0) != (e.Size == 0)
}

// setTwin has a view take contents from the other file systems on the disc, which
// open opens anew.
func setTwin(v FS, end disc.LBA, others func() []FS, again func() (FS, error)) {
	t, ok := v.(Twinned)
	if !ok {
		return
	}
	t.SetTwin(func() map[uint64]Longer {
		found := map[uint64]Longer{}
		for _, other := range others() {
			same, err := again() // v itself waits for the answer
			if err != nil {
				continue
			}
			for _, d := range longer(same, other, end) {
				if d.Other.Size > d.This.Size {
					this, that := same.Volume().View, other.Volume().View
					found[d.Place] = Longer{d.Other, fmt.Sprintf("%s says %d bytes, %s %d: what %s says is taken", this, d.This.Size, that, d.Other.Size, that)}
				}
			}
		}
		return found
	})
}

// Disagreements returns where the views of a session of a disc say different things
// about a file: how large it is, or, as a remark, that it is there at all, since
// files may be hidden from a view on purpose. It goes through all folders of all
// views.
func Disagreements(ctx context.Context, d disc.Disc, o Options) ([]Defect, error) {
	all, err := everyView(d, o)
	if err != nil || len(all) < 2 {
		return nil, err
	}
	var list Defects
	first := all[0]
	for _, other := range all[1:] {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		a, b := first.Volume().View, other.Volume().View
		for _, diff := range Compare(first, other) {
			list.Bad(Defect{LBA: diff.start(), Path: diff.Path}, "%s says that the file has %d bytes, %s says %d", a, diff.This.Size, b, diff.Other.Size)
		}
		only(&list, first, other)
		only(&list, other, first)
	}
	return list.List(), nil
}

// start returns where the contents begin.
func (d Difference) start() disc.LBA {
	for _, c := range []Content{d.This, d.Other} {
		if len(c.Extents) > 0 {
			return c.Extents[0].Start
		}
	}
	return 0
}

// everyView opens all views of the session that the options name.
func everyView(d disc.Disc, o Options) ([]FS, error) {
	r, size, o, err := track(d, o)
	if err != nil {
		return nil, err
	}
	if o, err = o.ChooseSession(r, size); err != nil {
		return nil, err
	}
	var all []FS
	for _, f := range formats {
		o.View = ""
		v, err := f.open(r, size, o)
		if err != nil {
			continue
		}
		for _, name := range v.Volume().Views {
			o.View = name
			if v, err := f.open(r, size, o); err == nil {
				all = append(all, v)
			}
		}
	}
	return all, nil
}

// only tells of files of a that are not in b.
func only(list *Defects, a, b FS) {
	t := newTwin(b)
	_ = Walk(a, ".", func(e *Entry) error { // the function never fails
		if !sized(e) || len(e.Extents) == 0 {
			return nil
		}
		start := e.Extents[0].Start
		if t.there[start] {
			return nil
		}
		if _, ok := t.paths[fold(e.Path)]; ok { // of another size, which is told
			return nil
		}
		list.Odd(Defect{LBA: start, Path: string(e.Path)}, "the file is in %s and not in %s", a.Volume().View, b.Volume().View)
		return nil
	})
}
