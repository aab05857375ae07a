// Package browse is the page of the window that shows the files of an image file, or of
// the disc in a drive. It only reads.
package browse

import (
	"context"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"glassmaster/drive/source"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/units"
	"glassmaster/mastering/volume"
	"glassmaster/ui/files"
	"glassmaster/ui/host"
	"glassmaster/ui/model"
	"glassmaster/ui/theme"
	"glassmaster/ui/widgets"
)

// Engine is the part of the engine that Browse uses.
type Engine interface {
	// OpenDisc opens an image file, or the disc in a drive.
	OpenDisc(ctx context.Context, name string) (disc.Disc, error)
	// Drives lists the drives of this machine.
	Drives(ctx context.Context) ([]model.Drive, error)
	// Extract copies files and folders of a volume into a folder of this machine.
	Extract(ctx context.Context, f volume.FS, paths []string, to string, x model.Existing, rep progress.Reporter) ([]disc.Notice, error)
	// CountExisting returns how many of the files that Extract would create exist already, and
	// the first of them.
	CountExisting(ctx context.Context, f volume.FS, paths []string, to string) (int64, string, error)
	// ImageFormats returns the formats that can be written.
	ImageFormats() []model.ImageFormat
	// Loss returns what an image of a format cannot hold of a disc.
	Loss(d disc.Disc, format string) []disc.Notice
	// Convert writes a disc as an image of a format and compares it with the disc. With
	// force, what the format cannot hold is left out.
	Convert(ctx context.Context, from, to, format string, perTrack, force bool, rep progress.Reporter) (model.Converted, error)
	// CheckSectors reads all sectors of a disc and checks what is stored with them.
	CheckSectors(ctx context.Context, d disc.Disc, rep progress.Reporter) (model.Checked, error)
	// Repair writes an image with damaged sectors corrected.
	Repair(ctx context.Context, from, to string, rep progress.Reporter) (model.Converted, error)
}

// The sections of the page.
const (
	filesSection = iota
	discSection
	sectorSection
)

// View is the page.
type View struct {
	Object fyne.CanvasObject // for the window
	OnBurn func(path string) // burn the image that is shown

	host               *host.Host
	engine             Engine
	volume             *model.Volume
	files              *files.Browser
	side               *side
	tracks             *tracks
	sectors            *sectors
	sections           *widgets.Segments
	shown              string // name of the disc for which the section was chosen
	body               *fyne.Container
	empty              fyne.CanvasObject
	waiting            *widgets.Text
	wait               fyne.CanvasObject
	panes              fyne.CanvasObject
	section            *fyne.Container
	filePanes, noFiles fyne.CanvasObject
	title              *widgets.Text
	subtitle           *widgets.Text
	status             *widgets.Text
	views              *widgets.Select
	viewsBox           fyne.CanvasObject
	extract            *widgets.Button
	burn               *widgets.Button
	turn               *widgets.Button // converts
	shut               *widgets.Button
	task               *task
	openers            fyne.CanvasObject // the buttons that open another disc
	notice             *widgets.Notice
	details            *widgets.Button
	noticed            []disc.Notice // listed by details
}

// New returns the page.
func New(h *host.Host, e Engine) *View {
	v := &View{host: h, engine: e, volume: model.NewVolume(e.OpenDisc, h.Post)}
	v.files = files.New(v.volume.List, v.volume.Outline, h.Tips, v.rootName)
	v.files.OnReset = v.selected
	v.files.Files.OnOpen = v.open
	v.files.Files.OnMenu = v.menu
	v.files.Files.OnEmpty = v.volume.Unread
	v.side = newSide(h, v.volume)
	v.tracks = newTracks(h)
	v.tracks.onFiles = func(track int) { v.volume.SetTrack(track); v.showSection(filesSection) }
	v.sectors = newSectors(h, v.volume.Disc, v.volume.FS)
	v.tracks.onLook = v.lookAt
	v.sectors.onCheck = v.checkSectors
	v.task = newTask(h)
	v.details = h.Tips.NewQuiet("Details", nil, "", func() { h.ShowNotices(host.CountNotices(v.noticed), v.noticed) })
	v.notice = widgets.NewNotice(v.details)
	v.volume.OnChange = v.reload
	v.Object = v.build()
	v.reload()
	return v
}

