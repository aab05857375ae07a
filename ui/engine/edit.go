package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"glassmaster/drive"
	"glassmaster/drive/job"
	"glassmaster/drive/source"
	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/edit"
	"glassmaster/mastering/image"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/journal"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/units"
	"glassmaster/mastering/volume"
	"glassmaster/ui/model"
)

// Edit opens an image file, or the disc in a drive, for editing the files of a track; 0 is
// the newest data track.
func (e *Engine) Edit(ctx context.Context, name string, track int) (model.EditedImage, error) {
	d, err := e.OpenDisc(ctx, name, 0)
	if err != nil {
		return nil, err
	}
	src := d.(*source.Source)
	// The image is used after ctx has ended.
	m, err := edit.Open(context.WithoutCancel(ctx), src.Disc, edit.Options{Track: track})
	if err != nil {
		src.Close()
		return nil, err
	}
	x := &editedImage{src: src, image: m, files: *m.Compilation()}
	x.facts = model.EditFacts{Size: m.Size(), Format: src.Format, Boots: boots(m.Volume()), Fixed: whyFixed(src)}
	if drive.IsName(name) {
		x.head = headOf(ctx, src)
	} else if info, err := os.Stat(name); err == nil {
		x.was = info
	}
	return x, nil
}

// boots reports whether a volume has a boot record of El Torito.
func boots(v volume.Info) bool {
	return slices.ContainsFunc(v.Properties, func(p volume.Property) bool {
		return p.Name == "Boot record" && strings.HasPrefix(p.Value, "EL TORITO")
	})
}

// whyFixed returns why the source of a disc cannot be changed, or "".
func whyFixed(src *source.Source) string {
	if drive.IsName(src.Name) {
		return "The disc in the drive cannot be changed here. Save it as an image, or add files to it in Burn if it has room."
	}
	f, ok := image.ByName(src.Format)
	if !ok || f.Create == nil || f.Unpack != nil {
		return "Images of the format " + src.Format + " cannot be changed in place. Save it as a new image, such as an ISO."
	}
	w, err := os.OpenFile(src.Name, os.O_WRONLY, 0)
	if err != nil {
		return model.Short(src.Name) + " cannot be written (" + cause(err).Error() + "). Save it as a new image."
	}
	w.Close()
	return ""
}

// cause returns the error of the operating system without the path.
func cause(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// editedImage implements model.EditedImage. It makes sure that only one goroutine uses the
// image.
type editedImage struct {
	src   *source.Source
	facts model.EditFacts
	was   os.FileInfo             // of the file when it was opened; nil: it is not a file
	head  []byte                  // of the disc in a drive when it was opened; nil: it is a file
	files compilation.Compilation // belongs to the caller

	mu     sync.Mutex
	image  *edit.Image
	closed bool
}

func (x *editedImage) Compilation() *compilation.Compilation { return &x.files }

func (x *editedImage) Facts() model.EditFacts { return x.facts }

func (x *editedImage) ReadFolder(_ context.Context, folder *tree.Node) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.closed {
		folder.Children()
	}
}

func (x *editedImage) Close() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.close()
}

func (x *editedImage) close() error {
	if x.closed {
		return nil
	}
	x.closed = true
	return x.src.Close()
}

// errOtherDisc is the error if the disc that is edited is no longer in its drive.
var errOtherDisc = errors.New("the disc that is edited is not in the drive, or cannot be read: insert it again")

// errClosed is the error of work with an image that was closed meanwhile.
var errClosed = errors.New("the image is no longer open")

// planner plans what was edited.
type planner func(context.Context, progress.Reporter) (*edit.Plan, error)

// plan plans an edited compilation, and passes the plan on.
func (x *editedImage) plan(ctx context.Context, c model.Edited, prepare planner, rep progress.Reporter, use func(*edit.Plan) error) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case x.closed:
		return errClosed
	}
	if err := x.unchanged(ctx); err != nil && !errors.Is(err, model.ErrImageGone) {
		return err
	}
	*x.image.Compilation() = *c.Compilation
	x.image.SetBoot(c.Boot)
	p, err := prepare(ctx, rep)
	if err != nil {
		return err
	}
	defer p.Close()
	return use(p)
}

