package model

import (
	"path/filepath"
	"slices"
	"strings"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/tree"
)

// missingFile is a file of the host that should be in the compilation and could not be
// added.
type missingFile struct {
	notice disc.Notice
	folder *tree.Node // of the disc, in which it would be; when that is removed, nothing is missing
}

// Missing returns the files that should be in the compilation and could not be added. They
// are forgotten when the user clears the problems, or removes their folder.
func (p *Project) Missing() []disc.Notice {
	var out []disc.Notice
	for _, m := range p.missing {
		if p.comp.Root().Contains(m.folder) {
			out = append(out, m.notice)
		}
	}
	return out
}

// addProblems adds what was noticed when files were added to a folder. origins are the
// folders of the disc for the folders of the host that were added to it.
func (p *Project) addProblems(notices []disc.Notice, dir *tree.Node, origins map[string]*tree.Node) {
	p.problems = append(p.problems, notices...)
	for _, n := range disc.Errors(notices) {
		p.missing = append(p.missing, missingFile{n, folderFor(n.Path, dir, origins)})
	}
}

// folderFor returns the folder of the disc for a path of the host: the deepest one that
// exists.
func folderFor(path string, dir *tree.Node, origins map[string]*tree.Node) *tree.Node {
	for from, to := range origins {
		rest, err := filepath.Rel(from, path)
		if err != nil || rest == ".." || strings.HasPrefix(rest, ".."+string(filepath.Separator)) {
			continue
		}
		for name := range strings.SplitSeq(rest, string(filepath.Separator)) {
			child := to.Child(name)
			if child == nil || !child.IsDir() {
				break
			}
			to = child
		}
		return to
	}
	return dir
}

// originsOf returns the folders among the nodes that were added to dir, by the paths of
// the host that they were scanned from.
func originsOf(paths []string, nodes []*tree.Node, dir *tree.Node) map[string]*tree.Node {
	origins := map[string]*tree.Node{}
	for _, path := range paths {
		abs, err := filepath.Abs(path)
		if err != nil {
			continue
		}
		name := filepath.Base(abs)
		if slices.ContainsFunc(nodes, func(n *tree.Node) bool { return n.Name == name && n.IsDir() }) {
			if there := dir.Child(name); there != nil && there.IsDir() { // it may have been merged
				origins[abs] = there
			}
		}
	}
	return origins
}
