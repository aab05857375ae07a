package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"glassmaster/drive/job"
	"glassmaster/drive/source"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/units"
	"glassmaster/mastering/verify"
	"glassmaster/ui/model"
)

// CheckSectors reads all sectors of a disc and checks everything that is stored to check
// them by. It does not fail if there are damaged sectors: they are in the result.
func (e *Engine) CheckSectors(ctx context.Context, d disc.Disc, rep progress.Reporter) (model.Checked, error) {
	locate := func(disc.LBA) string { return "" }
	if s, ok := d.(*source.Source); ok {
		locate = s.Locate
	}
	r, err := verify.Read(ctx, d, locate, rep)
	var bad *verify.FaultError
	var unread *verify.Mismatch
	var sums *verify.ChecksumError
	errors.As(err, &bad)
	errors.As(err, &unread)
	errors.As(err, &sums)
	if err != nil && bad == nil && unread == nil && sums == nil {
		return model.Checked{}, err
	}
	c := model.Checked{Text: checkedText(r), Good: err == nil}
	if wrong := disc.Errors(disc.Notices(d)); len(wrong) > 0 { // which the image says itself
		c = model.Checked{Text: model.Capital(wrong[0].String()), Faults: wrong}
	}
	if sums != nil {
		c.Text = model.Capital(sums.Error()) + "."
		for _, s := range sums.Bad {
			c.Faults = append(c.Faults, disc.Notice{Severity: disc.Error, Text: s.Name + ": " + s.Err.Error()})
		}
	}
	if unread != nil {
		c.Text = model.Capital(unread.Error()) + "."
		c.Faults = append(c.Faults, disc.Notice{Severity: disc.Error, LBA: unread.LBA, Path: unread.File, Text: "the sector cannot be read"})
	}
	if bad != nil {
		c.Text = model.Capital(bad.Error()) + "."
		c.Correctable = bad.Correctable
		for _, f := range bad.First {
			text := "wrong " + strings.Join(f.Kinds(), ", ")
			if !f.Correctable {
				text += " (cannot be corrected)"
			}
			c.Faults = append(c.Faults, disc.Notice{Severity: disc.Error, LBA: f.LBA, Path: f.File, Text: text})
		}
	}
	return c, nil
}

// checkedText says what was checked of a good disc, and what could not be checked.
func checkedText(r verify.Result) string {
	c := r.Checks
	if c.Data+c.Q+c.Audio == 0 && len(r.Sums) == 0 {
		return "Every sector can be read. The image stores no checksums, so the contents were not checked."
	}
	text := model.Capital(r.Summary()) + "."
	if w := c.Warning(); w != "" {
		text += " Warning: " + w + "."
	}
	return text
}

// Repair writes an image of the same format with the damaged sectors corrected as far as
// their parity allows that.
func (e *Engine) Repair(ctx context.Context, from, to string, rep progress.Reporter) (c model.Converted, err error) {
	src, err := source.Open(ctx, from, source.Options{Report: rep})
	if err != nil {
		return c, err
	}
	defer src.Close()
	f, err := job.FormatFor(to, src.Format)
	if err != nil {
		f, err = job.FormatFor(to, "")
	}
	if err != nil {
		return c, err
	}
	sums := disc.Checksums(src.Disc)
	repairer := verify.NewRepairer(src.Disc)
	src.Disc = repairer
	j, err := job.New(ctx, src, job.ImageFile(to, f, job.ImageOptions{}))
	if err != nil {
		return c, err
	}
	if lost := j.Plan().Loss; len(lost) > 0 {
		return c, errors.New(lost[0].Text)
	}
	r, err := j.Run(ctx, rep)
	if err != nil {
		return c, err
	}
	repaired, _ := repairer.Repaired()
	c.Notices = r.Notices
	c.Text = fmt.Sprintf("%s was written, with %s corrected.", model.Short(to), units.Count(repaired, "sector", "sectors"))
	left := repairer.Left(src.Locate)
	_, damage := verify.Checksums(ctx, sums, rep)
	c.Good = left == nil && damage == nil && r.Equal && len(r.Flaws()) == 0
	if damage != nil {
		c.Text += fmt.Sprintf(" Of %s: %v. Sectors without ECC, such as audio, cannot be corrected and may be damaged.", model.Short(from), damage)
	}
	if left != nil {
		c.Text += " " + model.Capital(left.Error()) + " in it."
	}
	return c, nil
}
