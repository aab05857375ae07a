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
	v.task.start("Checking all sectors", func(ctx context.Context, rep progress.Reporter) (err error) {
		c, err = v.engine.CheckSectors(ctx, d, rep)
		return err
	}, func(err error) {
		v.selected()
		v.host.Tell("checked", map[string]any{"good": err == nil && c.Good, "text": c.Text, "correctable": c.Correctable})
		switch {
		case model.Cancelled(err):
			v.showMessage("The check was stopped. Not all sectors were checked.", false, nil)
		case err != nil:
			v.fail("The check failed. ", err)
		case c.Good:
			v.showSuccess(c.Text)
		default:
			v.showMessage(c.Text, true, c.Faults)
			v.offerRepair(c)
		}
	})
	v.selected()
}

// offerRepair offers to write a corrected image.
func (v *View) offerRepair(c model.Checked) {
	from := v.volume.Name()
	if c.Correctable == 0 || !model.IsImage(from) {
		return
	}
	v.host.Ask("Write a repaired image?", fmt.Sprintf("%s The ECC of %s can correct them. %s itself is not changed.",
		c.Text, model.Count(int(c.Correctable), "sector", "sectors"), model.Short(from)),
		widgets.Choice{Text: "Close"},
		widgets.Choice{Text: "Save repaired image…", Primary: true, Do: func() bool {
			ext := filepath.Ext(from)
			name := strings.TrimSuffix(filepath.Base(from), ext) + " repaired" + ext
			v.host.PickSave("Save repaired image", name, v.repair, host.FileType{Name: "Disc images", Extensions: []string{strings.TrimPrefix(ext, ".")}})
			return true
		}})
}

// repair writes the repaired image.
func (v *View) repair(to string) {
	from := v.volume.Name()
	if v.volume.Disc() == nil || v.task.why() != "" {
		return
	}
	var c model.Converted
	v.task.start("Repairing to "+model.Short(to), func(ctx context.Context, rep progress.Reporter) (err error) {
		c, err = v.engine.Repair(ctx, from, to, rep)
		return err
	}, func(err error) {
		v.selected()
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
	v.selected()
}
