package volume

import (
	"fmt"
	"maps"
	"slices"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/units"
)

// maxDefects limits the list of a heavily damaged volume.
const maxDefects = 1000

// Defects collects what a check of a volume finds. If there is more than a thousand,
// the list ends with a notice that says so.
type Defects struct {
	list []disc.Notice
	full bool
	odds map[string]*oddity
}

// oddity counts the harmless defects of one kind.
type oddity struct {
	count int
	first disc.Notice
}

// maxOdd is how many harmless defects of one kind are listed. Some programs write the
// same one in every folder, which must not hide what matters.
const maxOdd = 10

// Bad reports a defect that readers cannot ignore, at the given place.
func (l *Defects) Bad(at disc.Notice, format string, args ...any) {
	at.Text, at.Severity = fmt.Sprintf(format, args...), disc.Error
	l.add(at)
}

// Odd reports a defect that readers are known to ignore.
func (l *Defects) Odd(at disc.Notice, format string, args ...any) {
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
	at.Text, at.Severity = fmt.Sprintf(format, args...), disc.Info
	if o.count == 1 {
		o.first = at
	}
	l.add(at)
}

func (l *Defects) add(d disc.Notice) {
	if len(l.list) < maxDefects {
		l.list = append(l.list, d)
		return
	}
	if !l.full {
		l.list = append(l.list, disc.Notice{LBA: d.LBA, Text: fmt.Sprintf("only the first %d defects are listed", maxDefects), Severity: d.Severity})
	}
	l.full = true
}

// List returns what was found, with a notice for harmless defects that are not listed
// one by one. It is called once, at the end.
func (l *Defects) List() []disc.Notice {
	for _, format := range slices.Sorted(maps.Keys(l.odds)) {
		if o := l.odds[format]; o.count > maxOdd {
			o.first.Text = fmt.Sprintf("the same in %s: %s", units.Count(o.count-maxOdd, "more place", "more places"), o.first.Text)
			l.add(o.first)
		}
	}
	return l.list
}
