package engine

import (
	"context"
	"fmt"
	"slices"

	"glassmaster/drive"
	"glassmaster/drive/job"
	"glassmaster/drive/source"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/progress"
	"glassmaster/ui/model"
)

// purposes say what image formats are for. The formats that most people want come first.
var purposes = []struct{ name, text string }{
	{"ISO", "One data track; almost every program can open, mount and burn it."},
	{"CUE", "A CD as a CUE sheet and BIN files; the CD format that most programs read."},
	{"CHD", "A compressed CD or DVD in one file, for emulators such as MAME."},
	{"CloneCD", "A CD with its sub-channels, sector by sector (CCD, IMG and SUB files)."},
	{"Alcohol", "A CD or DVD as an MDS and an MDF file of Alcohol 120%."},
	{"Nero", "A CD or DVD in one NRG file of Nero Burning ROM."},
	{"cdrdao", "A CD as a TOC file of cdrdao and BIN files, with CD-TEXT in several languages and sub-channels."},
	{"CSO", "One data track, compressed, for emulators."},
	{"raw", "A CD as whole sectors with sub-channels in one file (2448 bytes each), without a sheet."},
}

// ImageFormats returns the formats that can be written, those that most people want first.
func (e *Engine) ImageFormats() []model.ImageFormat {
	var list []model.ImageFormat
	for _, name := range image.Writable() {
		f, ok := image.ByName(name)
		if !ok || len(f.Extensions) == 0 {
			continue
		}
		one := model.ImageFormat{Name: f.Name, Extension: f.Extensions[0][1:], FilePerTrack: hasFilePerTrack(f)}
		if i := rank(f.Name); i < len(purposes) {
			one.Description = purposes[i].text
		}
		list = append(list, one)
	}
	slices.SortStableFunc(list, func(a, b model.ImageFormat) int { return rank(a.Name) - rank(b.Name) })
	return list
}

// rank returns the place of a format in purposes; formats that are not there come last.
func rank(name string) int {
	for i, p := range purposes {
		if p.name == name {
			return i
		}
	}
	return len(purposes)
}

// hasFilePerTrack reports whether an image of a format can have a file for each track.
func hasFilePerTrack(f format.Format) bool {
	if f.Beside == nil {
		return false
	}
	two := disc.TOC{Sessions: []disc.Session{{Number: 1, Tracks: []disc.Track{{Number: 1, Length: 300}, {Number: 2, Start: 300, Length: 300}}}}}
	main := "x" + f.Extensions[0]
	return len(f.Beside(main, two, format.Options{FilePerTrack: true})) > len(f.Beside(main, two, format.Options{}))
}

// Loss returns what an image of a format cannot hold of a disc, as far as that is known
// without reading the disc. certain is false if Convert has to read it to find out.
func (e *Engine) Loss(d disc.Disc, name string) (lost []disc.Notice, certain bool) {
	f, ok := image.ByName(name)
	if !ok {
		return nil, false
	}
	certain = f.Holds&format.Sub != 0 || !disc.HasSubChannels(d)
	for _, s := range d.TOC().Sessions {
		for _, t := range s.Tracks {
			certain = certain && (f.Holds&format.Raw != 0 || t.Mode == disc.Audio || t.Mode == disc.Mode1)
		}
	}
	return f.Loss(d), certain
}

// Convert writes a disc as an image of a format and compares it with the disc. What
// the format cannot hold is left out if it is among accepted, else the error is a
// *model.LossError and nothing is written.
func (e *Engine) Convert(ctx context.Context, from, to, name string, perTrack bool, accepted []disc.Notice, rep progress.Reporter) (c model.Converted, err error) {
	f, err := job.FormatFor(to, name)
	if err != nil {
		return c, err
	}
	options := source.Options{Report: rep}
	if drive.IsName(from) {
		held, release, err := e.queue.Use(ctx, from)
		if err != nil {
			return c, err
		}
		defer release()
		ctx, options.Wrap = held, e.queue.Share
	}
	src, err := source.Open(ctx, from, options)
	if err != nil {
		return c, err
	}
	defer src.Close()
	j, err := job.New(ctx, src, job.ImageFile(to, f, job.ImageOptions{Force: len(accepted) > 0, Format: format.Options{FilePerTrack: perTrack}}))
	if err != nil {
		return c, err
	}
	more := func(n disc.Notice) bool {
		return !slices.ContainsFunc(accepted, func(a disc.Notice) bool { return a.Text == n.Text })
	}
	if lost := j.Plan().Loss; slices.ContainsFunc(lost, more) {
		return c, &model.LossError{Format: f.Name, Lost: lost}
	}
	r, err := j.Run(ctx, rep)
	if err != nil {
		return c, err
	}
	c.Notices = slices.Concat(src.Notices, r.Notices)
	c.Good = r.Equal && len(r.Flaws()) == 0
	c.Text = fmt.Sprintf("%s was written, read back and is equal to %s.", model.Short(to), model.Short(from))
	if len(j.Plan().Loss) > 0 {
		c.Text = fmt.Sprintf("%s was written. What the format %s holds was read back and is equal to %s.", model.Short(to), f.Name, model.Short(from))
	}
	if flaws := r.Flaws(); len(flaws) > 0 {
		c.Text = fmt.Sprintf("%s was written, but %s", model.Short(to), flaws[0].Text)
	}
	return c, nil
}
