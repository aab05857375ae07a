package iso

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/runs"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/newfile"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/volume"
)

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
	at := disc.LBA(0)
	for _, run := range dataRuns(d) {
		if err := zeros(ctx, w, int64(run.start-at), rep); err != nil {
			return err
		}
		if err := runs.Write(ctx, w, d, run.start, run.end, runs.Mode1User, rep); err != nil {
			return fmt.Errorf("write ISO image: %w", err)
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
	if info.Size() <= (disc.Sectors(d)-1)*disc.SectorSize {
		return nil, false // it has become shorter, and the layout would end with zeros; reading it fails
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
func zeros(ctx context.Context, w io.Writer, n int64, rep progress.Reporter) error {
	piece := make([]byte, min(n, 64)*disc.SectorSize)
	for n > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		p := piece[:min(n*disc.SectorSize, int64(len(piece)))]
		if _, err := w.Write(p); err != nil {
			return fmt.Errorf("write ISO image: %w", err)
		}
		rep.Add(int64(len(p)))
		n -= int64(len(p) / disc.SectorSize)
	}
	return nil
}
