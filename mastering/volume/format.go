package volume

import (
	"io"
	"slices"
	"time"

	"glassmaster/mastering/disc"
)

// Format is a file system format, such as ISO 9660.
type Format struct {
	Name  string // "ISO 9660", "UDF"
	Views []View // that its volumes can have

	// Apart says that its volumes are meant for other systems than those of the other
	// formats, and may have other files: they are not compared with each other.
	Apart bool

	// Open opens the volume in r, size bytes long with offset 0 at address 0 of the
	// disc. The error wraps ErrUnknown if there is no volume of this format, or none
	// with the view that the options name. It is ErrUnknown itself if there is no sign
	// of such a volume.
	Open func(r io.ReaderAt, size int64, o Options) (FS, error)

	// Head recognises the beginning of a session. It gets the user data of the disc,
	// size bytes long, and the address at which a session may begin. It returns false
	// if there is no volume of this format, or one whose addresses cannot be right
	// there, such as the volume in an image file that is stored on the disc.
	Head func(r io.ReaderAt, size int64, start disc.LBA) (Head, bool)

	// Claim returns the address after the last sector that the descriptors of the
	// volume in a session refer to, or 0 if there is no volume or its size is unknown.
	// It gets the user data of the disc up to the end of the session, size bytes long,
	// and the address at which the session begins. The volume need not be readable:
	// Claim is also called for incomplete volumes.
	Claim func(r io.ReaderAt, size int64, start disc.LBA) disc.LBA
}

// View is one of the ways in which volumes of a format name and describe their files.
type View struct {
	Name string // "Rock Ridge"
	// Richness is how much of a file's name and attributes the view preserves. Of all
	// views on a disc, the one with the highest Richness is the default.
	Richness int
	// SameAs names another view that is read from the same records, so that the two
	// cannot disagree about contents; empty: none.
	SameAs string
	// Spread means that each file has a descriptor in a sector of its own, so that
	// listing all files is slow.
	Spread bool
}

// Head is the information about a volume in the descriptors at the beginning of a
// session.
type Head struct {
	End     disc.LBA  // after the last sector of the volume
	Root    disc.LBA  // of the root directory; 0: unknown
	Rooted  bool      // the root directory is there, and its record confirms its address
	Created time.Time // zero when not recorded
}

// registered are the known formats, in the order in which they are tried.
var registered []Format

// Register adds formats, in the order in which they are tried. Package formats calls
// it.
func Register(formats ...Format) { registered = append(registered, formats...) }

// viewOf returns the description of the view that a volume shows.
func viewOf(v FS) View {
	name := v.Volume().View
	for _, f := range registered {
		if i := slices.IndexFunc(f.Views, func(w View) bool { return w.Name == name }); i >= 0 {
			return f.Views[i]
		}
	}
	return View{Name: name}
}

// mostRich returns the highest Richness of all views.
func mostRich() int {
	most := 0
	for _, f := range registered {
		for _, w := range f.Views {
			most = max(most, w.Richness)
		}
	}
	return most
}
