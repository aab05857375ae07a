package model

import (
	"slices"
	"strings"

	"glassmaster/mastering/tree"
)

// Limits of a listing.
const (
	// sortAtOnce is the largest number of rows that are sorted on the goroutine that owns
	// the window; more are sorted in the background.
	sortAtOnce = 5000
	// maxFound is the number of hits that a search shows.
	maxFound = 5000
)

// Listing is a list of files: the entries of one folder of a tree, or the hits
// of a search in all of it.
type Listing struct {
	Selection Selection[*tree.Node]
	OnChange  func() // rows, folder or selection have changed; may be nil

	post       Post
	removed    func(folder *tree.Node) []*tree.Node // that are shown although they are not in the folder; may be nil
	onShow     func()                               // called before OnChange; may be nil
	root       *tree.Node
	folder     *tree.Node
	order      Order
	query      string
	rows       []*tree.Node
	more       bool // a search found more than maxFound
	sorting    bool
	generation int
	back       []*tree.Node
	forward    []*tree.Node
}

// NewListing returns a list of the entries of a root folder.
func NewListing(root *tree.Node, post Post) *Listing {
	l := &Listing{post: post}
	l.setRoot(root)
	return l
}

// setRoot shows another tree.
func (l *Listing) setRoot(root *tree.Node) {
	l.root, l.folder, l.query = root, root, ""
	l.back, l.forward = nil, nil
	l.Selection.Clear()
	l.Refresh()
}

// Root returns the root of the tree.
func (l *Listing) Root() *tree.Node { return l.root }

// Folder returns the folder whose entries are shown.
func (l *Listing) Folder() *tree.Node { return l.folder }

// Rows returns the rows that are shown. The caller must not change them.
func (l *Listing) Rows() []*tree.Node { return l.rows }

// Selected returns the selected rows in their order.
func (l *Listing) Selected() []*tree.Node { return l.Selection.In(l.rows) }

// Order returns how the list is sorted.
func (l *Listing) Order() Order { return l.order }

// Query returns the text that is searched for, or "".
func (l *Listing) Query() string { return l.query }

// Truncated reports whether a search found more than it shows.
func (l *Listing) Truncated() bool { return l.more }

// SortBy sorts by a column, or reverses the order if it is sorted by this one.
func (l *Listing) SortBy(c Column) {
	l.order = l.order.Toggle(c)
	l.Refresh()
}

// Search shows every entry of the tree whose name contains the text. An empty text shows
// the folder again.
func (l *Listing) Search(text string) {
	l.query = strings.TrimSpace(text)
	l.Refresh()
}

// Open shows the entries of a folder.
func (l *Listing) Open(folder *tree.Node) {
	if folder == nil || !folder.IsDir() || (folder == l.folder && l.query == "") {
		return
	}
	if folder != l.folder {
		l.back, l.forward = append(l.back, l.folder), nil
	}
	l.show(folder)
}

// Up shows the parent folder, and selects the folder that was shown.
func (l *Listing) Up() {
	left := l.folder
	if left == nil || left.Parent() == nil {
		return
	}
	l.Open(left.Parent())
	l.Selection.Set(left)
	l.changed()
}

// Back shows the folder that was shown before.
func (l *Listing) Back() {
	if n := len(l.back); n > 0 {
		to := l.back[n-1]
		l.back, l.forward = l.back[:n-1], append(l.forward, l.folder)
		l.show(to)
	}
}

// Forward undoes Back.
func (l *Listing) Forward() {
	if n := len(l.forward); n > 0 {
		to := l.forward[n-1]
		l.forward, l.back = l.forward[:n-1], append(l.back, l.folder)
		l.show(to)
	}
}

// CanBack reports whether Back has a folder to show.
func (l *Listing) CanBack() bool { return len(l.back) > 0 }

// CanForward reports whether Forward has a folder to show.
func (l *Listing) CanForward() bool { return len(l.forward) > 0 }

