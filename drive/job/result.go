package job

import (
	"fmt"
	"time"

	"glassmaster/drive/record"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/verify"
)

// Result is the result of a job.
type Result struct {
	record.Result                        // of an image file, too
	Missing       []disc.Notice          // files that were left out
	Unread        *verify.Mismatch       // the first sector of the source that was replaced by zeros, with their count; nil: none
	Corrected     int64                  // sectors of the source whose user data was damaged, and was corrected by its ECC
	Short         *verify.TruncatedError // what is known to be missing at the end of the source, or nil
	Levels        Levels                 // of the buffers while a disc was written
	Began, Ended  time.Time              // of the job
}

// Flaws returns why the result is not good although it may be equal to its source, the
// most serious reason first.
func (r Result) Flaws() []disc.Notice {
	var all []disc.Notice
	add := func(format string, args ...any) {
		all = append(all, disc.Notice{Severity: disc.Error, Text: fmt.Sprintf(format, args...)})
	}
	if r.Unread != nil {
		add("sectors that cannot be read were replaced by zeros: %v", r.Unread)
	}
	if r.Short != nil {
		add("%v", r.Short)
	} else if text := r.Plan.Incomplete(); text != "" {
		add("the source is incomplete: %s", text)
	}
	all = append(all, r.Changes...)
	if text := r.Plan.Damaged(); text != "" {
		add("the source is damaged: %s", text)
	}
	if r.Damaged != nil {
		add("the source is damaged: %v", r.Damaged)
	}
	return append(all, r.Missing...)
}
