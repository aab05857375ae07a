// Package addition plans a session that is added to the disc in a drive: the newest session,
// or another one, is imported as a compilation whose files stay where they are on the disc,
// the compilation is edited, and the session that is planned from it refers to them.
//
// On media that are written sequentially, the session goes to the next writable address.
// On media that are overwritten in place (DVD+RW, DVD-RAM, BD-RE, DVD-RW in restricted
// overwrite mode), it goes after everything that is in use, and when it is complete the
// volume descriptors at the beginning of the disc are made to describe it, as growisofs and
// xorriso do.
package addition

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"glassmaster/drive/read"
	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/master"
	"glassmaster/mastering/session"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/volume"

	// The file systems that are supported.
	_ "glassmaster/mastering/volume/formats"
)

// ErrNoVolume is in the chain of the error of a disc whose files cannot be kept, because it
// has no file system that a later session can refer to.
var ErrNoVolume = errors.New("the files of the disc cannot be kept in a new session")

// ErrNotHidden is in the chain of the error of a medium on which the files of the disc cannot
// stay without being shown.
var ErrNotHidden = errors.New("the files of the disc cannot be hidden")

// Disc is what was on a disc to which a session is added.
type Disc struct {
	Next    record.Next
	Session int         // that was imported; 1 is the oldest
	Volume  volume.Info // of that session
	Files   int         // and links and devices, but not folders
	Bytes   int64       // of their contents
	// Notices are about files and attributes that the new session cannot keep.
	Notices []disc.Notice

	root    *tree.Node
	options master.Options
	paths   map[*tree.Node]string // of the files, by their origins
	end     disc.LBA              // after what is in use, in place
	basis   []record.Sectors
	spool   *spool
	reader  *discReader
}

// Import reads what is on the disc in a drive: all folders of a session, 0 being the newest
// one. Close frees what it takes.
func Import(ctx context.Context, t scsi.Transport, number int) (*Disc, error) {
	d, m, err := open(ctx, t)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	if len(d.basis) == 0 {
		return nil, fmt.Errorf("%w: %w", ErrNoVolume, volume.ErrAudio)
	}
	d.reader = &discReader{toc: m.TOC(), disc: m, kept: map[disc.LBA][]byte{}}
	defer d.reader.use(nil)
	d.reader.keeping(true)
	c, err := session.Continue(ctx, d.reader, volume.Options{Session: number, Drive: true})
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrNoVolume, err)
	}
	if d.Session = number; number == 0 {
		d.Session = newest(m)
	}
	d.Volume = c.Volume().Volume()
	if err := d.read(ctx, c, m); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// Possible reports whether the disc in a drive has a volume, and is open for a session. It
// reads a few sectors.
func Possible(ctx context.Context, t scsi.Transport) bool {
	d, m, err := open(ctx, t)
	if err != nil {
		return false
	}
	defer m.Close()
	for _, s := range d.basis {
		if session.IsDescriptor(s.Data) {
			return true
		}
	}
	return false
}

// open examines the disc in a drive.
func open(ctx context.Context, t scsi.Transport) (*Disc, disc.Disc, error) {
	next, err := record.NextSession(ctx, t)
	if err != nil {
		return nil, nil, err
	}
	m, err := read.Open(ctx, t)
	if err != nil {
		return nil, nil, err
	}
	d := &Disc{Next: next, paths: map[*tree.Node]string{}}
	if d.basis, err = basisOf(ctx, m); err != nil {
		m.Close()
		return nil, nil, err
	}
	return d, m, nil
}

// newest returns the number of the newest session of a disc.
func newest(m disc.Disc) int {
	all := m.TOC().Sessions
	if len(all) == 0 {
		return 1
	}
	return all[len(all)-1].Number
}

// read reads the tree of a volume.
func (d *Disc) read(ctx context.Context, c *session.Continuation, m disc.Disc) error {
	d.root, d.options = c.Root, c.Options
	if !isGrowing(d.options) { // otherwise the planner compares folders with what they were
		d.reader.forget()
	}
	err := session.ReadAll(ctx, d.root)
	d.reader.keeping(false)
	if err != nil {
		return err
	}
	d.Notices = c.Notices()
	if err := d.keepBoot(ctx); err != nil {
		return err
	}
	d.spool = &spool{}
	used, _ := read.Used(ctx, m)
	d.end = disc.LBA(disc.Sectors(used))
	return d.root.Walk(func(n *tree.Node) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if n.IsDir() {
			return nil
		}
		d.Files++
		d.paths[n.Origin()] = n.Path()
		if n.Mode.Type() != 0 {
			return nil
		}
		d.Bytes = volume.Sum(d.Bytes, n.Size)
		if r := n.Recorded(); r != nil {
			for _, x := range r.Extents {
				d.end = max(d.end, x.Start+disc.LBA((x.Length+disc.SectorSize-1)/disc.SectorSize))
			}
			return nil
		}
		return d.keep(n)
	})
}

