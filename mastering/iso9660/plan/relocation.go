package plan

import (
	"fmt"
	"time"

	"glassmaster/mastering/tree"
	"glassmaster/mastering/units"
)

// maxLevel is the maximum depth of directories (ECMA-119 6.8.2.1).
const maxLevel = 8

// findDeep returns the directories that must be relocated so that none is below the
// eighth level (RRIP 4.1.5), and adds them to p.relocated.
func (p *Planner) findDeep(root *tree.Node) []*tree.Node {
	if p.o.NoRockRidge || p.o.Deep {
		return nil
	}
	var list []*tree.Node
	var visit func(n *tree.Node, level int)
	visit = func(n *tree.Node, level int) {
		for _, c := range n.Children() {
			if !c.IsDir() || p.hides(primary, c) {
				continue
			}
			if level < maxLevel {
				visit(c, level+1)
				continue
			}
			list = append(list, c)
			visit(c, 3) // RR_MOVED itself has level 2
		}
	}
	visit(root, 1)
	if list != nil {
		p.relocated = make(map[*tree.Node]bool, len(list))
		for _, n := range list {
			p.relocated[n] = true
		}
		p.warn("%s deeper than %d levels; systems without Rock Ridge or Joliet show %s in RR_MOVED",
			units.Count(len(list), "directory is", "directories are"), maxLevel, units.Plural(len(list), "it", "them"))
	}
	return list
}

// movedNode returns the directory that relocated directories are moved to. If the tree
// has a directory rr_moved or .rr_moved, that is used, since libarchive does not accept
// relocated directories in any other. A new one is not added to the tree.
func (p *Planner) movedNode(root *tree.Node) *tree.Node {
	shown := func(name string) *tree.Node {
		if n := root.Child(name); n != nil && !p.hides(primary, n) {
			return n
		}
		return nil
	}
	name := "rr_moved"
	for i := 0; shown(name) != nil; i++ {
		if n := shown(name); n.IsDir() {
			return n
		}
		name = ".rr_moved"
		if i > 0 {
			name = fmt.Sprintf("rr_moved_%d", i)
		}
	}
	at := p.o.Time
	if at.IsZero() {
		at = time.Unix(0, root.Modified)
	}
	n := tree.NewFolder(name, at)
	if p.o.SetAttributes != nil {
		p.o.SetAttributes(n)
	}
	return n
}

// relocatedTo returns the address of a relocated directory, and relocatedFrom that of
// its original parent. While sizes are computed, both are 0.
func (p *Planner) relocatedTo(n *tree.Node) uint32 {
	if !p.placed {
		return 0
	}
	return p.dirs[n.Index].place[primary].lba
}

func (p *Planner) relocatedFrom(d *directory) uint32 {
	if !p.placed {
		return 0
	}
	return d.from.place[primary].lba
}
