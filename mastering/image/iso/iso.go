// Package iso reads and writes plain images: 2048 bytes of user data a sector,
// from address 0 on, and nothing else. The usual ending is .iso.
//
// Such a file has no signature of its own. It is recognised by the descriptors
// of a file system where these must be: of ISO 9660 (ECMA-119 8) or of the
// volume recognition sequence of UDF (ECMA-167 part 3, 3.1), both from byte
// 32768 on.
package iso

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/volume"
)

func init() {
	image.Register(image.Format{Name: "ISO", Endings: []string{".iso", ".udf"}, Open: open, Write: Write})
}

// vrsStart is where volume descriptors begin, and vrsSectors how many sectors
// are looked at: a recognition sequence of UDF may follow that of ISO 9660.
const (
	vrsStart   = 16 * disc.SectorSize
	vrsSectors = 16
)

// open recognises a plain image.
func open(f *os.File) (disc.Disc, error) {
	size, err := f.Seek(0, io.SeekEnd) // a block device has no size otherwise
	if err != nil {
		return nil, err
	}
	known, err := recognise(f)
	if err != nil {
		return nil, err
	}
	if !known && !later(f, size) {
		return nil, image.ErrUnknown
	}
	return disc.FromReaderAt(f, size, f.Close), nil
}

// recognise reports whether a volume descriptor is where it must be.
func recognise(r io.ReaderAt) (bool, error) {
	p := make([]byte, vrsSectors*disc.SectorSize)
	n, err := r.ReadAt(p, vrsStart)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, fmt.Errorf("read the volume descriptors: %w", err)
	}
	for p = p[:n]; len(p) >= 6; p = p[min(len(p), disc.SectorSize):] {
		switch string(p[1:6]) {
		case "CD001", "NSR02", "NSR03":
			return true, nil
		}
	}
	return false, nil
}

// mostCD is more sectors than a CD has: 99 minutes.
const mostCD = 450000

// later reports whether a volume is in a later session alone, as in the image of a CD
// that begins with audio tracks, in whose place this package writes zeros.
func later(r io.ReaderAt, size int64) bool {
	p := make([]byte, vrsSectors*disc.SectorSize)
	n, err := r.ReadAt(p, vrsStart)
	if n < len(p) || err != nil || len(bytes.Trim(p, "\x00")) > 0 || size > mostCD*disc.SectorSize {
		return false
	}
	return len(volume.FindSessions(r, size, false)) > 0
}

// pieceSectors is how many sectors are copied at a time.
const pieceSectors = 64

// Write streams the user data of a disc to w, from address 0 to the end of its
// last data track. A plain image can hold nothing else: audio tracks and the
// bounds of sessions are left out, which is said to rep. Sectors that belong to
// no data track are written as zeros.
func Write(ctx context.Context, w io.Writer, d disc.Disc, rep progress.Reporter) error {
	track, ok := disc.DataTrack(d)
	if !ok {
		return errors.New("write ISO image: the disc has no data track, and an ISO image holds nothing else")
	}
	if n := audioTracks(d); n > 0 {
		rep.Message(progress.Warning, fmt.Sprintf("An ISO image holds data only; audio tracks left out: %d.", n))
	}
	if len(d.TOC().Sessions) > 1 {
		rep.Message(progress.Warning, fmt.Sprintf("An ISO image has no sessions: %d sessions become one run of sectors.", len(d.TOC().Sessions)))
	}
	rep.Phase("writing", int64(track.End())*disc.SectorSize)
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

// run is a run of sectors of data.
type run struct{ start, end disc.LBA }

// dataRuns returns where the user data of the disc is, in order. The first
// track begins at address 0 even when its index 1 does not.
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

func audioTracks(d disc.Disc) int {
	n := 0
	for _, s := range d.TOC().Sessions {
		for _, t := range s.Tracks {
			if t.Mode == disc.Audio {
				n++
			}
		}
	}
	return n
}

// zeros writes so many empty sectors.
func zeros(ctx context.Context, w io.Writer, n int64, piece []byte, rep progress.Reporter) error {
	if n > 0 {
		clear(piece)
	}
	for n > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		p := piece[:min(n, pieceSectors)*disc.SectorSize]
		if _, err := w.Write(p); err != nil {
			return fmt.Errorf("write ISO image: %w", err)
		}
		rep.Add(int64(len(p)))
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
		if _, werr := w.Write(p[:n*disc.SectorSize]); werr != nil {
			return fmt.Errorf("write ISO image: %w", werr)
		}
		rep.Add(int64(n) * disc.SectorSize)
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
