package browse

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"glassmaster/mastering/progress"
	"glassmaster/ui/host"
	"glassmaster/ui/model"
	"glassmaster/ui/widgets"
)

// checkSectors checks all sectors of the disc.
func (v *View) checkSectors() {
	d := v.volume.Disc()
	if d == nil || v.task.why() != "" {
		return
	}
	var c model.Checked
	from := v.volume.Name()
	v.start(description{"Checking " + model.Short(from), "the sectors that were not read yet will not be checked.", true}, func(ctx context.Context, rep progress.Reporter) (err error) {
		c, err = v.engine.CheckSectors(ctx, d, rep)
		return err
	}, func(err error) {
		v.host.Tell("checked", map[string]any{"good": err == nil && c.Good, "text": c.Text, "correctable": c.Correctable})
		if v.volume.Disc() != d {
			return // another one is shown now
		}
		switch {
		case model.Cancelled(err):
			v.showMessage("The check was stopped. Not all sectors were checked.", false, nil)
		case err != nil:
			v.fail("The check failed. ", err)
		case c.Good:
			v.showSuccess(c.Text)
		default:
			v.showMessage(c.Text, true, c.Faults)
			if len(c.Faults) > 0 {
				v.lookAt(c.Faults[0].LBA)
			}
			v.offerRepair(from, c)
		}
	})
}

// offerRepair offers to write a corrected image.
func (v *View) offerRepair(from string, c model.Checked) {
	if c.Correctable == 0 || !model.IsImage(from) {
		return
	}
	v.host.Ask("Write a repaired image?", fmt.Sprintf("%s The repaired image is a new one; %s is not changed.", c.Text, model.Short(from)),
		widgets.Choice{Text: "Close"},
		widgets.Choice{Text: "Save repaired image…", Primary: true, Do: func() bool {
			base := filepath.Base(from)
			ext := model.ImageExtension(base)
			name := model.Stem(base) + " repaired" + ext
			v.host.PickSave("Save repaired image", name, func(to string) { v.repair(from, to) }, host.FileType{Name: "Disc images", Extensions: []string{strings.TrimPrefix(ext, ".")}})
			return true
		}})
}

// repair writes the repaired image.
func (v *View) repair(from, to string) {
	if v.task.why() != "" {
		return
	}
	var c model.Converted
	v.start(description{title: "Repairing to " + model.Short(to), stop: "nothing will be written."}, func(ctx context.Context, rep progress.Reporter) (err error) {
		c, err = v.engine.Repair(ctx, from, to, rep)
		return err
	}, func(err error) {
		v.host.Tell("repaired", map[string]any{"to": to, "good": err == nil && c.Good, "text": c.Text})
		switch {
		case model.Cancelled(err):
			v.showMessage("The repair was stopped. Nothing was written.", false, nil)
		case err != nil:
			v.fail("The repair failed. ", err)
		case c.Good:
			v.showSuccess(c.Text)
		default:
			v.showMessage(c.Text, true, c.Notices)
		}
	})
}
