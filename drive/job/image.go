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
	"glassmaster/mastering/sector"
	"glassmaster/mastering/units"
	"glassmaster/mastering/verify"
	"glassmaster/mastering/volume"
)

// ImageOptions are the options for writing an image file. The zero value verifies it.
type ImageOptions struct {
	NoVerify bool // do not read the image back and compare it
	// Force replaces existing files of the image that the path does not name, and writes
	// zeros for sectors that the format cannot hold (Plan.Loss).
	Force  bool
	Format format.Options
}

// ImageFile is the sink that writes an image of a format. Its file appears under path,
// with further files in the same folder if the format has several, when all of them are
// complete. The path can also be that of another file of the image than the main one.
func ImageFile(path string, f format.Format, o ImageOptions) Sink {
	return &imageFile{named: path, format: f, o: o}
}

// ImageStream is the sink that writes an image of a format to w. It cannot be read
// back.
func ImageStream(w io.Writer, f format.Format, o ImageOptions) Sink {
	return &imageFile{format: f, o: o, files: newfile.NewStream(w)}
}

type imageFile struct {
	path   string // of the main file; empty: a stream
	named  string // that the caller named
	format format.Format
	o      ImageOptions
	files  *newfile.Set
	in     input
	kept   disc.Disc     // the part of the source that the image contains
	lost   []disc.Notice // the rest
	drops  bool          // see Plan
	ctx    context.Context
	rep    progress.Reporter
	result record.Result
}

func (m *imageFile) plan(ctx context.Context, in input) (writer, error) {
	m.in = in
	if m.files == nil {
		m.path = mainFile(m.named, m.format, in.disc.TOC())
		m.files = newfile.NewSet(m.path)
	}
	if in.source.Once && m.proves() {
		return nil, fmt.Errorf("standard input can be read only once, so the image cannot be compared with it; use --no-verify, or save standard input to a file and name the file")
	}
	if err := m.admit(ctx); err != nil {
		return nil, err
	}
	p := &m.result.Plan
	p.Profile, p.Recipe = m.format.Name+" image", "written to a file"
	p.Sectors = sectorsOf(m.format.Holds.Keeps(in.disc.TOC()))
	p.Padded = p.Sectors
	p.Steps = []string{fmt.Sprintf("write %d sectors to %s", p.Sectors, m.path)}
	if m.path == "" {
		p.Recipe, p.Steps = "written to a stream", []string{fmt.Sprintf("write %d sectors", p.Sectors)}
	} else if !m.o.NoVerify {
		p.Steps = append(p.Steps, "read the image back and compare every sector with the source")
	}
	if err := m.reduce(ctx); err != nil {
		return nil, err
	}
	p.Notices = m.lost
	if err := p.Examine(ctx, in.disc, "image"); err != nil {
		return nil, err
	}
	p.CheckOpens(ctx, in.disc)
	m.checkSpace()
	return m, nil
}

// hasAudio reports whether a disc has an audio track.
func hasAudio(toc disc.TOC) bool {
	return slices.ContainsFunc(toc.Sessions, func(s disc.Session) bool {
		return slices.ContainsFunc(s.Tracks, func(t disc.Track) bool { return t.Mode == disc.Audio })
	})
}

// sectorsOf returns the number of sectors of a disc from address 0 to its last track.
func sectorsOf(toc disc.TOC) int64 {
	var end disc.LBA
	for _, s := range toc.Sessions {
		for _, t := range s.Tracks {
			end = max(end, t.End())
		}
	}
	return int64(end)
}

