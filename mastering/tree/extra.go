package tree

import "glassmaster/mastering/layout"

// Names of the attributes in which Linux keeps access control lists.
const (
	AccessACL  = "system.posix_acl_access"
	DefaultACL = "system.posix_acl_default"
)

// Extra has attributes of a file that only some volumes record. Nodes without an Extra
// take no memory for it.
type Extra struct {
	// Times in Unix nanoseconds, 0 if not known.
	Accessed int64 `json:"accessed,omitempty"`
	Changed  int64 `json:"changed,omitempty"` // change of attributes
	Created  int64 `json:"created,omitempty"`
	// Hidden is the existence flag of ISO 9660 and UDF: systems may not list the file.
	Hidden bool `json:"hidden,omitempty"`
	// Attributes are extended attributes by their full names in Linux, such as
	// "user.mime_type". They include access control lists, as AccessACL and DefaultACL.
	Attributes map[string][]byte `json:"attributes,omitempty"`
}

// Hidden reports whether the Extra of the node says that systems do not show the file.
func (n *Node) Hidden() bool {
	x := n.Extra()
	return x != nil && x.Hidden
}

// extended is the content of a node that has an Extra or an origin.
type extended struct {
	content any
	extra   *Extra
	origin  *Node
}

// reduced returns x, or its content if x holds nothing else.
func (x *extended) reduced() any {
	if x.extra == nil && x.origin == nil {
		return x.content
	}
	return x
}

// Extra returns the additional attributes of the node, nil for most nodes. The caller
// must not change it.
func (n *Node) Extra() *Extra {
	if x, ok := n.content.(*extended); ok {
		return x.extra
	}
	return nil
}

// SetExtra sets or, with nil, removes the Extra of the node. SetSource and Init keep
// it.
func (n *Node) SetExtra(x *Extra) {
	n.content = (&extended{n.plain(), x, n.Origin()}).reduced()
}

// SetSource replaces the contents of a regular file, for all of its names.
func (n *Node) SetSource(s layout.Source) {
	if shared := n.Shared(); shared != nil {
		shared.Source = s
		return
	}
	n.setPlain(s)
}

// plain returns the content without an Extra.
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