func (v *View) build() fyne.CanvasObject {
	v.title, v.subtitle, v.status = widgets.Title(""), widgets.Muted(""), widgets.Muted("")
	v.views = widgets.NewSelect(nil, func(name string) { v.volume.SetView(name) })
	names := widgets.Muted("File names")
	v.viewsBox = container.NewHBox(widgets.Middle(widgets.Wide(names.Natural(), names)), widgets.Wide(132, v.views))
	v.extract = v.host.Tips.NewButton("Extract…", theme.ExtractIcon, "Copy the selected files, or all, to a folder", v.pickFolder)
	v.turn = v.host.Tips.NewButton("Convert…", theme.SaveIcon, "Write this disc as an image of another format", v.pickFormat)
	v.burn = v.host.Tips.NewButton("Burn…", theme.BurnIcon, "Burn this image or copy this disc", func() { v.OnBurn(v.volume.Name()) })
	v.shut = v.host.Tips.NewQuiet("", theme.CloseIcon, "Close the disc", v.volume.Close)
	open := v.host.Tips.NewQuiet("", theme.OpenIcon, "Open an image file  (Ctrl+O)", v.PickImage)
	var drives *widgets.Button
	drives = v.host.Tips.NewQuiet("", theme.DiscIcon, "Open the disc in a drive", func() { v.drivesMenu(widgets.Below(drives)) })
	v.openers = container.NewHBox(open, drives)
	head := container.New(&widgets.Column{Gap: 2}, v.title, v.subtitle)
	bar := container.NewBorder(nil, nil, nil,
		widgets.Middle(container.NewHBox(v.extract, v.turn, v.burn, v.openers, v.shut)), widgets.Middle(head))
	v.sections = widgets.NewSegments(v.host.Tips, v.showSection, "Files", "Tracks", "Sectors")
	v.filePanes = widgets.NewSplit(false, 0.74, v.files.Object, v.side)
	v.noFiles = widgets.Panel(widgets.Empty(theme.FolderIcon, "No files to show", "The disc has no file system that can be read. Its tracks and sectors can be shown.",
		v.host.Tips.NewPrimary("Show tracks", theme.DiscIcon, "", func() { v.showSection(discSection) })))
	v.section = container.NewStack(v.filePanes, v.noFiles, v.tracks.object, v.sectors.object)
	switcher := container.NewBorder(nil, nil, v.sections.Container, v.viewsBox)
	v.panes = container.NewBorder(widgets.Inset(switcher, 0, 0, 0, 8), nil, nil, nil, v.section)
	v.waiting = widgets.Muted("").Align(fyne.TextAlignCenter)
	v.wait = container.NewCenter(container.NewVBox(widgets.Wide(260, widget.NewProgressBarInfinite()), v.waiting))
	var inDrive *widgets.Button
	inDrive = v.host.Tips.NewButton("Open disc", theme.DiscIcon, "", func() { v.drivesMenu(widgets.Below(inDrive)) })
	v.empty = widgets.Panel(widgets.Empty(theme.DiscIcon, "Open a disc or an image",
		"Drag an image file here, or choose an image or a drive. Browse only reads; it changes nothing.",
		v.host.Tips.NewPrimary("Open image…", theme.OpenIcon, "", v.PickImage), inDrive))
	v.body = container.NewStack(v.empty, v.wait, v.panes)
	foot := container.NewBorder(nil, nil, nil, v.task.Container, container.NewVBox(layout.NewSpacer(), v.status, layout.NewSpacer()))
	return container.NewBorder(
		container.New(&widgets.Column{Gap: 8}, widgets.MinHeight(38, bar), v.notice.Container, widgets.Space(0, 0)),
		widgets.Inset(widgets.MinHeight(30, foot), 2, 8, 0, 0), nil, nil, v.body)
}

// Open opens an image file, or the disc in a drive.
func (v *View) Open(name string) {
	v.notice.Hide()
	v.volume.Open(name)
}

// Image returns the path of the open image file, or "".
func (v *View) Image() string {
	if v.volume.State() != model.Ready || !model.IsImage(v.volume.Name()) {
		return ""
	}
	return v.volume.Name()
}

