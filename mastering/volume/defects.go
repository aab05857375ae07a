package volume

import (
	"fmt"
	"maps"
	"slices"

	"glassmaster/mastering/disc"
)

// maxDefects bounds the list for a volume that is damaged throughout.
const maxDefects = 1000

// Defects collects what an examination of a volume finds. Its list ends with a
// note when there would be more than a thousand.
type Defects struct {
	list []disc.Notice
	full bool
	odds map[string]*oddity
}

// oddity counts the minor defects of one kind.
type oddity struct {
	count int
	first disc.Notice
}

// maxOdd is how many minor defects of one kind are listed. Some writers make the
// same in every folder, which must not hide what matters.
const maxOdd = 10

// Bad reports what readers stumble over, in the place that at tells.
func (l *Defects) Bad(at disc.Notice, format string, args ...any) {
	at.Text, at.Severity = fmt.Sprintf(format, args...), disc.Error
	l.add(at)
}

// Odd reports what they do not mind.
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
		l.list = append(l.list, disc.Notice{LBA: d.LBA, Text: fmt.Sprintf("there are more defects than the %d listed", maxDefects), Severity: d.Severity})
	}
	l.full = true
}

// List returns what was found, with a note of the minor defects that are not
// listed. It is called once, at the end.
func (l *Defects) List() []disc.Notice {
	for _, format := range slices.Sorted(maps.Keys(l.odds)) {
		if o := l.odds[format]; o.count > maxOdd {
			o.first.Text = fmt.Sprintf("the same is found in %d more places: %s", o.count-maxOdd, o.first.Text)
			l.add(o.first)
		}
	}
	return l.list
}
