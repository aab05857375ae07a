package browse

import (
	"context"
	"fmt"

	"fyne.io/fyne/v2"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/units"
	"glassmaster/ui/model"
	"glassmaster/ui/widgets"
)

// moreMenu shows the menu of what concerns the whole image.
func (e *editor) moreMenu(at fyne.Position) {
	if !e.active() {
		return
	}
	m, busy := e.model, e.v.task.why()
	noBoot := widgets.Unless(m.Facts().Boots, "it has none")
	unsaved := firstWhy(busy, m.Facts().Fixed, widgets.Unless(!m.Unsaved(), "save the changes first"))
	items := []*fyne.MenuItem{
		widgets.Item("Save as a new session…", firstWhy(busy, m.WhySave(), m.WhySession()), e.askSession),
		widgets.Item("Compact…", unsaved, e.planCompact),
		widgets.Item("Undo last update…", e.v.whyNoUndo(), e.v.askUndoUpdate),
		fyne.NewMenuItemSeparator(),
		widgets.Item("Extract the boot files…", firstWhy(busy, noBoot), e.pickBootFolder),
		widgets.Item("Remove all boot entries", firstWhy(busy, noBoot), func() { e.do(m.RemoveBoot) }),
	}
	if m.ChangesBoot() {
		items = append(items, widgets.Item("Keep the boot entries as they are", busy, func() { e.do(m.KeepBoot) }))
	}
	e.v.host.Menu(at, items...)
}

// firstWhy returns the first of several reasons.
func firstWhy(whys ...string) string {
	for _, why := range whys {
		if why != "" {
			return why
		}
	}
	return ""
}

// bootItems are the items of menus that make a file a boot image.
func (e *editor) bootItems(n *tree.Node) []*fyne.MenuItem {
	var items []*fyne.MenuItem
	for _, p := range []boot.Platform{boot.BIOS, boot.EFI} {
		why := firstWhy(e.v.task.why(), widgets.Unless(!e.model.BootFor(n, p), "it is chosen already"))
		items = append(items, widgets.Item("Boot image for "+model.PlatformText(p), why, func() { e.do(func() { e.model.SetBootFile(n, p) }) }))
	}
	return items
}

// askSession asks whether to add the changes as a further session.
func (e *editor) askSession() {
	e.v.host.Ask("Add the changes as a new session?",
		"The session has folders and descriptors of its own, and refers to the files that are in the image. Sessions that programs for discs can choose from make sense before the image is burned. To change the image itself, use Save, which writes less.",
		widgets.Choice{Text: "Cancel", Escape: true},
		widgets.Choice{Text: "Add session", Primary: true, Do: func() bool {
			e.v.host.Post(func() { e.saveWith(model.EditedImage.SaveSession, nil) })
			return true
		}})
}

// planCompact finds out how much smaller the image can be, and asks whether to do it.
func (e *editor) planCompact() {
	if !e.active() || e.busy() || e.model.Unsaved() {
		return
	}
	v, m := e.v, e.model
	files := m.Snapshot()
	var p model.EditPlan
	v.start(description{"Finding what is not in use", "nothing was written.", true}, func(ctx context.Context, rep progress.Reporter) (err error) {
		p, err = m.Image().PlanCompact(ctx, files, rep)
		return err
	}, func(err error) {
		if e.model != m {
			return
		}
		e.reload()
		v.host.Tell("compact planned", map[string]any{"before": p.Before, "after": p.After, "ok": err == nil})
		switch {
		case model.Cancelled(err):
		case err != nil:
			v.host.Error("The image cannot be compacted", err)
		case p.Unsafe != nil && len(disc.Errors(p.Notices)) > 0:
			v.host.ShowNotices("The image cannot be compacted: files would be lost", p.Notices)
		case p.After >= p.Before:
			v.showMessage("Everything in the image is in use. There is nothing to compact.", false, nil)
		default:
			e.askCompact(p)
		}
	})
	e.reload()
}

func (e *editor) askCompact(p model.EditPlan) {
	text := fmt.Sprintf("The image has %s; without what nothing refers to, it has %s. A new file is written and replaces the image. Earlier updates can no longer be undone then.",
		units.Size(p.Before), units.Size(p.After))
	button := widgets.Choice{Text: "Compact", Primary: true}
	if p.Sessions > 0 {
		text += fmt.Sprintf(" Its %s are dropped: only the newest one is kept.", model.Count(p.Sessions, "older session", "older sessions"))
		button.Primary, button.Danger = false, true
	}
	button.Do = func() bool {
		e.v.host.Post(func() { e.saveWith(model.EditedImage.Compact, nil) })
		return true
	}
	if p.Unsafe != nil {
		text += " The image is made anew from its files: " + model.Reason(p.Unsafe)
	}
	for _, n := range p.Notices {
		if n.Severity != disc.Info {
			text += " " + model.Capital(n.String()) + "."
		}
	}
	e.v.host.Ask("Compact "+model.Short(e.v.volume.Name())+"?", text,
		widgets.Choice{Text: "Cancel", Escape: true}, button)
}

// pickBootFolder asks for a folder, and writes the boot files of the image into it.
func (e *editor) pickBootFolder() {
	m, v := e.model, e.v
	v.host.PickFolder("Extract the boot files to", func(dir string) {
		if e.model != m || e.busy() {
			return
		}
		var list []string
		v.start(description{"Extracting the boot files", "files that were extracted stay.", true}, func(ctx context.Context, _ progress.Reporter) (err error) {
			list, err = m.Image().ExtractBoot(ctx, dir)
			return err
		}, func(err error) {
			e.reload()
			v.host.Tell("boot files", map[string]any{"files": len(list), "ok": err == nil})
			if err != nil {
				v.host.Error("The boot files were not extracted", err)
				return
			}
			v.showSuccess(model.Count(len(list), "file was", "files were") + " written to " + dir + ".")
		})
		e.reload()
	})
}
