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
	list  []disc.Notice
	full  bool
	minor map[string]*minorKind
}

// minorKind counts the minor defects of one kind.
type minorKind struct {
	count int
	first disc.Notice
}

// maxMinor is how many minor defects of one kind are listed. Some programs write the same
// one in every folder, which must not hide what matters.
const maxMinor = 10

// Report adds a defect that readers cannot ignore, at the given place.
func (l *Defects) Report(at disc.Notice, format string, args ...any) {
	at.Text, at.Severity = fmt.Sprintf(format, args...), disc.Error
	l.add(at)
}

// ReportMinor adds a defect that readers are known to ignore.
func (l *Defects) ReportMinor(at disc.Notice, format string, args ...any) {
	if l.minor == nil {
		l.minor = map[string]*minorKind{}
	}
	o := l.minor[format]
	if o == nil {
		o = &minorKind{}
		l.minor[format] = o
	}
	if o.count++; o.count > maxMinor {
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

// List returns what was found, with a notice for minor defects that are not listed one by
// one. It is called once, at the end.
func (l *Defects) List() []disc.Notice {
	for _, format := range slices.Sorted(maps.Keys(l.minor)) {
		if o := l.minor[format]; o.count > maxMinor {
			o.first.Text = fmt.Sprintf("the same in %s: %s", units.Count(o.count-maxMinor, "more place", "more places"), o.first.Text)
			l.add(o.first)
		}
	}
	return l.list
}
