package job

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"glassmaster/drive/record"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image"
	"glassmaster/mastering/image/discfile"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/newfile"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/units"
	"glassmaster/mastering/verify"
	"glassmaster/mastering/volume"
)

// ImageOptions are the options for writing an image file. The zero value verifies it.
type ImageOptions struct {
	NoVerify bool // do not read the image back and compare it
	Format   format.Options
}

// ImageFile is the sink that writes an image of a format. Its file appears under path,
// with further files in the same folder if the format has several, when all of them are
// complete.
func ImageFile(path string, f format.Format, o ImageOptions) Sink {
	return &imageFile{path: path, format: f, o: o, files: newfile.NewSet(path)}
}

// ImageStream is the sink that writes an image of a format to w. It cannot be read
// back.
func ImageStream(w io.Writer, f format.Format) Sink {
	return &imageFile{format: f, files: newfile.NewStream(w)}
}

type imageFile struct {
	path   string // empty: a stream
	format format.Format
	o      ImageOptions
	files  *newfile.Set
	in     input
	ctx    context.Context
	rep    progress.Reporter
	result record.Result
}

func (m *imageFile) plan(ctx context.Context, in input) (writer, error) {
	m.in = in
	if m.format.Create == nil {
		return nil, fmt.Errorf("images of the format %s can be read but not written", m.format.Name)
	}
	if _, ok := disc.DataTrack(in.disc); !ok && m.format.Holds&format.Audio == 0 {
		return nil, fmt.Errorf("the disc has no data track, and an image of the format %s can contain nothing else", m.format.Name)
	}
	if err := m.admitReplacing(ctx); err != nil {
		return nil, err
	}
	p := &m.result.Plan
	p.Profile, p.Recipe = m.format.Name+" image", "written to a file"
	p.Sectors = disc.Sectors(in.disc)
	p.Padded = p.Sectors
	p.Steps = []string{fmt.Sprintf("write %d sectors to %s", p.Sectors, m.path)}
	if m.path == "" {
		p.Recipe, p.Steps = "written to a stream", []string{fmt.Sprintf("write %d sectors", p.Sectors)}
	} else if !m.o.NoVerify {
		p.Steps = append(p.Steps, "read the image back and compare every sector with the source")
	}
	p.Notices = m.format.Loss(in.disc)
	if err := p.Examine(ctx, in.disc, "image"); err != nil {
		return nil, err
	}
	p.CheckOpens(ctx, in.disc)
	m.checkSpace()
	return m, nil
}

// admitReplacing refuses to replace a file that the source is read from, and the disc of a
// virtual recorder: it can hold more than an image can, and may be in use.
func (m *imageFile) admitReplacing(ctx context.Context) error {
	if m.path == "" {
		return nil
	}
	info, err := os.Stat(m.path)
	if err != nil {
		return nil
	}
	if disc.ReadsFile(m.in.source, info) {
		return fmt.Errorf("%s is a source of the image and would be overwritten: name another file for the image", m.path)
	}
	files, err := format.OpenFiles(m.path)
	if err != nil {
		return nil
	}
	defer files.Close()
	if _, err := discfile.Format.Open(ctx, files); !errors.Is(err, format.ErrUnknown) {
		return fmt.Errorf("%s is a virtual disc and would be overwritten: name another file for the image, or remove it first", m.path)
	}
	return nil
}

// checkSpace warns if there is less room than the image has bytes. That is no error: an
// image with holes, or one whose data is shared with its source, needs less.
func (m *imageFile) checkSpace() {
	if m.path == "" {
		return
	}
	folder := filepath.Dir(m.path)
	free, ok := freeSpace(folder)
	if !ok {
		return
	}
	p := &m.result.Plan
	p.Capacity = free / disc.SectorSize
	if p.Sectors > p.Capacity {
		p.Notices = append(p.Notices, disc.Notice{Severity: disc.Warning, Path: folder, Text: fmt.Sprintf(
			"only %s are free, and the image has %s", units.Size(free), units.Size(p.Sectors*disc.SectorSize))})
	}
}

func (m *imageFile) planned() record.Plan { return m.result.Plan }

