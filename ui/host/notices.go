package host

import (
	"fmt"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"glassmaster/mastering/disc"
	"glassmaster/ui/model"
	"glassmaster/ui/theme"
	"glassmaster/ui/widgets"
)

// maxNotices is how many notices a sheet shows.
const maxNotices = 200

// ShowNotices lists notices on a sheet. Without choices it has a button that closes it.
func (h *Host) ShowNotices(title string, list []disc.Notice, choices ...widgets.Choice) {
	rows := container.New(&widgets.Column{Gap: 12})
	for _, n := range list[:min(len(list), maxNotices)] {
		rows.Add(noticeRow(n))
	}
	if more := len(list) - maxNotices; more > 0 {
		rows.Add(widgets.Muted("and " + model.Count(more, "more", "more")))
	}
	if len(choices) == 0 {
		choices = []widgets.Choice{{Text: "Close", Primary: true}}
	}
	h.Sheet(title, rows, 640, choices...)
}

func noticeRow(n disc.Notice) fyne.CanvasObject {
	symbol, color := theme.WarningIcon, theme.Warning
	switch n.Severity {
	case disc.Info:
		symbol, color = theme.InfoIcon, theme.Muted
	case disc.Error:
		color = theme.Error
	}
	icon := canvas.NewImageFromResource(theme.Tint(symbol, color))
	icon.SetMinSize(fyne.NewSquareSize(16))
	lines := container.New(&widgets.Column{Gap: 2})
	if n.Path != "" {
		lines.Add(widgets.NewText(n.Path).Wrap().Bold())
	}
	lines.Add(widgets.NewText(model.Capital(n.Text)).Wrap())
	if n.Advice != "" {
		lines.Add(widgets.Muted(model.Capital(n.Advice)).Wrap())
	}
	if n.LBA != 0 || n.Offset != 0 {
		lines.Add(widgets.Muted(fmt.Sprintf("LBA %d, byte %d", n.LBA, n.Offset)))
	}
	return container.NewBorder(nil, nil, container.NewVBox(icon), nil, widgets.Inset(lines, 6, 0, 8, 0))
}

// CountNotices returns how many notices of each severity a list has: "1 error, 2
// warnings".
func CountNotices(list []disc.Notice) string {
	var n [disc.Info + 1]int
	for _, x := range list {
		n[min(x.Severity, disc.Info)]++
	}
	var parts []string
	for _, s := range []disc.Severity{disc.Error, disc.Warning, disc.Info} {
		if n[s] > 0 {
			names := [...][2]string{{"error", "errors"}, {"warning", "warnings"}, {"note", "notes"}}[s]
			parts = append(parts, model.Count(n[s], names[0], names[1]))
		}
	}
	return strings.Join(parts, ", ")
}
