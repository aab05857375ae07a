package volume

import (
	"context"
	"io"
	"io/fs"

	"glassmaster/mastering/disc"
)

// The interfaces in this file are implemented by some file systems besides FS.

// Describer knows properties of its volume that opening it does not reveal, such as how
// the disc boots. Describe may walk all folders.
type Describer interface {
	Describe() []Property
}

// Noticer returns defects that were found, and worked around, when the volume was opened.
type Noticer interface {
	// Notices returns these defects. Their paths are empty.
	Notices() []disc.Notice
}

// Checker checks its own structures: descriptors, directories, tables. Check does not
// read the contents of files. The error is that of ctx.
type Checker interface {
	Check(ctx context.Context) ([]disc.Notice, error)
}

// Streamer has files with named streams, which Attributes.Streams lists.
type Streamer interface {
	OpenStream(path, stream string) (fs.File, error)
}

// Walker lists everything on the volume in one pass, which is much faster than reading
// folder after folder.
//
// Walk calls f for everything below the folder called root ("." for all), a
// folder before what is in it, in the order of the disc. A folder that cannot be
// read to its end is passed to f a second time, with Err set. If f returns fs.SkipDir
// for a folder, its entries are skipped; with fs.SkipAll the walk ends. Any other error
// ends the walk and is returned.
type Walker interface {
	Walk(root string, f func(e *Entry) error) error
}

// Direct is a Walker whose files can be read at their extents: the contents of an entry
// that is not Encoded are the bytes of Image at Extent.Start times disc.SectorSize.
type Direct interface {
	Walker
	Image() io.ReaderAt
}

// PlaceOpener is a Walker that opens a file by the Place of its entry, without reading
// its parent folders again. It does not follow a symbolic link.
type PlaceOpener interface {
	Walker
	OpenPlace(place uint64) (fs.File, error)
}

// Correctable takes the contents of files from another view of the same disc if that
// view has more of them.
type Correctable interface {
	// SetCorrections sets the function that returns these files, by the Place of their
	// entries. The function is called when it is first needed.
	SetCorrections(find func() map[uint64]Correction)
}