// headOf reads sectors that differ between discs: the descriptors of the last data track.
// It returns an empty slice if they cannot be read.
func headOf(ctx context.Context, d disc.Disc) []byte {
	head := []byte{}
	t, ok := disc.DataTrack(d)
	if !ok {
		return head
	}
	for _, at := range []disc.LBA{16, 17, 256} {
		p := make([]byte, disc.SectorSize)
		if n, err := d.ReadSectors(ctx, p, t.Start+at, disc.User); n == 1 && err == nil {
			head = append(head, p...)
		}
	}
	return head
}

// unchanged returns an error if the file was changed since it was opened, or if another disc
// is in the drive.
func (x *editedImage) unchanged(ctx context.Context) error {
	if x.head != nil && !bytes.Equal(x.head, headOf(ctx, x.src)) {
		return errOtherDisc
	}
	if x.was == nil {
		return nil
	}
	info, err := os.Stat(x.src.Name)
	same := err == nil && os.SameFile(info, x.was)
	switch {
	case same && x.sameTime(info):
		return nil
	case !same && x.open():
		return fmt.Errorf("%s: %w", model.Short(x.src.Name), model.ErrImageGone)
	case err != nil:
		return fmt.Errorf("the image %s cannot be found: %w", model.Short(x.src.Name), cause(err))
	}
	return fmt.Errorf("%s: %w", model.Short(x.src.Name), model.ErrImageChanged)
}

func (x *editedImage) sameTime(info os.FileInfo) bool {
	return info.Size() == x.was.Size() && info.ModTime().Equal(x.was.ModTime())
}

// open reports whether the file that was opened can still be read as it was, although its
// name may be that of another file or of none.
func (x *editedImage) open() bool {
	f, ok := disc.HostFile(x.src)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && os.SameFile(info, x.was) && x.sameTime(info)
}

func (x *editedImage) Plan(ctx context.Context, c model.Edited, rep progress.Reporter) (p model.EditPlan, err error) {
	err = x.plan(ctx, c, x.image.Plan, rep, func(from *edit.Plan) error {
		p = planOf(from)
		return nil
	})
	if errors.Is(err, edit.ErrNoChange) {
		return model.EditPlan{Before: x.facts.Size, After: x.facts.Size}, nil
	}
	return p, err
}

// planOf describes a plan.
func planOf(from *edit.Plan) model.EditPlan {
	p := model.EditPlan{Before: from.Before, After: from.After, Update: from.InPlace(), Sessions: from.Sessions, Notices: slices.Clone(from.Notices)}
	if from.Unsafe != nil { // a nil pointer in an interface is not nil
		p.Unsafe = from.Unsafe
	}
	p.Writes = from.Rewrite
	if p.Update {
		p.Writes = from.Update
	}
	return p
}

func (x *editedImage) Save(ctx context.Context, c model.Edited, rep progress.Reporter) (s model.SavedEdit, err error) {
	err = x.plan(ctx, c, x.image.Plan, rep, func(p *edit.Plan) error {
		if p.Unsafe != nil {
			return p.Unsafe
		}
		if err := x.unchanged(ctx); err != nil {
			return err
		}
		if err := p.Prepare(ctx, rep); err != nil {
			return err
		}
		name := model.Short(x.src.Name)
		s.Notices = slices.Clone(p.Notices)
		if p.InPlace() {
			s.CanUndo = true
			s.Text = fmt.Sprintf("%s was changed: %s written.", name, units.Size(p.Update))
			return p.UpdateFile(ctx, x.src.Name, rep)
		}
		s.Text = fmt.Sprintf("%s was written anew (%s), read back and compared.", name, units.Size(p.After))
		return x.rewrite(ctx, p, rep)
	})
	return s, err
}