// PickImage asks for an image file and opens it.
func (v *View) PickImage() {
	v.host.PickOpen("Open image", v.Open, host.Images, host.AllFiles)
}

// Release closes the disc in a drive, for another user of the drive.
func (v *View) Release(drive string) {
	if model.SameDrive(v.volume.Name(), drive) {
		v.Close()
	}
}

// Close stops the running job and closes the disc.
func (v *View) Close() {
	v.task.cancel()
	v.volume.Close()
}

// Browser returns the file browser, for the shortcuts of the window.
func (v *View) Browser() *files.Browser { return v.files }

func (v *View) rootName() string {
	if l := v.volume.Info().Label; l != "" {
		return l
	}
	return "Disc"
}

func (v *View) reload() {
	state := v.volume.State()
	v.empty.Hide()
	v.wait.Hide()
	v.panes.Hide()
	switch state {
	case model.Opening:
		v.notice.Hide()
		v.waiting.Set("Opening " + model.Short(v.volume.Name()))
		v.wait.Show()
	case model.Ready:
		v.panes.Show()
	case model.Broken:
		v.fail(model.Short(v.volume.Name())+" cannot be opened. ", v.volume.Err())
		v.empty.Show()
	default:
		v.notice.Hide() // it was about the disc that is closed now
		v.empty.Show()
	}
	v.showTitle(state == model.Ready)
	v.side.volumeChanged()
	v.discChanged(state == model.Ready)
	v.files.Reload()
}

func (v *View) showTitle(ready bool) {
	for _, o := range []fyne.CanvasObject{v.viewsBox, v.extract, v.turn, v.burn, v.openers, v.shut} {
		widgets.SetVisible(o, ready)
	}
	v.subtitle.Hidden = !ready
	if !ready {
		v.title.Set("Browse")
		return
	}
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
		v.host.Tell("browse", map[string]any{"name": v.volume.Name(), "files": files, "folders": folders, "view": info.View})
	}
	if toc := v.volume.Disc().TOC(); model.HasSeveralTracks(toc) {
		text = formatOf(v.volume.Disc(), info) + ", " + model.DiscSummary(toc) + "; " + text
	}
	v.subtitle.Set(text)
	v.views.Options = info.Views
	v.views.Selected = info.View
	v.views.Refresh()
	widgets.SetVisible(v.viewsBox, len(info.Views) > 1)
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

// showWithoutFiles shows the title of a disc without files, and why it has none, unless it
// is an audio disc.
func (v *View) showWithoutFiles(err error) {
	toc := v.volume.Disc().TOC()
	v.subtitle.Set(model.DiscSummary(toc))
	v.viewsBox.Hide()
	v.extract.Hide()
	v.host.Tell("browse", map[string]any{"name": v.volume.Name(), "files": 0, "folders": 0, "view": ""})
	if _, ok := disc.DataTrack(v.volume.Disc()); ok {
		v.fail("The files of "+model.Short(v.volume.Name())+" cannot be opened. ", err)
	}
}

// discChanged shows the tracks of another disc, and the section that suits it.
func (v *View) discChanged(ready bool) {
	name := v.volume.Name()
	if !ready {
		if name != v.shown {
			v.sectors.reset()
			v.shown = ""
		}
		return
	}
	if v.shown == name {
		v.showSection(v.sections.Chosen())
		return
	}
	v.shown = name
	v.sectors.reset()
	d := v.volume.Disc()
	v.tracks.show(d, formatOf(d, v.volume.Info()))
	section := filesSection
	if v.volume.NoFiles() != nil {
		section = discSection
	}
	v.showSection(section)
}

// formatOf returns the format of an image, or the kind of medium in a drive.
func formatOf(d disc.Disc, info volume.Info) string {
	if s, ok := d.(*source.Source); ok && s.Format != "" {
		return s.Format
	}
	return info.Format
}

