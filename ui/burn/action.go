package burn

import (
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"glassmaster/mastering/units"
	"glassmaster/ui/model"
	"glassmaster/ui/widgets"
)

// driveMenu shows a menu of the actions on the drive and its disc.
func (s *settings) driveMenu(at fyne.Position) {
	in, isDrive := s.v.burn.Inserted()
	noDrive := widgets.Unless(isDrive, "choose a drive first")
	noDisc := noDrive
	if noDisc == "" {
		noDisc = widgets.Unless(in.Medium != "", "there is no disc in the drive")
	}
	rewritable := noDisc
	if rewritable == "" {
		rewritable = widgets.Unless(in.Erasable || in.Status == "rewritable", "a "+in.Medium+" cannot be erased")
	}
	item := func(text, why string, a model.Action) *fyne.MenuItem {
		return widgets.Item(text, why, func() { s.v.StartAction(a) })
	}
	s.v.d.Menu(at,
		item("Open the tray", noDrive, model.Eject), item("Close the tray", noDrive, model.Load),
		fyne.NewMenuItemSeparator(),
		item("Close the session…", noDisc, model.CloseSession), item("Finalize the disc…", noDisc, model.CloseDisc),
		fyne.NewMenuItemSeparator(),
		item("Format…", rewritable, model.Format), item("Erase…", rewritable, model.Erase))
}

// StartAction carries out an action with the target drive. What cannot be undone must be
// confirmed first.
func (v *View) StartAction(a model.Action) {
	v.OnBegin([]string{v.burn.Target().Drive}, func() { v.planAction(a) })
}

func (v *View) planAction(a model.Action) {
	v.burn.PlanAction(a, func(p model.ActionPlan, err error) {
		switch {
		case model.Cancelled(err):
		case err != nil:
			v.d.Error(a.String()+" is not possible", err)
		case len(p.Steps) == 0:
			v.d.Ask(a.String(), "It is closed already. There is nothing to do.", widgets.Choice{Text: "Close", Primary: true})
		case a == model.Eject || a == model.Load:
			v.runAction(a, p)
		default:
			v.askAction(a, p)
		}
	})
}

func (v *View) askAction(a model.Action, p model.ActionPlan) {
	in, _ := v.burn.Inserted()
	var text []string
	for _, step := range p.Steps {
		text = append(text, model.Capital(step)+".")
	}
	for _, cost := range p.Costs {
		text = append(text, model.Capital(cost)+".")
	}
	if a.Destroys() && p.Holds.Data {
		text = append(text, p.Holds.Loss(in))
	}
	verb := map[model.Action]string{
		model.CloseSession: "Close the session", model.CloseDisc: "Finalize the disc", model.Format: "Format", model.Erase: "Erase",
	}[a]
	final := a != model.CloseSession
	v.d.Ask(verb+"?", strings.Join(text, "\n"),
		widgets.Choice{Text: "Cancel"},
		widgets.Choice{Text: verb, Primary: !final, Danger: final, Do: func() bool { v.runAction(a, p); return true }})
}

// runAction carries out an action, under a sheet that shows its progress.
func (v *View) runAction(a model.Action, p model.ActionPlan) {
	in, _ := v.burn.Inserted()
	v.d.Post(func() { // after the question was closed
		state := widgets.Muted("")
		sheet := v.d.Sheet(a.String(), widgets.Inset(state, 0, 0, 0, 0), 380, widgets.Choice{Text: "Stop", Do: func() bool {
			v.burn.Action().Cancel()
			return false
		}})
		state.Set(in.Drive.Title())
		v.burn.RunAction(a, p, func(result string, err error) {
			sheet.Close()
			v.d.Tell("action", map[string]any{"action": a.String(), "ok": err == nil, "text": result})
			switch {
			case err != nil:
				v.d.Error(a.String()+" has failed", err)
			case result != "":
				v.d.Ask(a.String(), result, widgets.Choice{Text: "Close", Primary: true})
			}
		})
		widgets.Poll(v.d.Post, 200*time.Millisecond, func() bool {
			job := v.burn.Action()
			if job == nil {
				return false
			}
			if s := job.Meter().Snapshot(); s.Total > 0 {
				state.Set(model.Capital(s.Phase.String()) + ", " + units.Size(s.Done) + " of " + units.Size(s.Total))
			}
			return true
		})
	})
}
