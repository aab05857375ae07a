package browse

import (
	"context"
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/filename"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/volume"
	"glassmaster/ui/host"
	"glassmaster/ui/model"
	"glassmaster/ui/theme"
	"glassmaster/ui/widgets"
)

// sectors is the sector view: the bytes of a sector, the names of its parts, and whether
// its codes are correct.
type sectors struct {
	object  fyne.CanvasObject
	disc    func() disc.Disc // that is open; nil: none
	files   func() volume.FS // of it; nil: none
	onCheck func()           // check all sectors

	host    *host.Host
	at      disc.LBA
	shown   bool       // a sector was shown since the disc was opened
	job     *model.Job // reads the sector
	finding *model.Job // finds its file
	known   []widgets.Fact
	names   *volume.Locator // of the files, which is made when it is first needed
	goTo    *widgets.Field
	back    *widgets.Button
	next    *widgets.Button
	check   *widgets.Button
	note    *widgets.Text
	hex     *hexView
	legend  *legend
	title   *widgets.Text
	facts   *widgets.Facts
}

func newSectors(h *host.Host, d func() disc.Disc, f func() volume.FS) *sectors {
	s := &sectors{host: h, disc: d, files: f, hex: newHexView(), legend: newLegend(), note: widgets.Muted("").Wrap(), title: widgets.Title("Sector"), facts: widgets.NewFacts()}
	s.goTo = widgets.NewField()
	s.goTo.SetPlaceHolder("LBA or MM:SS:FF")
	s.goTo.OnSubmitted = s.submit
	s.back = h.Tips.NewQuiet("", theme.BackIcon, "Previous sector  (Page up)", func() { s.step(-1) })
	s.next = h.Tips.NewQuiet("", theme.ForwardIcon, "Next sector  (Page down)", func() { s.step(1) })
	s.hex.onStep = s.step
	s.check = h.Tips.NewButton("Check all", theme.CheckIcon, "Read every sector, and check its EDC, ECC and Q sub-channel", func() { s.onCheck() })
	bar := container.NewBorder(nil, nil, container.NewHBox(s.back, s.next, widgets.Middle(widgets.Wide(160, s.goTo)),
		h.Tips.NewButton("Go to", nil, "Show the sector at this address  (Ctrl+G)", func() { s.submit(s.goTo.Text) })), s.check, widgets.Middle(widgets.Inset(s.note, 8, 0, 8, 0)))
	left := widgets.Panel(container.NewBorder(widgets.Inset(bar, 8, 8, 12, 4), widgets.Inset(widgets.MinHeight(16, s.legend.Container), 12, 6, 12, 8), nil, nil, widgets.Inset(s.hex, 8, 0, 4, 0)))
	right := widgets.Panel(widgets.Inset(container.NewBorder(s.title, nil, nil, nil,
		container.NewVScroll(widgets.Inset(s.facts.Container, 0, 8, 14, 8))), 16, 14, 16, 14))
	s.object = widgets.NewSplit(false, 0.74, left, widgets.Wide(232, right))
	return s
}

// reset forgets the sector that is shown, when another disc is opened.
func (s *sectors) reset() {
	s.job.Cancel()
	s.finding.Cancel()
	s.job, s.finding = nil, nil
	s.shown, s.known = false, nil
	s.hex.show(model.Sector{})
	s.legend.show(nil)
	s.facts.Set(nil)
	s.note.Set("")
}

// discChanged is called when the disc was opened again, or another one. A sector that is
// shown is read again.
func (s *sectors) discChanged() {
	s.names = nil
	if s.shown && s.disc() != nil {
		s.look(s.at)
	}
}

// step shows a sector before or after the one that is shown.
func (s *sectors) step(by disc.LBA) { s.look(s.at + by) }

// begin shows the first sector of the disc, unless one is shown already.
func (s *sectors) begin() {
	if d := s.disc(); d != nil && !s.shown {
		at := disc.LBA(0)
		if all := d.TOC().Sessions; len(all) > 0 && len(all[0].Tracks) > 0 {
			at = all[0].Tracks[0].Start
		}
		s.look(at)
	}
}

func (s *sectors) submit(text string) {
	defer model.CatchPanic()
	at, err := model.ParseAddress(text)
	if err != nil {
		s.tell(model.Capital(err.Error()), err)
		return
	}
	s.look(at)
	s.host.Canvas.Focus(s.hex)
}

// look shows the sector at an address.
func (s *sectors) look(at disc.LBA) {
	d := s.disc()
	if d == nil {
		return
	}
	s.job.Cancel()
	s.finding.Cancel()
	s.shown, s.at = true, at
	s.goTo.SetText(fmt.Sprint(at))
	var got model.Sector
	var job *model.Job
	job = model.Start(s.host.Post, "reading a sector", func(ctx context.Context, _ progress.Reporter) (err error) {
		got, err = model.ReadSector(ctx, d, at)
		return err
	}, func(err error) {
		if s.job != job {
			return
		}
		s.tell("", nil)
		if err != nil && !model.Cancelled(err) {
			s.tell("Sector "+fmt.Sprint(at)+" cannot be read. "+model.Capital(model.Explain(err)), err)
		}
		s.fill(got)
		if err == nil {
			s.find(at)
		}
	})
	s.job = job
}

// tell shows a note beside the address.
func (s *sectors) tell(text string, err error) {
	s.note.Color(theme.Muted)
	if err != nil {
		s.note.Color(theme.Error)
	}
	s.note.Set(text)
}

// find shows the file that the sector belongs to. The first time, all folders are read,
// which takes a while with a drive.
func (s *sectors) find(at disc.LBA) {
	f := s.files()
	if f == nil {
		return
	}
	if s.names == nil {
		s.names = volume.NewLocator(f)
	}
	names, file := s.names, ""
	var job *model.Job
	job = model.Start(s.host.Post, "finding the file of a sector", func(context.Context, progress.Reporter) error {
		file = names.Locate(at)
		return nil
	}, func(err error) {
		if s.finding != job || err != nil || s.names != names || s.at != at {
			return
		}
		s.facts.Set(append(s.known, widgets.Fact{Name: "File", Value: filename.Printable(file)}))
		s.host.Tell("located", map[string]any{"lba": int64(at), "file": file})
	})
	s.finding = job
}

// fill shows a sector that was read.
func (s *sectors) fill(got model.Sector) {
	s.title.Set(fmt.Sprintf("Sector %d", got.LBA))
	s.hex.show(got)
	s.legend.show(got.Fields)
	s.known = nil
	for _, f := range got.Facts {
		one := widgets.Fact{Name: f.Name, Value: f.Value}
		if f.Bad {
			one.Color = theme.Error
		}
		s.known = append(s.known, one)
	}
	s.facts.Set(s.known)
	s.host.Tell("sector", map[string]any{"lba": int64(got.LBA), "bytes": len(got.Bytes)})
}

// focusAddress moves the keyboard to the address.
func (s *sectors) focusAddress() {
	s.host.Canvas.Focus(s.goTo)
	s.goTo.TypedShortcut(&fyne.ShortcutSelectAll{})
}
