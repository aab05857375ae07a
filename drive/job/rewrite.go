package job

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"glassmaster/drive/source"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/journal"
	"glassmaster/mastering/progress"
)

// Rewriting replaces an image file by a changed disc: a new image of the same format is
// written into a folder beside the image and proved, then its files replace those of the
// image.
type Rewriting struct {
	Image    *source.Source // is open until its files are replaced
	Changed  disc.Disc      // may read Image
	Release  func() error   // closes what Changed reads, before files are replaced; may be nil
	NoVerify bool           // do not read the new image back
	// Planned is called with the plan, and ends the work by returning an error. nil accepts
	// all but a loss.
	Planned func(Plan) error
	// Check is called when the new image is complete. If it returns an error, the image is
	// not replaced. It may be nil.
	Check func(Result) error
	// Opened are the files of the image as they were when it was opened, by OpenedFiles. An
	// image that was changed since is not replaced.
	Opened map[string]os.FileInfo
	// Left is called with each file of the old image that is not part of the new one, and
	// stays. It may be nil.
	Left func(path string)
}

// NotReplacedError is the error if the new image is complete, but cannot take the place of
// the old one, for instance because another program uses that. Both are there.
type NotReplacedError struct {
	New string // path of the new image
	Err error
}

func (e *NotReplacedError) Error() string {
	return fmt.Sprintf("the new image cannot replace the old one, which stays as it was: %v. The new image is complete: %s", e.Err, e.New)
}

func (e *NotReplacedError) Unwrap() error { return e.Err }

// Run writes the new image and replaces the old one, whose source is closed then. Unless
// the error is nil, the files of the old image are as they were.
func (w Rewriting) Run(ctx context.Context, rep progress.Reporter) (r Result, err error) {
	path, err := filepath.EvalSymlinks(w.Image.Name)
	if err != nil {
		return r, fmt.Errorf("rewrite the image: %w", err)
	}
	f, err := FormatFor(path, w.Image.Format)
	if err != nil {
		return r, err
	}
	if err := writable(path); err != nil {
		return r, fmt.Errorf("rewrite the image: %w", err)
	}
	left := disc.Files(w.Image)
	beside, err := os.MkdirTemp(filepath.Dir(path), ".glassmaster-")
	if err != nil {
		return r, fmt.Errorf("make a folder beside the image: %w", err)
	}
	keep := false
	defer func() {
		if !keep {
			os.RemoveAll(beside)
		}
	}()
	from := &source.Source{Disc: w.Changed, Name: w.Image.Name, Kind: w.Image.Kind, Format: w.Image.Format, Locate: func(disc.LBA) string { return "" }}
	to := filepath.Join(beside, filepath.Base(path))
	j, err := New(ctx, from, ImageFile(to, f, ImageOptions{NoVerify: w.NoVerify, Format: w.options(path, f)}))
	if err != nil {
		return r, err
	}
	if w.Planned != nil {
		if err := w.Planned(j.Plan()); err != nil {
			return r, err
		}
	}
	moves, err := w.moves(j.Plan().Files, filepath.Dir(path))
	if err != nil {
		return r, err
	}
	if r, err = j.Run(ctx, rep); err != nil {
		return r, err
	}
	if w.Check != nil {
		if err := w.Check(r); err != nil {
			return r, err
		}
	}
	for _, m := range moves {
		if err := m.check(); errors.Is(err, errChanged) {
			return r, err
		}
	}
	if err := w.replace(moves); err != nil {
		keep = true
		return r, &NotReplacedError{kept(beside, path), err}
	}
	w.report(left, moves)
	if err := journal.Discard(path); err != nil && !errors.Is(err, journal.ErrNone) {
		return r, fmt.Errorf("the image was replaced, but the journal of its last update remains: %w", err)
	}
	return r, nil
}

// OpenedFiles returns the properties of the files of an image that was opened, by their paths.
func OpenedFiles(src *source.Source) map[string]os.FileInfo {
	list := map[string]os.FileInfo{}
	for _, path := range disc.Files(src.Disc) {
		real, err := filepath.EvalSymlinks(path)
		if err != nil {
			continue
		}
		if info, err := os.Stat(real); err == nil {
			list[real] = info
		}
	}
	return list
}

// writable returns an error if the user may not write to the image: then it is not replaced
// either.
func writable(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return f.Close()
}

// options returns options with which the new image has a file for each track, if the old
// one has.
func (w Rewriting) options(path string, f format.Format) format.Options {
	split := format.Options{FilePerTrack: true}
	toc := w.Image.TOC()
	files := len(ImageNames(path, f, toc, split))
	if files > len(ImageNames(path, f, toc, format.Options{})) && len(disc.Files(w.Image)) >= files {
		return split
	}
	return format.Options{}
}

