// Package source opens whatever holds a disc, by the name that a person gives
// it: an image file, a drive, a folder, a saved compilation. What comes back is
// a disc, and nobody needs to ask again what it was.
package source

import (
	"context"
	"os"
	"strings"
	"sync"
	"time"

	"glassmaster/drive"
	"glassmaster/drive/scsi"
	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/volume"

	// The image files and file systems that are known.
	_ "glassmaster/mastering/volume/formats"
)

// Source is an open disc with what is known of its origin.
type Source struct {
	disc.Disc
	Name   string
	Kind   string // "image", "drive", "folder" or "compilation"
	Format string // of an image: "ISO"; of a drive: the medium, "DVD+R"
	// Notices tell what of a folder or compilation is not on its disc (errors), or
	// is there in another way than one may expect.
	Notices []disc.Notice
	// Locate names the file that holds an address, empty when there is none.
	Locate func(disc.LBA) string
	// KeepGoing says that files that are missing are left out where the source is
	// written, and that zeros replace what cannot be read.
	KeepGoing bool
	close     []func() error                                         // besides the disc
	prepare   func(ctx context.Context, rep progress.Reporter) error // nil when nothing has to be prepared

	once  sync.Once
	known []disc.Notice
}

// Defects returns what is known to be wrong with the disc, or unlike what one
// expects, as volume.Known does: what matters most first. Whoever uses a source
// passes it on. It is looked for when it is asked for the first time.
func (s *Source) Defects(ctx context.Context) []disc.Notice {
	s.once.Do(func() { s.known = volume.Known(ctx, s.Disc) })
	return s.known
}

// Missing returns the notices of what should be on the disc, and is not.
func (s *Source) Missing() []disc.Notice { return disc.Errors(s.Notices) }

// Close closes the disc and what it stands on.
func (s *Source) Close() error {
	err := s.Disc.Close()
	for _, f := range s.close {
		if e := f(); err == nil {
			err = e
		}
	}
	return err
}

// Prepare computes the checksums that the disc of a compilation holds, of its files or
// of itself, for which it reads all files. Only a source that was opened with LateSums
// needs it, before it is read in pieces.
func (s *Source) Prepare(ctx context.Context, rep progress.Reporter) error {
	if s.prepare == nil {
		return nil
	}
	return s.prepare(ctx, rep)
}

// Unwrap returns the disc itself, which may know quicker ways to be read.
func (s *Source) Unwrap() disc.Disc { return s.Disc }

// Options say how discs and drives are opened. The zero value suits most uses.
type Options struct {
	// Wrap, if not nil, stands between every drive that is opened and its user.
	Wrap func(name string, t scsi.Transport) scsi.Transport
	// Report hears of work that takes long, such as the scan of a folder.
	Report progress.Reporter
	// Time, if not zero, is when the volume of a folder or compilation was made,
	// in place of now: that of a disc with which it is going to be compared. Where
	// SOURCE_DATE_EPOCH is set, that goes before it.
	Time time.Time
	// KeepGoing has the disc of a folder or compilation deliver zeros for files that
	// cannot be read any more, where reading would fail otherwise, and is passed on in
	// the Source to whoever writes it.
	KeepGoing bool
	// LateSums leaves the checksums that the disc of a compilation holds to Prepare:
	// writing an image file computes them on the way.
	LateSums bool
	// Force opens a file of no known format too, as the plain sectors of a disc.
	Force bool
}

// Open opens the disc of that name.
func Open(ctx context.Context, name string, o Options) (*Source, error) {
	s, err := o.open(ctx, name)
	if err != nil {
		return nil, err
	}
	s.Name, s.KeepGoing = name, o.KeepGoing
	if s.Locate == nil {
		s.Locate = s.locate(ctx)
	}
	return s, nil
}

// New returns a disc that is open already as a source of that name. Closing the source
// closes the disc.
func New(ctx context.Context, name string, d disc.Disc) *Source {
	s := &Source{Disc: d, Name: name}
	s.Locate = s.locate(ctx)
	return s
}

// FromCompilation opens a compilation as the disc that it describes. Notices are what came of
// putting it together. The compilation can be edited afterwards.
func FromCompilation(ctx context.Context, c *compilation.Compilation, notices []disc.Notice, o Options) (*Source, error) {
	s, err := o.plan(ctx, "compilation", c, notices)
	if err != nil {
		return nil, err
	}
	s.Name, s.KeepGoing = c.Label, o.KeepGoing
	return s, nil
}

func (o Options) open(ctx context.Context, name string) (*Source, error) {
	if drive.IsName(name) {
		return o.openDrive(ctx, name)
	}
	if isFolder(name) {
		return o.openFolder(ctx, name)
	}
	if strings.HasSuffix(name, compilation.Ending) {
		return o.openCompilation(ctx, name)
	}
	d, format, err := o.openImage(ctx, name)
	if err != nil {
		return nil, err
	}
	return &Source{Disc: d, Kind: "image", Format: format}, nil
}

// IsPlan reports whether a name is that of a folder or a saved compilation: the
// disc of such a source is planned anew whenever it is opened.
func IsPlan(name string) bool {
	return !drive.IsName(name) && (isFolder(name) || strings.HasSuffix(name, compilation.Ending))
}

func isFolder(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// locate names files by the file system of the disc, which is opened when a
// name is wanted for the first time.
func (s *Source) locate(ctx context.Context) func(disc.LBA) string {
	locator := sync.OnceValue(func() func(disc.LBA) string {
		vol, err := volume.OpenDisc(ctx, s.Disc, volume.Options{})
		if err != nil {
			return func(disc.LBA) string { return "" }
		}
		return volume.NewLocator(vol).Locate
	})
	return func(a disc.LBA) string { return locator()(a) }
}

func (o Options) openFolder(ctx context.Context, name string) (*Source, error) {
	c := compilation.New()
	c.Label = compilation.LabelFor([]string{name})
	notices, err := c.AddPaths(ctx, []string{name}, false, o.Report)
	if err != nil {
		return nil, err
	}
	c.Seal()
	return o.plan(ctx, "folder", c, notices)
}

func (o Options) openCompilation(ctx context.Context, name string) (*Source, error) {
	c, notices, err := compilation.Load(name)
	if err != nil {
		return nil, err
	}
	c.Seal()
	return o.plan(ctx, "compilation", c, notices)
}

// plan settles a disc whose sectors can be read in any order. A checksum of the
// image is computed before.
func (o Options) plan(ctx context.Context, kind string, c *compilation.Compilation, notices []disc.Notice) (*Source, error) {
	if os.Getenv("SOURCE_DATE_EPOCH") == "" {
		c.Options.Time = o.Time
	}
	img, err := c.PlanReport(ctx, o.Report)
	if err != nil {
		return nil, err
	}
	s := &Source{Disc: img.Disc(compilation.DiscOptions{KeepGoing: o.KeepGoing}), Kind: kind, Notices: append(notices, img.Notices...), Locate: img.Locate}
	s.prepare = img.Settle
	if !o.LateSums {
		if err := s.Prepare(ctx, o.Report); err != nil {
			img.Close()
			return nil, err
		}
	}
	return s, nil
}
