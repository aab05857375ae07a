package browse

import (
	"slices"
	"strings"

	"fyne.io/fyne/v2"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/units"
	"glassmaster/ui/model"
	"glassmaster/ui/widgets"
)

func (v *View) showTitle(ready bool) {
	for _, o := range []fyne.CanvasObject{v.viewsBox, v.sessionsBox, v.extract, v.turn, v.change, v.burn, v.openers, v.shut} {
		widgets.SetVisible(o, ready)
	}
	v.subtitle.Hidden = !ready
	if !ready {
		v.title.Set("Browse")
		return
	}
	v.showSessions()
	info := v.volume.Info()
	v.title.Set(model.Short(v.volume.Name()))
	if err := v.volume.NoFiles(); err != nil {
		v.showWithoutFiles(err)
		return
	}
	files, folders, bytes := v.volume.Totals()
	text := info.Format + ", " + model.Count(files, "file", "files") + " in " +
		model.Count(folders, "folder", "folders") + ", " + units.Size(bytes)
	if v.volume.Reading() {
		text += " so far"
	} else {
		v.host.Tell("browse", map[string]any{"name": v.volume.Name(), "files": files, "folders": folders, "view": info.View, "session": v.volume.Session()})
	}
	if toc := v.volume.Disc().TOC(); model.HasSeveralTracks(toc) {
		text = formatOf(v.volume.Disc(), info) + ", " + model.DiscSummary(toc) + "; " + text
	}
	v.subtitle.Set(text)
	v.showView()
	widgets.SetVisible(v.viewsBox, len(info.Views) > 1)
	widgets.SetVisible(v.sessionsBox, len(v.volume.Sessions()) > 1)
	d, p := v.volume.Defects(), v.volume.Problems()
	all := slices.Concat(d, p)
	switch {
	case len(d) > 0 && d[0].Severity != disc.Info: // possibly the reason why folders cannot be read
		what := " is damaged or does not follow the standard. "
		if d[0].Incomplete {
			what = " is incomplete. "
		}
		v.showMessage(model.Short(v.volume.Name())+what+model.Capital(d[0].Text), d[0].Severity == disc.Error, all)
	case len(p) == 1:
		v.showMessage("The folder "+p[0].Path+" cannot be read: "+p[0].Text, true, all)
	case len(p) > 1:
		v.showMessage(model.Count(len(p), "folder", "folders")+" cannot be read. The first is "+p[0].Path+": "+p[0].Text, true, all)
	}
}

// showView shows which file names are shown.
func (v *View) showView() {
	if info := v.volume.Info(); info.View != "" {
		v.views.Options, v.views.Selected = info.Views, info.View
		v.views.Refresh()
	}
}

// showWithoutFiles shows the title of a disc without files, and why it has none, unless it
// is an audio disc.
func (v *View) showWithoutFiles(err error) {
	toc := v.volume.Disc().TOC()
	v.subtitle.Set(model.DiscSummary(toc))
	v.viewsBox.Hide()
	widgets.SetVisible(v.sessionsBox, len(v.volume.Sessions()) > 1)
	v.extract.Hide()
	v.host.Tell("browse", map[string]any{"name": v.volume.Name(), "files": 0, "folders": 0, "view": ""})
	if _, ok := disc.DataTrack(v.volume.Disc()); ok {
		v.fail("The files of "+model.Short(v.volume.Name())+" cannot be opened. ", err)
	}
}

// showMessage shows a message above the files. The button for details lists the notices.
func (v *View) showMessage(text string, isError bool, list []disc.Notice) {
	v.noticed = list
	v.takeBack.Hide()
	widgets.SetVisible(v.details, len(list) > 0)
	v.notice.Tell(text, isError)
}

// showSuccess shows a message above the files that is good news.
func (v *View) showSuccess(text string) {
	v.noticed = nil
	v.details.Hide()
	v.takeBack.Hide()
	v.notice.Succeed(text)
}

// fail shows an error above the files.
func (v *View) fail(what string, err error) {
	var details []disc.Notice
	for _, l := range model.ErrorDetails(err) {
		details = append(details, disc.Notice{Severity: disc.Error, Path: l.Name, Text: l.Value})
	}
	// Errors of drives begin with the name, which is already in what.
	v.showMessage(what+model.Capital(strings.TrimPrefix(model.Explain(err), model.Capital(v.volume.Name())+": ")), true, details)
}
