package edit

import (
	"fmt"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/hfs"
	"glassmaster/mastering/patch"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/units"
	"glassmaster/mastering/volume"
)

// maxSize is the maximum size of an image in bytes, as far as volumes can claim one.
const maxSize = 1 << 44

// checkComplete returns a *patch.UnsafeError if the image ends before its volume does: data
// that is added at its end would be where contents of its files belong.
func (u *updating) checkComplete() error {
	if int64(volume.ClaimedEnd(u.set.Base(), maxSize)) <= u.set.BaseSectors() {
		return nil
	}
	c, err := volume.ClaimedByFiles(u.ctx, u.m.d)
	if err != nil || c.Missing() == 0 {
		return err
	}
	return &patch.UnsafeError{Why: fmt.Sprintf("it is incomplete: %s extends to sector %d, but the last sector is %d (%s)",
		c.By, c.End-1, c.Have-1, units.Count(c.Missing(), "sector is missing", "sectors are missing"))}
}

// checkHFS reports a Macintosh volume beside the others, which is not changed. It never
// fails.
func (u *updating) checkHFS() error {
	if hfs.Recognize(u.set.Base(), u.set.BaseSize()) {
		u.notice(disc.Notice{Severity: disc.Warning, Text: "the HFS volume for the Macintosh is not changed: a Macintosh still shows the files as they were"})
	}
	return nil
}

// dropLost removes the files whose contents cannot be read from the tree: there is a notice
// of an error about each.
func (m *Image) dropLost(root *tree.Node) {
	lost := map[string]bool{}
	for _, n := range disc.Errors(m.Notices()) {
		lost[n.Path] = true
	}
	var nodes []*tree.Node
	_ = root.Walk(func(n *tree.Node) error { // never fails
		if o := n.Origin(); o != nil && n.Mode.IsRegular() && n.SameContents() && lost[o.Path()] {
			nodes = append(nodes, n)
		}
		return nil
	})
	for _, n := range nodes {
		n.Detach()
	}
}
