package browse

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/filename"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/units"
	"glassmaster/mastering/volume"
	"glassmaster/ui/host"
	"glassmaster/ui/model"
	"glassmaster/ui/theme"
	"glassmaster/ui/widgets"
)

// side is the panel on the right: the properties of the volume, or of the selected file
// with a preview.
type side struct {
	widget.BaseWidget
	host   *host.Host
	volume *model.Volume
	title  *widgets.Text
	facts  *widgets.Facts
	scroll *container.Scroll // of the facts
	text   *widgets.Mono
	image  *canvas.Image
	fit    *widgets.TopFit
	frame  *fyne.Container // of the image
	note   *widgets.Text
	stack  *fyne.Container
	shown  *tree.Node
	job    *model.Job
	edited *model.Editing // whose files are shown; nil: those of the volume
	change *widgets.Button
	// onChange changes the properties of an entry of the image that is edited.
	onChange func(*tree.Node)
}

func newSide(h *host.Host, v *model.Volume) *side {
	s := &side{host: h, volume: v, title: widgets.Title(""), facts: widgets.NewFacts(), note: widgets.Muted("").Wrap()}
	s.change = h.Tips.NewQuiet("", theme.EditIcon, "Change permissions, owner and date", func() { s.onChange(s.shown) })
	s.change.Hide()
	s.text, s.fit = widgets.NewMono(), &widgets.TopFit{}
	s.scroll = container.NewVScroll(s.facts.Container)
	s.image = canvas.NewImageFromImage(nil)
	s.image.FillMode = canvas.ImageFillContain
	s.frame = container.New(s.fit, s.image)
	s.ExtendBaseWidget(s)
	return s
}

// CreateRenderer implements fyne.Widget.
func (s *side) CreateRenderer() fyne.WidgetRenderer {
	s.stack = container.NewStack(s.text, s.frame)
	head := container.NewBorder(nil, nil, nil, s.change, widgets.Middle(s.title))
	content := widgets.Inset(container.New(sideLayout{}, head, s.scroll, s.note, s.stack), 16, 14, 16, 14)
	return widget.NewSimpleRenderer(widgets.Panel(content))
}

// MinSize implements fyne.CanvasObject.
func (s *side) MinSize() fyne.Size { return fyne.NewSize(244, 200) }

func (s *side) volumeChanged() {
	if s.volume.State() != model.Ready {
		s.job.Cancel()
	}
	if s.shown == nil {
		s.showVolume()
	}
}

// selectionChanged shows the selected file, or the volume unless exactly one is selected.
func (s *side) selectionChanged() {
	defer func() {
		widgets.SetVisible(s.change, s.edited != nil && s.shown != nil && s.edited.Mark(s.shown) != model.Removed)
	}()
	s.scroll.ScrollToTop()
	list := s.volume.List
	if s.edited != nil {
		list = s.edited.List
	}
	nodes := list.Selected()
	if len(nodes) != 1 {
		s.job.Cancel()
		s.shown = nil
		s.showVolume()
		return
	}
	if nodes[0] == s.shown && s.edited == nil {
		return
	}
	again := nodes[0] == s.shown
	s.shown = nodes[0]
	if s.edited != nil {
		s.showEdited(nodes[0], again)
		return
	}
	s.showFile(nodes[0])
}

func (s *side) showVolume() {
	info := s.volume.Info()
	s.title.Set("Volume")
	facts := []widgets.Fact{
		{Name: "Label", Value: info.Label},
		{Name: "Format", Value: info.Format},
		{Name: "File names", Value: info.View},
		{Name: "Size", Value: volumeSize(info)},
		{Name: "Disc", Value: discOf(s.volume.Disc())},
		{Name: "Created", Value: model.Date(info.Created)},
		{Name: "Modified", Value: model.Date(info.Modified)},
		{Name: "Publisher", Value: info.Publisher},
		{Name: "Preparer", Value: info.Preparer},
		{Name: "Program", Value: info.Program},
		{Name: "System", Value: info.System},
		{Name: "Volume set", Value: info.Set},
	}
	for _, p := range info.Properties {
		facts = append(facts, widgets.Fact{Name: p.Name, Value: p.Value})
	}
	for _, d := range s.volume.Defects() {
		facts = append(facts, widgets.Fact{Name: nameOf(d), Value: model.Capital(d.Text)})
	}
	s.facts.Set(facts)
	s.clear("")
}

// nameOf returns the label of a defect.
func nameOf(d disc.Notice) string {
	switch {
	case d.Incomplete:
		return "Incomplete"
	case d.Severity == disc.Info:
		return "Note"
	}
	return "Damage"
}

func volumeSize(info volume.Info) string {
	if info.Blocks <= 0 {
		return ""
	}
	return fmt.Sprintf("%s, %s blocks", units.Size(info.Blocks*int64(info.BlockSize)), units.Thousands(info.Blocks))
}

func discOf(d disc.Disc) string {
	if d == nil {
		return ""
	}
	tracks := 0
	for _, session := range d.TOC().Sessions {
		tracks += len(session.Tracks)
	}
	return model.Count(len(d.TOC().Sessions), "session", "sessions") + ", " + model.Count(tracks, "track", "tracks")
}

