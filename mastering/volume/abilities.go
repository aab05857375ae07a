package volume

import (
	"context"
	"io"
	"io/fs"

	"glassmaster/mastering/disc"
)

// What file systems may be able to do besides FS.

// Describer can tell more of its volume than opening it brings to light, such as how
// the disc starts a machine. Describe may go through all folders.
type Describer interface {
	Describe() []Property
}

// Noticer met something wrong when it was opened, and went on in another way.
type Noticer interface {
	// Notices returns it. Paths are empty.
	Notices() []disc.Notice
}

// Checker examines its own structures: descriptors, directories, tables. Check does not
// read the contents of files. The error is that of ctx.
type Checker interface {
	Check(ctx context.Context) ([]disc.Notice, error)
}

// Streamer has files with named streams of data besides their contents, as
// Attributes.Streams lists them.
type Streamer interface {
	OpenStream(path, stream string) (fs.File, error)
}

// Walker lists everything on the volume in one pass, much faster than a walk that asks
// for folder after folder.
//
// Walk calls f for everything below the folder called root ("." for all), a
// folder before what is in it, in the order of the disc. A folder that cannot be
// read to its end is passed to f a second time, with Err set. When f returns
// fs.SkipDir for a folder its entries are left out, with fs.SkipAll the walk
// ends; any other error ends the walk and is returned.
type Walker interface {
	Walk(root string, f func(e *Entry) error) error
}

// Direct is a Walker whose files can be read at their extents: the content of
// an entry that is not Encoded are the bytes of Image at Extent.Start times
// disc.SectorSize.
type Direct interface {
	Walker
	Image() io.ReaderAt
}

// PlaceOpener is a Walker that opens a file by the Place of its entry, without reading
// the folders above it once more. A symbolic link is not followed.
type PlaceOpener interface {
	Walker
	OpenPlace(place uint64) (fs.File, error)
}

// Correctable takes the contents of files from another view of the same disc, where
// that knows more of them.
type Correctable interface {
	// SetCorrections gives it the function that finds those files, by the Place of
	// their entries. The function is called when it is needed first.
	SetCorrections(find func() map[uint64]Correction)
}
