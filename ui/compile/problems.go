package compile

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"glassmaster/ui/host"
	"glassmaster/ui/model"
	"glassmaster/ui/theme"
	"glassmaster/ui/widgets"
)

// problemList tells afterwards what did not go as one may expect: files that
// cannot be read, names that were taken, files that were replaced.
type problemList struct {
	Object  fyne.CanvasObject
	host    *host.Host
	project *model.Project
	notice  *widgets.Notice
}

func newProblemList(h *host.Host, p *model.Project) *problemList {
	l := &problemList{host: h, project: p}
	details := h.Tips.NewQuiet("Show all", nil, "", l.details)
	l.notice = widgets.NewNotice(details)
	l.notice.OnClose = p.Forget
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
		text = model.Count(len(all), "remark", "remarks") + ", the latest: " + all[len(all)-1].String()
	}
	l.notice.Tell(text, false)
}

// details shows all of them on a sheet.
func (l *problemList) details() {
	all := l.project.Problems()
	list := widgets.NewList(func() int { return len(all) }, func() fyne.CanvasObject {
		icon := canvas.NewImageFromResource(theme.Tint(theme.WarningIcon, theme.Warning))
		icon.SetMinSize(fyne.NewSquareSize(16))
		return container.NewBorder(nil, nil, widgets.Middle(icon), nil,
			widgets.Inset(container.New(&widgets.Column{Gap: 2}, widgets.NewText(""), widgets.Muted("")), 8, 4, 8, 4))
	}, func(i int, o fyne.CanvasObject) {
		if i >= len(all) {
			return
		}
		texts := o.(*fyne.Container).Objects[0].(*fyne.Container).Objects[0].(*fyne.Container).Objects
		texts[0].(*widgets.Text).Set(all[i].Path)
		texts[1].(*widgets.Text).Set(all[i].Text)
	})
	l.host.Sheet(model.Count(len(all), "remark", "remarks"),
		widgets.Wide(640, widgets.MinHeight(320, widgets.Panel(list))), 640,
		widgets.Choice{Text: "Forget them", Do: func() bool { l.project.Forget(); return true }},
		widgets.Choice{Text: "Close", Primary: true})
}
