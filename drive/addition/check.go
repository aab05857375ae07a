package addition

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"glassmaster/drive/record"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/units"
	"glassmaster/mastering/volume"
)

// mostSamples is of how many files that are kept the beginning is read before and after the
// burn. Each can cost a drive a fifth of a second.
const mostSamples = 48

// sample reads the first sectors of some of the files that are kept, spread evenly. Those that
// cannot be read are damaged already, and get a notice.
func (a *Addition) sample(ctx context.Context, root *tree.Node) error {
	var starts []disc.LBA
	paths := map[disc.LBA]string{}
	err := root.Walk(func(n *tree.Node) error {
		if r := n.Recorded(); r != nil && len(r.Extents) > 0 {
			at := r.Extents[0].Start
			starts = append(starts, at)
			paths[at] = n.Path()
		}
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	slices.Sort(starts)
	starts = slices.Compact(starts)
	for i := range min(len(starts), mostSamples) {
		at := starts[i*len(starts)/min(len(starts), mostSamples)]
		p := make([]byte, disc.SectorSize)
		if _, err := a.previous.ReadSectors(ctx, p, at, disc.User); err != nil {
			if ctx.Err() != nil || errors.Is(err, disc.ErrGone) {
				return err
			}
			a.Source.Notices = append(a.Source.Notices, disc.Notice{
				Severity: disc.Warning, Path: paths[at],
				Text: fmt.Sprintf("its beginning, at LBA %d, cannot be read: the file is damaged on the disc, and stays so", at),
			})
			continue
		}
		a.samples = append(a.samples, record.Sectors{LBA: at, Data: p})
	}
	return nil
}

// check compares what the disc shows after the burn with what was planned: the names, sizes,
// types, times and places of all files in all views, those of earlier sessions included, and
// the beginnings of some of the latter with what was read before the burn. The sectors of the
// session itself were compared already.
func (a *Addition) check(ctx context.Context, d disc.Disc) (record.Check, error) {
	c := record.Check{What: "files of the disc", Expected: units.Count(a.Changes.Kept, "file", "files") + " of before, " +
		units.Count(a.Changes.Added+a.Changes.Replaced, "new file", "new files")}
	views, err := a.views()
	if err != nil {
		return c, err
	}
	for _, view := range views {
		want, err := a.volume(view)
		if err != nil {
			return c, err
		}
		got, err := volume.OpenDisc(ctx, d, volume.Options{View: view})
		if err != nil {
			c.Found = "none"
			return c, fmt.Errorf("the files of the disc cannot be found (%s): %w", view, err)
		}
		if err := compareVolumes(ctx, want, got); err != nil {
			c.Found = err.Error()
			return c, fmt.Errorf("the disc shows other files than planned (%s): %w", view, err)
		}
	}
	for _, s := range a.samples {
		p := make([]byte, len(s.Data))
		if _, err := d.ReadSectors(ctx, p, s.LBA, disc.User); err != nil {
			return c, fmt.Errorf("a file of an earlier session can no longer be read at LBA %d: %w", s.LBA, err)
		}
		if !bytes.Equal(p, s.Data) {
			return c, fmt.Errorf("a file of an earlier session has changed at LBA %d", s.LBA)
		}
	}
	c.OK = true
	return c, nil
}

// volume opens a view of the planned session.
func (a *Addition) volume(view string) (volume.FS, error) {
	v, err := volume.Open(a.planned, a.planned.Size(), volume.Options{Start: a.start, View: view})
	if err != nil {
		return nil, fmt.Errorf("open the planned session: %w", err)
	}
	return v, nil
}

// views returns the names of all views of the planned session.
func (a *Addition) views() ([]string, error) {
	v, err := a.volume("")
	if err != nil {
		return nil, err
	}
	views := v.Volume().Views
	if _, err := a.volume(udfView); err == nil && !slices.Contains(views, udfView) {
		views = append(slices.Clip(views), udfView)
	}
	return views, nil
}

// udfView is the name of the view of a UDF volume.
const udfView = "UDF"

// file is what a volume says about a file or folder.
type file struct {
	mode     fs.FileMode
	size     int64
	modified int64
	target   string
	extents  []volume.Extent
}

func fileOf(e *volume.Entry) file {
	f := file{mode: e.Mode, modified: e.Modified, target: string(e.Target)}
	if e.Mode.IsRegular() {
		f.size, f.extents = e.Size, slices.Clone(e.Extents)
	}
	return f
}

// compareVolumes compares two volumes, and returns the first difference as an error.
func compareVolumes(ctx context.Context, want, got volume.FS) error {
	planned := map[string]file{}
	err := volume.Walk(want, ".", func(e *volume.Entry) error {
		planned[string(e.Path)] = fileOf(e)
		return errors.Join(e.Err, ctx.Err())
	})
	if err != nil {
		return err
	}
	err = volume.Walk(got, ".", func(e *volume.Entry) error {
		if e.Err != nil || ctx.Err() != nil {
			return errors.Join(e.Err, ctx.Err())
		}
		w, ok := planned[string(e.Path)]
		if !ok {
			return fmt.Errorf("%s was not planned", e.Path)
		}
		delete(planned, string(e.Path))
		return w.differs(string(e.Path), fileOf(e))
	})
	if err != nil {
		return err
	}
	for p := range planned {
		return fmt.Errorf("%s is missing, and so are %d more", p, len(planned)-1)
	}
	return nil
}

// differs returns the difference to what was found as an error, or nil.
func (f file) differs(path string, got file) error {
	switch {
	case got.mode != f.mode:
		return fmt.Errorf("%s has the mode %v and not %v", path, got.mode, f.mode)
	case got.size != f.size:
		return fmt.Errorf("%s has %d bytes and not %d", path, got.size, f.size)
	case got.modified != f.modified:
		return fmt.Errorf("%s has another time", path)
	case got.target != f.target:
		return fmt.Errorf("%s leads to %s and not to %s", path, got.target, f.target)
	case !slices.Equal(got.extents, f.extents):
		return fmt.Errorf("%s is at another place", path)
	}
	return nil
}
