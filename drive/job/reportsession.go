package job

import (
	"fmt"

	"glassmaster/drive/addition"
	"glassmaster/drive/record"
	"glassmaster/mastering/units"
)

// SessionReport is what a session takes of a disc, in sectors.
type SessionReport struct {
	Start    int64  `json:"lba"`
	Free     int64  `json:"free_sectors"` // before it
	Sectors  int64  `json:"sectors"`
	Padding  int64  `json:"padding_sectors"`
	End      int64  `json:"end_sectors"` // what follows it: zones that end it and begin the next one
	What     string `json:"end,omitempty"`
	Estimate bool   `json:"end_estimated,omitempty"`
	Left     int64  `json:"left_sectors"` // for the next session
}

// newSessionReport returns the report of a cost, nil for nil.
func newSessionReport(c *record.Cost) *SessionReport {
	if c == nil {
		return nil
	}
	return &SessionReport{int64(c.Start), c.Free, c.Sectors, c.Padding, c.End, c.What, c.About, c.Left}
}

// text describes what a session took.
func (s *SessionReport) text() string {
	if s == nil {
		return ""
	}
	return fmt.Sprintf("from LBA %d, %s; %s left", s.Start, sectorsText(s.Sectors+s.Padding+s.End), sectorsText(s.Left))
}

// ChangesReport is what a session changes of the files of a disc.
type ChangesReport struct {
	Kept       int   `json:"kept"`
	Added      int   `json:"added"`
	Replaced   int   `json:"replaced"`
	Removed    int   `json:"removed"`
	Renamed    int   `json:"renamed"`
	Hidden     bool  `json:"hidden,omitempty"` // the files of earlier sessions are not shown
	Contents   int64 `json:"contents_sectors"`
	Structures int64 `json:"structures_sectors"`
}

// SetChanges adds what a session changes, if that is not nil.
func (d *DiscReport) SetChanges(c *addition.Changes) {
	if c != nil {
		d.Changes = &ChangesReport{c.Kept, c.Added, c.Replaced, c.Removed, c.Renamed, c.Hidden, c.Contents, c.Structures}
	}
}

// text describes what a session has changed.
func (c *ChangesReport) text() string {
	switch {
	case c == nil:
		return ""
	case c.Hidden:
		return "those of earlier sessions are hidden"
	}
	return fmt.Sprintf("%s kept, %d added, %d replaced, %d removed, %d renamed", units.Count(c.Kept, "file", "files"), c.Added, c.Replaced, c.Removed, c.Renamed)
}
