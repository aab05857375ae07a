package tree

import (
	"fmt"
	"path"
	"strings"
)

// Patterns are names of files and folders as a shell writes them. A pattern with
// a slash is matched against the path on the disc, one without against the name.
type Patterns []string

// Check says which pattern is none.
func (p Patterns) Check() error {
	for _, s := range p {
		if _, err := path.Match(s, ""); err != nil {
			return fmt.Errorf("pattern %q: %w", s, err)
		}
	}
	return nil
}

// Match reports whether a pattern matches the node itself.
func (p Patterns) Match(n *Node) bool { return p.Last(n) >= 0 }

// MatchWithin reports whether a pattern matches the node or a folder around it.
func (p Patterns) MatchWithin(n *Node) bool {
	for ; n != nil; n = n.Parent() {
		if p.Match(n) {
			return true
		}
	}
	return false
}

// Last returns the index of the last pattern that matches the node, -1 for none.
func (p Patterns) Last(n *Node) int {
	if n.Parent() == nil {
		return -1
	}
	full := ""
	for i := len(p) - 1; i >= 0; i-- {
		subject, pattern := n.Name, p[i]
		if strings.Contains(pattern, "/") {
			if full == "" {
				full = n.Path()
			}
			subject, pattern = full, "/"+strings.Trim(pattern, "/")
		}
		if ok, _ := path.Match(pattern, subject); ok {
			return i
		}
	}
	return -1
}
