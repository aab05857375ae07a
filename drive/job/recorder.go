package job

import (
	"context"
	"fmt"
	"slices"

	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/drive/source"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/progress"
)

// Recorder is the sink that burns the disc in a drive. The caller closes the transport.
// Options.Locate is set by the job.
func Recorder(t scsi.Transport, o record.Options) Sink { return &recorder{t: t, o: o} }

type recorder struct {
	t      scsi.Transport
	o      record.Options
	in     input
	source *source.Source
	lost   []disc.Notice // what is on the source and cannot be burned
	burn   *record.Burn
	run    *record.Execution // nil before it begins
	feed   *feed             // from a read that is shared with other drives; nil: the source is read for this drive
	// sumsOnly says that the disc is compared with checksums of what was sent: another drive
	// is sent the same, and compares its disc with the source.
	sumsOnly bool
}

func (r *recorder) plan(ctx context.Context, in input) (writer, error) {
	r.in, r.source = in, in.source
	o := r.o
	o.Locate, o.Once = in.source.Locate, in.source.Once || r.sumsOnly
	if r.feed != nil {
		o.Feed = r.feed
	}
	var err error
	if r.burn, err = record.NewPlan(ctx, r.t, in.disc, o); err != nil {
		return nil, err
	}
	if err := scsi.Writable(r.t); err != nil { // before asking for confirmation
		return nil, fmt.Errorf("the drive is open for reading only: %w", err)
	}
	r.lost, err = r.unheld(ctx)
	return r, err
}

// written is what is written of a disc to a DVD or BD: the data of one track.
const written = format.Audio | format.Sessions | format.Tracks | format.Raw | format.Pregaps // others are refused

// unheld returns what is not burned of the source. The plan of a CD, which has tracks, says so
// itself.
func (r *recorder) unheld(ctx context.Context) ([]disc.Notice, error) {
	p := r.burn.Plan()
	if len(p.Tracks) > 0 {
		return p.Lost, nil
	}
	parts, err := format.Unheld(ctx, written, r.in.disc)
	var lost []disc.Notice
	for _, what := range parts {
		lost = append(lost, disc.Notice{Severity: disc.Warning, Text: what})
	}
	return lost, err
}

func (r *recorder) planned() Plan {
	p := Plan{Plan: r.burn.Plan()}
	p.Notices = append(slices.Clip(r.lost), p.Notices...)
	return p
}

// write writes the disc. What several drives share is prepared by their job.
func (r *recorder) write(ctx context.Context, rep progress.Reporter) error {
	if r.feed != nil {
		defer r.feed.leave()
	} else if err := r.in.prepare(ctx, r.burn.UserData(), rep); err != nil {
		return err
	}
	r.run = r.burn.Start(ctx, rep)
	return r.run.Write()
}

// prepare computes checksums before a disc is burned, because the drive cannot wait for
// them, and looks for damage in the tracks whose user data is written, which would end the
// burn.
func (in input) prepare(ctx context.Context, tracks []disc.Track, rep progress.Reporter) error {
	if err := in.source.Prepare(ctx, rep); err != nil {
		return err
	}
	for _, t := range tracks {
		if !disc.StoresRaw(in.disc, t.Start) {
			continue
		}
		if err := in.intact(ctx, t, rep); err != nil {
			return err
		}
	}
	return nil
}

// intact reads the data of a track that an image stores in whole sectors, and returns an error if
// a sector is damaged and cannot be corrected: no medium is used up for it then.
func (in input) intact(ctx context.Context, t disc.Track, rep progress.Reporter) error {
	rep.Phase(progress.Reading, t.Length*disc.SectorSize)
	buf := make([]byte, 256*disc.SectorSize)
	for at := t.Start; at < t.End(); {
		p := buf[:min(int64(t.End()-at)*disc.SectorSize, int64(len(buf)))]
		n, err := in.disc.ReadSectors(ctx, p, at, disc.User)
		at += disc.LBA(n)
		rep.Add(int64(n) * disc.SectorSize)
		if err != nil {
			where := fmt.Sprintf("sector %d", at)
			if file := in.source.Locate(at); file != "" {
				where += fmt.Sprintf(" (%s)", file)
			}
			return fmt.Errorf("nothing was written, because the source cannot be read at %s, where the burn would end: %w", where, err)
		}
	}
	return nil
}

func (r *recorder) prove() error { return r.run.Prove() }

func (r *recorder) end(err error) (record.Result, error) {
	if r.run == nil {
		return record.Result{Plan: r.burn.Plan()}, err
	}
	result, err := r.run.End(err)
	if r.feed != nil && r.feed.again.Load() > 0 {
		result.Notices = append(result.Notices, disc.Notice{Severity: disc.Info, Text: fmt.Sprintf(
			"the drive was slower than the others, so that %d sectors of the source were read again for it", r.feed.again.Load())})
	}
	return result, err
}
