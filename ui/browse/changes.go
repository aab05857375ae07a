package browse

import (
	"fmt"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"glassmaster/mastering/changes"
	"glassmaster/mastering/filename"
	"glassmaster/ui/model"
	"glassmaster/ui/theme"
	"glassmaster/ui/widgets"
)

// showSessions shows which session is shown, and which can be chosen.
func (v *View) showSessions() {
	var names []string
	chosen := ""
	for _, s := range v.volume.Sessions() {
		name := fmt.Sprintf("Session %d of %d", s.Number, len(v.volume.Sessions()))
		names = append(names, name)
		if s.Number == v.volume.Session() {
			chosen = name
		}
	}
	v.sessions.Options, v.sessions.Selected = names, chosen
	v.sessions.Refresh()
}

// setSession shows the files of the session with a name of showSessions.
func (v *View) setSession(name string) {
	for i, s := range v.volume.Sessions() {
		if v.sessions.Options[i] == name {
			v.closing(func() { v.volume.SetSession(s.Number) })
			break
		}
	}
	v.showSessions() // the one that is still shown, if a job needs the disc
}

// maxChanges is how many changes a sheet shows.
const maxChanges = 500

// showChanges lists what the session that is shown changed.
func (v *View) showChanges() {
	session := v.volume.Session()
	v.volume.Changes(func(r *changes.Result, err error) {
		if err != nil {
			v.fail(fmt.Sprintf("Session %d cannot be compared with the one before it. ", session), err)
			return
		}
		v.host.Tell("changes", map[string]any{"session": session, "changes": len(r.Changes)})
		v.host.Sheet(fmt.Sprintf("What changed in session %d", session), changeRows(r), 640, widgets.Choice{Text: "Close", Primary: true})
	})
}

// changeRows are the rows of the sheet: a summary, and one for each change.
func changeRows(r *changes.Result) fyne.CanvasObject {
	rows := container.New(&widgets.Column{Gap: 4})
	rows.Add(widgets.NewText(changeSummary(r)).Wrap().Bold())
	for _, err := range r.Folders {
		rows.Add(widgets.NewText(model.Capital(err.Error())).Wrap().Color(theme.Error))
	}
	for _, c := range r.Changes[:min(len(r.Changes), maxChanges)] {
		rows.Add(changeRow(c))
	}
	if more := len(r.Changes) - maxChanges; more > 0 {
		rows.Add(widgets.Muted("and " + model.Count(more, "more", "more") + "; \"glassmaster sessions -l\" lists all"))
	}
	return rows
}

// changeSummary counts the changes.
func changeSummary(r *changes.Result) string {
	var parts []string
	for _, k := range []changes.Kind{changes.Added, changes.Changed, changes.Renamed, changes.Removed} {
		if n := r.Count(k); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %v", n, k))
		}
	}
	if len(parts) == 0 {
		return "The files are those of the session before."
	}
	return model.Capital(strings.Join(parts, ", ")) + fmt.Sprintf("; %d unchanged", r.Same)
}

// changeRow is the row of a change.
func changeRow(c changes.Change) fyne.CanvasObject {
	path := filename.Printable(c.Path)
	if c.Kind == changes.Renamed {
		path += "  (was " + filename.Printable(c.From) + ")"
	}
	kind := widgets.Muted(model.Capital(c.Kind.String()))
	line := widgets.NewText(path).Wrap()
	about := strings.Join(c.What.Names(), ", ")
	if c.Err != nil {
		about = strings.TrimPrefix(about+"; not compared: "+c.Err.Error(), "; ")
	}
	content := container.New(&widgets.Column{Gap: 0}, line)
	if about != "" {
		content.Add(widgets.Muted(model.Capital(about)).Wrap())
	}
	return container.NewBorder(nil, nil, widgets.Wide(76, container.NewVBox(kind)), nil, content)
}
