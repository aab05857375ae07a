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
	"glassmaster/mastering/iso9660"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/newfile"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/tree"
	udfplan "glassmaster/mastering/udf/plan"
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
	if c.UDFOnly { // the one tree that there is
		o.Hide = o.HideUDF
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
	var report iso9660.Report
	if c.UDFOnly {
		m.layout, report, err = c.planUDF(root, o)
	} else {
		m.layout, report, err = iso9660.Plan(root, o)
	}
	if err != nil {
		if p.closer != nil {
			p.closer.Close()
		}
		return nil, fmt.Errorf("plan disc: %w", err)
	}
	m.Notices, m.Files, m.Folders = append(p.notices, warnings(report.Warnings)...), report.Files, report.Directories
	return m, nil
}

// warnings are notices of what was done in another way than asked.
func warnings(texts []string) []disc.Notice {
	var list []disc.Notice
	for _, t := range texts {
		list = append(list, disc.Notice{Severity: disc.Warning, Text: t})
	}
	return list
}

// planUDF plans a volume of UDF alone.
func (c *Compilation) planUDF(root *tree.Node, o iso9660.Options) (*layout.Layout, iso9660.Report, error) {
	var u udfplan.Options
	if o.UDF != nil {
		u = *o.UDF
	}
	switch {
	case o.Boot != nil:
		return nil, iso9660.Report{}, errors.New("a disc of UDF alone starts no machine; put ISO 9660 beside it")
	case c.Contents.MD5:
		return nil, iso9660.Report{}, errors.New("a disc of UDF alone has no room for the checksum of the image; put ISO 9660 beside it")
	case c.Contents.Zisofs != nil:
		return nil, iso9660.Report{}, errors.New("UDF does not know compressed files; leave out either")
	}
	if err := iso9660.Patterns(o.HideUDF).Check(); err != nil {
		return nil, iso9660.Report{}, fmt.Errorf("hide: %w", err)
	}
	u.Label, u.Time, u.Clamp, u.Hidden = o.Label, o.Time, o.Clamp, o.HiddenInUDF()
	o.Settle(root)
	p, err := udfplan.New(root, u)
	if err != nil {
		return nil, iso9660.Report{}, err
	}
	l, err := p.Volume(0, nil)
	report := iso9660.Report(p.Report())
	report.Warnings = append(report.Warnings, c.missedByUDF()...)
	return l, report, err
}

// missedByUDF says which options mean nothing for a volume of UDF alone.
func (c *Compilation) missedByUDF() (list []string) {
	for _, w := range []struct {
		wanted bool
		what   string
	}{
		{len(c.Options.Hide) > 0 || len(c.Options.HideJoliet) > 0, "what is hidden from other trees is shown"},
		{len(c.Options.Order) > 0, "the contents of files have no other order than that of the folders"},
		{c.Contents.Identical, "files with the same contents are stored each"},
		{c.Options.Attributes, "extended attributes and access control lists are left out"},
		{c.Options.Stamps, "times other than that of the last change are left out"},
	} {
		if w.wanted {
			list = append(list, "on a disc of UDF alone "+w.what)
		}
	}
	return list
}

// planOptions completes the options of the volume.
func (c *Compilation) planOptions() (iso9660.Options, error) {
	o := c.Options
	o.Label = c.Label
	if o.Application == "" {
		o.Application = "GLASSMASTER"
	}
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

// WriteTo writes the image to w. Where it has a checksum that is not computed
// yet, the files are read twice.
func (m *Image) WriteTo(ctx context.Context, w io.Writer, o WriteOptions, rep progress.Reporter) error {
	if rep == nil {
		rep = progress.Discard
	}
	var met changes
	if err := m.copyTo(ctx, w, o, &met, rep); err != nil {
		return err
	}
	for _, n := range m.notices(&met) {
		rep.Notice(n)
	}
	return met.err()
}

// WriteFile writes the image to a file, which appears under its name only when
// it is complete.
func (m *Image) WriteFile(ctx context.Context, path string, o WriteOptions, rep progress.Reporter) error {
	var incomplete *SourcesChangedError
	err := newfile.Write(path, func(f *os.File) error {
		err := m.WriteTo(ctx, f, o, rep)
		if errors.As(err, &incomplete) {
			return nil
		}
		return err
	})
	if err == nil && incomplete != nil {
		return incomplete
	}
	return err
}
