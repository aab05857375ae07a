package iso

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/newfile"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/volume"
)

// pieceSectors is how many sectors are read at a time: whole pages of memory also if they
// are stored as sectors of a CD, of which reading anything else costs a third more.
const pieceSectors = 256

// writeSectors is how many sectors are written at a time. Much more is slow on some file
// systems.
const writeSectors = 64

// create writes the user data of a disc, from address 0 to the end of its last data
// track. Sectors that are not part of a data track are written as zeros.
func create(ctx context.Context, out *newfile.Set, d disc.Disc, _ format.Options, rep progress.Reporter) error {
	track, ok := disc.DataTrack(d)
	if !ok {
		return errors.New("write ISO image: the disc has no data track, and an ISO image cannot hold audio tracks")
	}
	w, err := out.Create()
	if err != nil {
		return err
	}
	if c, ok := d.(format.UserDataCopier); ok {
		return c.CopyUserData(ctx, w, rep)
	}
	if l, ok := inFile(d); ok {
		if err := l.WriteTo(ctx, w, layout.WriteOptions{Reporter: rep}); err != nil {
			return fmt.Errorf("write ISO image: %w", err)
		}
		return nil
	}
	rep.Phase(progress.Writing, int64(track.End())*disc.SectorSize)
	piece := make([]byte, pieceSectors*disc.SectorSize)
	at := disc.LBA(0)
	for _, run := range dataRuns(d) {
		if err := zeros(ctx, w, int64(run.start-at), piece, rep); err != nil {
			return err
		}
		if err := sectors(ctx, w, d, run, piece, rep); err != nil {
			return err
		}
		at = run.end
	}
	return nil
}

// inFile returns the layout of a disc whose user data is a regular file, which the kernel
// can copy.
func inFile(d disc.Disc) (*layout.Layout, bool) {
	f, ok := disc.HostFile(d)
	if !ok {
		return nil, false
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil, false
	}
	if named, err := os.Stat(f.Name()); err != nil || !os.SameFile(info, named) {
		return nil, false // the layout would open what has the name now
	}
	src := layout.NewFile(f.Name())
	src.Modified = volume.Nanoseconds(info.ModTime())
	l, err := layout.New([]layout.Extent{{Length: info.Size(), Source: src}}, disc.Sectors(d)*disc.SectorSize)
	return l, err == nil
}

// run is a run of sectors of data tracks.
type run struct{ start, end disc.LBA }

// dataRuns returns the runs of user data of the disc, in the order of their addresses.
func dataRuns(d disc.Disc) []run {
	var runs []run
	at := disc.LBA(0)
	for _, s := range d.TOC().Sessions {
		for _, t := range s.Tracks {
			if t.Mode == disc.Audio || t.End() <= at {
				continue
			}
			runs = append(runs, run{max(t.Start, at), t.End()})
			at = t.End()
		}
	}
	return runs
}

// zeros writes n sectors of zeros.
func zeros(ctx context.Context, w io.Writer, n int64, piece []byte, rep progress.Reporter) error {
	if n > 0 {
		clear(piece)
	}
	for n > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		p := piece[:min(n, pieceSectors)*disc.SectorSize]
		if err := write(w, p, rep); err != nil {
			return err
		}
		n -= int64(len(p) / disc.SectorSize)
	}
	return nil
}

// sectors copies a run of sectors.
func sectors(ctx context.Context, w io.Writer, d disc.Disc, r run, piece []byte, rep progress.Reporter) error {
	for r.start < r.end {
		if err := ctx.Err(); err != nil {
			return err
		}
		p := piece[:min(int64(r.end-r.start), pieceSectors)*disc.SectorSize]
		n, err := d.ReadSectors(ctx, p, r.start, disc.User)
		if werr := write(w, p[:n*disc.SectorSize], rep); werr != nil {
			return werr
		}
		r.start += disc.LBA(n)
		if n*disc.SectorSize == len(p) {
			continue
		}
		if err == nil {
			err = io.ErrUnexpectedEOF
		}
		return fmt.Errorf("write ISO image: read sector %d of %d: %w", r.start, r.end, err)
	}
	return nil
}

// write writes sectors, and adds what was written to rep.
func write(w io.Writer, p []byte, rep progress.Reporter) error {
	for len(p) > 0 {
		n := min(len(p), writeSectors*disc.SectorSize)
		if _, err := w.Write(p[:n]); err != nil {
			return fmt.Errorf("write ISO image: %w", err)
		}
		rep.Add(int64(n))
		p = p[n:]
	}
	return nil
}
