package files

import (
	"strings"
	"time"

	"fyne.io/fyne/v2"
)

// findPause is the longest time between two letters of a name that is typed to find a
// row.
const findPause = time.Second

// key handles a key that was typed in the rows.
func (f *List) key(k fyne.KeyName, shift bool) bool {
	rows, sel := f.list.Rows(), &f.list.Selection
	step := map[fyne.KeyName]int{
		fyne.KeyUp: -1, fyne.KeyDown: 1, fyne.KeyHome: -len(rows), fyne.KeyEnd: len(rows),
		fyne.KeyPageUp: -f.rows.PageRows(), fyne.KeyPageDown: f.rows.PageRows(),
	}
	if by, ok := step[k]; ok {
		sel.Step(rows, by, shift)
		f.rows.Reveal(sel.At(rows))
		f.selected()
		return true
	}
	switch k {
	case fyne.KeyReturn, fyne.KeyEnter:
		if n, ok := sel.Cursor(); ok && f.OnOpen != nil {
			f.OnOpen(n)
		}
		return true
	case fyne.KeyBackspace:
		f.list.Up()
		return true
	case fyne.KeyEscape:
		if f.Drag != nil && f.Drag.active() {
			f.Drag.Cancel()
			return true
		}
		sel.Clear()
		f.selected()
		return true
	}
	return f.OnKey != nil && f.OnKey(k)
}

// command handles a shortcut, and reports whether the list supports it.
func (f *List) command(s fyne.Shortcut) bool {
	if _, ok := s.(*fyne.ShortcutSelectAll); ok {
		f.SelectAll()
		return true
	}
	return f.OnCommand != nil && f.OnCommand(s)
}

// SelectAll selects every row.
func (f *List) SelectAll() {
	f.list.Selection.All(f.list.Rows())
	f.selected()
}

// find selects the next row whose name begins with what was typed.
func (f *List) find(r rune) {
	now := f.rows.now()
	if now.Sub(f.typedAt) > findPause {
		f.typed = ""
	}
	f.typed += strings.ToLower(string(r))
	f.typedAt = now
	rows, sel := f.list.Rows(), &f.list.Selection
	from := max(sel.At(rows), 0)
	if len([]rune(f.typed)) == 1 && sel.Len() > 0 {
		from++ // the same letter again finds the next
	}
	for i := range rows {
		j := (from + i) % len(rows)
		if strings.HasPrefix(strings.ToLower(rows[j].Name), f.typed) {
			sel.Set(rows[j])
			f.rows.Reveal(j)
			f.selected()
			return
		}
	}
}
