package compilation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/progress"
)

// DiscOptions are the options for reading an image as a disc.
type DiscOptions struct {
	// KeepGoing continues if a file has changed since it was planned: with the bytes that
	// can be read, and zeros for those that cannot. The method Changes of the disc reports
	// such files.
	KeepGoing bool
}

// changes collects the sources that have changed since they were planned, and how, each
// change once. It is safe for use by several goroutines.
type changes struct {
	mu   sync.Mutex
	seen map[string]bool
	list []*layout.SourceError
}

// add adds a change and reports whether it is new.
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

// write writes the image, and adds sources that have changed to met. A file that has only
// grown does not stop the writing, since it still has the planned bytes; the first other
// change does, unless the options say to keep going.
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

// Disc returns the image as a disc, a disc.Planned. Reading continues if a file has grown
// or was modified but still has the planned number of bytes, since otherwise a disc that
// is being recorded would be lost. If a file has fewer bytes, they are replaced by zeros
// with KeepGoing, and otherwise the read fails. Changes reports all these files.
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

// ReadsFile reports whether the disc reads a file of the host, for disc.ReadsFile.
func (p *planned) ReadsFile(file fs.FileInfo) bool { return p.m.layout.ReadsFile(file) }

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
		return fmt.Errorf("%d files have changed since the disc was planned; the first: %w", n, met.list[0])
	}
}

// CopyUserData implements format.UserDataCopier. Unlike reads of the disc, the copy also
// fails if a file was modified, unless KeepGoing is set, since nothing is lost by that. If
// the copy continues, Changes reports the files.
func (p *planned) CopyUserData(ctx context.Context, w io.Writer, rep progress.Reporter) error {
	return p.m.copyTo(ctx, w, p.o, &p.m.read, rep)
}

// Changes implements disc.Planned.
func (p *planned) Changes() []disc.Notice { return p.m.notices(&p.m.read) }

// notices returns the changes as notices.
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

// staleSums is the notice about the checksums on the disc if a file has changed.
const staleSums = "checksums on the disc, of these files or of the disc itself, may not match what was written"

// noticeOf describes a change, and what was written instead.
func noticeOf(e *layout.SourceError) disc.Notice {
	n := disc.Notice{Severity: disc.Error, Path: fmt.Sprint(e.Source), Text: fmt.Sprintf("%v; zeros replace what is missing", e.Err)}
	if e.Delivered {
		n.Severity, n.Text = disc.Warning, fmt.Sprintf("%v; the planned number of bytes was used", e.Err)
	}
	return n
}