// showSection shows the files, the tracks or the sectors.
func (v *View) showSection(i int) {
	v.sections.Choose(i)
	files := v.volume.NoFiles() == nil
	widgets.SetVisible(v.filePanes, i == filesSection && files)
	widgets.SetVisible(v.noFiles, i == filesSection && !files)
	widgets.SetVisible(v.tracks.object, i == discSection)
	widgets.SetVisible(v.sectors.object, i == sectorSection)
	widgets.SetVisible(v.status, i == filesSection && files)
	widgets.SetVisible(v.viewsBox, i == filesSection && files && len(v.volume.Info().Views) > 1)
	if i == sectorSection {
		v.sectors.begin()
	}
	v.host.Tell("section", map[string]any{"section": []string{"files", "tracks", "sectors"}[i]})
}

// lookAt shows a sector.
func (v *View) lookAt(lba disc.LBA) {
	v.sectors.look(lba)
	v.showSection(sectorSection)
}

// firstSector returns where the contents of a file begin. It returns false if that is not
// known.
func (v *View) firstSector(n *tree.Node) (disc.LBA, bool) {
	f := v.volume.FS()
	if f == nil || n.IsDir() {
		return 0, false
	}
	a := attributesOf(f, n)
	if a == nil || len(a.Extents) == 0 {
		return 0, false
	}
	return a.Extents[0].Start, true
}

// showMessage shows a message above the files. The button for details lists the notices.
func (v *View) showMessage(text string, isError bool, list []disc.Notice) {
	v.noticed = list
	widgets.SetVisible(v.details, len(list) > 0)
	v.notice.Tell(text, isError)
}

// showSuccess shows a message above the files that is good news.
func (v *View) showSuccess(text string) {
	v.noticed = nil
	v.details.Hide()
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

func (v *View) selected() {
	if v.status == nil {
		return // still being built
	}
	v.status.Set(files.Summary(v.volume.List))
	v.side.selectionChanged()
	what := "Extract all…"
	if v.volume.List.Selection.Len() > 0 {
		what = "Extract…"
	}
	if v.extract.Text != what {
		v.extract.SetText(what)
	}
	v.extract.Allow(v.noExtract())
}

// noExtract returns why nothing can be extracted, or "".
func (v *View) noExtract() string {
	if why := v.task.why(); why != "" {
		return why
	}
	return widgets.Unless(len(v.volume.List.Root().Children()) > 0, "The disc has no files that can be read")
}

func (v *View) open(n *tree.Node) {
	if n.IsDir() {
		v.volume.List.Open(n)
	}
}

func (v *View) menu(nodes []*tree.Node, at fyne.Position) {
	items := []*fyne.MenuItem{widgets.Item("Extract…", v.noExtract(), v.pickFolder)}
	if len(nodes) == 1 && nodes[0].IsDir() {
		items = append(items, widgets.Item("Open", "", func() { v.volume.List.Open(nodes[0]) }))
	}
	if len(nodes) == 1 && !nodes[0].IsDir() {
		items = append(items, widgets.Item("Show sectors", "", func() {
			if lba, ok := v.firstSector(nodes[0]); ok {
				v.lookAt(lba)
				return
			}
			v.status.Set("The file has no sectors of its own")
		}))
	}
	if len(nodes) == 1 && v.volume.List.Query() != "" {
		items = append(items, widgets.Item("Show in folder", "", func() {
			v.volume.List.Open(nodes[0].Parent())
			v.volume.List.Selection.Set(nodes[0])
			v.files.Reload()
		}))
	}
	items = append(items, widgets.Item("Select all", "", v.files.Files.SelectAll))
	v.host.Menu(at, items...)
}

// drivesMenu shows a menu of the drives. Finding them may take a while.
func (v *View) drivesMenu(at fyne.Position) {
	var drives []model.Drive
	model.Start(v.host.Post, "looking for drives", func(ctx context.Context, _ progress.Reporter) (err error) {
		drives, err = v.engine.Drives(ctx)
		return err
	}, func(err error) {
		var items []*fyne.MenuItem
		for _, d := range drives {
			items = append(items, widgets.Item(d.Title(), "", func() { v.Open(d.Name) }))
		}
		if len(items) == 0 {
			why := "check its connection and your permissions"
			if err != nil {
				why = err.Error()
			}
			items = append(items, widgets.Item("No drive found", why, nil))
		}
		v.host.Menu(at, items...)
	})
}
