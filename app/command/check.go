package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"strings"
	"unicode/utf8"

	"glassmaster/app/terminal"
	"glassmaster/drive/source"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/filename"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/units"
	"glassmaster/mastering/volume"
)

// checkInfo is the result of "info --check", for --json.
type checkInfo struct {
	Files   int64    `json:"files"`
	Folders int64    `json:"folders"`
	Others  int64    `json:"others"` // links and devices
	Bytes   int64    `json:"bytes"`  // of all files
	Count   int      `json:"damaged"`
	Damage  []string `json:"damage,omitempty"`  // the first ones
	Remarks []string `json:"remarks,omitempty"` // deviations from the standard that readers ignore

	incomplete bool // the damage includes a missing end
}

// shown is how many damaged places are listed.
const shown = 20

func (c *checkInfo) add(format string, args ...any) {
	if c.Count++; c.Count <= shown {
		c.Damage = append(c.Damage, terminal.Valid(fmt.Sprintf(format, args...)))
	}
}

// check walks all folders of a volume. Unless a view was chosen, a UDF volume on the same
// disc is checked too, since players read only that.
func (inv *invocation) check(ctx context.Context, src *source.Source, vol volume.FS, which volume.Options) (*checkInfo, error) {
	c := &checkInfo{}
	inv.report().Phase(progress.Checking, 0)
	every := which
	every.View = ""
	views, err := volume.NewComparison(ctx, src.Disc, every)
	if err != nil {
		return nil, err
	}
	if err := c.volume(ctx, src.Disc, vol, views); err != nil {
		return nil, err
	}
	if d, ok := volume.Incomplete(src.Defects(ctx)); ok && !c.incomplete {
		c.add("%s", d.Text)
	}
	if which.View == "" && vol.Volume().View != "UDF" {
		if err := c.beside(ctx, src.Disc, which, views); err != nil {
			return nil, err
		}
	}
	apart, err := views.Disagreements(ctx)
	c.take(apart)
	return c, err
}

// volume checks the structures of a volume, and counts its entries. The entries are also
// used for the comparison of the views.
func (c *checkInfo) volume(ctx context.Context, d disc.Disc, vol volume.FS, views *volume.Comparison) error {
	w := walked{checkInfo: c, end: disc.LBA(disc.Sectors(d)), reported: map[string]bool{}}
	if x, ok := vol.(volume.Checker); ok {
		defects, err := x.Check(ctx)
		if err != nil {
			return err
		}
		c.take(defects)
		for _, d := range defects {
			if d.Severity != disc.Info {
				w.known, w.reported[strings.TrimPrefix(d.Path, "/")] = true, true
			}
		}
	}
	listing := views.Listing(vol.Volume().View)
	err := volume.Walk(vol, ".", func(e *volume.Entry) error {
		w.entry(e)
		if listing != nil {
			listing.Add(e)
		}
		return ctx.Err()
	})
	if err == nil {
		views.Take(listing)
	}
	if remark := w.names(vol.Volume().Unicode); remark != "" && len(c.Remarks) < shown {
		c.Remarks = append(c.Remarks, remark)
	}
	if c.Bytes == math.MaxInt64 {
		c.add("the total size of the files is out of range")
	}
	if errors.Is(err, fs.SkipAll) {
		return nil
	}
	return err
}

// beside checks a UDF volume other than the one shown.
func (c *checkInfo) beside(ctx context.Context, d disc.Disc, which volume.Options, views *volume.Comparison) error {
	which.View = "UDF"
	vol, err := volume.OpenFormat(ctx, d, "UDF", which)
	switch {
	case err == volume.ErrUnknown: // a wrapped error means that the volume is damaged
		return nil
	case err != nil:
		c.add("UDF: %v", err)
		return nil
	}
	other := &checkInfo{}
	err = other.volume(ctx, d, vol, views)
	c.Count += other.Count
	for _, text := range other.Damage {
		if len(c.Damage) < shown {
			c.Damage = append(c.Damage, "UDF: "+text)
		}
	}
	for _, text := range other.Remarks {
		if len(c.Remarks) < shown {
			c.Remarks = append(c.Remarks, "UDF: "+text)
		}
	}
	return err
}

// take adds notices to the damage or the remarks.
func (c *checkInfo) take(defects []disc.Notice) {
	for _, d := range defects {
		c.incomplete = c.incomplete || d.Incomplete
		switch {
		case d.Severity != disc.Info:
			c.add("%v", d)
		case len(c.Remarks) < shown:
			c.Remarks = append(c.Remarks, terminal.Valid(d.String()))
		}
	}
}

// walked is the state of the walk after the check of the structures.
type walked struct {
	*checkInfo
	end      disc.LBA        // of the disc
	known    bool            // the structures are damaged, which is why entries cannot be read
	reported map[string]bool // paths of reported damage

	foreign []string // the first names that are not UTF-8
	strange int      // their number
}

// names reports the likely character set of names that are not UTF-8.
func (w *walked) names(unicode bool) string {
	if w.strange == 0 || unicode {
		return ""
	}
	return fmt.Sprintf("%s not UTF-8; the character set is probably %v", units.Count(w.strange, "name is", "names are"), filename.Guess(w.foreign))
}

// name counts a name that is not UTF-8.
func (w *walked) name(p []byte) {
	name := p[bytes.LastIndexByte(p, '/')+1:]
	if utf8.Valid(name) {
		return
	}
	if w.strange++; w.strange <= manyNames {
		w.foreign = append(w.foreign, string(name))
	}
}

// entry counts an entry, and reports its damage unless that is reported already.
func (w *walked) entry(e *volume.Entry) {
	if e.Err == nil {
		w.name(e.Path)
	}
	switch {
	case e.Err != nil:
		if !w.known && !w.reported[string(e.Path)] {
			w.add("%v", e.Err)
		}
		return
	case e.IsDir():
		w.Folders++
	case e.Mode.IsRegular():
		w.Files++
		w.Bytes = volume.Sum(w.Bytes, e.Size)
	default:
		w.Others++
	}
	outside := false
	for _, x := range e.Extents {
		if last := x.Start + disc.LBA((x.Length+disc.SectorSize-1)/disc.SectorSize); x.Start < 0 || last > w.end {
			outside = true
			if !w.known {
				w.add("%s: sectors %d to %d are beyond the end of the disc", e.Path, x.Start, last-1)
			}
		}
	}
	switch {
	case e.Unreadable == "" || outside || w.reported[string(e.Path)]:
		return
	case w.known && !e.Mode.IsRegular(): // it has no contents: its entry is damaged
		return
	case len(e.Extents) > 0:
		w.add("sector %d: %s: %s", e.Extents[0].Start, e.Path, e.Unreadable)
	default:
		w.add("%s: %s", e.Path, e.Unreadable)
	}
	if e.IsDir() { // the walk visits it again
		w.reported[string(e.Path)] = true
	}
}
