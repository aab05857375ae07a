package job

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/units"
)

// page is a report as text: lines of a name and a value.
type page struct{ strings.Builder }

// nameWidth is the width of the names at the left.
const nameWidth = 16

// add adds a line for each value. A value that is empty adds nothing.
func (p *page) add(name string, values ...string) {
	for _, v := range values {
		if v == "" {
			continue
		}
		fmt.Fprintf(p, "%-*s %s\n", nameWidth, name, shown(v))
		name = ""
	}
}

// shown returns a text with its control characters, and those that change the direction of
// text, as \x1b: it may contain names from a disc.
func shown(s string) string {
	var b strings.Builder
	for _, r := range valid(s) {
		switch {
		case r == '\n':
			b.WriteString("; ")
		case unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r):
			for _, c := range []byte(string(r)) {
				fmt.Fprintf(&b, `\x%02x`, c)
			}
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func (r Report) writeText(w io.Writer) error {
	var p page
	p.WriteString("Report of a burn\n\n")
	p.add("Program", r.Program)
	kind := r.Source.Kind
	if r.Source.Format != "" {
		kind += ", " + r.Source.Format
	}
	p.add("Source", fmt.Sprintf("%s (%s)", r.Source.Name, kind))
	for _, d := range r.Discs {
		p.WriteByte('\n')
		d.text(&p)
	}
	_, err := io.WriteString(w, p.String())
	return err
}

// text adds the report of a disc to a page. The verdict comes first.
func (d DiscReport) text(p *page) {
	if d.Copy > 0 {
		p.add("Copy", fmt.Sprint(d.Copy))
	}
	p.add("Verdict", strings.ToUpper(string(d.Verdict[:1]))+string(d.Verdict[1:]))
	p.add("Error", d.Error)
	p.add("Not assured", d.NotAssured...)
	p.add("Flaws", d.Flaws...)
	d.hardware(p)
	d.written(p)
	d.proof(p)
	p.add("Notices", d.Warnings...)
}

func (d DiscReport) hardware(p *page) {
	p.add("Drive", d.Drive)
	model := strings.TrimSpace(d.Vendor + " " + d.Product)
	if d.Revision != "" {
		model += ", firmware " + d.Revision
	}
	if d.Bus != "" {
		model += ", " + d.Bus
	}
	p.add("", strings.TrimPrefix(model, ", "))
	p.add("Medium", d.Medium)
	p.add("Medium ID", d.MediumID)
	if d.Capacity > 0 {
		p.add("Capacity", sectorsText(d.Capacity)+" free before the burn")
	}
}

// sectorsText returns a number of sectors of 2048 bytes, also in bytes.
func sectorsText(n int64) string {
	return fmt.Sprintf("%s (%s)", units.Count(n, "sector", "sectors"), units.Size(n*disc.SectorSize))
}

func (d DiscReport) written(p *page) {
	if d.Mode != "" {
		p.add("Mode", d.Mode)
	}
	p.add("", d.Reason)
	p.add("Recipe", d.Recipe)
	p.add("Session", d.Session.text())
	p.add("Files", d.Changes.text())
	for i, t := range d.Tracks {
		name := ""
		if i == 0 {
			name = "Tracks"
		}
		text := fmt.Sprintf("session %d, track %2d, %s, LBA %d, %d sectors", t.Session, t.Number, t.Mode, t.LBA, t.Sectors)
		if t.ISRC != "" {
			text += ", ISRC " + t.ISRC
		}
		if t.Title != "" {
			text += ", " + t.Title
		}
		p.add(name, text)
	}
	if d.Began != nil {
		p.add("Began", d.Began.Format(time.RFC3339))
	}
	if d.Ended != nil {
		p.add("Ended", d.Ended.Format(time.RFC3339))
	}
	p.add("Source size", sectorsText(d.Sectors))
	p.add("Written", sectorsText(d.Written))
	if d.Speed > 0 {
		p.add("Speed", units.Speed(d.Speed, d.Medium))
	}
	if d.Seconds > 0 {
		text := fmt.Sprintf("%.1f s, %s", d.Seconds, units.Rate(d.Rate))
		if d.LeastSeconds > 0 {
			text += fmt.Sprintf("; at the speed of the disc at least %.1f s", d.LeastSeconds)
		}
		p.add("Writing took", text)
	}
	if d.HostBuffer != nil {
		p.add("Host buffer", fmt.Sprintf("%s, at least %.0f %% full", units.Size(d.BufferBytes), *d.HostBuffer*100))
	}
	if d.DriveBuffer != nil {
		p.add("Drive buffer", fmt.Sprintf("at least %.0f %% full", *d.DriveBuffer*100))
	}
}

// shownRetries is how many addresses of retries the text lists.
const shownRetries = 20

func (d DiscReport) proof(p *page) {
	for i, c := range d.Checks {
		name := ""
		if i == 0 {
			name = "Checks"
		}
		text := c.What + ": correct"
		if !c.OK {
			text = fmt.Sprintf("%s: expected %s, found %s", c.What, orNone(c.Expected), orNone(c.Found))
		}
		p.add(name, text)
	}
	compared := "no"
	switch {
	case d.Differs != nil:
		compared = fmt.Sprintf("differs in %s; the first is %d", units.Count(d.Differs.Count, "sector", "sectors"), d.Differs.LBA)
		if d.Differs.File != "" {
			compared += fmt.Sprintf(" (%s)", d.Differs.File)
		}
	case d.Equal:
		compared = "every sector, equal"
	}
	p.add("Compared", compared)
	if d.Retried > 0 {
		text := units.Count(d.Retried, "sector", "sectors") + " needed more than one attempt"
		for i, lba := range d.Retries {
			if i == shownRetries {
				text += ", ..."
				break
			}
			text += fmt.Sprintf("%s %d", map[bool]string{true: ": LBA", false: ","}[i == 0], lba)
		}
		p.add("Retries", text)
	}
	if d.ReadOffset != nil {
		p.add("Read offset", fmt.Sprintf("%+d samples", *d.ReadOffset))
	}
	if c := d.SourceChanged; c != nil {
		text := fmt.Sprintf("since it was burned, from sector %d on", c.LBA)
		if c.File != "" {
			text += fmt.Sprintf(" (%s)", c.File)
		}
		p.add("Source changed", text)
	}
	p.add("SHA-256", d.SHA256)
}

func orNone(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}
