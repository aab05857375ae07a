package browse

import (
	"reflect"

	"glassmaster/drive/source"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/volume"
	"glassmaster/ui/model"
	"glassmaster/ui/widgets"
)

// The sections of the page.
const (
	filesSection = iota
	discSection
	sectorSection
)

// discChanged shows the tracks of another disc, and the section that suits it.
func (v *View) discChanged(ready bool) {
	name, d := v.volume.Name(), v.volume.Disc()
	if d != v.disc {
		v.disc = d
		v.sectors.discChanged()
	}
	if !ready {
		if name != v.shown {
			v.sectors.reset()
			v.shown = ""
		}
		return
	}
	if v.shown == name && reflect.DeepEqual(v.tracks.toc, d.TOC()) {
		v.arrange(v.sections.Chosen())
		return
	}
	v.shown = name
	v.sectors.reset()
	v.tracks.show(d, formatOf(d, v.volume.Info()))
	section := filesSection
	if v.volume.NoFiles() != nil {
		section = discSection
	}
	if v.Object.Visible() && v.host.Canvas.Focused() == nil {
		v.enter(section)
		return
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
	v.arrange(i)
	v.host.Tell("section", map[string]any{"section": []string{"files", "tracks", "sectors"}[i]})
}

// enter shows a section and moves the keyboard to it.
func (v *View) enter(i int) {
	v.showSection(i)
	switch {
	case i == discSection:
		v.host.Canvas.Focus(v.tracks.list)
	case i == sectorSection:
		v.host.Canvas.Focus(v.sectors.hex)
	case v.volume.NoFiles() == nil:
		v.files.Files.Focus()
	}
}

// arrange shows and hides what belongs to a section.
func (v *View) arrange(i int) {
	v.sections.Choose(i)
	files := v.volume.NoFiles() == nil
	widgets.SetVisible(v.filePanes, i == filesSection && files)
	if d := v.volume.Disc(); d != nil {
		_, data := disc.DataTrack(d)
		widgets.SetVisible(v.startAt, data && model.IsImage(v.volume.Name()))
	}
	widgets.SetVisible(v.noFiles, i == filesSection && !files)
	widgets.SetVisible(v.tracks.object, i == discSection)
	widgets.SetVisible(v.sectors.object, i == sectorSection)
	widgets.SetVisible(v.status, i == filesSection && files)
	widgets.SetVisible(v.viewsBox, i == filesSection && files && len(v.volume.Info().Views) > 1)
	widgets.SetVisible(v.sessionsBox, i == filesSection && len(v.volume.Sessions()) > 1)
	if i == sectorSection {
		v.sectors.begin()
	}
}

// setView shows the file names of another view.
func (v *View) setView(name string) {
	v.closing(func() { v.volume.SetView(name) })
	v.showView() // that is still shown, if a job needs the disc
}

// showTrackFiles shows the files of a track.
func (v *View) showTrackFiles(track int) {
	if track == v.volume.Track() {
		v.enter(filesSection)
		return
	}
	v.closing(func() {
		v.volume.SetTrack(track)
		v.enter(filesSection)
	})
}

// GoTo moves the keyboard to the address of the sector that is shown.
func (v *View) GoTo() {
	if v.volume.State() == model.Ready {
		v.showSection(sectorSection)
		v.sectors.focusAddress()
	}
}

// lookAt shows a sector.
func (v *View) lookAt(lba disc.LBA) {
	v.sectors.look(lba)
	v.enter(sectorSection)
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
