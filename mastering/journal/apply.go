package journal

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/units"
)

// Apply changes an image file in its place. planned is what the file was when the change was
// planned; a file that is another one now, or was written to since, is not changed. It may
// be nil, if only the size matters.
//
// If Apply returns an error, the image is as it was, unless the error says otherwise: a
// source that cannot be read or has changed (*layout.SourceError), a full disk, and
// cancelling the context roll the update back.
func Apply(ctx context.Context, path string, planned fs.FileInfo, c Change, rep progress.Reporter) error {
	return own(path, driver{host{}}.apply(ctx, path, planned, c, rep))
}

func (d driver) apply(ctx context.Context, path string, planned fs.FileInfo, c Change, rep progress.Reporter) error {
	if rep == nil {
		rep = progress.Discard
	}
	p, err := d.pathsOf(path)
	if err != nil {
		return err
	}
	image, err := d.openImage(p)
	if err != nil {
		return err
	}
	defer image.Close()
	if _, _, err := d.settle(p, image, true); err != nil {
		return err
	}
	info, err := d.admit(image, planned, c)
	if err != nil {
		return err
	}
	if err := d.space(image, c); err != nil {
		return err
	}
	if err := d.writeJournal(ctx, p, image, info, c); err != nil {
		return errors.Join(fmt.Errorf("write the journal of the update, before which nothing was changed: %w", err), d.discardPart(p))
	}
	u := update{driver: d, paths: p, image: image, rep: rep}
	return u.run(ctx, c)
}

// admit checks that a file can be changed in its place, and is the one that the change was
// planned for.
func (d driver) admit(image file, planned fs.FileInfo, c Change) (fs.FileInfo, error) {
	info, err := image.Stat()
	if err != nil {
		return nil, err
	}
	switch n := d.sys.Links(image); {
	case n > 1:
		return nil, fmt.Errorf("the file has %d names (hard links), and would change under all of them, while its journal is found by one only; change a copy, or save the result as a new image", n)
	case c.Size() < c.BaseSize() || c.Size() > maxSize:
		return nil, fmt.Errorf("a change from %d to %d bytes is not possible in place", c.BaseSize(), c.Size())
	case info.Size() != c.BaseSize(), planned != nil && (planned.Size() != info.Size() || !planned.ModTime().Equal(info.ModTime())):
		return nil, errors.New("the image was changed by another program since it was opened; open it again")
	}
	return info, nil
}

// space returns an error if the file system has not enough space for what is added.
func (d driver) space(image file, c Change) error {
	free, ok := d.sys.Free(image)
	need := int64(0)
	for _, e := range c.Added() {
		if e.Source != nil {
			need += e.Length
		}
	}
	if ok && need > free {
		return fmt.Errorf("the update needs %s on the file system of the image, which has only %s left; nothing was changed", units.Size(need), units.Size(free))
	}
	return nil
}

// discardPart removes a journal that is not complete.
func (d driver) discardPart(p paths) error {
	if err := d.sys.Remove(p.part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// writeJournal writes and synchronizes the journal of a change, under its final name only
// when it is complete.
func (d driver) writeJournal(ctx context.Context, p paths, image file, info fs.FileInfo, c Change) error {
	if err := d.discardPart(p); err != nil {
		return err
	}
	if _, err := d.sys.Lstat(p.update); err == nil {
		return fmt.Errorf("a file %s exists, which is not the journal of this image; move it away", p.update)
	}
	f, err := d.sys.Create(p.part, info)
	if err != nil {
		return err
	}
	h := header{
		before: c.BaseSize(), after: c.Size(), made: time.Now().UnixNano(), previous: info.ModTime().UnixNano(),
		image: d.sys.Identity(image),
	}
	_, _ = rand.Read(h.id[:]) // never fails
	err = fillJournal(ctx, f, image, h, c)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = d.sys.Rename(p.part, p.update)
	}
	if err == nil {
		if err = d.sys.SyncFolder(p.folder); err != nil {
			err = errors.Join(err, d.sys.Remove(p.update))
		}
	}
	return err
}

// fillJournal writes the contents of a journal.
func fillJournal(ctx context.Context, f, image file, h header, c Change) error {
	at := int64(recordBase)
	for r, err := range records(image, c) {
		if err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return err
		}
		n, err := f.WriteAt(r.encode(), at)
		if err != nil {
			return err
		}
		h.records++
		at += int64(n)
	}
	h.length = at - recordBase
	if _, err := f.WriteAt(h.encode(), 0); err != nil {
		return err
	}
	if _, err := f.WriteAt(status{seq: 1, state: active}.encode(h.id), slotBase+slotStep); err != nil {
		return err
	}
	return f.Truncate(at) // if there are no records
}

// update is a running update.
type update struct {
	driver
	paths
	image file
	book  *book
	rep   progress.Reporter
	begun bool // sectors may have been overwritten
}