// admit refuses what cannot be written in the format, or to these files.
func (m *imageFile) admit(ctx context.Context) error {
	f := m.format
	if f.Create == nil {
		return fmt.Errorf("images of the format %s can be read but not written", f.Name)
	}
	if _, ok := disc.DataTrack(m.in.disc); !ok && f.Holds&format.Audio == 0 {
		return fmt.Errorf("the disc has no data track, and an image of the format %s can contain nothing else; name a .cue file for an image of the audio, or copy single tracks with extract --track", f.Name)
	}
	if n := disc.Sectors(m.in.disc); f.Holds&format.OnlyCD != 0 && n > format.MaxCDSectors {
		return fmt.Errorf("the disc has %d sectors, but an image of the format %s can have at most %d, the capacity of a CD; use %s",
			n, f.Name, format.MaxCDSectors, strings.Join(image.WritableLarge(), " or "))
	}
	if m.o.Format.FilePerTrack && !m.splits() {
		return fmt.Errorf("images of the format %s cannot have a file for each track", f.Name)
	}
	names := m.names(m.in.disc.TOC())
	if m.path == "" && len(names) > 1 {
		return fmt.Errorf("an image of the format %s has several files, which cannot be written to a stream; name a file", f.Name)
	}
	for _, path := range names {
		if err := m.admitReplacing(ctx, path); err != nil {
			return err
		}
	}
	return nil
}

// splits reports whether the format can have a file for each track.
func (m *imageFile) splits() bool {
	toc := disc.TOC{Sessions: []disc.Session{{Number: 1, Tracks: []disc.Track{{Number: 1, Length: 300}, {Number: 2, Start: 300, Length: 300}}}}}
	return m.format.Beside != nil && len(m.format.Beside("x", toc, format.Options{FilePerTrack: true})) > len(m.format.Beside("x", toc, format.Options{}))
}

// names returns the paths of all files of the image, the main one first.
func (m *imageFile) names(toc disc.TOC) []string {
	list := []string{m.path}
	if m.format.Beside != nil {
		for _, name := range m.format.Beside(filepath.Base(m.path), toc, m.o.Format) {
			list = append(list, filepath.Join(filepath.Dir(m.path), name))
		}
	}
	return list
}

// ImageNames returns the paths of the files that ImageFile writes, the main one first.
func ImageNames(path string, f format.Format, toc disc.TOC, o format.Options) []string {
	m := imageFile{path: mainFile(path, f, toc), format: f, o: ImageOptions{Format: o}}
	return m.names(toc)
}

// admitReplacing refuses to replace a file that the source is read from, one that the user
// did not name, and the disc of a virtual recorder: it can hold more than an image can, and
// may be in use.
func (m *imageFile) admitReplacing(ctx context.Context, path string) error {
	if path == "" {
		return nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil
	}
	if disc.ReadsFile(m.in.source, info) {
		return fmt.Errorf("%s is a source of the image and would be overwritten: name another file for the image", path)
	}
	if named, err := os.Stat(m.named); !m.o.Force && (err != nil || !os.SameFile(named, info)) {
		return fmt.Errorf("%w: %s exists and would be replaced, since the image has several files: name another file for the image", ErrExists, path)
	}
	files, err := format.OpenFiles(path)
	if err != nil {
		return nil
	}
	defer files.Close()
	if _, err := discfile.Format.Open(ctx, files); !errors.Is(err, format.ErrUnknown) {
		return fmt.Errorf("%s is a virtual disc and would be overwritten: name another file for the image, or remove it first", path)
	}
	return nil
}

// ErrExists is in the chain of the error if a file of the image exists that is not the one
// that the user named.
var ErrExists = errors.New("a file of the image exists")

// reduce finds out what is lost, and what the image contains.
func (m *imageFile) reduce(ctx context.Context) error {
	var formless int64
	var err error
	if m.lost, formless, err = m.format.ReadLoss(ctx, m.in.disc); err != nil {
		return err
	}
	m.kept = m.in.disc
	m.drops = formless > 0 || m.format.Holds&format.Audio == 0 && hasAudio(m.in.disc.TOC())
	if formless > 0 && m.o.Force {
		m.kept = zeroed{m.kept}
	}
	return nil
}

// zeroed is a disc with zeros for the user data of sectors that have none, such as those of
// form 2.
type zeroed struct{ disc.Disc }

