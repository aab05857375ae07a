package edit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"glassmaster/mastering/boot"
	bootupdate "glassmaster/mastering/boot/update"
	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/isomd5"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/master"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/session"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/udf/plan"
	"glassmaster/mastering/units"
	"glassmaster/mastering/volume"
)

// anew plans a new image from the files of the edited compilation, with the same volumes,
// identifiers and boot entries as far as they can be read. Nothing else of the old image is
// kept. It is an error if that had boot code or partition tables for disks, unless the boot
// entries are removed.
func (m *Image) anew(ctx context.Context, p *Plan, rep progress.Reporter) error {
	if tables := m.diskTables(); tables != "" && !m.boot.Remove {
		return fmt.Errorf("%s. A new image of its files would not have its boot code and partition tables for disks (%s), so it would no longer start from a USB stick: remove the boot entries if they are not needed", p.Unsafe.Why, tables)
	}
	root := m.comp.Root()
	if err := session.ReadAll(ctx, root); err != nil {
		return err
	}
	p.Notices = m.Notices()
	root = root.Clone()
	m.dropLost(root)
	o, err := m.options(ctx, p)
	if err != nil {
		return err
	}
	if o.UDF != nil && o.UDF.Virtual != nil { // a new image is written as a whole
		whole := *o.UDF
		whole.Virtual = nil
		o.UDF = &whole
	}
	if err := m.refreshSums(root, p); err != nil {
		return err
	}
	layOutAgain(root)
	p.warn("", "the new image is made from the files of the old one, and nothing else is kept: %s", p.Unsafe.Why)
	if p.Sessions > 0 {
		p.Notices = append(p.Notices, disc.Notice{
			Severity: disc.Warning,
			Text:     fmt.Sprintf("the new image has the files of the newest session only: %s no longer be read", units.Count(int64(p.Sessions), "earlier session can", "earlier sessions can")),
			Advice:   "keep the old image if files that were removed or replaced are still needed",
		})
	}
	o.Boot = m.changeBoot(bootAgain(root, o.Boot, p))
	c := compilation.FromTree(root)
	c.Label, c.Options = m.comp.Label, o
	c.Contents.MD5 = !o.UDFOnly && isomd5.Has(m.data)
	c.Seal()
	if p.image, err = c.PlanReport(ctx, rep); err != nil {
		return err
	}
	p.Notices = append(p.Notices, p.image.Notices...)
	p.After = p.image.Size()
	p.Rewrite = p.After
	p.disc, err = m.whole(ctx, p.image)
	return err
}

// diskTables describes the boot code and partition tables for disks, "" if there are none. A
// system area that cannot be understood counts as some.
func (m *Image) diskTables() string {
	b, err := bootupdate.Survey(m.data, m.data.Size)
	switch {
	case b != nil && b.Tables():
		return strings.Join(b.Found(), "; ")
	case b == nil && !isZero(io.NewSectionReader(m.data, 0, boot.SystemArea)):
		return err.Error()
	}
	return ""
}

// refreshSums corrects the files of checksums in a copy of the edited tree that is planned as
// a whole.
func (m *Image) refreshSums(root *tree.Node, p *Plan) error {
	at, err := m.time()
	if err != nil {
		return err
	}
	s := newSums(root, p.Changes, at)
	_, err = s.refresh(p.Changes)
	p.Notices = append(p.Notices, s.notices...)
	return err
}

// changeBoot returns boot options with the changes that were asked for.
func (m *Image) changeBoot(old *boot.Options) *boot.Options {
	if m.boot.Remove {
		old = nil
	}
	if len(m.boot.Images) == 0 {
		return old
	}
	o := boot.Options{}
	if old != nil {
		o = *old
	}
	o.Images = slices.DeleteFunc(slices.Clone(o.Images), func(i boot.Image) bool {
		return slices.ContainsFunc(m.boot.Images, func(n boot.Image) bool { return n.Platform == i.Platform })
	})
	o.Images = append(o.Images, m.boot.Images...)
	return &o
}

