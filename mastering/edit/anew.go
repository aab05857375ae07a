package edit

import (
	"context"
	"errors"
	"fmt"
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
	if b, _ := bootupdate.Survey(m.data, m.data.Size); b != nil && b.Tables() && !m.boot.Remove {
		return fmt.Errorf("%s. A new image of its files would not have its boot code and partition tables for disks (%s), so it would no longer start from a USB stick: remove the boot entries if they are not needed", p.Unsafe.Why, strings.Join(b.Found(), "; "))
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
	layOutAgain(root)
	p.Notices = append(p.Notices, disc.Notice{
		Severity: disc.Warning,
		Text:     fmt.Sprintf("the new image is made from the files of the old one, and nothing else is kept: %s", p.Unsafe.Why),
	})
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
// files become some, since a planner lays out files only. Entries of files that are not in
// the tree any more are left out.
func bootAgain(root *tree.Node, old *boot.Options, p *Plan) *boot.Options {
	if old == nil {
		return nil
	}
	o := *old
	o.Images = nil
	for i, b := range old.Images {
		if b.OnDisc != nil {
			n := tree.NewFile(fmt.Sprintf("boot-image-%d.img", i+1), b.OnDisc.Extents[0].Length, root.ModTime(), &again{b.OnDisc})
			if root.Insert(n) != nil {
				continue
			}
			b.OnDisc, b.Path = nil, n.Path()
			p.Notices = append(p.Notices, disc.Notice{Severity: disc.Warning, Path: n.Path(), Text: "this boot image was not a file of the image, and is one in the new image"})
		}
		if n := root.Lookup(b.Path); n == nil || !n.Mode.IsRegular() {
			continue
		}
		o.Images = append(o.Images, b)
	}
	if len(o.Images) == 0 {
		return nil
	}
	return &o
}
