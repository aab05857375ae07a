package browse

import (
	"context"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/ui/host"
	"glassmaster/ui/model"
	"glassmaster/ui/widgets"
)

func (v *View) pickFolder() {
	nodes := v.volume.List.Selected()
	if len(nodes) == 0 {
		nodes = append(nodes, v.volume.List.Root().Children()...)
	}
	paths := make([]string, len(nodes))
	for i, n := range nodes {
		paths[i] = model.Inside(n)
	}
	v.host.PickFolder("Extract to", func(to string) { v.extractTo(paths, to) })
}

// extractTo copies files to a folder. If files with these names exist in it, it asks what
// to do with them.
func (v *View) extractTo(paths []string, to string) {
	f := v.volume.FS()
	if f == nil || v.task.why() != "" {
		return
	}
	var taken int64
	var first string
	v.start(description{"Checking " + to, "nothing will be extracted.", true}, func(ctx context.Context, _ progress.Reporter) (err error) {
		taken, first, err = v.engine.CountExisting(ctx, f, paths, to)
		return err
	}, func(err error) {
		switch {
		case err != nil && !model.Cancelled(err):
			v.fail("The extraction failed. ", err)
		case err == nil && taken > 0:
			v.askExisting(taken, first, to, func(x model.Existing) { v.extractAs(paths, to, x) })
		case err == nil:
			v.extractAs(paths, to, model.Ask)
		}
	})
}

// askExisting asks what to do with existing files.
func (v *View) askExisting(taken int64, first, to string, then func(model.Existing)) {
	choice := func(x model.Existing) func() bool {
		return func() bool { then(x); return true }
	}
	text := model.Count(int(taken), "file", "files") + " with these names already exist in " + to + ". The first is " + first + "."
	if taken == 1 {
		text = first + " already exists in " + to + "."
	}
	v.host.Ask("Replace existing files?", text,
		widgets.Choice{Text: "Cancel"},
		widgets.Choice{Text: "Replace", Danger: true, Do: choice(model.Replace)},
		widgets.Choice{Text: "Skip", Do: choice(model.Skip)},
		widgets.Choice{Text: "Keep both", Primary: true, Do: choice(model.KeepBoth)})
}

func (v *View) extractAs(paths []string, to string, x model.Existing) {
	f := v.volume.FS()
	if f == nil || v.task.why() != "" {
		return
	}
	var problems []disc.Notice
	v.start(description{"Extracting to " + to, "files that are complete are kept, the others will be missing.", true}, func(ctx context.Context, rep progress.Reporter) (err error) {
		problems, err = v.engine.Extract(ctx, f, paths, to, x, rep)
		return err
	}, func(err error) {
		v.host.Tell("extracted", map[string]any{"to": to, "problems": len(problems), "ok": err == nil})
		switch {
		case model.Cancelled(err):
			v.showMessage("Extraction stopped. Files are missing in "+to+".", false, problems)
		case err != nil:
			v.fail("The extraction failed. ", err)
		case len(problems) > 0:
			v.showMessage("Extracted to "+to+". "+host.CountNotices(problems)+", the first: "+problems[0].String(),
				len(disc.Errors(problems)) > 0, problems)
		default:
			v.status.Set("Extracted to " + to)
		}
	})
}
