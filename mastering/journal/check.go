package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"glassmaster/mastering/disc"
)

// Check prepares an image file that was opened for reading: a broken-off update of it is
// rolled back, or completed if everything had been written. Notices say so. If the image
// cannot be written, the View reads it as it should be; otherwise it is nil.
//
// The error wraps ErrBusy if an update is running, and ErrHalf if the update cannot be
// rolled back; the image must not be used then.
func Check(f *os.File, path string) (*View, []disc.Notice, error) {
	v, notices, err := driver{host{}}.check(f, path)
	return v, notices, own(path, err)
}

// Recover does the same as Check for an image that will be written, and reports whether
// an update was rolled back. The error wraps ErrReadOnly if there is something to do and the
// image cannot be written.
func Recover(path string) (rolledBack bool, notices []disc.Notice, err error) {
	d := driver{host{}}
	p, err := d.pathsOf(path)
	if err != nil {
		return false, nil, nil // opening the image reports it
	}
	f, err := d.sys.Open(p.image, false)
	if err != nil {
		return false, nil, nil
	}
	defer f.Close()
	v, notices, err := d.check(f, path)
	if v != nil {
		v.Close()
		err = ErrReadOnly
	}
	if len(notices) > 0 && err == nil {
		_, e := d.sys.Lstat(p.update) // a journal that was not used is still there
		rolledBack = errors.Is(e, fs.ErrNotExist)
	}
	return rolledBack, notices, own(path, err)
}

// ErrReadOnly is in the chain of the error of Recover if the image cannot be written.
var ErrReadOnly = fmt.Errorf("%w; it is rolled back when the image can be written", ErrHalf)

func (d driver) check(f file, path string) (*View, []disc.Notice, error) {
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil, nil, nil
	}
	_, marked := readMark(f, info.Size())
	p, err := d.pathsOf(path)
	if err != nil {
		return nil, nil, err
	}
	if _, err := d.sys.Lstat(p.update); err != nil && !marked {
		return nil, nil, nil
	}
	image, writable, err := d.openAny(p)
	if err != nil {
		return nil, nil, err
	}
	defer image.Close()
	if !d.sys.Same(f, image) {
		return nil, nil, errors.New("the image was replaced while it was opened; open it again")
	}
	v, notices, err := d.settle(p, image, writable)
	if v != nil {
		v.image = f
	}
	return v, notices, err
}

// openAny opens and locks an image for writing, or for reading if it cannot be written.
func (d driver) openAny(p paths) (f file, writable bool, err error) {
	f, err = d.openImage(p)
	if err == nil || errors.Is(err, ErrBusy) {
		return f, true, err
	}
	f, err = d.sys.Open(p.image, false)
	if err != nil {
		return nil, false, err
	}
	if err := d.lock(f); errors.Is(err, ErrBusy) {
		f.Close()
		return nil, false, err
	}
	return f, false, nil
}

// settle ends what a broken-off update left of an image that is locked.
func (d driver) settle(p paths, image file, writable bool) (*View, []disc.Notice, error) {
	info, err := image.Stat()
	if err != nil {
		return nil, nil, err
	}
	m, marked := readMark(image, info.Size())
	b, err := d.openBook(p.update, writable, image)
	if err == nil {
		defer b.Close()
	}
	s := settling{driver: d, paths: p, image: image, book: b, size: info.Size(), modified: info.ModTime().UnixNano(), writable: writable}
	switch {
	case marked && errors.Is(err, fs.ErrNotExist):
		return nil, nil, fmt.Errorf("%w: its journal, %s, is missing; put it there, or get the image again", ErrHalf, p.update)
	case marked && err != nil:
		return nil, nil, fmt.Errorf("%w, and cannot be rolled back: %w", ErrHalf, err)
	case marked && !m.belongs(&b.header):
		return nil, nil, fmt.Errorf("%w: %s is the journal of another update; put the right one there, or get the image again", ErrHalf, p.update)
	case marked:
		return s.marked()
	case errors.Is(err, errForeign), errors.Is(err, fs.ErrNotExist):
		return nil, nil, nil
	case err != nil:
		return nil, s.unused(err.Error()), nil
	}
	return s.unmarked()
}

// settling is the end of a broken-off update.
type settling struct {
	driver
	paths
	image    file
	book     *book
	size     int64 // of the image
	modified int64 // its modification time
	writable bool
}