// report calls Left.
func (w Rewriting) report(old []string, moves []move) {
	if w.Left == nil {
		return
	}
	for _, path := range old {
		if real, err := filepath.EvalSymlinks(path); err == nil && !slices.ContainsFunc(moves, func(m move) bool { return m.to == real || m.to == path }) {
			w.Left(path)
		}
	}
}

// move gives a file of the new image its final name.
type move struct {
	from, to string
	was      os.FileInfo // of the file that is replaced
	old      string      // the name of the file that is replaced until all moves are done; "" if there is none
}

// moves returns how the files of the new image get their names, the main file last. It
// refuses to replace a file that is not part of the image.
func (w Rewriting) moves(files []string, folder string) ([]move, error) {
	var list []move
	for i, from := range files {
		m := move{from: from, to: filepath.Join(folder, filepath.Base(from))}
		if real, err := filepath.EvalSymlinks(m.to); err == nil {
			m.to = real // the file is replaced, not the link
		}
		if info, err := os.Lstat(m.to); err == nil {
			if i > 0 && !disc.ReadsFile(w.Image, info) {
				return nil, fmt.Errorf("%w: the new image needs the name of %s, which is not part of the image: rename that, or save a new image elsewhere", ErrExists, m.to)
			}
			m.old, m.was = from+".old", info
			if opened := w.Opened[m.to]; opened != nil {
				m.was = opened
			}
		}
		list = append(list, m)
	}
	slices.Reverse(list)
	return list, nil
}

// replace carries out the moves. If one fails, all are taken back.
func (w Rewriting) replace(moves []move) error {
	if w.Release != nil {
		if err := w.Release(); err != nil {
			return err
		}
	}
	if runtime.GOOS == "windows" { // which does not replace files that are open
		if err := w.Image.Close(); err != nil {
			return err
		}
	}
	for i := range moves {
		if err := moves[i].do(len(moves) > 1); err != nil {
			for k := i - 1; k >= 0; k-- {
				err = errors.Join(err, moves[k].undo())
			}
			return err
		}
	}
	for _, m := range moves {
		if m.old != "" && len(moves) > 1 {
			_ = os.Remove(m.old) // it is removed with its folder otherwise
		}
	}
	if runtime.GOOS == "windows" {
		return nil
	}
	_ = w.Image.Close() // it was only read
	return nil
}

// errChanged is in the chain of the error of an image that was changed since it was opened.
// The new image lacks that change.
var errChanged = errors.New("was changed by another program meanwhile, and is not replaced: edit it again")

// check returns an error if the file that is replaced is not what it was.
func (m *move) check() error {
	if m.old == "" {
		return nil
	}
	info, err := os.Lstat(m.to)
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a file any more", m.to)
	case !os.SameFile(info, m.was) || info.Size() != m.was.Size() || !info.ModTime().Equal(m.was.ModTime()):
		return fmt.Errorf("%s %w", m.to, errChanged)
	}
	return nil
}

// do moves the file, which gets the permissions of the file that it replaces. If keep is
// set, that file is kept under its old name in the other folder.
func (m *move) do(keep bool) error {
	if err := m.check(); err != nil {
		return err
	}
	if m.old != "" {
		if err := os.Chmod(m.from, m.was.Mode().Perm()); err != nil {
			return err
		}
	}
	if keep && m.old != "" {
		if err := os.Rename(m.to, m.old); err != nil {
			return err
		}
	}
	err := os.Rename(m.from, m.to)
	if err != nil && keep && m.old != "" {
		err = errors.Join(err, os.Rename(m.old, m.to))
	}
	return err
}

// undo moves the file back, and gives its name back to the one that had it.
func (m *move) undo() error {
	if err := os.Rename(m.to, m.from); err != nil || m.old == "" {
		return err
	}
	return os.Rename(m.old, m.to)
}

// kept gives the folder with a new image that could not replace the old one a name that
// tells what it is, if possible, and returns the path of the image.
func kept(folder, image string) string {
	base := filepath.Base(image)
	for i := 1; i < 100; i++ {
		name := filepath.Join(filepath.Dir(image), fmt.Sprintf("%s changed %d", base, i))
		if _, err := os.Lstat(name); err == nil {
			continue
		}
		if os.Rename(folder, name) == nil {
			return filepath.Join(name, base)
		}
		break
	}
	return filepath.Join(folder, base)
}
