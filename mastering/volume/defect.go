package volume

import (
	"fmt"
	"maps"
	"slices"

	"glassmaster/mastering/disc"
)

// Defect is something in the structures of a volume that the standard does not
// allow, or that cannot be right.
type Defect struct {
	LBA    disc.LBA // sector that holds what is wrong; 0 with no offset and path: unknown
	Offset int      // of the first byte concerned, within it
	Path   string   // of the directory or file concerned, empty for the volume
	Text   string
	Minor  bool // readers are known not to mind

	Incomplete bool // sectors are missing at the end
}

// String returns the text, behind the place where that is known.
func (d Defect) String() string {
	if d.LBA == 0 && d.Offset == 0 && d.Path == "" {
		return d.Text
	}
	s := fmt.Sprintf("sector %d, byte %d: ", d.LBA, d.Offset)
	if d.Path != "" {
		s += d.Path + ": "
	}
	return s + d.Text
}

// maxDefects bounds the list for a volume that is damaged throughout.
const maxDefects = 1000

// Defects collects what an examination of a volume finds. Its list ends with a
// note when there would be more than a thousand.
type Defects struct {
	list []Defect
	full bool
	odds map[string]*oddity
}

// oddity counts the minor defects of one kind.
type oddity struct {
	count int
	first Defect
}

// maxOdd is how many minor defects of one kind are listed. Some writers make the
// same in every folder, which must not hide what matters.
const maxOdd = 10

// Bad reports what readers stumble over, in the place that at tells.
func (l *Defects) Bad(at Defect, format string, args ...any) {
	at.Text = fmt.Sprintf(format, args...)
	l.add(at)
}

// Odd reports what they do not mind.
func (l *Defects) Odd(at Defect, format string, args ...any) {
	if l.odds == nil {
		l.odds = map[string]*oddity{}
	}
	o := l.odds[format]
	if o == nil {
		o = &oddity{}
		l.odds[format] = o
	}
	if o.count++; o.count > maxOdd {
		return
	}
	at.Text, at.Minor = fmt.Sprintf(format, args...), true
	if o.count == 1 {
		o.first = at
	}
	l.add(at)
}

func (l *Defects) add(d Defect) {
	if len(l.list) < maxDefects {
		l.list = append(l.list, d)
		return
	}
	if !l.full {
		l.list = append(l.list, Defect{LBA: d.LBA, Text: fmt.Sprintf("there are more defects than the %d listed", maxDefects), Minor: d.Minor})
	}
	l.full = true
}

// List returns what was found, with a note of the minor defects that are not
// listed. It is called once, at the end.
func (l *Defects) List() []Defect {
	for _, format := range slices.Sorted(maps.Keys(l.odds)) {
		if o := l.odds[format]; o.count > maxOdd {
			o.first.Text = fmt.Sprintf("the same is found in %d more places: %s", o.count-maxOdd, o.first.Text)
			l.add(o.first)
		}
	}
	return l.list
}
