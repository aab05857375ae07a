// Package browse is the page of the window that shows the files of an image file, or of
// the disc in a drive. It changes nothing unless the user edits an image, which happens in
// the same panes.
package browse

import (
	"context"
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/volume"
	"glassmaster/ui/files"
	"glassmaster/ui/host"
	"glassmaster/ui/model"
	"glassmaster/ui/theme"
	"glassmaster/ui/widgets"
)

// Engine is the part of the engine that Browse uses.
type Engine interface {
	// OpenDisc opens an image file, or the disc in a drive. Unless start is 0, the image file
	// contains a later session alone, which begins at this address of the disc.
	OpenDisc(ctx context.Context, name string, start disc.LBA) (disc.Disc, error)
	// Drives lists the drives of this machine.
	Drives(ctx context.Context) ([]model.Drive, error)
	// Extract copies files and folders of a volume into a folder of this machine.
	Extract(ctx context.Context, f volume.FS, paths []string, to string, x model.Existing, rep progress.Reporter) ([]disc.Notice, error)
	// CountExisting returns how many of the files that Extract would create exist already, and
	// the first of them.
	CountExisting(ctx context.Context, f volume.FS, paths []string, to string) (int64, string, error)
	// ImageFormats returns the formats that can be written.
	ImageFormats() []model.ImageFormat
	// Loss returns what an image of a format cannot hold of a disc, as far as that is known
	// without reading the disc. certain is false if Convert has to read it to find out.
	Loss(d disc.Disc, format string) (lost []disc.Notice, certain bool)
	// Convert writes a disc as an image of a format and compares it with the disc. What
	// the format cannot hold is left out if it is among accepted, else the error is a
	// *model.LossError.
	Convert(ctx context.Context, from, to, format string, perTrack bool, accepted []disc.Notice, rep progress.Reporter) (model.Converted, error)
	// CheckSectors reads all sectors of a disc and checks what is stored with them.
	CheckSectors(ctx context.Context, d disc.Disc, rep progress.Reporter) (model.Checked, error)
	// SaveTrack writes a track of a disc to a file, which is replaced if it exists.
	SaveTrack(ctx context.Context, d disc.Disc, t disc.Track, to string, rep progress.Reporter) (model.SavedTrack, error)
	// Edit opens an image file, or the disc in a drive, for editing the files of a track; 0
	// is the newest data track.
	Edit(ctx context.Context, name string, track int) (model.EditedImage, error)
	// LastUpdate returns when an image was updated last, zero if there is no update that can
	// be undone, and why it cannot be undone.
	LastUpdate(name string) (time.Time, error)
	// UndoUpdate takes the last update of an image back.
	UndoUpdate(ctx context.Context, name string, rep progress.Reporter) error
	// Repair writes an image with damaged sectors corrected.
	Repair(ctx context.Context, from, to string, rep progress.Reporter) (model.Converted, error)
}

// View is the page.
type View struct {
	Object fyne.CanvasObject // for the window
	OnBurn func(path string) // burn the image that is shown
	OnEdit func()            // editing began or ended, or there are other changes

	host               *host.Host
	engine             Engine
	volume             *model.Volume
	files              *files.Browser
	side               *side
	tracks             *tracks
	sectors            *sectors
	sections           *widgets.Segments
	shown              string    // name of the disc for which the section was chosen
	disc               disc.Disc // whose tracks and sectors are shown
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
	sessions           *widgets.Select
	sessionsBox        fyne.CanvasObject // chooses the session, if the disc has several
	extract            *widgets.Button
	burn               *widgets.Button
	turn               *widgets.Button // converts
	shut               *widgets.Button
	change             *widgets.Button // begins editing
	editor             *editor
	switcher           fyne.CanvasObject // the sections, and what is beside them
	then               func()            // is called when the disc that is being opened is open; may be nil
	startAt            *widgets.Button   // asks where a session begins
	task               *task
	openers            fyne.CanvasObject // the buttons that open another disc
	notice             *widgets.Notice
	details            *widgets.Button
	noticed            []disc.Notice   // listed by details
	takeBack           *widgets.Button // undoes the update that was just made
	update             updates
}