func (s *side) showFile(n *tree.Node) {
	s.job.Cancel()
	s.title.Set(filename.Printable(n.Name))
	f := s.volume.FS()
	if f == nil {
		return
	}
	s.facts.Set(factsOf(n, nil))
	s.clear("")
	if !n.IsDir() {
		s.clear("Reading…")
	}
	var preview model.Preview
	var attributes *volume.Attributes
	var job *model.Job
	job = model.Start(s.host.Post, n.Name, func(ctx context.Context, _ progress.Reporter) error {
		attributes = attributesOf(f, n)
		preview = model.ReadPreview(ctx, f, n)
		return nil
	}, func(error) {
		if s.job != job || s.shown != n {
			return
		}
		s.facts.Set(append(factsOf(n, attributes), widgets.Fact{Name: "Encoding", Value: preview.Charset}))
		s.show(preview)
	})
	s.job = job
}

// attributesOf returns the recorded attributes of an entry, for a link those of the link
// itself, or nil if there are none.
func attributesOf(f volume.FS, n *tree.Node) *volume.Attributes {
	info, err := f.Lstat(model.Inside(n))
	if err != nil {
		return nil
	}
	a, _ := info.Sys().(*volume.Attributes)
	return a
}

func sizeFact(n *tree.Node) widgets.Fact {
	size := units.Size(n.Size)
	if n.Size >= 1000 {
		size += ", " + units.Thousands(n.Size) + " bytes"
	}
	return widgets.Fact{Name: "Size", Value: size}
}

// showEdited shows an entry of the image that is edited, and a preview of its contents. Again
// means that it is shown already, and its attributes may have changed.
func (s *side) showEdited(n *tree.Node, again bool) {
	s.title.Set(filename.Printable(n.Name))
	s.facts.Set(s.editedFacts(n))
	if again {
		s.Refresh() // there may be more facts
		return
	}
	s.job.Cancel()
	s.clear("")
	if n.IsDir() {
		return
	}
	s.clear("Reading…")
	f := s.volume.FS()
	var preview model.Preview
	var job *model.Job
	job = model.Start(s.host.Post, n.Name, func(ctx context.Context, _ progress.Reporter) error {
		preview = model.ReadEdited(ctx, f, n)
		return nil
	}, func(error) {
		if s.job == job && s.shown == n {
			s.show(preview)
		}
	})
	s.job = job
}

func factsOf(n *tree.Node, a *volume.Attributes) []widgets.Fact {
	facts := []widgets.Fact{
		{Name: "Kind", Value: model.Kind(n)},
		{Name: "Modified", Value: model.Date(n.ModTime())},
		{Name: "Permissions", Value: n.Mode.String()},
	}
	if n.IsDir() {
		return append(facts, widgets.Fact{Name: "Contains", Value: model.Count(len(n.Children()), "entry", "entries")})
	}
	facts = append(facts, sizeFact(n))
	if a == nil {
		return facts
	}
	facts = append(facts, widgets.Fact{Name: "Owner", Value: fmt.Sprintf("%d, group %d", a.UID, a.GID)},
		widgets.Fact{Name: "Created", Value: model.Date(a.Created)},
		widgets.Fact{Name: "Unreadable", Value: a.Unreadable, Color: theme.Error})
	if a.Links > 1 {
		facts = append(facts, widgets.Fact{Name: "Hard links", Value: fmt.Sprint(a.Links)})
	}
	if len(a.Extents) > 0 {
		where := fmt.Sprintf("LBA %s", units.Thousands(int64(a.Extents[0].Start)))
		if len(a.Extents) > 1 {
			where += fmt.Sprintf(" and %d more extents", len(a.Extents)-1)
		}
		facts = append(facts, widgets.Fact{Name: "On disc", Value: where})
	}
	return append(facts, rareFacts(a)...)
}

// rareFacts are attributes that few files have: an access control list, extended
// attributes and named streams.
func rareFacts(a *volume.Attributes) []widgets.Fact {
	facts := []widgets.Fact{{Name: "ACL", Value: strings.ReplaceAll(a.ACL, ",", " ")}}
	for _, name := range slices.Sorted(maps.Keys(a.Xattr)) {
		value := a.Xattr[name]
		text := strconv.Quote(string(value[:min(len(value), 80)]))
		if len(value) > 80 {
			text += fmt.Sprintf(" … (%d bytes)", len(value))
		}
		facts = append(facts, widgets.Fact{Name: "Attribute", Value: name + " = " + text})
	}
	for _, name := range a.Streams {
		facts = append(facts, widgets.Fact{Name: "Stream", Value: name})
	}
	return facts
}

func (s *side) clear(note string) {
	s.text.Hide()
	s.frame.Hide()
	s.setNote(note)
}

func (s *side) setNote(note string) {
	s.note.Set(note)
	widgets.SetVisible(s.note, note != "")
	s.Refresh()
}

func (s *side) show(p model.Preview) {
	s.clear(p.Note)
	if p.Picture != nil {
		b := p.Picture.Bounds()
		s.fit.Aspect = float32(b.Dx()) / float32(max(b.Dy(), 1))
		s.image.Image = p.Picture
		s.frame.Show()
		s.frame.Refresh()
		s.image.Refresh()
	}
	if p.Text != "" {
		s.text.Set(p.Text)
		s.text.Show()
		if p.Truncated {
			s.setNote("Beginning of the file:")
		}
	}
}
