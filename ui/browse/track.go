package browse

import (
	"context"
	"fmt"
	"path/filepath"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/ui/host"
	"glassmaster/ui/model"
)

// Files of a single track.
var (
	waveFiles = host.FileType{Name: "WAV files", Extensions: []string{"wav"}}
	isoFiles  = host.FileType{Name: "User data", Extensions: []string{"iso"}}
	binFiles  = host.FileType{Name: "Whole sectors", Extensions: []string{"bin"}}
)

// pickTrackFile asks for the file for a track.
func (v *View) pickTrackFile(t disc.Track) {
	types := []host.FileType{isoFiles, binFiles}
	if t.Mode == disc.Audio {
		types = []host.FileType{waveFiles, binFiles}
	}
	name := fmt.Sprintf("%s track %02d.%s", model.Stem(filepath.Base(v.volume.Name())), t.Number, types[0].Extensions[0])
	v.host.PickSave(fmt.Sprintf("Save track %d", t.Number), name, func(to string) { v.saveTrack(t, to) }, types...)
}

// saveTrack writes a track to a file.
func (v *View) saveTrack(t disc.Track, to string) {
	d := v.volume.Disc()
	if d == nil || v.task.why() != "" {
		return
	}
	var saved model.SavedTrack
	a := description{fmt.Sprintf("Saving track %d to %s", t.Number, model.Short(to)), "nothing will be written.", true}
	v.start(a, func(ctx context.Context, rep progress.Reporter) (err error) {
		saved, err = v.engine.SaveTrack(ctx, d, t, to, rep)
		return err
	}, func(err error) {
		v.host.Tell("saved track", map[string]any{"to": to, "ok": err == nil && len(saved.Notices) == 0, "text": saved.Text})
		switch {
		case model.Cancelled(err):
			v.showMessage(fmt.Sprintf("Saving track %d was stopped. Nothing was written.", t.Number), false, nil)
		case err != nil:
			v.fail(fmt.Sprintf("Track %d cannot be saved. ", t.Number), err)
		case len(saved.Notices) > 0:
			v.showMessage(saved.Text+" "+model.Capital(saved.Notices[0].Text)+".", false, saved.Notices)
		default:
			v.showSuccess(saved.Text)
		}
	})
}
