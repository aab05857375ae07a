package files

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"glassmaster/mastering/tree"
	"glassmaster/ui/model"
	"glassmaster/ui/theme"
	"glassmaster/ui/widgets"
)

// Drag moves files and folders within the window, from rows into folders.
type Drag struct {
	Layer    *widgets.Layer                          // draws the label beside the pointer
	FolderAt func(fyne.Position) (*tree.Node, bool)  // the folder at a position
	OnTarget func(*tree.Node)                        // highlights the folder below the pointer; nil: none
	OnMove   func(nodes []*tree.Node, to *tree.Node) // nodes were dropped on a folder

	nodes []*tree.Node
	label *fyne.Container
}

// active reports whether something is being dragged.
func (d *Drag) active() bool { return d.nodes != nil }

// begin begins a drag of nodes.
func (d *Drag) begin(nodes []*tree.Node) {
	if len(nodes) == 0 {
		return
	}
	d.nodes = nodes
	text := nodes[0].Name
	if len(nodes) > 1 {
		text = model.Count(len(nodes), "entry", "entries")
	}
	d.label = chip(text)
	d.Layer.Add(d.label)
}

// move follows the pointer.
func (d *Drag) move(at fyne.Position) {
	if !d.active() {
		return
	}
	d.Layer.Place(d.label, at.AddXY(14, 10))
	d.Layer.Refresh()
	d.OnTarget(d.targetAt(at))
}

// end drops the nodes.
func (d *Drag) end(at fyne.Position) {
	nodes := d.nodes
	to := d.targetAt(at)
	d.Cancel()
	if to != nil && len(nodes) > 0 {
		d.OnMove(nodes, to)
	}
}

// Cancel ends the drag without a drop.
func (d *Drag) Cancel() {
	if !d.active() {
		return
	}
	d.nodes = nil
	d.Layer.Remove(d.label)
	d.Layer.Refresh()
	d.OnTarget(nil)
}

// targetAt returns the folder that the nodes would move to, or nil if they cannot: into
// themselves, or where all of them already are.
func (d *Drag) targetAt(at fyne.Position) *tree.Node {
	to, in := d.FolderAt(at)
	if !in || to == nil {
		return nil
	}
	moves := false
	for _, n := range d.nodes {
		if n.Contains(to) {
			return nil
		}
		moves = moves || n.Parent() != to
	}
	if !moves {
		return nil
	}
	return to
}

// chip is a small label with a background.
func chip(text string) *fyne.Container {
	t := canvas.NewText(widgets.Fit(text, 360, theme.Size(theme.BodySize), fyne.TextStyle{}), theme.Color(theme.Foreground))
	t.TextSize = theme.Size(theme.CaptionSize)
	bg := canvas.NewRectangle(theme.Color(theme.MenuBackground))
	bg.StrokeColor, bg.StrokeWidth, bg.CornerRadius = theme.Color(theme.Border), 1, 4
	s := t.MinSize()
	t.Move(fyne.NewPos(8, 4))
	t.Resize(s)
	box := s.AddWidthHeight(16, 8)
	bg.Resize(box)
	c := container.NewWithoutLayout(bg, t)
	c.Resize(box)
	return c
}
