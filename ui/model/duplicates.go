package model

import (
	"fmt"
	"path"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/tree"
)

// uniqueNames renames entries that are added together and have the same name, so that
// none replaces another. Folders of the same name are merged. taken reports the names
// that are in the folder already.
func uniqueNames(nodes []*tree.Node, taken func(string) bool) (out []*tree.Node, renamed []disc.Notice) {
	by := make(map[string]*tree.Node, len(nodes))
	for _, n := range nodes {
		old := by[n.Name]
		switch {
		case old == nil:
		case old.IsDir() && n.IsDir():
			both := append(append([]*tree.Node(nil), old.Children()...), n.Children()...)
			n.SetChildren(nil)
			children, more := uniqueNames(both, func(string) bool { return false })
			old.SetChildren(children)
			renamed = append(renamed, more...)
			continue
		case samePath(old, n):
			continue
		default:
			was := n.Name
			n.Name = freeName(was, func(name string) bool { return by[name] != nil || taken(name) })
			renamed = append(renamed, disc.Notice{Severity: disc.Warning, Path: was, Text: fmt.Sprintf("another file with this name was added at the same time; this one is named %q on the disc", n.Name)})
		}
		by[n.Name] = n
		out = append(out, n)
	}
	return out, renamed
}

// samePath reports whether two nodes are the same file of the host.
func samePath(a, b *tree.Node) bool {
	f, ok := a.Source().(*layout.File)
	g, is := b.Source().(*layout.File)
	return ok && is && f.Path() == g.Path()
}

// freeName appends a number to the stem of a name that is taken: "name (2).txt".
func freeName(name string, taken func(string) bool) string {
	ext := path.Ext(name)
	if ext == name {
		ext = ""
	}
	for i := 2; ; i++ {
		if free := fmt.Sprintf("%s (%d)%s", name[:len(name)-len(ext)], i, ext); !taken(free) {
			return free
		}
	}
}
