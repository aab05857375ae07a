package compilation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/iso9660"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/newfile"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/tree"
)

// Image is a compilation whose layout is settled: every sector of it can be
// produced, in any order.
type Image struct {
	Warnings []string
	Files    int // unique contents
	Folders  int
	layout   *layout.Layout
	root     *tree.Node
}

// Plan settles the layout of the disc. The compilation can be edited
// afterwards; the image stays what it is.
//
// The time of the volume is now, or what SOURCE_DATE_EPOCH says; in that case
// younger files get that time too, so that the same files give the same image.
func (c *Compilation) Plan(ctx context.Context) (*Image, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	root := c.root
	if !c.sealed {
		root = root.Clone()
	}
	countLinks(root)
	o := c.Options
	o.Label = c.Label
	if o.Application == "" {
		o.Application = "GLASSMASTER"
	}
	if o.Time.IsZero() {
		var err error
		if o.Time, o.Clamp, err = volumeTime(); err != nil {
			return nil, err
		}
	}
	l, report, err := iso9660.Plan(root, o)
	if err != nil {
		return nil, fmt.Errorf("plan disc: %w", err)
	}
	return &Image{report.Warnings, report.Files, report.Directories, l, root}, nil
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
// times of its files must not be later.
func volumeTime() (time.Time, bool, error) {
	s := os.Getenv("SOURCE_DATE_EPOCH")
	if s == "" {
		return time.Now(), false, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return time.Time{}, false, fmt.Errorf("SOURCE_DATE_EPOCH is %q; it must be a number of seconds since 1970", s)
	}
	return time.Unix(n, 0), true, nil
}

// Size returns the size of the image in bytes.
func (m *Image) Size() int64 { return m.layout.Size() }

// Sectors returns the size of the image in sectors.
func (m *Image) Sectors() int64 { return m.layout.Size() / disc.SectorSize }

// ReadAt implements io.ReaderAt.
func (m *Image) ReadAt(p []byte, off int64) (int, error) { return m.layout.ReadAt(p, off) }

// Disc returns the image as a disc.
func (m *Image) Disc() disc.Disc { return disc.FromReaderAt(m.layout, m.Size(), m.Close) }

// Close closes the files that the image reads from.
func (m *Image) Close() error { return m.layout.Close() }

// Locate names what lies at an address: a file, or a part of the file system. It
// returns an empty string for what is unused.
func (m *Image) Locate(a disc.LBA) string {
	e, ok := m.layout.Find(int64(a) * disc.SectorSize)
	if !ok || e.Source == nil {
		return ""
	}
	return e.Source.String()
}

// WriteOptions say how an image is written.
type WriteOptions struct {
	// KeepGoing fills what cannot be read with zeros and goes on. The writing then
	// ends with an *IncompleteError, but what was written stays.
	KeepGoing bool
}

// IncompleteError says that an image was written although some of its files
// could not be read.
type IncompleteError struct {
	Failed []*layout.SourceError
}

func (e *IncompleteError) Error() string {
	names := make([]string, 0, 4)
	for i, f := range e.Failed {
		if i == 3 && len(e.Failed) > 4 {
			names = append(names, fmt.Sprintf("and %d more", len(e.Failed)-i))
			break
		}
		names = append(names, f.Error())
	}
	return fmt.Sprintf("the image is incomplete, %d files hold zeros where they could not be read: %s", len(e.Failed), strings.Join(names, "; "))
}

// WriteTo writes the image to w.
func (m *Image) WriteTo(ctx context.Context, w io.Writer, o WriteOptions, rep progress.Reporter) error {
	if rep == nil {
		rep = progress.Discard
	}
	incomplete := &IncompleteError{}
	wo := layout.WriteOptions{Reporter: rep}
	wo.OnError = func(e *layout.SourceError) error {
		rep.Message(progress.Error, e.Error())
		if !o.KeepGoing {
			return e
		}
		incomplete.Failed = append(incomplete.Failed, e)
		return nil
	}
	if err := m.layout.WriteTo(ctx, w, wo); err != nil {
		return fmt.Errorf("write image: %w", err)
	}
	if incomplete.Failed != nil {
		return incomplete
	}
	return nil
}

// WriteFile writes the image to a file, which appears under its name only when
// it is complete.
func (m *Image) WriteFile(ctx context.Context, path string, o WriteOptions, rep progress.Reporter) error {
	var incomplete *IncompleteError
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
