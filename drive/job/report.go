package job

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"glassmaster/drive"
	"glassmaster/drive/record"
	"glassmaster/drive/source"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/newfile"
	"glassmaster/mastering/verify"
)

// Report is what is known about discs that were burned from one source, to be filed with
// them, or for programs. Its JSON is that of burn --json, too.
type Report struct {
	Program string       `json:"program"` // name and version
	Source  SourceReport `json:"source"`
	Discs   []DiscReport `json:"discs"`
}

// SourceReport describes the source of a burn.
type SourceReport struct {
	Name   string `json:"name"`
	Kind   string `json:"kind"`             // image, drive, folder, compilation
	Format string `json:"format,omitempty"` // of an image; of a drive: the medium
}

// DiscReport describes one disc and how it was burned. Sizes are in sectors unless they say
// bytes, addresses are those of the disc.
type DiscReport struct {
	Verdict Verdict `json:"verdict"`
	Error   string  `json:"error,omitempty"` // why it failed
	Copy    int     `json:"copy,omitempty"`  // number of the copy, from 1, if there are several

	Drive    string `json:"drive"`
	Vendor   string `json:"vendor,omitempty"`
	Product  string `json:"product,omitempty"`
	Revision string `json:"revision,omitempty"` // of the firmware
	Bus      string `json:"bus,omitempty"`

	Medium   string `json:"medium"`
	MediumID string `json:"medium_id,omitempty"`
	Capacity int64  `json:"capacity_sectors,omitempty"` // free before the burn
	Recipe   string `json:"recipe"`
	Mode     string `json:"mode,omitempty"`
	Reason   string `json:"mode_reason,omitempty"`

	DVDReport
	Session *SessionReport `json:"session,omitempty"` // what it takes of the disc; missing if that is unknown
	Changes *ChangesReport `json:"changes,omitempty"` // of what is on the disc; missing for a whole disc
	Steps   []string       `json:"steps,omitempty"`   // of a plan that was not carried out

	Tracks  []TrackReport `json:"tracks,omitempty"`
	Lost    []string      `json:"lost,omitempty"` // what the disc does not hold of the source
	Sectors int64         `json:"sectors"`        // of the source
	Written int64         `json:"written_sectors"`

	Began        *time.Time `json:"began,omitempty"`
	Ended        *time.Time `json:"ended,omitempty"`
	Speed        int        `json:"speed,omitempty"` // kB/s that was set
	Seconds      float64    `json:"seconds"`         // of writing
	LeastSeconds float64    `json:"least_seconds,omitempty"`
	Rate         float64    `json:"rate,omitempty"` // bytes a second of writing

	BufferBytes int64    `json:"buffer_bytes,omitempty"`
	HostBuffer  *float64 `json:"least_host_buffer,omitempty"`
	DriveBuffer *float64 `json:"least_drive_buffer,omitempty"`

	Equal         bool           `json:"equal"`
	Verified      bool           `json:"verified"`
	NotAssured    []string       `json:"not_assured,omitempty"`
	Checks        []CheckReport  `json:"checks,omitempty"`
	Retried       int64          `json:"retried_sectors"`
	Retries       []int64        `json:"retries,omitempty"`
	ReadOffset    *int           `json:"read_offset,omitempty"` // samples
	SHA256        string         `json:"sha256,omitempty"`      // of what was sent
	Differs       *Difference    `json:"differs,omitempty"`
	SourceChanged *ChangedSource `json:"source_changed,omitempty"`
	Flaws         []string       `json:"flaws,omitempty"` // why it is not good although it may be equal
	Warnings      []string       `json:"warnings,omitempty"`
}

// TrackReport describes a track that was written.
type TrackReport struct {
	Session int    `json:"session"`
	Number  int    `json:"number"`
	Mode    string `json:"mode"`
	LBA     int64  `json:"lba"`
	Sectors int64  `json:"sectors"`
	Title   string `json:"title,omitempty"`
	ISRC    string `json:"isrc,omitempty"`
}

// CheckReport is one thing that was looked at after the burn.
type CheckReport struct {
	What     string `json:"what"`
	Expected string `json:"expected,omitempty"`
	Found    string `json:"found,omitempty"` // if it differs
	OK       bool   `json:"ok"`
}

// Difference is the first sector that is not equal to what was sent.
type Difference struct {
	LBA    int64  `json:"lba"`
	Offset int    `json:"offset"` // of the byte within the sector
	File   string `json:"file,omitempty"`
	Error  string `json:"error,omitempty"` // the sector cannot be read
	Count  int64  `json:"bad_sectors"`
}

// ChangedSource is the first sector of a source that has changed since it was burned.
type ChangedSource struct {
	LBA   int64  `json:"lba"`
	File  string `json:"file,omitempty"`
	Error string `json:"error,omitempty"`
}

// Verdict says in a few words what a disc is worth.
type Verdict string