// marked ends an update whose mark is in the image.
func (s *settling) marked() (*View, []disc.Notice, error) {
	b := s.book
	if b.state == committed {
		if !s.writable {
			return s.view(b.after, false)
		}
		if err := s.unmark(s.image, b); err != nil { // the next opening tries again
			return s.view(b.after, false)
		}
		_ = s.retain(s.paths, s.image, b, 0) // the next opening tries again
		return nil, nil, nil
	}
	got, err := b.inspect(s.image)
	if err != nil {
		return nil, nil, fmt.Errorf("%w, and cannot be rolled back: %w", ErrHalf, err)
	}
	if !got.mixed {
		return nil, nil, fmt.Errorf("%w, and another program has written to it since; it is not rolled back, since that would damage it further; get the image again", ErrHalf)
	}
	if !s.writable {
		return s.view(b.before, true)
	}
	// The mark may have been read from the cache of the system, and must be on storage before
	// anything is written.
	err = putMark(s.image, &b.header)
	if err == nil {
		err = s.rollBack(s.paths, s.image, b, true)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%w, and rolling it back failed: %w; keep %s beside the image, remove the cause, and open it again", ErrHalf, err, s.update)
	}
	text := fmt.Sprintf("An update of this image from %s was broken off, and was rolled back: the image is as it was before.", b.time())
	if b.state == undoing {
		text = fmt.Sprintf("Taking back the update of this image from %s was broken off, and was completed: the image is as it was before the update.", b.time())
	}
	return nil, []disc.Notice{{Severity: disc.Warning, Text: text}}, nil
}

// unmarked ends an update whose mark is not in the image: not yet, or no longer.
func (s *settling) unmarked() (*View, []disc.Notice, error) {
	b := s.book
	if !b.image.same(s.sys.Identity(s.image)) {
		return nil, s.unused("it was made for another file, such as one that had this name before"), nil
	}
	// A mark that was not written completely can leave a part of it, or zeros in its place.
	trimmed := b.before
	if b.state == undoing {
		trimmed = b.after
	}
	if b.state != committed && isTorn(s.image, trimmed, s.size, &b.header) {
		if !s.writable || s.image.Truncate(trimmed) != nil {
			return s.view(trimmed, false)
		}
		s.size = trimmed
	}
	switch {
	case b.state != committed && s.size == b.before && (b.state == active || b.before != b.after || s.isOld()):
		s.forget()
	case b.state != active && s.size == b.after:
		s.keep()
	default:
		return nil, s.unused("the image was replaced, or changed by another program, since the journal was made"), nil
	}
	return nil, nil, nil
}

// isOld reports whether the image has the old bytes in all ranges of the journal.
func (s *settling) isOld() bool {
	got, err := s.book.inspect(s.image)
	return err == nil && got.old
}

// forget removes the journal of an update of which nothing is in the image. The image gets
// the time that it had before, by which the journal of the update before that knows it.
func (s *settling) forget() {
	when := int64(0)
	if s.book.state == active {
		when = s.book.previous
	}
	if s.writable && s.stored(when) {
		s.book.Close()
		s.drop(s.paths)
	}
}

// keep keeps the journal of an update that is complete. The image keeps the time by which the
// journal knows it, unless it was changed otherwise than by an attempt to take the update
// back.
func (s *settling) keep() {
	b, when := s.book, int64(0)
	if s.modified == b.modified || b.state == undoing {
		when = b.modified
	}
	if s.writable && s.stored(when) {
		_ = s.retain(s.paths, s.image, b, b.modified) // the next opening tries again
	}
}

// stored reports whether the size of the image, without a mark, is on storage. It is set
// again: if synchronizing it has failed once, the system may no longer try to. when is the
// modification time that the image gets; 0: now.
func (s *settling) stored(when int64) bool {
	if s.image.Truncate(s.size) != nil {
		return false
	}
	if when != 0 {
		_ = s.sys.SetTime(s.image, s.paths.image, time.Unix(0, when))
	}
	return s.image.Sync() == nil
}

// unused returns the notice about a journal that was not used. The image has no mark, so it
// is complete.
func (s *settling) unused(why string) []disc.Notice {
	return []disc.Notice{{
		Severity: disc.Warning,
		Text:     fmt.Sprintf("The file %s is the journal of a broken-off update, and was not used: %s.", s.update, why),
		Advice:   "if the image is complete, remove that file",
	}}
}
