package edit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	bootupdate "glassmaster/mastering/boot/update"
	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
	isoupdate "glassmaster/mastering/iso9660/update"
	"glassmaster/mastering/isomd5"
	"glassmaster/mastering/journal"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/patch"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/tree"
	udfupdate "glassmaster/mastering/udf/update"
	"glassmaster/mastering/volume"
)

// Plan is an image with changes. Nothing is written yet.
type Plan struct {
	Changes []Change      // in the order of their paths
	Notices []disc.Notice // what may differ from what the user expects, and defects that survive

	// Sizes of the image in bytes.
	Before, After int64
	// Update is how many bytes an update in place writes, the journal included; Rewrite how
	// many a new file has, of which the kernel may copy most.
	Update, Rewrite int64
	// Unsafe is not nil if the image cannot be updated: it was planned anew from its files
	// then, and can only be saved as a new image.
	Unsafe *patch.UnsafeError
	// Sessions is the number of earlier sessions that are not in the new image. It can be
	// above 0 only if the image was planned anew.
	Sessions int

	m     *Image
	set   *patch.Set // nil if Unsafe is not nil
	image *compilation.Image
	disc  disc.Disc

	session *compilation.Image // that is added; else nil
}

// Disc returns the image as it will be. It reads the old image, which must stay open and
// unchanged. Prepare must be called before.
func (p *Plan) Disc() disc.Disc { return p.disc }

// InPlace reports whether an update writes less than a rewritten file.
func (p *Plan) InPlace() bool {
	return p.Unsafe == nil && p.m.source() != nil && p.Update <= p.Rewrite
}

// Lost returns what a new image does not have of the old one. It is empty unless the image is
// planned anew (Unsafe): otherwise everything stays in it, defects included.
func (p *Plan) Lost() []disc.Notice {
	if p.Unsafe == nil {
		return nil
	}
	return disc.Errors(p.Notices)
}

// Close frees what the plan holds. The image itself stays open.
func (p *Plan) Close() error {
	var err error
	for _, x := range []*compilation.Image{p.image, p.session} {
		if x != nil {
			err = errors.Join(err, x.Close())
		}
	}
	return err
}

// Plan plans the image with all changes. It returns ErrNoChange if there are none. The
// compilation can be edited afterwards. It reads files that are added, if the image has
// checksums of its files.
func (m *Image) Plan(ctx context.Context, rep progress.Reporter) (*Plan, error) {
	changes := m.changes()
	if len(changes) == 0 {
		return nil, ErrNoChange
	}
	if rep == nil {
		rep = progress.Discard
	}
	if all, err := m.readLinks(ctx, changes); err != nil {
		return nil, err
	} else if all {
		changes = m.changes()
	}
	at, err := m.time()
	if err != nil {
		return nil, err
	}
	p := &Plan{Changes: changes, Notices: slices.Clone(m.Notices()), Before: m.data.Size, m: m}
	err = m.update(ctx, p, at, rep)
	var unsafe *patch.UnsafeError
	if errors.As(err, &unsafe) {
		p.Unsafe = unsafe
		err = m.anew(ctx, p, rep)
	}
	if err != nil {
		return nil, fmt.Errorf("plan the edited image: %w", errors.Join(err, p.Close()))
	}
	p.Notices = append(p.Notices, m.movedTracks(p.disc.TOC())...)
	return p, nil
}

// time returns the time of the change.
func (m *Image) time() (time.Time, error) {
	if !m.o.Time.IsZero() {
		return m.o.Time, nil
	}
	at, _, err := compilation.VolumeTime()
	return at, err
}

// update plans the changes as an update of the image.
func (m *Image) update(ctx context.Context, p *Plan, at time.Time, rep progress.Reporter) error {
	u := &updating{m: m, ctx: ctx, rep: rep, at: at, root: m.comp.Root().Clone(), plan: p}
	u.set = patch.New(m.data, m.data.Size, m.source())
	if err := u.run(); err != nil {
		return err
	}
	p.set = u.set
	if err := p.layOut(ctx); err != nil {
		return err
	}
	p.count()
	return nil
}