// New returns the page.
func New(h *host.Host, e Engine) *View {
	v := &View{host: h, engine: e, volume: model.NewVolume(e.OpenDisc, h.Post)}
	v.files = files.New(v.volume.List, v.volume.Outline, h.Tips, v.rootName)
	v.files.OnReset = v.selected
	v.editor = newEditor(v)
	v.browseFiles()
	v.side = newSide(h, v.volume)
	v.side.onChange = func(n *tree.Node) { v.editor.showProperties([]*tree.Node{n}) }
	v.tracks = newTracks(h)
	v.tracks.onFiles = v.showTrackFiles
	v.tracks.onSave = v.pickTrackFile
	v.sectors = newSectors(h, v.volume.Disc, v.volume.FS)
	v.tracks.onLook = v.lookAt
	v.sectors.onCheck = v.checkSectors
	v.task = newTask(h)
	v.details = h.Tips.NewQuiet("Details", nil, "", func() { h.ShowNotices(host.CountNotices(v.noticed), v.noticed) })
	v.takeBack = h.Tips.NewQuiet("Undo update…", nil, "Restore the image as it was before it was saved", v.askUndoUpdate)
	v.takeBack.Hide()
	v.notice = widgets.NewNotice(v.details, v.takeBack)
	v.volume.OnChange = v.reload
	v.Object = v.build()
	v.notice.OnResize = v.Object.Refresh // moves the panes
	v.reload()
	return v
}

func (v *View) build() fyne.CanvasObject {
	v.title, v.subtitle, v.status = widgets.Title(""), widgets.Muted(""), widgets.Muted("")
	v.views = widgets.NewSelect(nil, v.setView)
	names := widgets.Muted("File names")
	v.viewsBox = container.NewHBox(widgets.Middle(widgets.Wide(names.Natural(), names)), widgets.Wide(132, v.views))
	v.sessions = widgets.NewSelect(nil, v.setSession)
	v.sessionsBox = container.NewHBox(widgets.Middle(widgets.Wide(150, v.sessions)),
		widgets.Middle(v.host.Tips.NewButton("What changed…", nil, "The files that this session added, changed, renamed and removed", v.showChanges)))
	v.extract = v.host.Tips.NewButton("Extract…", theme.ExtractIcon, "Copy the selected files, or all, to a folder", v.pickFolder)
	v.turn = v.host.Tips.NewButton("Convert…", theme.SaveIcon, "Write this disc as an image of another format", v.pickFormat)
	v.change = v.host.Tips.NewButton("Edit", theme.EditIcon, "Add, replace, rename and remove files of this image  (Ctrl+E)", v.Edit)
	v.burn = v.host.Tips.NewButton("Burn…", theme.BurnIcon, "Burn this image or copy this disc", func() { v.OnBurn(v.volume.Name()) })
	v.shut = v.host.Tips.NewQuiet("", theme.CloseIcon, "Close the disc", func() { v.closing(v.volume.Close) })
	open := v.host.Tips.NewQuiet("", theme.OpenIcon, "Open an image file  (Ctrl+O)", v.PickImage)
	var drives *widgets.Button
	drives = v.host.Tips.NewQuiet("", theme.DiscIcon, "Open the disc in a drive", func() { v.drivesMenu(widgets.Below(drives)) })
	v.openers = container.NewHBox(open, drives)
	head := container.New(&widgets.Column{Gap: 2}, v.title, v.subtitle)
	bar := container.NewBorder(nil, nil, nil,
		widgets.Middle(container.NewHBox(v.extract, v.turn, v.change, v.burn, v.openers, v.shut, v.editor.head)), widgets.Middle(head))
	v.sections = widgets.NewSegments(v.host.Tips, v.enter, "Files", "Tracks", "Sectors")
	v.filePanes = widgets.NewSplit(false, 0.74, v.files.Object, v.side)
	v.startAt = v.host.Tips.NewButton("Later session…", nil, "The file contains only a later session of a disc", v.askStart)
	v.noFiles = widgets.Panel(widgets.Empty(theme.FolderIcon, "No files to show",
		"An audio disc has tracks instead of files. Other discs may have a file system that is damaged or not known.",
		v.host.Tips.NewPrimary("Show tracks", theme.DiscIcon, "", func() { v.showSection(discSection) }), v.startAt))
	v.section = container.NewStack(v.filePanes, v.noFiles, v.tracks.object, v.sectors.object)
	v.switcher = container.NewBorder(nil, nil, v.sections.Container, container.NewHBox(v.sessionsBox, v.viewsBox))
	v.panes = container.NewBorder(widgets.Inset(container.NewStack(v.switcher, v.editor.bar), 0, 0, 0, 8), v.editor.card, nil, nil, v.section)
	v.waiting = widgets.Muted("").Align(fyne.TextAlignCenter)
	v.wait = container.NewCenter(container.NewVBox(widgets.Wide(260, widget.NewProgressBarInfinite()), v.waiting))
	var inDrive *widgets.Button
	inDrive = v.host.Tips.NewButton("Open disc", theme.DiscIcon, "", func() { v.drivesMenu(widgets.Below(inDrive)) })
	v.empty = widgets.Panel(widgets.Empty(theme.DiscIcon, "Open a disc or an image",
		"Drag an image file here, or choose an image or a drive. Nothing is changed, unless you edit an image and save it.",
		v.host.Tips.NewPrimary("Open image…", theme.OpenIcon, "", v.PickImage), inDrive))
	v.body = container.NewStack(v.empty, v.wait, v.panes)
	foot := container.NewBorder(nil, nil, nil, v.task.Container, container.NewVBox(layout.NewSpacer(), v.status, layout.NewSpacer()))
	return container.NewBorder(
		container.New(&widgets.Column{Gap: 8}, widgets.MinHeight(38, bar), v.notice.Container, widgets.Space(0, 0)),
		widgets.Inset(widgets.MinHeight(30, foot), 2, 8, 0, 0), nil, nil, v.body)
}