// ReadSectors implements disc.Disc.
func (z zeroed) ReadSectors(ctx context.Context, p []byte, lba disc.LBA, f disc.Form) (int, error) {
	size := f.Size()
	n, err := z.Disc.ReadSectors(ctx, p, lba, f)
	for f == disc.User && n*size < len(p) && errors.Is(err, disc.ErrForm) {
		clear(p[n*size : (n+1)*size])
		n++
		if err = nil; n*size < len(p) {
			var more int
			more, err = z.Disc.ReadSectors(ctx, p[n*size:], lba+disc.LBA(n), f)
			n += more
		}
	}
	return n, err
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

func (m *imageFile) planned() Plan {
	p := Plan{Plan: m.result.Plan, Loss: m.lost, Drops: m.drops}
	if m.path != "" {
		p.Files = m.names(m.in.disc.TOC())
	}
	return p
}

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
	err := m.format.Create(ctx, m.files, disc.Unwrap(m.kept), m.o.Format, rep)
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

// storesWhole reports whether the image has whole sectors as the source delivers them.
func (m *imageFile) storesWhole() bool { return m.format.Holds&format.Raw != 0 }

// proves reports whether the image is read back.
func (m *imageFile) proves() bool { return m.path != "" && !m.o.NoVerify }

// prove compares the image with its source.
func (m *imageFile) prove() error {
	if m.path != "" && m.format.Holds&format.Sessions == 0 && len(m.in.disc.TOC().Sessions) > 1 {
		m.hiddenSession()
	}
	if !m.proves() {
		return nil
	}
	got, err := image.OpenAs(m.ctx, m.path, m.format)
	if err != nil {
		return fmt.Errorf("open the image to compare it: %w", err)
	}
	defer got.Close()
	if f, ok := disc.HostFile(got); ok {
		dropCache(f)
	}
	if err := verify.TOC(m.format.Keeps(m.in.disc.TOC()), m.format.Holds.Keeps(got.TOC())); err != nil {
		return fmt.Errorf("%w: %w", record.ErrDiffers, err)
	}
	c, err := m.compare(got)
	m.result.Damaged = c.Damaged
	switch {
	case err == nil:
		m.result.Verified, m.result.Equal, m.result.SHA256 = true, true, hex.EncodeToString(c.SHA256[:])
		return nil
	case errors.As(err, &m.result.Mismatch):
		return fmt.Errorf("%w: %w", record.ErrDiffers, err)
	}
	return err
}

// compare compares the sectors of the image with those of the source: audio by its samples,
// data as far as the format holds it.
func (m *imageFile) compare(got disc.Disc) (verify.Result, error) {
	holds := m.format.Holds
	sub := holds&format.Sub != 0 && disc.HasSubChannels(m.in.disc)
	raw := map[int]bool{} // tracks of mode 1 that the source stores in whole sectors
	for _, s := range m.in.disc.TOC().Sessions {
		for _, t := range s.Tracks {
			raw[t.Number] = disc.DeliversRaw(m.ctx, m.in.disc, t)
		}
	}
	c := verify.Comparer{
		Damage:  true,
		Pregaps: holds&(format.Indexes|format.Pregaps) != 0,
		Form: func(t disc.Track) disc.Form {
			switch {
			case sub:
				return disc.RawSub
			case t.Mode == disc.Audio, holds&format.Raw != 0 && (raw[t.Number] || t.Mode != disc.Mode1):
				return disc.Raw
			}
			return disc.User
		},
	}
	return c.Compare(m.ctx, sector.AllForms(m.contained()), sector.AllForms(got), m.in.source.Locate, m.rep)
}

// contained returns the part of the disc that the image contains.
func (m *imageFile) contained() disc.Disc {
	if m.format.Holds&format.Audio != 0 {
		return m.kept
	}
	toc := m.in.disc.TOC()
	h := dataOnly{Disc: m.kept}
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
	case errors.Is(err, record.ErrDiffers):
		return fmt.Errorf("%s was written, but is not good; write it again: %w", m.path, err)
	}
	return fmt.Errorf("%s was written, but not compared to its end, so that it may not be good: %w", m.path, err)
}