// run carries out an update whose journal is complete.
func (u *update) run(ctx context.Context, c Change) error {
	var err error
	if u.book, err = u.openBook(u.update, true, u.image); err != nil {
		return errors.Join(fmt.Errorf("read the journal of the update, before which nothing was changed: %w", err), u.sys.Remove(u.update))
	}
	defer func() { u.book.Close() }()
	if err := u.write(ctx, c); err != nil {
		return u.fail(err)
	}
	if err := u.book.setStatus(committed, 0); err != nil {
		// It is not known which state is on storage. Nothing may be rolled back until it is
		// known; the image is complete.
		if e := u.book.reactivate(); e != nil {
			return fmt.Errorf("everything was written, but not the state of the journal (%w); when the image is opened the next time, it is the new one, or it is restored; keep %s beside it until then", err, u.update)
		}
		return u.fail(err)
	}
	if err := u.complete(u.paths, u.image, u.book); err != nil {
		u.rep.Notice(disc.Notice{
			Severity: disc.Warning,
			Text:     fmt.Sprintf("The image was updated, but its journal was not completed: %v.", err),
			Advice:   fmt.Sprintf("keep %s beside the image until it was opened by this program again", u.update),
		})
	}
	return nil
}

// fail rolls the update back after an error.
func (u *update) fail(err error) error {
	if e := u.rollBack(u.paths, u.image, u.book, u.begun); e != nil {
		return fmt.Errorf("the update failed (%w), and the image could not be restored (%w); do not use the image, and keep %s beside it: when it is opened the next time and can be written, it is restored", err, e, u.update)
	}
	return err
}

// write writes everything but the state of the journal.
func (u *update) write(ctx context.Context, c Change) error {
	if err := putMark(u.image, &u.book.header); err != nil {
		return err
	}
	if err := u.append(ctx, c); err != nil {
		return err
	}
	u.rep.Phase(progress.Finishing, 0)
	if err := u.image.Sync(); err != nil {
		return err
	}
	for off, b := range c.Overwritten() {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		u.begun = true
		b = b[:min(int64(len(b)), c.Size()-off)]
		if _, err := u.image.WriteAt(b, off); err != nil {
			return err
		}
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return u.image.Sync()
}

// append writes what is added after the end of the image.
func (u *update) append(ctx context.Context, c Change) error {
	l, err := layout.NewSession(c.Added(), c.BaseSize(), c.Size(), nil)
	if err != nil {
		return err
	}
	return l.WriteInto(ctx, u.image, layout.WriteOptions{Reporter: u.rep})
}

// complete ends an update that is committed. It closes the journal.
func (d driver) complete(p paths, image file, b *book) error {
	if err := d.unmark(image, b); err != nil {
		return err
	}
	return d.retain(p, image, b, 0)
}

// unmark removes the mark of an update that is committed.
func (d driver) unmark(image file, b *book) error {
	// The state may have been read from the cache of the system. It is written again: if
	// synchronizing it has failed once, the system may no longer try to.
	if err := b.setStatus(committed, b.modified); err != nil {
		return err
	}
	if err := image.Truncate(b.after); err != nil {
		return err
	}
	return image.Sync()
}

// retain gives the journal of a complete update the name with which the update can be taken
// back. modified is the time by which the image is recognized then; 0: the one it has now. It
// closes the journal.
func (d driver) retain(p paths, image file, b *book, modified int64) error {
	if modified == 0 {
		info, err := image.Stat()
		if err != nil {
			return err
		}
		// The time is set, since it may otherwise be changed when the file is closed.
		_ = d.sys.SetTime(image, p.image, info.ModTime())
		if info, err = image.Stat(); err != nil {
			return err
		}
		modified = info.ModTime().UnixNano()
	}
	if err := b.setStatus(committed, modified); err != nil {
		return err
	}
	b.Close()
	if err := d.sys.Rename(p.update, p.undo); err != nil {
		return err
	}
	return d.sys.SyncFolder(p.folder)
}

// rollBack makes an image what it was before the update of a journal, and removes the
// journal. restore: sectors may have been overwritten. It closes the journal.
func (d driver) rollBack(p paths, image file, b *book, restore bool) error {
	if restore {
		err := b.each(func(r record) error {
			_, err := image.WriteAt(r.old, r.off)
			return err
		})
		if err == nil {
			err = image.Sync()
		}
		if err != nil {
			return err
		}
	}
	if err := image.Truncate(b.before); err != nil {
		return err
	}
	if b.state == active { // the journal of the update before this one knows the image by its time
		_ = d.sys.SetTime(image, p.image, time.Unix(0, b.previous))
	}
	if err := image.Sync(); err != nil {
		return err
	}
	b.Close()
	d.drop(p)
	return nil
}

// drop removes the journal of an update that was rolled back. If that fails, or is lost in
// a crash, the next opening finds an image without a mark, and does it again.
func (d driver) drop(p paths) {
	if d.sys.Remove(p.update) == nil {
		_ = d.sys.SyncFolder(p.folder)
	}
}
