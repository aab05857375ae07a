// Package burn is the place of the window where discs are written: one sheet of
// settings, then the course of the burn, then what has come of it.
package burn

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"glassmaster/drive"
	"glassmaster/ui/host"
	"glassmaster/ui/model"
)

// Engine does what Burn needs beyond the burn itself.
type Engine interface {
	model.Recorder
	// VirtualMedia returns the kinds of virtual discs that AddVirtual makes.
	VirtualMedia() []string
	// AddVirtual makes a disc of software in a file and returns its drive's name.
	// A slow one takes as long as a real drive.
	AddVirtual(path, medium string, slow bool) (string, error)
}

// View is the place.
type View struct {
	Object   fyne.CanvasObject  // to be put into a window
	OnBegin  func(drive string) // a burn is about to begin in a drive
	OnBrowse func(name string)  // show what is on the disc or in the file that was written

	d        *host.Host
	engine   Engine
	burn     *model.Burn
	settings *settings
	progress *progressView
	outcome  *outcome
	stage    model.Stage
}

// New returns the place.
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

// Shown looks at the drives, when the place comes into sight. Where no source
// was chosen yet it takes the image that is shown in Browse, if there is one, or
// what was put together in Compile.
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

// Left is called when another place comes into sight. A target that was meant for
// one image only is given up.
func (v *View) Left() {
	if v.burn.Stage() == model.Settings {
		v.burn.RestoreTarget()
	}
}

// Work says what is going on, and what becomes of it when it is stopped; nothing
// when nothing is.
func (v *View) Work() string {
	if job := v.burn.Action(); job != nil {
		return job.Title() + " in " + v.burn.TargetTitle() + ": the disc may be of no use before that is done again."
	}
	if v.burn.Stage() != model.Running {
		return ""
	}
	if file := v.burn.WrittenTo().File; file != "" {
		return "The image " + file + " is being written: the unfinished file will be removed."
	}
	_, to := v.burn.Written()
	return "A disc is being burned in " + to + ": it is closed as well as the medium allows, but one that can be written only once is usually lost."
}

// Stop ends it.
func (v *View) Stop() {
	v.burn.Job().Cancel()
	v.burn.Action().Cancel()
}

// SetImage chooses an image file, or the disc in a drive, as the source.
func (v *View) SetImage(name string) {
	kind := model.FromImage
	if drive.IsName(name) {
		kind = model.FromDrive
	}
	v.burn.SetSource(model.Source{Kind: kind, Name: name})
}

// SetCompilation chooses what was put together in Compile as the source.
func (v *View) SetCompilation() {
	v.burn.SetSource(model.Source{Kind: model.FromCompilation})
}

// SetFile chooses an image file as the target.
func (v *View) SetFile(path string) { v.burn.SetTarget(model.Target{File: path}) }

func (v *View) reload() {
	stage := v.burn.Stage()
	show(v.settings.object, stage == model.Settings)
	show(v.progress.object, stage == model.Running)
	show(v.outcome.object, stage == model.Finished)
	switch stage {
	case model.Settings:
		v.settings.reload()
		why := v.burn.Why()
		v.d.Tell("settings", map[string]any{"source": v.burn.SourceTitle(), "target": v.burn.TargetTitle(), "ready": why == "", "why": why})
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
				"sha256": o.Result.SHA256, "written": o.Result.Written,
			})
		}
	}
	v.stage = stage
}

func show(o fyne.CanvasObject, visible bool) {
	if visible {
		o.Show()
	} else {
		o.Hide()
	}
}
