// Package source opens a disc by the name given by the user: an image file, a drive, a
// folder or a saved compilation. Its callers need not distinguish these.
package source

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"glassmaster/drive"
	"glassmaster/drive/scsi"
	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/volume"

	// The file systems that are supported.
	_ "glassmaster/mastering/volume/formats"
)

// Source is an open disc with what is known of its origin.
type Source struct {
	disc.Disc
	Name   string
	Kind   string // "image", "drive", "folder" or "compilation"
	Format string // of an image: "ISO"; of a drive: the medium, "DVD+R"
	// Notices about the disc of a folder or compilation: files that are missing (errors),
	// and differences from what may be expected.
	Notices []disc.Notice
	// Locate returns the name of the file at an address, or "".
	Locate func(disc.LBA) string
	// KeepGoing makes a job that writes the source leave out missing files, and write
	// zeros for what cannot be read.
	KeepGoing bool
	// LeaveOut makes a job that writes the source leave out missing files.
	LeaveOut bool
	// Once says that the sectors can be read only once, in order: the disc is a stream. What
	// was read at its beginning can be read again.
	Once bool
	// Whole says that a job writes all sectors of a disc that is overwritten in place
	// (DVD+RW, BD-RE), and not only the part in use.
	Whole   bool
	close   []func() error                                         // besides the disc
	prepare func(ctx context.Context, rep progress.Reporter) error // nil: nothing has to be prepared

	once  sync.Once
	known []disc.Notice
}

// Defects returns what volume.Known finds wrong or unusual, the most serious first. It is
// determined at the first call. Callers should show it.
func (s *Source) Defects(ctx context.Context) []disc.Notice {
	s.once.Do(func() { s.known = volume.Known(ctx, s.Disc) })
	return s.known
}

// Missing returns the notices of files that are missing on the disc.
func (s *Source) Missing() []disc.Notice { return disc.Errors(s.Notices) }

// Close closes the disc and, if it is in a drive, the drive.
func (s *Source) Close() error {
	err := s.Disc.Close()
	for _, f := range s.close {
		if e := f(); err == nil {
			err = e
		}
	}
	return err
}

// Prepare computes the checksums that the disc of a compilation contains, of files or of
// the disc, for which it reads all files. It is needed only for a source that was opened
// with LateSums, before its sectors are read.
func (s *Source) Prepare(ctx context.Context, rep progress.Reporter) error {
	if s.prepare == nil {
		return nil
	}
	return s.prepare(ctx, rep)
}

// Unwrap returns the disc itself, which may implement further interfaces.
func (s *Source) Unwrap() disc.Disc { return s.Disc }

// Options are the options for opening discs and drives. The zero value suits most uses.
type Options struct {
	// Wrap, if not nil, returns a transport that is used instead of t, the one of a drive.
	Wrap func(name string, t scsi.Transport) scsi.Transport
	// Report receives the progress of long work, such as the scan of a folder.
	Report progress.Reporter
	// Time, if not zero, is the creation time of the volume of a folder or compilation,
	// instead of now: set it to that of a disc with which it will be compared. The
	// environment variable SOURCE_DATE_EPOCH takes precedence.
	Time time.Time
	// KeepGoing makes the disc of a folder or compilation deliver zeros for files that can
	// no longer be read, instead of an error. It becomes Source.KeepGoing.
	KeepGoing bool
	// LeaveOut becomes Source.LeaveOut.
	LeaveOut bool
	// Whole becomes Source.Whole.
	Whole bool
	// LateSums leaves the checksums that the disc of a compilation contains to
	// Source.Prepare. Package job calls it if the sink does not compute them while it
	// writes.
	LateSums bool
	// SessionStart, if not zero, is the address on the disc of the first sector of an image
	// file that contains a later session alone.
	SessionStart disc.LBA
	// Force opens files of an unknown format, too, as plain sectors.
	Force bool
}

