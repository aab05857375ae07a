package edit

import (
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/tree"
)

// sums corrects the files of checksums in an edited tree.
type sums struct {
	root *tree.Node // a copy of the edited tree
	at   time.Time
	renames
	fresh   map[string]bool              // paths of files that have other contents, or none before
	added   []string                     // paths of files and folders
	source  map[*tree.Node]layout.Source // of contents that differ from those of the node
	found   map[*tree.Node]*sumFile      // by their nodes; nil: has no checksums
	visited map[string]bool              // folders that were searched
	notices []disc.Notice
}

// newSums returns what corrects the files of checksums of a tree with changes.
func newSums(root *tree.Node, changes []Change, at time.Time) *sums {
	s := &sums{root: root, at: at, renames: newRenames(changes), fresh: map[string]bool{}, found: map[*tree.Node]*sumFile{}, visited: map[string]bool{}}
	for _, c := range changes {
		switch c.Kind {
		case Replaced:
			s.fresh[c.Path] = true
		case Added:
			s.added = append(s.added, c.Path)
		}
	}
	return s
}

// refresh corrects the files of checksums in the folders in which something has changed, and
// in those above them. It returns those that it has corrected. Files of checksums that were
// edited, or moved to another folder, stay as they are.
func (s *sums) refresh(changes []Change) ([]*tree.Node, error) {
	for _, p := range s.added {
		_ = s.root.Lookup(p).Walk(func(n *tree.Node) error { // never fails
			if n.Mode.IsRegular() {
				s.fresh[n.Path()] = true
			}
			return nil
		})
	}
	for _, c := range changes {
		if c.Node == nil || c.Kind == Attributes {
			continue
		}
		list := []string{c.Path}
		if o := c.Node.Origin(); o != nil {
			former, _ := s.now(path.Dir(o.Path()))
			list = append(list, path.Join(former, o.Name))
		}
		for _, p := range list {
			if err := s.find(p); err != nil {
				return nil, err
			}
		}
	}
	var corrected []*tree.Node
	for _, f := range s.inOrder() {
		changed, err := s.correct(f)
		if err != nil {
			return nil, err
		}
		if changed {
			corrected = append(corrected, f.node)
		}
	}
	return corrected, nil
}

// find finds the files of checksums in the folders above a path.
func (s *sums) find(p string) error {
	for p != "/" {
		p = path.Dir(path.Clean("/" + p))
		if s.visited[p] {
			return nil // with those above it; there can be a million changes in a folder
		}
		s.visited[p] = true
		folder := s.root.Lookup(p)
		if folder == nil || !folder.IsDir() {
			continue
		}
		for _, n := range folder.Children() {
			if _, known := s.found[n]; known || !n.Mode.IsRegular() || !isSumFile(n.Name) || n.Size > maxSums {
				continue
			}
			if !n.SameContents() || n.Parent().Origin() != n.Origin().Parent() {
				continue
			}
			f, err := readSums(n)
			if err != nil {
				return err
			}
			s.found[n] = f
		}
	}
	return nil
}

// inOrder returns the files of checksums so that each comes after those that it lists.
func (s *sums) inOrder() []*sumFile {
	var left, list []*sumFile
	for _, f := range s.found {
		if f != nil {
			left = append(left, f)
		}
	}
	slices.SortFunc(left, func(a, b *sumFile) int { return strings.Compare(a.node.Path(), b.node.Path()) })
	for len(left) > 0 {
		next := max(slices.IndexFunc(left, func(f *sumFile) bool { return !s.listsAny(f, left) }), 0) // 0: they list each other
		list = append(list, left[next])
		left = slices.Delete(left, next, next+1)
	}
	return list
}

// listsAny reports whether a file of checksums has lines of others.
func (s *sums) listsAny(f *sumFile, others []*sumFile) bool {
	return slices.ContainsFunc(f.lines, func(line sumLine) bool {
		p, _ := s.now(line.path)
		return line.path != "" && slices.ContainsFunc(others, func(o *sumFile) bool { return o != f && o.node.Path() == p })
	})
}

// correct corrects the lines of a file of checksums, and reports whether something has
// changed.
func (s *sums) correct(f *sumFile) (changed bool, err error) {
	var text []byte
	listed := map[string]bool{f.node.Path(): true}
	for _, line := range f.lines {
		now, err := s.line(f, line, listed)
		if err != nil {
			return false, err
		}
		changed = changed || string(now) != string(line.text)
		text = append(text, now...)
	}
	for _, p := range s.added {
		if !f.all {
			break
		}
		err := s.root.Lookup(p).Walk(func(n *tree.Node) error {
			if !n.Mode.IsRegular() || listed[n.Path()] {
				return nil
			}
			line, err := s.sum(f, f.model, n)
			if k := len(text); k > 0 && text[k-1] != '\n' {
				text = append(text, '\n')
			}
			text, changed = append(text, line...), true
			return err
		})
		if err != nil {
			return false, err
		}
	}
	if changed {
		s.store(f.node, text)
	}
	return changed, nil
}

// line returns a line as it will be, nil if its file is no longer there.
func (s *sums) line(f *sumFile, line sumLine, listed map[string]bool) ([]byte, error) {
	if line.path == "" {
		return line.text, nil
	}
	p, kept := s.now(line.path)
	n := s.root.Lookup(p)
	switch {
	case !kept && (!s.fresh[p] || n == nil): // what was added later can have its path
		return nil, nil
	case !f.covers(p):
		return nil, nil
	}
	listed[p] = true
	switch {
	case s.fresh[p] && n != nil && n != f.node && n.Mode.IsRegular():
		return s.sum(f, line.text, n)
	case p != line.path:
		sum, _, _ := strings.Cut(strings.TrimPrefix(string(line.text), `\`), " ")
		return lineLike(line.text, sum, f.relative(p)), nil
	}
	return line.text, nil
}

// sum returns the line of a file in the form of another line.
func (s *sums) sum(f *sumFile, model []byte, n *tree.Node) ([]byte, error) {
	_, digits, _ := parseSum(model)
	h := newHash(digits)
	if err := s.hash(h, n); err != nil {
		return nil, fmt.Errorf("compute the checksum of %s: %w", n.Path(), err)
	}
	return lineLike(model, hex.EncodeToString(h.Sum(nil)), f.relative(n.Path())), nil
}

// hash adds the contents of a file, as they will be in the image, to a hash.
func (s *sums) hash(h hash.Hash, n *tree.Node) error {
	src := s.source[n]
	if src == nil {
		src = n.Source()
	}
	if n.Size == 0 || src == nil {
		return nil
	}
	r, err := layout.OpenSource(src, n.Size)
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = io.CopyBuffer(h, io.NewSectionReader(r, 0, n.Size), make([]byte, 128<<10))
	return err
}

// store gives a file of checksums its new contents.
func (s *sums) store(n *tree.Node, text []byte) {
	n.SetSource(layout.Bytes(text))
	n.Size, n.Modified = int64(len(text)), s.at.UnixNano()
	s.fresh[n.Path()] = true
	s.notices = append(s.notices, disc.Notice{Severity: disc.Info, Path: n.Path(), Text: "its checksums are corrected"})
	for _, end := range []string{".gpg", ".asc", ".sig", ".sign"} {
		if n.Parent().Child(n.Name+end) != nil {
			s.notices = append(s.notices, disc.Notice{
				Severity: disc.Warning, Path: n.Path() + end,
				Text: "this signature does not match the corrected checksums: remove it, or sign them again",
			})
		}
	}
}