// Verdicts, from the best to the worst.
const (
	Good       Verdict = "good: read back and equal to what was sent"
	NotAssured Verdict = "equal to what was sent, but not assured"
	Unverified Verdict = "written, but not compared"
	Simulated  Verdict = "simulated: nothing was written"
	Planned    Verdict = "planned: nothing was written"
	Changed    Verdict = "good, but the source has changed since it was burned"
	Flawed     Verdict = "not good: the source is incomplete, damaged or was changed"
	Bad        Verdict = "failed"
)

// verdict judges a disc. An error is never outweighed by anything.
func verdict(o Outcome, simulated bool) Verdict {
	switch r := o.Result; {
	case errors.As(o.Err, new(*record.SourceChange)) && r.Verified && len(r.Flaws()) == 0:
		return Changed
	case o.Err != nil, r.Mismatch != nil:
		return Bad
	case simulated:
		return Simulated
	case len(r.Flaws()) > 0:
		return Flawed
	case r.Verified:
		return Good
	case r.Equal:
		return NotAssured
	}
	return Unverified
}

// NewReport returns a report without discs. program is the name and version of the
// program.
func NewReport(program string, src *source.Source) Report {
	return Report{Program: program, Source: SourceReport{Name: src.Name, Kind: src.Kind, Format: src.Format}}
}

// NewDiscReport returns the report of a disc. found describes the drive.
func NewDiscReport(found drive.Found, o Outcome, simulated bool) DiscReport {
	r := o.Result
	p := r.Plan
	d := DiscReport{
		Verdict: verdict(o, simulated),
		Drive:   o.Drive, Vendor: found.Vendor, Product: found.Product, Revision: found.Revision, Bus: found.Bus,
		Medium: p.Profile, MediumID: r.MediumID, Capacity: p.Capacity, Recipe: p.Recipe, Reason: p.Reason,
		Sectors: p.Sectors, Written: r.Written, Speed: p.Speed, Seconds: r.Seconds, LeastSeconds: r.LeastSeconds,
		Equal: r.Equal, Verified: r.Verified, NotAssured: r.NotAssured, Retried: r.Retried, ReadOffset: r.ReadOffset, SHA256: r.SHA256,
		Differs: NewDifference(r.Mismatch), Flaws: disc.Texts(r.Flaws()), Warnings: disc.Texts(r.Notices),
		Began: moment(r.Began), Ended: moment(r.Ended), DVDReport: newDVDReport(p), Session: newSessionReport(p.Cost),
	}
	if r.Levels.Size > 0 {
		d.BufferBytes, d.HostBuffer, d.DriveBuffer = r.Levels.Size, level(r.Levels.Host), level(r.Levels.Drive)
	}
	if p.Mode != record.Auto {
		d.Mode = p.Mode.String()
	}
	if o.Err != nil {
		d.Error = o.Err.Error()
	}
	if r.Seconds > 0 {
		d.Rate = float64(r.Written*disc.SectorSize) / r.Seconds
	}
	for _, t := range p.Tracks {
		d.Tracks = append(d.Tracks, TrackReport{t.Session, t.Number, t.Mode.String(), int64(t.Start), t.Length, t.Title, t.ISRC})
	}
	d.Lost = disc.Texts(r.Plan.Lost)
	for _, c := range r.Checks {
		d.Checks = append(d.Checks, CheckReport(c))
	}
	for _, lba := range r.Retries {
		d.Retries = append(d.Retries, int64(lba))
	}
	if c := r.SourceChanged; c != nil {
		d.SourceChanged = &ChangedSource{LBA: int64(c.LBA), File: valid(c.File)}
		if c.Err != nil {
			d.SourceChanged.Error = c.Err.Error()
		}
	}
	return d
}

// NewDifference describes a difference; it returns nil for nil.
func NewDifference(m *verify.Mismatch) *Difference {
	if m == nil {
		return nil
	}
	d := &Difference{LBA: int64(m.LBA), Offset: m.Offset, File: valid(m.File), Count: m.Count}
	if m.Err != nil {
		d.Error = m.Err.Error()
	}
	return d
}

func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

func level(v float64) *float64 {
	if v < 0 {
		return nil
	}
	return &v
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.Round(time.Second)
	return &t
}

// ErrReportName is the error of the name of a report that has no known extension.
var ErrReportName = errors.New("a report is a .txt or a .json file")

// CheckReportName returns an error if a report cannot be saved under a name: its extension
// stands for no format, or its folder does not exist.
func CheckReportName(path string) error {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".txt", ".json":
	default:
		return fmt.Errorf("%s: %w", path, ErrReportName)
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil {
		return fmt.Errorf("the report %s cannot be written: %w", path, err)
	} else if !info.IsDir() {
		return fmt.Errorf("the report %s cannot be written: %s is not a folder", path, filepath.Dir(path))
	}
	return nil
}

// Save writes the report to a file: as JSON if its extension is .json, and otherwise as
// text. The file appears when it is complete.
func (r Report) Save(path string) error {
	write := r.writeText
	if strings.EqualFold(filepath.Ext(path), ".json") {
		write = r.writeJSON
	}
	err := newfile.Write(path, func(f *os.File) error {
		if err := write(f); err != nil {
			return err
		}
		return f.Sync()
	})
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

func (r Report) writeJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(r)
}