// options returns the options with which the image was probably made.
func (m *Image) options(ctx context.Context, p *Plan) (master.Options, error) {
	c, err := session.Continue(ctx, m.d, volume.Options{Track: m.o.Track})
	if err == nil {
		p.Notices = append(p.Notices, c.Notices()...)
		return c.Options, nil
	}
	if ctx.Err() != nil {
		return master.Options{}, err
	}
	o := master.Options{}
	if v := m.vol.Volume(); v.View == udfView {
		o.UDFOnly, o.UDF = true, &master.UDF{Revision: plan.Revision201}
	}
	if !errors.Is(err, session.ErrRewritten) {
		p.Notices = append(p.Notices, disc.Notice{
			Severity: disc.Error,
			Text:     fmt.Sprintf("how the image was made cannot be found out, so that the new one has the usual volumes and does not boot: %v", err),
		})
	}
	return o, nil
}

// layOutAgain makes the contents of all files ordinary sources, which a planner lays out.
func layOutAgain(root *tree.Node) {
	seen := map[*tree.Shared]bool{}
	_ = root.Walk(func(n *tree.Node) error { // never fails
		if s := n.Shared(); s != nil {
			if seen[s] {
				return nil
			}
			seen[s] = true
		}
		if n.Recorded() != nil {
			n.SetSource(&again{n.Source().(layout.Opener)})
		}
		return nil
	})
}

// again is a source of contents that are in the old image.
type again struct{ layout.Opener }

// bootAgain returns boot options whose images are files of the tree. Images that were no
// files become some, since a planner lays out files only.
func bootAgain(root *tree.Node, old *boot.Options, p *Plan) *boot.Options {
	o := moveBoot(root, old, p)
	if o == nil {
		return nil
	}
	var list []boot.Image
	for i, b := range o.Images {
		if b.OnDisc != nil {
			n := tree.NewFile(fmt.Sprintf("boot-image-%d.img", i+1), b.OnDisc.Extents[0].Length, root.ModTime(), &again{b.OnDisc})
			if err := root.Insert(n); err != nil {
				p.warn("", "this boot image was not a file of the image, and its entry is left out: %v", err)
				continue
			}
			b.OnDisc, b.Path = nil, n.Path()
			p.warn(n.Path(), "this boot image was not a file of the image, and is one in the new image")
		}
		list = append(list, b)
	}
	o.Images = list
	if len(list) == 0 {
		return nil
	}
	return o
}

// moveBoot returns boot options with the paths that files have in the edited tree. Entries
// of files that were removed are left out.
func moveBoot(root *tree.Node, old *boot.Options, p *Plan) *boot.Options {
	if old == nil {
		return nil
	}
	o, r := *old, newRenames(p.Changes)
	if o.Catalog != "" {
		if at, kept := r.now(path.Clean("/" + o.Catalog)); kept {
			o.Catalog = at
		} else {
			o.Catalog = ""
		}
	}
	o.Images = nil
	for _, b := range old.Images {
		if b.OnDisc == nil && b.Path != "" {
			was := path.Clean("/" + b.Path)
			at, _ := r.now(was) // what was added later can have the path of what was removed
			if n := root.Lookup(at); n == nil || !n.Mode.IsRegular() {
				p.warn(was, "this boot image was removed, and with it its entry of the boot catalogue (%s)", b.Platform.Description())
				continue
			}
			b.Path = at
		}
		o.Images = append(o.Images, b)
	}
	if len(o.Images) == 0 {
		return nil
	}
	return &o
}

// warn adds a notice.
func (p *Plan) warn(at, format string, args ...any) {
	p.Notices = append(p.Notices, disc.Notice{Severity: disc.Warning, Path: at, Text: fmt.Sprintf(format, args...)})
}
