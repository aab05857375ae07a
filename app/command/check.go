package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"glassmaster/drive/source"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/volume"
)

// checkInfo is what "info --check" finds out.
type checkInfo struct {
	Files   int64    `json:"files"`
	Folders int64    `json:"folders"`
	Others  int64    `json:"others"` // links and devices
	Bytes   int64    `json:"bytes"`  // of all files
	Count   int      `json:"damaged"`
	Damage  []string `json:"damage,omitempty"`  // the first of them
	Remarks []string `json:"remarks,omitempty"` // what is not as the standard has it, though readers do not mind
}

// shown is how many damaged places are named.
const shown = 20

func (c *checkInfo) add(format string, args ...any) {
	if c.Count++; c.Count <= shown {
		c.Damage = append(c.Damage, fmt.Sprintf(format, args...))
	}
}

// examiner is a file system that examines its own structures.
type examiner interface {
	Check(ctx context.Context) ([]volume.Defect, error)
}

// check goes through all folders of a volume. Where nobody asked for a view, UDF
// that shares the disc with ISO 9660 is examined too: players read nothing else.
func (s *session) check(ctx context.Context, src *source.Source, vol volume.FS, which volume.Options) (*checkInfo, error) {
	c := &checkInfo{}
	end := disc.LBA(disc.Sectors(src.Disc))
	s.report().Phase("checking", 0)
	x, examined := vol.(examiner)
	if examined {
		defects, err := x.Check(ctx)
		if err != nil {
			return nil, err
		}
		c.take(defects)
	} else if i := vol.Volume(); i.Blocks*int64(i.BlockSize) > int64(end)*disc.SectorSize {
		c.add("the volume is %d blocks of %d bytes large, the disc holds only %d sectors: its end is missing", i.Blocks, i.BlockSize, end)
	}
	known := examined && c.Count > 0
	err := volume.Walk(vol, ".", func(e *volume.Entry) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		c.entry(e, end, known)
		return nil
	})
	if err != nil && !errors.Is(err, fs.SkipAll) {
		return nil, err
	}
	if which.View == "" && vol.Volume().View != "UDF" {
		return c, c.beside(ctx, src.Disc, which)
	}
	return c, nil
}

// beside examines a UDF volume that is not the one shown, and counts only damage.
func (c *checkInfo) beside(ctx context.Context, d disc.Disc, which volume.Options) error {
	which.View = "UDF"
	vol, err := volume.OpenFormat(d, "UDF", which)
	switch {
	case err == volume.ErrUnknown: // one that is wrapped tells of a volume that should be there
		return nil
	case err != nil:
		c.add("UDF: %v", err)
		return nil
	}
	other := &checkInfo{}
	if x, ok := vol.(examiner); ok {
		defects, err := x.Check(ctx)
		if err != nil {
			return err
		}
		other.take(defects)
	}
	end, known := disc.LBA(disc.Sectors(d)), other.Count > 0
	err = volume.Walk(vol, ".", func(e *volume.Entry) error {
		other.entry(e, end, known)
		return ctx.Err()
	})
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

// take sorts defects into damage and remarks.
func (c *checkInfo) take(defects []volume.Defect) {
	for _, d := range defects {
		switch {
		case !d.Minor:
			c.add("%v", d)
		case len(c.Remarks) < shown:
			c.Remarks = append(c.Remarks, d.String())
		}
	}
}

// entry counts an entry, and adds what is wrong with it. Where the structures were
// found damaged, they are known to be the reason for what cannot be read.
func (c *checkInfo) entry(e *volume.Entry, end disc.LBA, known bool) {
	switch {
	case e.Err != nil:
		if !known {
			c.add("%v", e.Err)
		}
		return
	case e.IsDir():
		c.Folders++
	case e.Mode.IsRegular():
		c.Files++
		c.Bytes += e.Size
	default:
		c.Others++
	}
	outside := false
	for _, x := range e.Extents {
		if last := x.Start + disc.LBA((x.Length+disc.SectorSize-1)/disc.SectorSize); x.Start < 0 || last > end {
			outside = true
			if !known {
				c.add("%s: sectors %d to %d lie beyond the end of the disc", e.Path, x.Start, last-1)
			}
		}
	}
	switch {
	case e.Unreadable == "" || outside:
	case len(e.Extents) > 0:
		c.add("sector %d: %s: %s", e.Extents[0].Start, e.Path, e.Unreadable)
	default:
		c.add("%s: %s", e.Path, e.Unreadable)
	}
}
