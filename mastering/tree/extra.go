package tree

import "glassmaster/mastering/layout"

// Names of the attributes in which Linux keeps access control lists.
const (
	AccessACL  = "system.posix_acl_access"
	DefaultACL = "system.posix_acl_default"
)

// Extra is what only some volumes keep of a file. Nodes without it pay nothing
// for those that have it.
type Extra struct {
	// Times in Unix nanoseconds, 0 where one is not known.
	Accessed int64 `json:"accessed,omitempty"`
	Changed  int64 `json:"changed,omitempty"` // of the attributes
	Created  int64 `json:"created,omitempty"`
	// Attributes are extended attributes by their full names, as Linux has them:
	// "user.mime_type". Access control lists are among them, as
	// AccessACL and DefaultACL.
	Attributes map[string][]byte `json:"attributes,omitempty"`
}

// extended is the content of a node that has an Extra.
type extended struct {
	content any
	extra   *Extra
}

// Extra returns what the node has beyond its fields, nil for most nodes. The
// caller does not change it.
func (n *Node) Extra() *Extra {
	if x, ok := n.content.(*extended); ok {
		return x.extra
	}
	return nil
}

// SetExtra gives the node an Extra, or takes it away with nil. It stays when the
// node gets other content.
func (n *Node) SetExtra(x *Extra) {
	content := n.plain()
	if x == nil {
		n.content = content
		return
	}
	n.content = &extended{content, x}
}

// SetSource gives a regular file other contents, under all its names.
func (n *Node) SetSource(s layout.Source) {
	if shared := n.Shared(); shared != nil {
		shared.Source = s
		return
	}
	n.setPlain(s)
}

// plain returns the content without what is around it.
func (n *Node) plain() any {
	if x, ok := n.content.(*extended); ok {
		return x.content
	}
	return n.content
}

func (n *Node) setPlain(content any) {
	if x, ok := n.content.(*extended); ok {
		x.content = content
		return
	}
	n.content = content
}
