package model

import (
	"glassmaster/mastering/disc"
	"glassmaster/mastering/tree"
)

// SetAttributes changes the attributes of nodes. change gets those of one node, and
// returns the new ones.
func (p *Project) SetAttributes(nodes []*tree.Node, change func(*tree.Node, Attributes) Attributes) {
	if len(nodes) == 0 {
		return
	}
	p.history.edit("Change "+name(nodes), nil, nodes, func() {
		for _, n := range nodes {
			change(n, AttributesOf(n)).set(n)
		}
	})
	p.edited()
}

// Paste puts copies of nodes into a folder. A copy whose name is in use there gets another
// one.
func (p *Project) Paste(nodes []*tree.Node, dir *tree.Node) {
	if p.image != nil && p.image.readFirst([]*tree.Node{dir}, func() { p.Paste(nodes, dir) }) {
		return
	}
	taken := make(map[string]bool, len(dir.Children()))
	for _, c := range dir.Children() {
		taken[c.Name] = true
	}
	var copies []*tree.Node
	for _, n := range nodes {
		c := n.Clone()
		if taken[c.Name] {
			c.Name = freeName(c.Name, func(name string) bool { return taken[name] })
		}
		taken[c.Name] = true
		copies = append(copies, c)
	}
	if len(copies) == 0 {
		return
	}
	p.history.edit("Paste "+name(copies), []*tree.Node{dir}, nil, func() {
		for _, c := range copies {
			dir.Append(c)
		}
	})
	p.edited()
	if dir == p.List.Folder() {
		p.List.Selection.Set(copies...)
		p.List.Refresh()
	}
}

// failed adds an error to the list of problems.
func (p *Project) failed(path string, err error) {
	p.problems = append(p.problems, disc.Notice{Severity: disc.Error, Path: path, Text: err.Error()})
}
