package model

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"glassmaster/drive"
	"glassmaster/drive/job"
	"glassmaster/mastering/disc"
)

// keepReport adds the discs that were burned to the report.
func (b *Burn) keepReport() {
	if b.write.target.File != "" {
		return
	}
	b.report.Source = sourceReport(b.write)
	for _, r := range b.recordings {
		in, _ := b.InsertedIn(r.Drive)
		one := r.outcome.Disc
		if one.Drive == "" {
			one.Drive = r.Drive
		}
		d := job.NewDiscReport(drive.Found{Name: r.Drive, Product: in.Drive.Model}, one, b.write.options.Simulate)
		if b.Copies > 1 {
			d.Copy = b.copies.done
		}
		b.report.Discs = append(b.report.Discs, d)
	}
}

func sourceReport(w writing) job.SourceReport {
	kind := map[SourceKind]string{FromImage: "image", FromCompilation: "compilation", FromDrive: "drive"}[w.first.Kind]
	name := w.first.Name
	if name == "" {
		name = w.title
	}
	return job.SourceReport{Name: name, Kind: kind}
}

// SaveReport saves the report of all discs that were burned since the settings: as JSON if
// the extension is .json, and otherwise as text, with the log. program is the name and
// version of the program.
func (b *Burn) SaveReport(path, program string) error {
	text := b.logText()
	if b.write.target.File != "" {
		return os.WriteFile(path, []byte(b.fileReport()+"\n"+text), 0o644)
	}
	b.report.Program = program
	if err := b.report.Save(path); err != nil || strings.EqualFold(filepath.Ext(path), ".json") {
		return err
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString("\nLog\n\n" + text)
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}

// fileReport returns the outcome of an image file as text.
func (b *Burn) fileReport() string {
	o := b.Outcome()
	if o == nil {
		return ""
	}
	var s strings.Builder
	fmt.Fprintf(&s, "%s\n%s\n\nSource: %s\nTarget: %s\n", o.Headline, o.Text, b.write.title, b.write.to)
	for _, l := range o.Lines() {
		fmt.Fprintf(&s, "%s: %s\n", l.Name, l.Value)
	}
	return s.String()
}

// logText returns what has happened in all drives.
func (b *Burn) logText() string {
	var s strings.Builder
	for _, r := range b.recordings {
		if len(b.recordings) > 1 {
			fmt.Fprintf(&s, "%s\n", r.Title)
		}
		for _, m := range r.meter.Log(0) {
			fmt.Fprintf(&s, "%s  %-7s %s\n", m.Time.Format("2006-01-02 15:04:05"), m.Severity, m.Notice)
		}
	}
	return s.String()
}

// maxChecks is how many checks that found what was expected are listed.
const maxChecks = 10

// Checks describes what was looked at after the burn: what differs first, and of the rest
// the first few.
func (o Outcome) Checks() (bad, good []Line, more int) {
	for _, c := range o.Result.Checks {
		// "track 1" is "1: audio, ...", of which the number is said already.
		if at := strings.LastIndexByte(c.What, ' '); at >= 0 {
			number := c.What[at+1:] + ": "
			c.Expected, c.Found = strings.TrimPrefix(c.Expected, number), strings.TrimPrefix(c.Found, number)
		}
		switch {
		case !c.OK:
			text := "found " + c.Found
			if c.Found == "" {
				text = "not found"
			}
			if c.Expected != "" {
				text = "expected " + c.Expected + ", " + text
			}
			bad = append(bad, Line{Capital(strings.TrimPrefix(c.What, "the ")), Capital(text)})
		case len(good) < maxChecks:
			text := c.Expected
			if text == "" {
				text = "as expected"
			}
			good = append(good, Line{Capital(strings.TrimPrefix(c.What, "the ")), text})
		default:
			more++
		}
	}
	return bad, good, more
}

// unexpected returns what differs from the plan, as text; empty: nothing.
func unexpected(r job.Result) string {
	var parts []string
	for _, c := range r.Checks {
		if !c.OK {
			parts = append(parts, c.What)
		}
	}
	if len(parts) > 3 {
		parts = append(parts[:3], fmt.Sprintf("and %d more", len(parts)-3))
	}
	return strings.Join(parts, ", ")
}

// retries describes where sectors were not read at the first attempt.
func retries(list []disc.LBA) string {
	var parts []string
	for i, lba := range list {
		if i == 8 {
			parts = append(parts, "...")
			break
		}
		parts = append(parts, fmt.Sprint(int64(lba)))
	}
	return strings.Join(parts, ", ")
}
