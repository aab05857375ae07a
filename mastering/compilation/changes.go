package compilation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/progress"
)

// DiscOptions say how an image is read as a disc.
type DiscOptions struct {
	// KeepGoing goes on where a file is not any more what was planned: with the bytes
	// that are there, and with zeros for those that are missing. Changes of the disc
	// tells of it.
	KeepGoing bool
}

// changes collects the sources that were not any more what was planned, each once
// for what happened to it. It is safe for use by several goroutines.
type changes struct {
	mu   sync.Mutex
	seen map[string]bool
	list []*layout.SourceError
}

// add reports whether that was new.
func (c *changes) add(e *layout.SourceError) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := e.Error()
	if c.seen[key] {
		return false
	}
	if c.seen == nil {
		c.seen = map[string]bool{}
	}
	c.seen[key] = true
	c.list = append(c.list, e)
	return true
}

// write writes the image as it is now, and adds to met which sources were not what was
// planned. A file that has only grown still holds what was planned, and does not end
// the writing; of others the first one does, unless the options say to keep going.
func (m *Image) write(ctx context.Context, w io.Writer, o DiscOptions, met *changes, rep progress.Reporter) error {
	wo := layout.WriteOptions{Reporter: rep}
	wo.OnError = func(e *layout.SourceError) error {
		if !o.KeepGoing && !errors.Is(e, layout.ErrGrew) {
			return e
		}
		met.add(e)
		return nil
	}
	if m.late != nil {
		end := m.late.begin(ctx)
		defer end()
	}
	if err := m.layout.WriteTo(ctx, w, wo); err != nil {
		return fmt.Errorf("write image: %w", err)
	}
	m.warnUnsummed(rep)
	return nil
}

// Disc returns the image as a disc, a disc.Planned. Reading goes on where a file
// has grown or was written to but still delivers the planned number of bytes,
// since a disc that is being recorded is lost otherwise; what was met is told by
// Changes. Where a file does not deliver them, zeros take their place with
// KeepGoing, and without it the read fails.
func (m *Image) Disc(o DiscOptions) disc.Disc {
	m.layout.OnError(func(e *layout.SourceError) error {
		if !e.Delivered && !o.KeepGoing {
			return e
		}
		m.read.add(e)
		return nil
	})
	return &planned{disc.FromReaderAt(m.layout, m.Size(), m.Close), m, o}
}

// planned is an image as a disc.
type planned struct {
	disc.Disc
	m *Image
	o DiscOptions
}

// ReadAt implements io.ReaderAt: offset 0 is the first byte of the disc.
func (p *planned) ReadAt(b []byte, off int64) (int, error) { return p.m.layout.ReadAt(b, off) }

// Check implements disc.Planned.
func (p *planned) Check(ctx context.Context) error {
	var met changes
	err := p.m.layout.Check(ctx, func(e *layout.SourceError) error {
		if p.o.KeepGoing || errors.Is(e, layout.ErrGrew) {
			p.m.read.add(e)
			return nil
		}
		met.add(e)
		return nil
	})
	if err != nil {
		return err
	}
	switch n := len(met.list); n {
	case 0:
		return nil
	case 1:
		return met.list[0]
	default:
		return fmt.Errorf("%d files are not any more what was planned: %w; and others", n, met.list[0])
	}
}

// CopyUserData implements format.UserDataCopier. In contrast to reads of the disc, the
// copy also ends at a file that was written to, unless KeepGoing is set: nothing is lost
// by that. Where the copy goes on, Changes tells what was met.
func (p *planned) CopyUserData(ctx context.Context, w io.Writer, rep progress.Reporter) error {
	return p.m.copyTo(ctx, w, p.o, &p.m.read, rep)
}

// Changes implements disc.Planned.
func (p *planned) Changes() []disc.Notice { return p.m.notices(&p.m.read) }

// notices tells what was met.
func (m *Image) notices(c *changes) []disc.Notice {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []disc.Notice
	for _, e := range c.list {
		list = append(list, noticeOf(e))
	}
	if m.sums && list != nil {
		list = append(list, disc.Notice{Severity: disc.Warning, Text: staleSums})
	}
	return list
}

// staleSums says what the change of a file means for the checksums on the disc.
const staleSums = "checksums that the disc holds of these files, or of itself, may not fit what was written"

// noticeOf says what was met, and what was written instead.
func noticeOf(e *layout.SourceError) disc.Notice {
	n := disc.Notice{Severity: disc.Error, Path: fmt.Sprint(e.Source), Text: fmt.Sprintf("%v; zeros take the place of what is missing", e.Err)}
	if e.Delivered {
		n.Severity, n.Text = disc.Warning, fmt.Sprintf("%v; as many bytes were taken as were planned", e.Err)
	}
	return n
}
