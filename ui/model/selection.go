package model

// Selection is the selected rows of a list. Rows are identified by their key, so that
// sorting and searching do not change the selection.
type Selection[K comparable] struct {
	chosen map[K]bool
	cursor K    // the row that the keyboard acts on
	anchor K    // where a range begins
	placed bool // cursor and anchor are valid
}

// Has reports whether a row is selected.
func (s *Selection[K]) Has(k K) bool { return s.chosen[k] }

// Len returns how many rows are selected.
func (s *Selection[K]) Len() int { return len(s.chosen) }

// Cursor returns the row that the keyboard acts on, or false if there is none.
func (s *Selection[K]) Cursor() (K, bool) { return s.cursor, s.placed }

// In returns the selected rows in the order of the list.
func (s *Selection[K]) In(rows []K) []K {
	var out []K
	for _, k := range rows {
		if s.chosen[k] {
			out = append(out, k)
		}
	}
	return out
}

// Clear deselects all rows.
func (s *Selection[K]) Clear() { *s = Selection[K]{} }

// Set selects these rows and no other.
func (s *Selection[K]) Set(keys ...K) {
	s.chosen = make(map[K]bool, len(keys))
	for _, k := range keys {
		s.chosen[k] = true
	}
	if len(keys) > 0 {
		s.cursor, s.anchor, s.placed = keys[0], keys[0], true
	}
}

// All selects every row.
func (s *Selection[K]) All(rows []K) {
	cursor, placed := s.cursor, s.placed
	s.Set(rows...)
	if placed {
		s.cursor, s.anchor = cursor, cursor
	}
}

// Click handles a click on row i: with extend it selects the range from the anchor to the
// row, with toggle it selects or deselects the row alone.
func (s *Selection[K]) Click(rows []K, i int, extend, toggle bool) {
	if i < 0 || i >= len(rows) {
		return
	}
	k := rows[i]
	switch {
	case extend:
		s.extend(rows, i, toggle)
	case toggle:
		s.toggle(k)
		s.cursor, s.anchor, s.placed = k, k, true
	default:
		s.Set(k)
	}
}

// Step moves the cursor by a number of rows, as the arrow keys do.
func (s *Selection[K]) Step(rows []K, by int, extend bool) {
	if len(rows) == 0 {
		return
	}
	at := s.index(rows, s.cursor)
	switch {
	case at < 0 && by < 0:
		at = len(rows) - 1
	case at < 0:
		at = 0
	default:
		at = min(max(at+by, 0), len(rows)-1)
	}
	s.Click(rows, at, extend && s.placed, false)
}

// At returns the index of the cursor in the list, -1 when it is not there.
func (s *Selection[K]) At(rows []K) int { return s.index(rows, s.cursor) }

// retain deselects the rows that keep does not report.
func (s *Selection[K]) retain(keep func(K) bool) {
	for k := range s.chosen {
		if !keep(k) {
			delete(s.chosen, k)
		}
	}
	if s.placed && !keep(s.cursor) {
		var none K
		s.cursor, s.anchor, s.placed = none, none, false
	}
}

func (s *Selection[K]) toggle(k K) {
	if s.chosen == nil {
		s.chosen = map[K]bool{}
	}
	if s.chosen[k] {
		delete(s.chosen, k)
		return
	}
	s.chosen[k] = true
}

func (s *Selection[K]) extend(rows []K, to int, add bool) {
	from := s.index(rows, s.anchor)
	if from < 0 {
		from = to
		s.anchor = rows[to]
	}
	if !add || s.chosen == nil {
		s.chosen = map[K]bool{}
	}
	for i := min(from, to); i <= max(from, to); i++ {
		s.chosen[rows[i]] = true
	}
	s.cursor, s.placed = rows[to], true
}

func (s *Selection[K]) index(rows []K, k K) int {
	if !s.placed {
		return -1
	}
	for i := range rows {
		if rows[i] == k {
			return i
		}
	}
	return -1
}
