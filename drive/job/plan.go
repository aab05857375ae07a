package job

import (
	"context"
	"errors"
	"fmt"

	"glassmaster/drive/read"
	"glassmaster/drive/record"
	"glassmaster/mastering/disc"
)

// Plan describes what a job will do.
type Plan struct {
	record.Plan          // of an image file, too
	Unused      int64    // sectors of the source that are not in use, and left out
	UsedBy      string   // what defines the sectors in use: "the UDF volume"; empty: all sectors are written
	Files       []string // paths of the image, the main one first; none: a stream or a medium
	// Loss is what the sink cannot hold. It is among the notices, too.
	Loss []disc.Notice
	// Drops says that contents are lost: audio tracks, or sectors without user data.
	Drops bool
}

// Plan returns what Run will do.
func (j *Job) Plan() Plan { return j.plan }

// ErrMissing is in the chain of the error if files of a folder or compilation cannot be
// put on the disc. With Source.LeaveOut they are left out.
var ErrMissing = errors.New("files cannot be put on the disc")

// missingError says which.
type missingError struct {
	Files []disc.Notice
}

func (e *missingError) Is(target error) bool { return target == ErrMissing }

func (e *missingError) Error() string {
	if len(e.Files) == 1 {
		return e.Files[0].String()
	}
	return fmt.Sprintf("%d files cannot be put on the disc", len(e.Files))
}

// admitMissing refuses a source with missing files, unless LeaveOut or KeepGoing is set.
func (j *Job) admitMissing() error {
	if files := j.source.Missing(); len(files) > 0 && !j.source.LeaveOut && !j.source.KeepGoing {
		return &missingError{files}
	}
	return nil
}

// limit leaves out the sectors that are not in use, unless the whole disc is requested.
func (j *Job) limit(ctx context.Context) {
	if j.source.Whole {
		return
	}
	used, by := read.Used(ctx, j.source)
	if by == "" {
		return
	}
	j.plan.UsedBy, j.plan.Unused = by, disc.Sectors(j.disc)-disc.Sectors(used)
	j.disc = used
}
