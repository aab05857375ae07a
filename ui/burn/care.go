package burn

import (
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"glassmaster/ui/model"
	"glassmaster/ui/widgets"
)

// driveMenu offers what can be done with the drive and its disc besides burning.
func (s *settings) driveMenu(at fyne.Position) {
	in, isDrive := s.v.burn.Inserted()
	noDrive := unless(isDrive, "choose a drive first")
	noDisc := noDrive
	if noDisc == "" {
		noDisc = unless(in.Medium != "", "there is no disc in the drive")
	}
	rewritable := noDisc
	if rewritable == "" {
		rewritable = unless(in.Erasable || in.Status == "rewritable", "a "+in.Medium+" keeps what is on it")
	}
	item := func(text, why string, c model.Care) *fyne.MenuItem {
		return widgets.Item(text, why, func() { s.v.Attend(c) })
	}
	s.v.d.Menu(at,
		item("Open the tray", noDrive, model.Eject), item("Close the tray", noDrive, model.Load),
		fyne.NewMenuItemSeparator(),
		item("Close the session…", noDisc, model.CloseSession), item("Close the disc…", noDisc, model.CloseDisc),
		fyne.NewMenuItemSeparator(),
		item("Format…", rewritable, model.Format), item("Erase…", rewritable, model.Erase))
}

// Attend does something with the drive. Whatever cannot be taken back is asked
// first.
func (v *View) Attend(c model.Care) {
	v.OnBegin(v.burn.Target().Drive)
	v.burn.Attend(c, func(p model.CarePlan, err error) {
		switch {
		case model.Cancelled(err):
		case err != nil:
			v.d.Error(c.String()+" is not possible", err)
		case len(p.Steps) == 0:
			v.d.Ask(c.String(), "It is closed already; there is nothing to do.", widgets.Choice{Text: "Close", Primary: true})
		case c == model.Eject || c == model.Load:
			v.care(c, p)
		default:
			v.askCare(c, p)
		}
	})
}

func (v *View) askCare(c model.Care, p model.CarePlan) {
	in, _ := v.burn.Inserted()
	var text []string
	for _, step := range p.Steps {
		text = append(text, model.Capital(step)+".")
	}
	for _, cost := range p.Costs {
		text = append(text, model.Capital(cost)+".")
	}
	if c.Destroys() && p.Holds.Data {
		text = append(text, p.Holds.Loss(in))
	}
	verb := map[model.Care]string{
		model.CloseSession: "Close the session", model.CloseDisc: "Close the disc", model.Format: "Format", model.Erase: "Erase",
	}[c]
	final := c != model.CloseSession
	v.d.Ask(verb+"?", strings.Join(text, "\n"),
		widgets.Choice{Text: "Cancel"},
		widgets.Choice{Text: verb, Primary: !final, Danger: final, Do: func() bool { v.care(c, p); return true }})
}

// care does it, under a sheet that says so.
func (v *View) care(c model.Care, p model.CarePlan) {
	in, _ := v.burn.Inserted()
	v.d.Post(func() { // when the question is gone
		state := widgets.Muted("")
		sheet := v.d.Sheet(c.String(), widgets.Inset(state, 0, 0, 0, 0), 380, widgets.Choice{Text: "Stop", Do: func() bool {
			v.burn.Caring().Cancel()
			return false
		}})
		state.Set(in.Drive.Title())
		v.burn.Care(c, p, func(said string, err error) {
			sheet.Close()
			v.d.Tell("cared", map[string]any{"for": c.String(), "ok": err == nil, "text": said})
			switch {
			case err != nil:
				v.d.Error(c.String()+" has failed", err)
			case said != "":
				v.d.Ask(c.String(), said, widgets.Choice{Text: "Close", Primary: true})
			}
		})
		widgets.Poll(v.d.Post, 200*time.Millisecond, func() bool {
			job := v.burn.Caring()
			if job == nil {
				return false
			}
			if s := job.Meter.Snapshot(); s.Total > 0 {
				state.Set(model.Capital(s.Phase.String()) + ", " + model.Bytes(s.Done) + " of " + model.Bytes(s.Total))
			}
			return true
		})
	})
}