// Open opens the disc of that name.
func Open(ctx context.Context, name string, o Options) (*Source, error) {
	s, err := o.open(ctx, name)
	if err != nil {
		return nil, err
	}
	s.Name, s.KeepGoing, s.LeaveOut, s.Whole = name, o.KeepGoing, o.LeaveOut, o.Whole
	if s.Locate == nil {
		s.Locate = s.locate(ctx)
	}
	return s, nil
}

// FromCompilation opens a compilation as the disc that it describes. Notices are those
// about its files, from when they were added. The compilation can be edited afterwards,
// unless it is sealed.
func FromCompilation(ctx context.Context, c *compilation.Compilation, notices []disc.Notice, o Options) (*Source, error) {
	s, err := o.plan(ctx, "compilation", c, notices)
	if err != nil {
		return nil, err
	}
	s.Name, s.KeepGoing, s.LeaveOut = c.Label, o.KeepGoing, o.LeaveOut
	return s, nil
}

func (o Options) open(ctx context.Context, name string) (*Source, error) {
	if o.SessionStart != 0 && (drive.IsName(name) || IsPlan(name)) {
		return nil, fmt.Errorf("%s is not an image file of one session, so no session start can be given for it", name)
	}
	if name == Stdin {
		return openStream(ctx)
	}
	if drive.IsName(name) {
		return o.openDrive(ctx, name)
	}
	if isFolder(name) {
		return o.openFolder(ctx, name)
	}
	if compilation.IsFile(name) {
		return o.openCompilation(ctx, name)
	}
	d, format, err := o.openImage(ctx, name)
	if err != nil {
		return nil, err
	}
	return &Source{Disc: disc.Shift(d, o.SessionStart), Kind: "image", Format: format}, nil
}

// IsPlan reports whether a name is that of a folder or a saved compilation, whose disc is
// planned again each time it is opened.
func IsPlan(name string) bool {
	return !drive.IsName(name) && (isFolder(name) || compilation.IsFile(name))
}

func isFolder(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// locate returns a function that names files by the file system of the disc, which is
// opened at the first call.
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
	c, notices, err := Files(ctx, name, o)
	if err != nil {
		return nil, err
	}
	c.Seal()
	return o.plan(ctx, "folder", c, notices)
}

// Files returns a folder, or another file of the host, as a compilation, or a saved
// compilation. The notices are about files that are missing.
func Files(ctx context.Context, name string, o Options) (*compilation.Compilation, []disc.Notice, error) {
	if compilation.IsFile(name) {
		return compilation.Load(name)
	}
	c := compilation.New()
	c.Label = compilation.LabelFor([]string{name})
	notices, err := c.AddPaths(ctx, []string{name}, false, o.Report)
	return c, notices, err
}

func (o Options) openCompilation(ctx context.Context, name string) (*Source, error) {
	c, notices, err := compilation.Load(name)
	if err != nil {
		return nil, err
	}
	c.Seal()
	return o.plan(ctx, "compilation", c, notices)
}

// plan plans the disc of a compilation and, unless LateSums is set, prepares it.
func (o Options) plan(ctx context.Context, kind string, c *compilation.Compilation, notices []disc.Notice) (*Source, error) {
	if os.Getenv("SOURCE_DATE_EPOCH") == "" {
		c.Options.Time = o.Time
	}
	img, err := c.PlanReport(ctx, o.Report)
	if err != nil {
		return nil, err
	}
	s := &Source{Disc: img.Disc(compilation.DiscOptions{KeepGoing: o.KeepGoing}), Kind: kind, Notices: append(notices, img.Notices...), Locate: img.Locate}
	s.prepare = img.Prepare
	if !o.LateSums {
		if err := s.Prepare(ctx, o.Report); err != nil {
			img.Close()
			return nil, err
		}
	}
	return s, nil
}

// FromSession opens a session that was planned for the disc in a drive. It is planned by
// package addition.
func FromSession(d disc.Disc, img *compilation.Image, label string, o Options) *Source {
	return &Source{
		Disc: d, Name: label, Kind: "session", Notices: img.Notices, Locate: img.Locate, prepare: img.Prepare,
		KeepGoing: o.KeepGoing, LeaveOut: o.LeaveOut,
	}
}