// count counts what the ways to save the plan write.
func (p *Plan) count() {
	p.After = p.set.Size()
	p.Rewrite = p.After
	p.Update = p.After - min(p.After, p.Before)
	for _, b := range p.set.Overwritten() {
		p.Update += 3 * int64(len(b)) // the journal has the old bytes and the new ones
	}
}

// layOut makes the disc from the Set.
func (p *Plan) layOut(ctx context.Context) error {
	l, err := p.set.Layout()
	if err != nil {
		return err
	}
	p.image = compilation.FromLayout(l)
	p.disc, err = p.m.whole(ctx, p.image)
	return err
}

// Prepare computes the embedded MD5 checksum if the image has one, for which it reads the
// whole image. It must be called before the plan is saved. If the image did not match its
// checksum before, that is not made right, and Notices says so.
func (p *Plan) Prepare(ctx context.Context, rep progress.Reporter) error {
	if p.set == nil || !isomd5.Has(p.set) {
		return p.image.Prepare(ctx, rep)
	}
	if _, err := isomd5.Check(ctx, p.m.data, rep); ctx.Err() != nil {
		return context.Cause(ctx)
	} else if err != nil {
		p.Notices = append(p.Notices, disc.Notice{
			Severity: disc.Warning,
			Text:     fmt.Sprintf("the embedded MD5 checksum does not fit before the changes, and stays as it is, so that a check still finds the damage: %v", err),
			Advice:   "edit an undamaged copy of the image",
		})
		return p.image.Prepare(ctx, rep)
	}
	use, at, err := isomd5.Renew(ctx, p.image, rep)
	if err != nil {
		return err
	}
	if _, err := p.set.WriteAt(use, at); err != nil {
		return err
	}
	if err := p.image.Close(); err != nil {
		return err
	}
	return p.layOut(ctx)
}

// UpdateFile writes the changes into the image file at path, from which the image was
// opened. If it fails or is broken off, the image stays as it was, or becomes so again when
// it is opened the next time. Prepare must be called before.
func (p *Plan) UpdateFile(ctx context.Context, path string, rep progress.Reporter) error {
	if p.Unsafe != nil {
		return p.Unsafe
	}
	if !p.m.file(path) {
		return fmt.Errorf("%s cannot be updated in place, since it is not a file of plain sectors: save it as a rewritten file", path)
	}
	return journal.Apply(ctx, path, p.m.info, p.set, rep)
}

// source returns the image as a source from which the kernel can copy, nil if it is not a
// file of plain sectors, or no longer has its name: then it is read through the disc.
func (m *Image) source() layout.Source {
	f, ok := disc.HostFile(m.data.ReaderAt)
	if !ok {
		return nil
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil
	}
	if at, err := os.Stat(f.Name()); err != nil || !os.SameFile(at, info) {
		return nil
	}
	s := layout.NewFile(f.Name())
	s.Modified, s.Size = volume.Nanoseconds(info.ModTime()), info.Size()
	return s
}

// updating is an update that is being planned.
type updating struct {
	m       *Image
	ctx     context.Context
	rep     progress.Reporter
	at      time.Time
	root    *tree.Node // a copy of the edited tree
	set     *patch.Set
	plan    *Plan
	moves   []patch.Move
	where   map[*tree.Node][]volume.Extent   // of contents that were added
	links   map[*tree.Shared][]volume.Extent // the same, of hard-linked files
	used    map[*tree.Node]bool              // origins of nodes that are in the tree
	sources map[*tree.Node]layout.Source     // of contents that were added
	boot    *bootupdate.Updater              // nil: no ISO 9660, and so nothing to boot
	iso     *isoupdate.Updater               // nil: no ISO 9660
	udf     *udfupdate.Updater               // nil: no UDF
	freed   int64                            // bytes that were put into free blocks of the volume
}

func (u *updating) notice(n ...disc.Notice) { u.plan.Notices = append(u.plan.Notices, n...) }

func (u *updating) run() error {
	for _, step := range []func() error{
		u.checkVideo, u.checkComplete, u.openUpdaters, u.placeContents, u.updateBoot, u.checkHFS, u.refreshSums, u.updateVolumes, u.finishAll,
		u.checkUntouched,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return u.check()
}