// write writes the files and gives them their names.
func (m *imageFile) write(ctx context.Context, rep progress.Reporter) error {
	m.ctx, m.rep = ctx, rep
	m.result.Notices = slices.Clone(m.result.Plan.Notices)
	d := disc.Unwrap(m.in.disc)
	if _, ok := d.(format.UserDataCopier); !ok || !m.format.CopiesUserData { // a copier does both while it copies
		if err := m.in.source.Prepare(ctx, rep); err != nil {
			return err
		}
		if p, ok := d.(disc.Planned); ok {
			if err := p.Check(ctx); err != nil {
				return err
			}
		}
	}
	began := time.Now()
	err := m.format.Create(ctx, m.files, d, m.o.Format, rep)
	if err == nil && m.proves() {
		err = m.files.Sync() // so that the comparison reads the disk
	}
	if err == nil {
		err = m.files.Commit()
	}
	if err != nil {
		return err
	}
	m.result.Seconds, m.result.Written = time.Since(began).Seconds(), m.result.Plan.Sectors
	return nil
}

// proves reports whether the image is read back.
func (m *imageFile) proves() bool { return m.path != "" && !m.o.NoVerify }

// prove compares the image with its source.
func (m *imageFile) prove() error {
	if m.path != "" && len(m.in.disc.TOC().Sessions) > 1 {
		m.hiddenSession()
	}
	if !m.proves() {
		return nil
	}
	got, _, err := image.Open(m.ctx, m.path)
	if errors.Is(err, image.ErrUnknown) { // the disc has no known file system
		got, err = image.OpenPlain(m.path)
	}
	if err != nil {
		return fmt.Errorf("open the image to compare it: %w", err)
	}
	defer got.Close()
	if f, ok := disc.HostFile(got); ok {
		dropCache(f)
	}
	c, err := verify.Compare(m.ctx, m.contained(), got, m.in.source.Locate, m.rep)
	switch {
	case err == nil:
		m.result.Verified, m.result.Equal, m.result.SHA256 = true, true, hex.EncodeToString(c.SHA256[:])
		return nil
	case errors.As(err, &m.result.Mismatch):
		return fmt.Errorf("%w: %w", record.ErrDiffers, err)
	}
	return err
}

// contained returns the part of the disc that the image contains.
func (m *imageFile) contained() disc.Disc {
	if m.format.Holds&format.Audio != 0 {
		return m.in.disc
	}
	toc := m.in.disc.TOC()
	h := dataOnly{Disc: m.in.disc}
	for _, s := range toc.Sessions {
		s.Tracks = slices.DeleteFunc(slices.Clone(s.Tracks), func(t disc.Track) bool { return t.Mode == disc.Audio })
		h.toc.Sessions = append(h.toc.Sessions, s)
	}
	return h
}

// dataOnly is a disc without its audio tracks.
type dataOnly struct {
	disc.Disc
	toc disc.TOC
}

func (d dataOnly) TOC() disc.TOC { return d.toc }

// hiddenSession warns about a session that the source shows but the image does not: a
// session older than the one before it looks like a remnant of an earlier use of the disc.
func (m *imageFile) hiddenSession() {
	f, err := format.OpenFiles(m.path) // which does not wait for the writer of a pipe
	if err != nil {
		return
	}
	defer f.Close()
	list := volume.FindSessions(f, f.Size, false)
	if n := len(list); n > 0 && list[n-1].Remnant != 0 {
		m.note(disc.Notice{Severity: disc.Warning, Text: fmt.Sprintf(
			"%s does not show the session from sector %d on, as the source does: it is older than the session before it, and an image does not record the bounds of sessions",
			m.path, list[n-1].Remnant)})
	}
}

// note reports a notice and adds it to the result.
func (m *imageFile) note(n disc.Notice) {
	m.result.Notices = append(m.result.Notices, n)
	m.rep.Notice(n)
}

// end removes what is not complete.
func (m *imageFile) end(err error) (record.Result, error) {
	m.files.Discard()
	if p, ok := disc.Unwrap(m.in.disc).(disc.Planned); ok {
		m.result.Changes = p.Changes()
		for _, n := range m.result.Changes {
			m.note(n)
		}
		if m.result.Mismatch != nil && len(m.result.Changes) > 0 {
			err = fmt.Errorf("%w; files of the source were changed while the image was written or compared: %s", err, strings.Join(disc.Texts(m.result.Changes), "; "))
		}
	}
	return m.result, m.unproved(err)
}

// unproved adds to an error of the proof what has become of the image, which is there.
func (m *imageFile) unproved(err error) error {
	switch {
	case err == nil || m.result.Written == 0:
		return err
	case m.result.Mismatch != nil:
		return fmt.Errorf("%s was written, but is not good; write it again: %w", m.path, err)
	}
	return fmt.Errorf("%s was written, but not compared to its end, so that it may not be good: %w", m.path, err)
}
