package compilation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/master"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/tree"
)

// Image is the plan of a compilation: every sector of it can be produced, in any order.
type Image struct {
	Notices []disc.Notice
	Files   int // unique contents
	Folders int
	layout  *layout.Layout
	root    *tree.Node
	closer  io.Closer  // of compressed contents; nil: none
	sum     *implant   // nil: no embedded checksum
	late    *checksums // of the files; nil: computed already, or not needed
	read    changes    // found by reading the Disc
	sums    bool       // the image has checksums of its files or of itself
}

// Plan plans the layout of the disc. Later edits of the compilation do not change the
// image.
//
// The time of the volume is now or, if it is set, SOURCE_DATE_EPOCH; in that case newer
// files get that time too, so that the same files give the same image.
func (c *Compilation) Plan(ctx context.Context) (*Image, error) {
	return c.PlanReport(ctx, nil)
}

// PlanReport is like Plan and reports its progress, for compilations whose Contents
// options make it read files.
func (c *Compilation) PlanReport(ctx context.Context, rep progress.Reporter) (*Image, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if rep == nil {
		rep = progress.Discard
	}
	root := c.root
	if !c.sealed || c.Contents.changes() {
		root = root.Clone()
	}
	o, err := c.planOptions()
	if err != nil {
		return nil, err
	}
	p := &preparation{ctx: ctx, rep: rep, root: root, o: c.Contents}
	if c.Contents.changes() {
		if err := p.prepare(&o); err != nil {
			return nil, fmt.Errorf("plan disc: %w", err)
		}
	}
	countLinks(root)
	m := &Image{root: root, closer: p.closer, late: p.late, sums: c.Contents.Checksums || c.Contents.MD5}
	if c.Contents.MD5 {
		m.sum = newImplant()
		o.Use = &m.sum.use
	}
	var report master.Report
	if m.layout, report, err = master.Plan(root, o); err != nil {
		if p.closer != nil {
			p.closer.Close()
		}
		return nil, fmt.Errorf("plan disc: %w", err)
	}
	m.Files, m.Folders = report.Files, report.Directories
	m.Notices = append(p.notices, report.Notices...)
	return m, nil
}

// FromLayout returns a layout that was planned otherwise, such as that of an edited image.
func FromLayout(l *layout.Layout) *Image { return &Image{layout: l} }

// planOptions completes the options of the volume.
func (c *Compilation) planOptions() (master.Options, error) {
	o := c.Options
	o.Label = c.Label
	if !o.Time.IsZero() {
		return o, nil
	}
	var err error
	o.Time, o.Clamp, err = VolumeTime()
	return o, err
}

// countLinks counts the names of hard-linked files in the tree.
func countLinks(root *tree.Node) {
	_ = root.Walk(func(n *tree.Node) error {
		if s := n.Shared(); s != nil {
			s.Links = 0
		}
		return nil
	})
	_ = root.Walk(func(n *tree.Node) error {
		if s := n.Shared(); s != nil {
			s.Links++
		}
		return nil
	})
}

// VolumeTime returns the time of a volume that is created now, and whether the times of
// its files must not be later. Its resolution is that of ISO 9660 (hundredths of a second,
// ECMA-119 8.4.26.1), so that the same volume can be planned again with the time read from
// the disc.
func VolumeTime() (time.Time, bool, error) {
	s := os.Getenv("SOURCE_DATE_EPOCH")
	if s == "" {
		return time.Now().Truncate(10 * time.Millisecond), false, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return time.Time{}, false, fmt.Errorf("SOURCE_DATE_EPOCH is %q, but must be a number of seconds since 1970", s)
	}
	at := time.Unix(n, 0)
	// The range of a directory record (ECMA-119 9.1.5).
	if y := at.UTC().Year(); y < 1900 || y > 2155 {
		return time.Time{}, false, fmt.Errorf("SOURCE_DATE_EPOCH is %s, in the year %d, but ISO 9660 is limited to the years 1900 to 2155", s, y)
	}
	return at, true, nil
}

// Size returns the size of the image in bytes.
func (m *Image) Size() int64 { return m.layout.Size() }

// Sectors returns the size of the image in sectors.
func (m *Image) Sectors() int64 { return m.layout.Size() / disc.SectorSize }

// ReadAt implements io.ReaderAt.
func (m *Image) ReadAt(p []byte, off int64) (int, error) { return m.layout.ReadAt(p, off) }

// Close closes the files that the image reads from, and frees compressed contents. The
// image can no longer be read.
func (m *Image) Close() error {
	err := m.layout.Close()
	if m.closer != nil {
		err = errors.Join(err, m.closer.Close())
	}
	return err
}

// Locate returns what is at an address: the name of a file or of a part of the file
// system, or "" if the sector is unused.
func (m *Image) Locate(a disc.LBA) string {
	e, ok := m.layout.Find(int64(a) * disc.SectorSize)
	if !ok || e.Source == nil {
		return ""
	}
	return e.Source.String()
}