// largestBoot is the size in bytes up to which boot images are kept. The planner reads their
// beginnings.
const largestBoot = 16 << 20

// keepBoot keeps the boot images, which the planner of the session reads.
func (d *Disc) keepBoot(ctx context.Context) error {
	if d.options.Boot == nil {
		return nil
	}
	d.reader.keeping(true)
	defer d.reader.keeping(false)
	for _, i := range d.options.Boot.Images {
		n := d.root.Lookup(trimSlash(i.Path))
		if i.Path == "" || n == nil || n.Recorded() == nil || n.Size > largestBoot {
			continue
		}
		for _, x := range n.Recorded().Extents {
			p := make([]byte, (x.Length+disc.SectorSize-1)/disc.SectorSize*disc.SectorSize)
			if _, err := disc.NewReader(ctx, d.reader, disc.Track{Length: disc.Sectors(d.reader)}).ReadAt(p, int64(x.Start)*disc.SectorSize); err != nil && !errors.Is(err, io.EOF) {
				return fmt.Errorf("read the boot image %s: %w", i.Path, err)
			}
		}
	}
	return nil
}

// keep keeps contents that the new session needs again, since no sector begins with them. They
// cannot be read from the disc while it is written.
func (d *Disc) keep(n *tree.Node) error {
	src, err := d.spool.keep(n)
	if err != nil {
		d.Notices = append(d.Notices, disc.Notice{Severity: disc.Error, Path: n.Path(), Text: "its contents cannot be read, and are lost in the new session: " + reason(err)})
		src = unreadable{n.Path(), err} // the disc must not be read again while it is written
	}
	n.SetSource(src)
	if o := n.Origin(); o != nil {
		o.SetSource(src)
	}
	return nil
}

// reason returns the text of an error without the path, which the notice has.
func reason(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return err.Error()
}

// basisOf returns the sectors that show whether a disc is still the same: the descriptors of
// its newest session (ECMA-119 6.7.1) and, for UDF, the anchor there and the beginning of the
// sequence of descriptors whose address it has at 20 (ECMA-167 3/8.4.2, 3/10.2). Other volumes of
// UDF have the same sectors except for that sequence. There are none if the disc has only audio
// tracks.
func basisOf(ctx context.Context, m disc.Disc) ([]record.Sectors, error) {
	tr, ok := disc.DataTrack(m)
	if !ok {
		return nil, nil
	}
	var basis []record.Sectors
	add := func(lba disc.LBA, count int) error {
		if lba < tr.Start || lba+disc.LBA(count) > tr.End() {
			return nil
		}
		p := make([]byte, count*disc.SectorSize)
		n, err := m.ReadSectors(ctx, p, lba, disc.User)
		if n == 0 && err != nil && err != io.EOF {
			return fmt.Errorf("read the disc at LBA %d: %w", lba, err)
		}
		if n > 0 {
			basis = append(basis, record.Sectors{LBA: lba, Data: p[:n*disc.SectorSize]})
		}
		return nil
	}
	if err := add(tr.Start+session.FirstDescriptor, 4); err != nil {
		return nil, err
	}
	n := len(basis)
	if err := add(tr.Start+session.FirstAnchor, 1); err != nil || len(basis) == n {
		return basis, err
	}
	const sequence = 4 // descriptors, one of which is the primary one
	if p := basis[n].Data; binary.LittleEndian.Uint16(p) == 2 {
		err := add(disc.LBA(binary.LittleEndian.Uint32(p[20:])), sequence)
		return basis, err
	}
	return basis, nil
}

// Compilation returns the contents of the disc as a compilation, to be edited. Its files have
// an origin (tree.Node.Origin), and their contents are on the disc.
func (d *Disc) Compilation() *compilation.Compilation {
	c := compilation.New()
	c.Label, c.Options = d.options.Label, d.options
	root := d.root.Clone()
	r := c.Root()
	r.Mode, r.UID, r.GID, r.Modified = root.Mode, root.UID, root.GID, root.Modified
	r.SetExtra(root.Extra())
	r.SetOrigin(root.Origin())
	c.Add(r, append([]*tree.Node(nil), root.Children()...))
	return c
}

// Close frees what Import has kept.
func (d *Disc) Close() error {
	if d.spool == nil {
		return nil
	}
	return d.spool.close()
}
