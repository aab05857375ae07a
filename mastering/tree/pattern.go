package tree

import (
	"fmt"
	"path"
	"strings"
)

// Patterns are shell patterns for files and folders. A pattern with a slash is matched
// against the path on the disc, one without a slash against the name.
type Patterns []string

// Check returns an error for a malformed pattern.
func (p Patterns) Check() error {
	for _, s := range p {
		if _, err := path.Match(s, ""); err != nil {
			return fmt.Errorf("pattern %q: %w", s, err)
		}
	}
	return nil
}

// Match reports whether a pattern matches the node.
func (p Patterns) Match(n *Node) bool { return p.Last(n) >= 0 }

// MatchWithin reports whether a pattern matches the node or a folder that contains it.
func (p Patterns) MatchWithin(n *Node) bool {
	for ; n != nil; n = n.Parent() {
		if p.Match(n) {
			return true
		}
	}
	return false
}

// Last returns the index of the last pattern that matches the node, -1 if none does.
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