// rewrite replaces the image by an edited disc, and closes it.
func (x *editedImage) rewrite(ctx context.Context, p *edit.Plan, rep progress.Reporter) error {
	w := job.Rewriting{
		Image: x.src, Changed: p.Disc(), Release: p.Close,
		Planned: func(p job.Plan) error {
			if len(p.Loss) > 0 {
				return &model.LossError{Format: x.src.Format, Lost: p.Loss}
			}
			return nil
		},
		Check: func(r job.Result) error {
			if flaws := r.Flaws(); !r.Equal || len(flaws) > 0 {
				return fmt.Errorf("the new image is not right, and the old one was kept: %s", flawsText(flaws))
			}
			return x.unchanged(ctx)
		},
	}
	_, err := w.Run(ctx, rep)
	var apart *job.NotReplacedError
	if err == nil || errors.As(err, &apart) {
		return errors.Join(err, x.close())
	}
	return err
}

// flawsText returns the first flaw of a result.
func flawsText(flaws []disc.Notice) string {
	if len(flaws) == 0 {
		return "it differs"
	}
	return flaws[0].Text
}

func (x *editedImage) SaveAs(ctx context.Context, c model.Edited, to, format string, perTrack bool, accepted []disc.Notice, rep progress.Reporter) (r model.Converted, err error) {
	if info, err := os.Stat(to); err == nil && x.was != nil && os.SameFile(info, x.was) {
		return r, fmt.Errorf("%s is the image that is edited: use Save to change it, or choose another name", model.Short(to))
	}
	err = x.plan(ctx, c, x.image.Plan, rep, func(p *edit.Plan) error {
		if err := p.Prepare(ctx, rep); err != nil {
			return err
		}
		r, err = x.write(ctx, p.Disc(), to, format, perTrack, accepted, rep)
		r.Notices = slices.Concat(p.Notices, r.Notices)
		return err
	})
	return r, err
}

// write writes an edited disc as an image, and compares it.
func (x *editedImage) write(ctx context.Context, d disc.Disc, to, name string, perTrack bool, accepted []disc.Notice, rep progress.Reporter) (c model.Converted, err error) {
	f, err := job.FormatFor(to, name)
	if err != nil {
		return c, err
	}
	src := &source.Source{Disc: d, Name: x.src.Name, Kind: x.src.Kind, Format: x.src.Format, Locate: func(disc.LBA) string { return "" }}
	j, err := job.New(ctx, src, job.ImageFile(to, f, job.ImageOptions{Force: len(accepted) > 0, Format: format.Options{FilePerTrack: perTrack}}))
	if err != nil {
		return c, err
	}
	if lost := j.Plan().Loss; len(model.Unaccepted(lost, accepted)) > 0 {
		return c, &model.LossError{Format: f.Name, Lost: lost}
	}
	r, err := j.Run(ctx, rep)
	if err != nil {
		return c, err
	}
	c.Notices = r.Notices
	c.Good = r.Equal && len(r.Flaws()) == 0
	c.Text = fmt.Sprintf("%s was written with the changes, read back and compared.", model.Short(to))
	if flaws := r.Flaws(); len(flaws) > 0 {
		c.Text = fmt.Sprintf("%s was written, but %s", model.Short(to), flaws[0].Text)
	}
	return c, nil
}

// LastUpdate describes the last update of an image that can be undone. It returns a zero time
// if there is none.
func (e *Engine) LastUpdate(name string) (made time.Time, err error) {
	if drive.IsName(name) {
		return made, nil
	}
	s, err := journal.StatusOf(name)
	switch {
	case errors.Is(err, journal.ErrNone):
		return made, nil
	case err == nil:
		err = s.Refused
	}
	return s.Made, err
}

// UndoUpdate takes the last update of an image back.
func (e *Engine) UndoUpdate(ctx context.Context, name string, rep progress.Reporter) error {
	return journal.Undo(ctx, name, rep)
}
