package browse

import (
	"fmt"

	"fyne.io/fyne/v2/container"

	"glassmaster/ui/model"
	"glassmaster/ui/theme"
	"glassmaster/ui/widgets"
)

// askStart asks where the session begins that is alone in an image file. Its file system
// contains addresses of the whole disc.
func (v *View) askStart() {
	field, note := widgets.NewField(), widgets.NewText("").Wrap().Color(theme.Error)
	field.SetPlaceHolder("LBA or MM:SS:FF")
	if at := v.volume.Start(); at != 0 {
		field.SetText(fmt.Sprint(at))
	}
	note.Hide()
	box := container.New(&widgets.Column{Gap: 10}, widgets.NewText("An image of a later session alone contains addresses of the whole disc. "+
		"Enter the address at which the session began on the disc: the first sector of its track, as the list of tracks of the disc shows it.").Wrap(), field, note)
	v.host.Sheet("Later session of a disc", box, 440,
		widgets.Choice{Text: "Cancel"},
		widgets.Choice{Text: "Open", Primary: true, Do: func() bool {
			at, err := model.ParseAddress(field.Text)
			if err == nil && at < 0 {
				err = fmt.Errorf("%d is not an address of a disc", at)
			}
			if err != nil {
				note.Set(model.Capital(err.Error()))
				note.Show()
				box.Refresh()
				return false
			}
			v.closing(func() {
				v.volume.SetStart(at)
				v.showSection(filesSection)
			})
			return true
		}})
	v.host.Canvas.Focus(field)
}
