package edit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"glassmaster/mastering/changes"
	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/patch"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/session"
	"glassmaster/mastering/volume"
)

// ErrNoSession is the error for an image to which no session can be added in its file.
var ErrNoSession = errors.New("a session can be added to image files of plain sectors (ISO) alone")

// PlanSession plans the changes as a further session at the end of the image. Its folders and
// descriptors are new, and refer to the contents of the files that are in the image. What was
// there stays; only the descriptors at the beginning of the image are replaced, so that it
// shows the new session. With keepFirst they stay, too: see session.Append.
//
// The plan can only be saved with UpdateFile, or as a new image.
func (m *Image) PlanSession(ctx context.Context, keepFirst bool, rep progress.Reporter) (*Plan, error) {
	if _, flat := disc.Unwrap(m.d).(io.ReaderAt); !flat || m.source() == nil || m.o.Track != 0 {
		return nil, ErrNoSession
	}
	if len(m.boot.Images) > 0 {
		return nil, errors.New("boot entries cannot be added in a further session: change the image without one")
	}
	if rep == nil {
		rep = progress.Discard
	}
	if err := session.ReadAll(ctx, m.comp.Root()); err != nil {
		return nil, err
	}
	list := m.changes()
	if len(list) == 0 {
		return nil, ErrNoChange
	}
	p := &Plan{Changes: list, Notices: slices.Clone(m.Notices()), Before: m.data.Size, m: m}
	if err := m.addSession(ctx, p, keepFirst, rep); err != nil {
		return nil, fmt.Errorf("plan a session: %w", errors.Join(err, p.Close()))
	}
	return p, nil
}

// addSession plans the session and appends it to the image.
func (m *Image) addSession(ctx context.Context, p *Plan, keepFirst bool, rep progress.Reporter) error {
	next, err := session.Continue(ctx, m.d, volume.Options{})
	if err != nil {
		return err
	}
	p.Notices = append(p.Notices, next.Notices()...)
	if lost := disc.Errors(p.Notices); len(lost) > 0 {
		return fmt.Errorf("a further session would not show everything that the image has now: %v", lost[0])
	}
	p.set = patch.New(m.data, m.data.Size, m.source())
	o := next.Options
	o.Start, o.Previous = session.NextStart(p.set), p.set.Base()
	if o.Time, err = m.time(); err != nil {
		return err
	}
	root := m.comp.Root().Clone()
	o.Boot = m.changeBoot(moveBoot(root, o.Boot, p))
	if err := m.refreshSums(root, p); err != nil {
		return err
	}
	c := compilation.FromTree(root)
	c.Label, c.Options = m.comp.Label, o
	c.Seal()
	if p.session, err = c.PlanReport(ctx, rep); err != nil {
		return err
	}
	p.Notices = append(p.Notices, p.session.Notices...)
	if err := p.session.Prepare(ctx, rep); err != nil {
		return err
	}
	if err := session.Append(p.set, p.session, keepFirst); err != nil {
		return err
	}
	if err := p.checkSession(ctx, o.Start); err != nil {
		return err
	}
	if err := p.layOut(ctx); err != nil {
		return err
	}
	p.count()
	return nil
}

// checkSession compares what the image will show with the session that was planned: all views,
// and where the contents of the files are.
func (p *Plan) checkSession(ctx context.Context, start disc.LBA) error {
	size := p.set.Sectors() * disc.SectorSize
	planned := disc.FromReaderAt(p.session, p.session.Size(), nil)
	o := volume.Options{Start: start}
	for _, view := range volume.Views(ctx, planned, o) {
		o.View = view
		want, err := volume.OpenDisc(ctx, planned, o)
		if err != nil {
			return err
		}
		is, err := volume.Open(p.set, size, volume.Options{View: view})
		if err != nil {
			return fmt.Errorf("the image would not show the session (%s): %w", view, err)
		}
		r, err := changes.Compare(ctx, want, is, changes.Options{SameDisc: true})
		if err != nil {
			return err
		}
		if n := len(r.Changes) + len(r.Folders); n > 0 {
			return fmt.Errorf("the image would show other files than those of the session (%s, %d differences)", view, n)
		}
	}
	return ctx.Err()
}
