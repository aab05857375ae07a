package virtual

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image"
	"glassmaster/mastering/image/discfile"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/newfile"
	"glassmaster/mastering/progress"
)

// A disc whose name has the extension of an image format, such as "a.cue", becomes an image of
// that format when it is finished. Until then it is in a disc file beside it, "a.cue.gmdisc". A disc
// is finished when it is finalized, or if it can be written again, whenever it is complete. The
// image is written when the disc is ejected, and when the last connection to the drive is closed.
// The disc file of a finalized disc is then removed.

// discExtension is added to the name of an image for the disc file beside it.
const discExtension = ".gmdisc"

// future is the image that a disc becomes.
type future struct {
	path   string
	format format.Format
}

// futureOf returns the image that a disc with this name becomes, or nil, and the path of the
// file that holds the disc. An existing image is a pressed disc, unless the disc file
// beside it exists.
func futureOf(path string) (*future, string) {
	f, ok := image.ByName(strings.ToLower(filepath.Ext(path)))
	if !ok || filepath.Ext(path) == "" || f.Create == nil {
		return nil, path
	}
	beside := path + discExtension
	if exists(path) && !exists(beside) {
		return nil, path
	}
	return &future{path: path, format: f}, beside
}

// setFuture sets the image that the disc in the drive becomes. nil changes nothing.
func (d *Drive) setFuture(t *future) {
	d.rec.mu.Lock()
	defer d.rec.mu.Unlock()
	if t != nil {
		d.rec.future = t
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// holds returns an error if an image of the format cannot hold what is written to a disc of that
// many sectors.
func (t *future) holds(m Medium, sectors int64) error {
	if sectors == 0 {
		sectors = m.Sectors
	}
	if t.format.Holds&format.OnlyCD != 0 && (!m.isCD() || sectors > format.MaxCDSectors) {
		return fmt.Errorf("a %s of %d sectors cannot become the image %s: the format %s holds only CDs of up to %d sectors; use %s",
			m.Name, sectors, t.path, t.format.Name, format.MaxCDSectors, strings.Join(image.WritableLarge(), " or "))
	}
	return nil
}

// complete reports whether the disc can become an image now.
func (d *recorder) complete() bool {
	st := d.disc
	for _, s := range st.Sessions {
		if !s.Closed || s.Bad != "" {
			return false
		}
	}
	switch {
	case d.overwritable():
		return st.Format.End() > 0 && !st.Format.Growing
	case d.medium.rewritable:
		return len(st.Sessions) > 0
	}
	return st.Final && len(st.Sessions) > 0
}

// export writes the image that the disc becomes, unless the image has been written since the
// disc was changed.
func (d *recorder) export(ctx context.Context) error {
	t := d.future
	if t == nil || d.store == nil || d.readOnly() || d.disc.Exported || !d.complete() {
		return nil
	}
	err := d.commit()
	if err == nil {
		err = t.write(ctx, d.path, d.owned)
	}
	if err != nil {
		return fmt.Errorf("the image %s was not written; the disc remains in the file %s, which can be converted: %w", t.path, d.path, err)
	}
	d.disc.Exported, d.owned = true, true
	return d.commit()
}

// write writes the image of the disc in a disc file. replace: an existing image is one of the same
// disc.
func (t *future) write(ctx context.Context, path string, replace bool) error {
	if !replace && exists(t.path) {
		return fmt.Errorf("%s: %w", t.path, fs.ErrExist)
	}
	d, err := image.OpenAs(ctx, path, discfile.Format)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := t.lossless(ctx, d); err != nil {
		return err
	}
	set := newfile.NewSet(t.path)
	defer set.Discard()
	if err := t.format.Create(ctx, set, d, format.Options{}, progress.Discard); err != nil {
		return err
	}
	if err := set.Sync(); err != nil {
		return err
	}
	return set.Commit()
}

// lossless returns an error that lists what of a disc an image of the format cannot hold, and
// refuses to replace files that the name of the disc does not mention.
func (t *future) lossless(ctx context.Context, d disc.Disc) error {
	lost, _, err := t.format.ReadLoss(ctx, d)
	if err != nil {
		return err
	}
	if len(lost) > 0 {
		return errors.New(strings.Join(disc.Texts(lost), " "))
	}
	if t.format.Beside == nil {
		return nil
	}
	for _, name := range t.format.Beside(filepath.Base(t.path), d.TOC(), format.Options{}) {
		beside := filepath.Join(filepath.Dir(t.path), name)
		if exists(beside) && !exists(t.path) {
			return fmt.Errorf("%s: %w", beside, fs.ErrExist)
		}
	}
	return nil
}

// finish writes the image when the last connection is closed. It returns the path of the disc file
// if that is not needed any more, or "".
func (d *recorder) finish() (string, error) {
	err := d.export(context.Background())
	if d.future != nil && d.store != nil && d.disc.Exported && d.disc.Final && !d.medium.rewritable {
		return d.path, err
	}
	return "", err
}
