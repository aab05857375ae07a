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

// Image is a compilation whose layout is settled: every sector of it can be
// produced, in any order.
type Image struct {
	Notices []disc.Notice
	Files   int // unique contents
	Folders int
	layout  *layout.Layout
	root    *tree.Node
	closer  io.Closer  // of compressed contents, nil where there are none
	sum     *implant   // nil: no checksum of the image
	late    *checksums // of the files, nil where they are computed or not wanted
	read    changes    // what Disc has met
	sums    bool       // the image holds checksums of its files, or of itself
}

// Plan settles the layout of the disc. The compilation can be edited
// afterwards; the image stays what it is.
//
// The time of the volume is now, or what SOURCE_DATE_EPOCH says; in that case
// younger files get that time too, so that the same files give the same image.
func (c *Compilation) Plan(ctx context.Context) (*Image, error) {
	return c.PlanReport(ctx, nil)
}

// PlanReport is Plan that reports its progress, for compilations whose Contents
// make it read files.
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

// planOptions completes the options of the volume.
func (c *Compilation) planOptions() (master.Options, error) {
	o := c.Options
	o.Label, o.UDFOnly = c.Label, c.UDFOnly
	if !o.Time.IsZero() {
		return o, nil
	}
	var err error
	o.Time, o.Clamp, err = volumeTime()
	return o, err
}

// countLinks counts the names of hard-linked files that are really in the tree.
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

// volumeTime returns the time of a volume that is made now, and whether the
// times of its files must not be later. It has no more digits than ISO 9660
// records (hundredths of a second, ECMA-119 8.4.26.1), so that who reads the
// time from the disc can plan the same volume again.
func volumeTime() (time.Time, bool, error) {
	s := os.Getenv("SOURCE_DATE_EPOCH")
	if s == "" {
		return time.Now().Truncate(10 * time.Millisecond), false, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return time.Time{}, false, fmt.Errorf("SOURCE_DATE_EPOCH is %q; it must be a number of seconds since 1970", s)
	}
	at := time.Unix(n, 0)
	// What a directory record can tell (ECMA-119 9.1.5).
	if y := at.UTC().Year(); y < 1900 || y > 2155 {
		return time.Time{}, false, fmt.Errorf("SOURCE_DATE_EPOCH is %s, in the year %d; ISO 9660 knows the years 1900 to 2155", s, y)
	}
	return at, true, nil
}

// Size returns the size of the image in bytes.
func (m *Image) Size() int64 { return m.layout.Size() }

// Sectors returns the size of the image in sectors.
func (m *Image) Sectors() int64 { return m.layout.Size() / disc.SectorSize }

// ReadAt implements io.ReaderAt.
func (m *Image) ReadAt(p []byte, off int64) (int, error) { return m.layout.ReadAt(p, off) }

// Close closes the files that the image reads from, and gives back the memory of
// compressed contents, without which the image cannot be read any more.
func (m *Image) Close() error {
	err := m.layout.Close()
	if m.closer != nil {
		err = errors.Join(err, m.closer.Close())
	}
	return err
}

// Locate names what lies at an address: a file, or a part of the file system. It
// returns an empty string for what is unused.
func (m *Image) Locate(a disc.LBA) string {
	e, ok := m.layout.Find(int64(a) * disc.SectorSize)
	if !ok || e.Source == nil {
		return ""
	}
	return e.Source.String()
}
