// Package burn is the page of the window where discs are burned: first the settings, then
// the progress of the burn, then its outcome.
package burn

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"glassmaster/drive"
	"glassmaster/ui/host"
	"glassmaster/ui/model"
	"glassmaster/ui/widgets"
)

// Engine does the work of Burn.
type Engine interface {
	model.Recorder
	// VirtualMedia returns the kinds of virtual discs that AddVirtual makes.
	VirtualMedia() []string
	// AddVirtual creates a virtual disc in a file, or opens one, and returns the name of
	// its drive. A slow one takes as long as a real drive.
	AddVirtual(path, medium string, slow bool) (string, error)
}

// View is the page.
type View struct {
	Object   fyne.CanvasObject // to be put into a window
	OnBrowse func(name string) // show what is on the disc or in the file that was written
	// OnBegin frees drives for a burn or another action, and then calls do.
	OnBegin func(drives []string, do func())
	// OnContinue makes the compilation continue a disc; OnCompile shows the compilation.
	OnContinue func(*model.Continued)
	OnCompile  func()

	d        *host.Host
	engine   Engine
	burn     *model.Burn
	settings *settings
	progress *progressView
	outcome  *outcome
	next     inserting
	stage    model.Stage
}

// New returns the page.
func New(d *host.Host, e Engine, b *model.Burn) *View {
	v := &View{d: d, engine: e, burn: b}
	v.settings = newSettings(v)
	v.progress = newProgressView(v)
	v.outcome = newOutcome(v)
	v.Object = container.NewStack(v.settings.object, v.progress.object, v.outcome.object)
	b.OnChange = v.reload
	v.reload()
	return v
}

// Shown is called when the page is shown. It looks for drives. If no source is chosen, it
// chooses the image that is open in Browse, if any, or the compilation.
func (v *View) Shown(image string) {
	if _, chosen := v.burn.Source(); !chosen {
		switch {
		case image != "":
			v.SetImage(image)
		case v.burn.Compiled() != nil:
			v.SetCompilation()
		}
	}
	if v.burn.Stage() == model.Settings {
		v.burn.FindDrives()
	}
}

// Left is called when another page is shown. It restores the target that was replaced for
// one burn.
func (v *View) Left() {
	if v.burn.Stage() == model.Settings {
		v.burn.RestoreTarget()
	}
}

// Work describes what is in progress, and what stopping it does; "" if nothing is.
func (v *View) Work() string {
	if job := v.burn.Action(); job != nil {
		return job.Title() + " in " + v.burn.TargetTitle() + ". If this is stopped, the disc may be unusable until it is repeated."
	}
	if v.burn.Stage() == model.Inserting {
		return "The next copy has not begun. If it is stopped now, no further disc is burned."
	}
	if v.burn.Stage() != model.Running {
		return ""
	}
	if v.burn.ReadingDisc() {
		return "A disc is being read, to copy it. If this is stopped, nothing is written."
	}
	if _, waits := v.burn.WaitsFor(); waits {
		return "A burn is waiting for its drive. If it is stopped now, nothing is written."
	}
	if file := v.burn.WrittenTo().File; file != "" {
		return "The image " + file + " is being written. If this is stopped, the unfinished file is removed."
	}
	_, to := v.burn.Written()
	return "A disc is being burned in " + to + ". If this is stopped, the disc is left in the best state that the medium allows, but a write-once disc is usually lost."
}

// Stop stops it.
func (v *View) Stop() {
	v.burn.Job().Cancel()
	v.burn.Action().Cancel()
	if v.burn.Stage() == model.Inserting {
		v.closeAsking()
		v.burn.StopInserting()
	}
}

// Close removes what is temporary.
func (v *View) Close() {
	if err := v.burn.Close(); err != nil {
		v.d.Tell("error", map[string]any{"title": "A temporary image cannot be removed", "text": err.Error()})
	}
}

// SetImage chooses an image file, or the disc in a drive, as the source.
func (v *View) SetImage(name string) {
	kind := model.FromImage
	if drive.IsName(name) {
		kind = model.FromDrive
	}
	v.burn.SetSource(model.Source{Kind: kind, Name: name})
}

// SetCompilation chooses the compilation as the source.
func (v *View) SetCompilation() {
	v.burn.SetSource(model.Source{Kind: model.FromCompilation})
}

// SetFile chooses an image file as the target.
func (v *View) SetFile(path string) { v.burn.SetTarget(model.Target{File: path}) }

func (v *View) reload() {
	stage := v.burn.Stage()
	widgets.SetVisible(v.settings.object, stage == model.Settings)
	ended := stage == model.Finished || stage == model.Inserting && v.burn.Outcome() != nil
	widgets.SetVisible(v.progress.object, stage == model.Running || stage == model.Inserting && !ended)
	widgets.SetVisible(v.outcome.object, ended)
	if stage == model.Inserting {
		v.askDisc()
	} else {
		v.closeAsking()
	}
	switch stage {
	case model.Settings:
		v.settings.reload()
		why := v.burn.Why()
		v.d.Tell("settings", map[string]any{"source": v.burn.SourceTitle(), "target": v.burn.TargetTitle(), "ready": why == "", "why": why})
	case model.Inserting:
		if v.stage != stage {
			n, of := v.burn.Copy()
			v.d.Tell("inserting", map[string]any{"copy": n, "of": of, "error": ""})
		}
	case model.Running:
		if v.stage != stage {
			from, to := v.burn.Written()
			v.d.Tell("burning", map[string]any{"source": from, "target": to})
			v.progress.follow()
		}
	case model.Finished:
		v.outcome.reload()
		if v.stage != stage {
			o := v.burn.Outcome()
			v.d.Tell("outcome", map[string]any{
				"verdict": o.Verdict.String(), "headline": o.Headline, "text": o.Text,
				"sha256": o.Result.SHA256, "written": o.Result.Written, "drives": v.verdicts(),
			})
		}
	}
	v.stage = stage
}

// verdicts returns the verdict of each drive.
func (v *View) verdicts() []string {
	var all []string
	for _, r := range v.burn.Recordings() {
		all = append(all, r.Outcome().Verdict.String())
	}
	return all
}
