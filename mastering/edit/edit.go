// Package edit changes the files of an image and keeps everything else as it is. It opens
// the newest volume of a disc as a compilation whose folders are read when they are first
// needed. From the edited compilation it plans an image with as few changes as possible: new
// contents and structures that no longer fit are added at the end, and only the structures
// that refer to them are overwritten (package patch). The plan is a disc, and can be
//
//	updated in place   only what differs is written into the image file (package journal)
//	rewritten          a new file is written and replaces the image
//	saved as           a new image, in any format that can hold it
//
// The structures themselves are changed by the updaters of each system: iso9660/update,
// udf/update and boot/update.
package edit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/session"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/volume"
)

// Options choose what is edited.
type Options struct {
	// Track is the number of the data track with the volume, 0 for that of the newest
	// session.
	Track int
	// Time is the time of the change, which new structures get. It is now, or that of
	// SOURCE_DATE_EPOCH, if it is zero.
	Time time.Time
}

// Image is a disc that is open for editing. It must be used by one goroutine at a time, and
// the disc must stay open.
type Image struct {
	d        disc.Disc
	data     volume.Data
	vol      volume.FS
	o        Options
	comp     *compilation.Compilation
	label    string // of the volume
	imported *session.Imported
	info     fs.FileInfo // of the file when the image was opened; nil if it is not a file of plain sectors
	boot     Boot
}

// Open opens the newest volume of a disc for editing. It reads no folder.
func Open(ctx context.Context, d disc.Disc, o Options) (*Image, error) {
	vo := volume.Options{Track: o.Track}
	data, err := volume.OpenData(ctx, d, vo)
	if err != nil {
		return nil, fmt.Errorf("edit: %w", err)
	}
	vol, err := volume.OpenDisc(ctx, d, vo)
	if err != nil {
		return nil, fmt.Errorf("edit: %w", err)
	}
	if disc.IsOverwritable(d) { // what follows the volume is not in use
		if end := int64(volume.ClaimedEnd(data, data.Size)) * disc.SectorSize; end > 0 {
			data.Size = min(data.Size, end)
		}
	}
	m := &Image{d: d, data: data, vol: vol, o: o, label: vol.Volume().Label, imported: session.Import(vol, data)}
	if f, ok := disc.HostFile(d); ok {
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			m.info = info
			m.data.Size = min(m.data.Size, info.Size()) // it may end within a sector
		}
	}
	m.Reset()
	return m, nil
}

// Reset takes back all changes.
func (m *Image) Reset() {
	m.comp = compilation.FromTree(m.root())
	m.comp.Label = m.label
	m.boot = Boot{}
}

// Compilation returns the files of the image, to be edited. Its label is that of the
// volume. Its options have no effect on an update.
func (m *Image) Compilation() *compilation.Compilation { return m.comp }

// Volume describes the volume as it is before the changes.
func (m *Image) Volume() volume.Info { return m.vol.Volume() }

// Notices returns the defects that were found in the folders that were read.
func (m *Image) Notices() []disc.Notice { return m.imported.Notices() }

// Size returns the size of the image, or of the data track that is edited, in bytes.
func (m *Image) Size() int64 { return m.data.Size }

// file reports whether the image is a file of plain sectors at a path, so that it can be
// updated in place.
func (m *Image) file(path string) bool {
	at, err := os.Stat(path)
	return m.info != nil && err == nil && os.SameFile(m.info, at)
}

// Boot says how the boot entries of the image change.
type Boot struct {
	// Remove takes all boot entries out of the image.
	Remove bool
	// Images are files of the edited tree that become boot images. Each replaces the
	// entries of its platform.
	Images []boot.Image
}

func (b Boot) changes() bool { return b.Remove || len(b.Images) > 0 }

// SetBoot sets how the boot entries change.
func (m *Image) SetBoot(b Boot) { m.boot = b }

// ErrNoChange is the error of a plan of an image that was not changed.
var ErrNoChange = errors.New("nothing was changed")

// Kind is what happened to an entry.
type Kind uint8

// Kinds of changes.
const (
	Added      Kind = iota + 1
	Replaced        // the contents are others
	Removed         //
	Moved           // another name or another folder
	Attributes      // mode, owner, times, extended attributes, hidden flag
	Label           // of the volume
	Booting         // the boot entries
)

func (k Kind) String() string {
	switch k {
	case Added:
		return "added"
	case Replaced:
		return "replaced"
	case Removed:
		return "removed"
	case Moved:
		return "moved"
	case Attributes:
		return "attributes"
	case Label:
		return "label"
	case Booting:
		return "boot"
	}
	return "unchanged"
}

// Change is one difference between the image and the edited compilation. A node can have
// several.
type Change struct {
	Kind Kind
	Path string // now, or before if it was removed; for a label, the new one
	From string // the path, or label, before; empty if it is the same, or there was none
	Size int64  // bytes of the contents that are added, or of those that are no longer used
	Node *tree.Node
}
