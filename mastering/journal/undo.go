package journal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"glassmaster/mastering/progress"
)

// StatusOf describes the last update of an image. The error wraps ErrNone if there is none
// that can be taken back. An update that was broken off is rolled back by [Check], which is
// called first.
func StatusOf(path string) (Status, error) {
	s, err := driver{host{}}.status(path)
	return s, own(path, err)
}

// Undo takes the last update of an image back: the bytes that it has overwritten are
// restored, and what it has added after the end is cut off. The journal is removed. The
// error wraps ErrChanged if the image was changed since, and ErrNone if there is no update.
//
// The context can cancel it before the first byte is written. If it is broken off after
// that, it is completed when the image is opened the next time.
func Undo(ctx context.Context, path string, rep progress.Reporter) error {
	return own(path, driver{host{}}.undo(ctx, path, rep))
}

// Discard removes the journal of the last update of an image, which cannot be taken back
// then. It returns ErrNone if there is none.
func Discard(path string) error { return own(path, driver{host{}}.discard(path)) }

func (d driver) status(path string) (Status, error) {
	p, err := d.pathsOf(path)
	if err != nil {
		return Status{}, err
	}
	image, err := d.sys.Open(p.image, false)
	if err != nil {
		return Status{}, err
	}
	defer image.Close()
	b, err := d.openUndo(p, image, false)
	if err != nil {
		return Status{}, err
	}
	defer b.Close()
	return Status{
		Journal: p.undo, Made: time.Unix(0, b.made), Size: b.after, Before: b.before, Overwritten: b.overwritten(),
		Refused: d.refuse(image, b),
	}, nil
}

// openUndo opens the journal of the last update.
func (d driver) openUndo(p paths, image file, write bool) (*book, error) {
	b, err := d.openBook(p.undo, write, image)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s does not exist", ErrNone, p.undo)
	}
	return b, err
}

// refuse returns an error if the image is not as the update has left it.
func (d driver) refuse(image file, b *book) error {
	info, err := image.Stat()
	if err != nil {
		return err
	}
	switch {
	case b.state == active:
		return errors.New("the journal is that of an update that is not complete")
	case !b.image.same(d.sys.Identity(image)):
		return fmt.Errorf("%w: it is another file, such as a copy of the one that was updated", ErrChanged)
	case info.Size() != b.after:
		return fmt.Errorf("%w: it has %d bytes instead of %d", ErrChanged, info.Size(), b.after)
	case b.modified != 0 && info.ModTime().UnixNano() != b.modified:
		return fmt.Errorf("%w: it was written to at %s", ErrChanged, info.ModTime().Format("2006-01-02 15:04:05"))
	}
	got, err := b.inspect(image)
	if err == nil && !got.new {
		err = fmt.Errorf("%w: it differs from what the update wrote", ErrChanged)
	}
	return err
}

func (d driver) undo(ctx context.Context, path string, rep progress.Reporter) error {
	if rep == nil {
		rep = progress.Discard
	}
	p, image, err := d.openSettled(path)
	if err != nil {
		return err
	}
	defer image.Close()
	b, err := d.openUndo(p, image, true)
	if err != nil {
		return err
	}
	defer func() { b.Close() }()
	if err := d.refuse(image, b); err != nil {
		return err
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	rep.Phase(progress.Writing, 0)
	if b, err = d.begin(p, image, b); err != nil {
		return fmt.Errorf("the update was not taken back: %w", err)
	}
	if err := putMark(image, &b.header); err != nil {
		b.Close()
		if image.Truncate(b.after) == nil {
			_, _, _ = d.settle(p, image, true) // which the next opening does otherwise
		}
		return fmt.Errorf("the update was not taken back: %w", err)
	}
	if err := d.rollBack(p, image, b, true); err != nil {
		return fmt.Errorf("taking the update back was broken off: %w; do not use the image, and keep %s beside it: when it is opened the next time and can be written, that is completed", err, p.update)
	}
	return nil
}

// begin notes in a journal that its update is being taken back, and gives it the name by
// which every opening finds it. It closes the journal and returns it open again.
func (d driver) begin(p paths, image file, b *book) (*book, error) {
	if _, err := d.sys.Lstat(p.update); err == nil {
		return b, fmt.Errorf("a file %s exists, which is not the journal of this image; move it away", p.update)
	}
	if err := b.setStatus(undoing, b.modified); err != nil {
		return b, err
	}
	b.Close()
	if err := d.sys.Rename(p.undo, p.update); err != nil {
		return b, err
	}
	if err := d.sys.SyncFolder(p.folder); err != nil {
		return b, err
	}
	again, err := d.openBook(p.update, true, image)
	if err != nil {
		return b, err
	}
	return again, nil
}

// openSettled opens and locks an image, and ends what a broken-off update left of it.
func (d driver) openSettled(path string) (paths, file, error) {
	p, err := d.pathsOf(path)
	if err != nil {
		return p, nil, err
	}
	image, err := d.openImage(p)
	if err != nil {
		return p, nil, err
	}
	if _, _, err := d.settle(p, image, true); err != nil {
		image.Close()
		return p, nil, err
	}
	return p, image, nil
}

func (d driver) discard(path string) error {
	p, image, err := d.openSettled(path)
	if err != nil {
		return err
	}
	defer image.Close()
	b, err := d.openUndo(p, image, false)
	switch {
	case err == nil:
		b.Close()
	case errors.Is(err, errDamaged): // is no use to anybody
	default:
		return err
	}
	if err := d.sys.Remove(p.undo); err != nil {
		return err
	}
	return d.sys.SyncFolder(p.folder)
}
