package edit

import (
	"context"

	"glassmaster/mastering/session"
	"glassmaster/mastering/tree"
)

// readLinks reads all folders if a hard-linked file changes or becomes a boot image: its other
// names, which change too, can be anywhere.
func (m *Image) readLinks(ctx context.Context, changes []Change) (bool, error) {
	for _, i := range m.boot.Images {
		if n := m.comp.Root().Lookup(i.Path); n != nil && n.Shared() != nil {
			return true, session.ReadAll(ctx, m.comp.Root())
		}
	}
	for _, c := range changes {
		if c.Node != nil && (c.Node.Shared() != nil || c.Node.Origin() != nil && c.Node.Origin().Shared() != nil) {
			return true, session.ReadAll(ctx, m.comp.Root())
		}
	}
	return false, nil
}

// root returns the root of the volume, whose entries are read when they are needed.
func (m *Image) root() *tree.Node { return m.imported.Root() }
