package volume

import (
	"io"
	"slices"
	"time"

	"glassmaster/mastering/disc"
)

// Format is a kind of file system.
type Format struct {
	Name  string // "ISO 9660", "UDF"
	Views []View // that its volumes can have

	// Open opens the volume in r, size bytes long with offset 0 at address 0 of the
	// disc. The error wraps ErrUnknown when there is no volume of this format, or none
	// with the view that the options name. The error is ErrUnknown itself where nothing
	// says that there should be one.
	Open func(r io.ReaderAt, size int64, o Options) (FS, error)

	// Head recognises the beginning of a session. It gets the user data of the disc,
	// size bytes long, and the address at which a session may begin. It returns false
	// when there is no volume of this format, or one whose addresses cannot be right
	// there, such as that of an image in a file.
	Head func(r io.ReaderAt, size int64, start disc.LBA) (Head, bool)

	// Claim returns the address behind the last sector that the descriptors of the
	// volume in a session lay claim to, or 0 when there is none or the size cannot be
	// told. It gets the user data of the disc up to the end of the session, size bytes
	// long, and the address at which the session begins. The volume need not be
	// readable: Claim is asked about volumes that are not complete.
	Claim func(r io.ReaderAt, size int64, start disc.LBA) disc.LBA
}

// View is one of the ways in which volumes of a format name and describe their files.
type View struct {
	Name string // "Rock Ridge"
	// Richness is how much the view tells of files. Of all views on a disc, the one with
	// the highest is shown unless another is asked for.
	Richness int
	// SameAs is another view that is read from the same records, so that the two cannot
	// disagree about contents; empty: none.
	SameAs string
	// Spread says that what is recorded of a file stands in a sector of its own, so that
	// it takes long to go through all files.
	Spread bool
}

// Head is what the descriptors at the beginning of a session say of its volume.
type Head struct {
	End     disc.LBA  // behind the last sector that the volume lays claim to
	Root    disc.LBA  // of the root directory, 0 when it cannot be told
	Rooted  bool      // there is the root directory, and it says itself where it is
	Created time.Time // zero when not recorded
}

// registered are the known formats in the order in which they are tried.
var registered []Format

// Register makes formats known, in the order in which they are tried. Package formats
// calls it with all that there are.
func Register(formats ...Format) { registered = append(registered, formats...) }

// viewOf returns what is known of the view that a volume shows.
func viewOf(v FS) View {
	name := v.Volume().View
	for _, f := range registered {
		if i := slices.IndexFunc(f.Views, func(w View) bool { return w.Name == name }); i >= 0 {
			return f.Views[i]
		}
	}
	return View{Name: name}
}

// mostRich returns the richness of the richest view that there can be.
func mostRich() int {
	most := 0
	for _, f := range registered {
		for _, w := range f.Views {
			most = max(most, w.Richness)
		}
	}
	return most
}
