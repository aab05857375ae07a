package raw

import (
	"bufio"
	"context"
	"fmt"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/runs"
	"glassmaster/mastering/newfile"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/sector"
)

// create writes the whole sectors of a disc with interleaved sub-channels, 2448 bytes each:
// of each session from its first pre-gap to the end of its last track, but no sector before
// address 0. Sub-channels that the disc does not store follow from its table of contents.
func create(ctx context.Context, out *newfile.Set, d disc.Disc, _ format.Options, rep progress.Reporter) error {
	if n := disc.Sectors(d); n > format.MaxCDSectors {
		return fmt.Errorf("write raw image: the disc has %d sectors; a CD has at most %d", n, format.MaxCDSectors)
	}
	f, err := out.Create()
	if err != nil {
		return err
	}
	type span struct{ start, end disc.LBA }
	var spans []span
	total := int64(0)
	for _, s := range d.TOC().Sessions {
		if len(s.Tracks) == 0 {
			continue
		}
		first, last := s.Tracks[0], s.Tracks[len(s.Tracks)-1]
		one := span{max(0, first.Start-disc.LBA(first.Pregap)), last.End()}
		spans = append(spans, one)
		total += int64(one.end-one.start) * int64(disc.RawSub.Size())
	}
	rep.Phase(progress.Writing, total)
	w := bufio.NewWriterSize(f, 1<<20)
	for _, s := range spans {
		if err := runs.Write(ctx, w, d, s.start, s.end, runs.Layout{Length: sector.Size, Sub: runs.Interleaved}, rep); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write raw image: %w", err)
	}
	return nil
}
