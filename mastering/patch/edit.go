package patch

import (
	"time"

	"glassmaster/mastering/tree"
	"glassmaster/mastering/volume"
)

// Edit says how the files of a volume change. An updater makes the structures of one file
// system agree with it.
type Edit struct {
	// Root is the tree as it will be. Nodes that were read from the volume have an origin
	// (tree.Node.Origin). Folders that are still unread are unchanged, with everything below
	// them.
	Root *tree.Node
	// View is the view of the volume that the tree was read from, as in volume.Options.
	View string
	// Extents returns where the contents of a regular file of the tree will be: where they
	// are already, or where they were added to the Set. It is nil for an empty file.
	Extents func(*tree.Node) []volume.Extent
	// Label is the new label of the volume, nil if it does not change.
	Label *string
	// Time is the time of the change, for what the updaters add themselves.
	Time time.Time
}

// Move says that contents which boot structures may refer to are at another place.
type Move struct {
	From []volume.Extent
	To   []volume.Extent // none if they were removed
	Path string          // of the file, for messages
}

// UnsafeError is the error for a volume that cannot be changed in its place without the
// risk of losing something. It can still be written anew.
type UnsafeError struct {
	Why string
}

func (e *UnsafeError) Error() string {
	return "the image cannot be changed in its place: " + e.Why
}
