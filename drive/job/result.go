package job

import (
	"fmt"

	"glassmaster/drive/record"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/verify"
)

// Result is what a job did.
type Result struct {
	record.Result                        // of an image file too
	Missing       []disc.Notice          // files that were left out
	Unread        *verify.Mismatch       // the first sector of the source in whose place zeros were written, and how many there are; nil when there is none
	Short         *verify.TruncatedError // what the source lacks of its volume; nil when nothing is known to be missing
}

// Flaws returns the reasons why the result is not good although it may be equal to its
// source, the most serious first.
func (r Result) Flaws() []disc.Notice {
	var all []disc.Notice
	add := func(format string, args ...any) {
		all = append(all, disc.Notice{Severity: disc.Error, Text: fmt.Sprintf(format, args...)})
	}
	if r.Unread != nil {
		add("zeros were written in place of sectors that cannot be read: %v", r.Unread)
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
	return append(all, r.Missing...)
}