// Open opens an image file, or the disc in a drive.
func (v *View) Open(name string) { v.openThen(name, nil) }

// openThen opens a disc, and calls then when it is open.
func (v *View) openThen(name string, then func()) {
	v.closing(func() {
		v.notice.Hide()
		v.then = then
		v.shown = "" // even if it has the name of the last one: the disc in a drive may be another
		v.volume.Open(name)
	})
}

// Image returns the path of the open image file, or "".
func (v *View) Image() string {
	if v.volume.State() != model.Ready || !model.IsImage(v.volume.Name()) || v.Unsaved() {
		return ""
	}
	return v.volume.Name()
}

// PickImage asks for an image file and opens it.
func (v *View) PickImage() {
	v.host.PickOpen("Open image", v.Open, host.Images, host.AllFiles)
}

// Release closes the disc in one of the drives, for another user of them, and then calls do.
// It asks first if changes would be lost, or a job would be stopped, and may not call do.
func (v *View) Release(drives []string, do func()) {
	open := func(drive string) bool { return model.SameDrive(v.volume.Name(), drive) }
	if v.volume.State() == model.Closed || !slices.ContainsFunc(drives, open) {
		do()
		return
	}
	v.closing(func() {
		v.volume.Close()
		do()
	})
}

// Close stops the running job and closes the disc.
func (v *View) Close() {
	v.task.cancel()
	v.editor.end()
	v.volume.Close()
}

// Browser returns the file browser, for the shortcuts of the window.
func (v *View) Browser() *files.Browser { return v.files }

func (v *View) rootName() string {
	if v.editor.active() && v.editor.model.Label() != "" {
		return v.editor.model.Label()
	}
	if l := v.volume.Info().Label; l != "" {
		return l
	}
	return "Disc"
}

func (v *View) reload() {
	if v.editor.active() {
		return // of the image, only what is edited is shown
	}
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
	v.allow()
	v.files.Reload()
	if then := v.then; then != nil && state == model.Ready {
		v.then = nil
		then()
	}
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
