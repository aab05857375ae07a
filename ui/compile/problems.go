package compile

import (
	"fyne.io/fyne/v2"

	"glassmaster/mastering/disc"
	"glassmaster/ui/host"
	"glassmaster/ui/model"
	"glassmaster/ui/widgets"
)

// problemList shows problems found while files were added: files that cannot be read,
// names that were in use, files that were replaced.
type problemList struct {
	Object  fyne.CanvasObject
	host    *host.Host
	project *model.Project
	notice  *widgets.Notice
}

func newProblemList(h *host.Host, p *model.Project) *problemList {
	l := &problemList{host: h, project: p}
	details := h.Tips.NewQuiet("Details", nil, "", l.details)
	l.notice = widgets.NewNotice(details)
	l.notice.OnClose = l.close
	l.Object = l.notice.Container
	return l
}

func (l *problemList) reload() {
	all := l.project.Problems()
	if len(all) == 0 {
		l.notice.Hide()
		return
	}
	text := all[0].String()
	if len(all) > 1 {
		text = host.CountNotices(all) + ". The latest: " + all[len(all)-1].String()
	}
	l.notice.Tell(text, len(disc.Errors(all)) > 0)
}

// close clears the list. Files that are missing are listed once more before.
func (l *problemList) close() {
	if len(l.project.Missing()) == 0 {
		l.project.ClearProblems()
		return
	}
	l.reload()
	l.details()
}

// details lists all of them on a sheet.
func (l *problemList) details() {
	all := l.project.Problems()
	l.host.ShowNotices(host.CountNotices(all), all,
		widgets.Choice{Text: "Clear the list", Do: func() bool { l.project.ClearProblems(); return true }},
		widgets.Choice{Text: "Close", Primary: true, Escape: true})
}