// Path returns the folders from the root to the one shown.
func (l *Listing) Path() []*tree.Node {
	var p []*tree.Node
	for n := l.folder; n != nil; n = n.Parent() {
		p = append([]*tree.Node{n}, p...)
	}
	return p
}

func (l *Listing) show(folder *tree.Node) {
	l.folder, l.query = folder, ""
	l.Selection.Clear()
	l.Refresh()
}

// Refresh reads the tree again, after it has been edited.
func (l *Listing) Refresh() {
	l.leaveRemoved()
	rows := l.collect()
	l.generation++
	l.sorting = false
	if len(rows) <= sortAtOnce {
		l.order.Sort(rows)
		l.take(rows)
		return
	}
	l.sorting = true
	if len(l.rows) != len(rows) {
		l.rows = rows // unsorted for a moment, but up to date
	}
	l.sortInBackground(rows, l.generation)
	l.changed()
}

// sortInBackground sorts copies of the nodes, which may be edited meanwhile.
func (l *Listing) sortInBackground(rows []*tree.Node, generation int) {
	copies := make([]tree.Node, len(rows))
	ptrs := make([]*tree.Node, len(rows))
	at := make(map[*tree.Node]*tree.Node, len(rows))
	for i, n := range rows {
		copies[i] = *n
		ptrs[i] = &copies[i]
		at[ptrs[i]] = n
	}
	order := l.order
	go func() {
		order.Sort(ptrs)
		sorted := make([]*tree.Node, len(ptrs))
		for i, p := range ptrs {
			sorted[i] = at[p]
		}
		l.post(func() {
			if l.generation == generation {
				l.sorting = false
				l.take(sorted)
			}
		})
	}()
}

// leaveRemoved shows the root if the folder is no longer in the tree.
func (l *Listing) leaveRemoved() {
	in := func(n *tree.Node) bool { return l.root != nil && l.root.Contains(n) }
	if !in(l.folder) {
		l.folder = l.root
	}
	l.back = keep(l.back, in)
	l.forward = keep(l.forward, in)
}

func keep(nodes []*tree.Node, in func(*tree.Node) bool) []*tree.Node {
	out := nodes[:0]
	for _, n := range nodes {
		if in(n) {
			out = append(out, n)
		}
	}
	return out
}

func (l *Listing) collect() []*tree.Node {
	l.more = false
	if l.folder == nil {
		return nil
	}
	if l.query == "" {
		return l.entries(l.folder)
	}
	var rows []*tree.Node
	l.more = !l.find(l.root, strings.ToLower(l.query), &rows)
	return rows
}

// entries returns what is shown of a folder.
func (l *Listing) entries(folder *tree.Node) []*tree.Node {
	rows := slices.Clone(Entries(folder))
	if l.removed != nil {
		rows = append(rows, l.removed(folder)...)
	}
	return rows
}

// find appends the entries below a folder whose names contain a text. It returns false if
// there are more than maxFound.
func (l *Listing) find(folder *tree.Node, text string, rows *[]*tree.Node) bool {
	for _, n := range l.entries(folder) {
		if strings.Contains(strings.ToLower(n.Name), text) {
			if len(*rows) == maxFound {
				return false
			}
			*rows = append(*rows, n)
		}
		if n.IsDir() && n.Parent() != nil && !l.find(n, text, rows) {
			return false
		}
	}
	return true
}

// Entries returns the entries of a folder, none if they were not read from the disc yet:
// the goroutine of the window does not wait for a disc. The caller must not change them.
func Entries(folder *tree.Node) []*tree.Node {
	if folder.Unread() {
		return nil
	}
	return folder.Children()
}

func (l *Listing) take(rows []*tree.Node) {
	l.rows = rows
	if l.Selection.Len() > 0 {
		in := make(map[*tree.Node]bool, len(rows))
		for _, n := range rows {
			in[n] = true
		}
		l.Selection.retain(func(n *tree.Node) bool { return in[n] })
	}
	l.changed()
}

func (l *Listing) changed() {
	if l.onShow != nil {
		l.onShow()
	}
	if l.OnChange != nil {
		l.OnChange()
	}
}
