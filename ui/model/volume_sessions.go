package model

import (
	"context"

	"glassmaster/mastering/changes"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/volume"
)

// Sessions returns the sessions of the disc that have files, the oldest first.
func (v *Volume) Sessions() []volume.Session { return v.all }

// Session returns the number of the session whose files are shown.
func (v *Volume) Session() int {
	if v.session == 0 && len(v.all) > 0 {
		return v.all[len(v.all)-1].Number
	}
	return v.session
}

// SetSession shows the files of a session.
func (v *Volume) SetSession(number int) {
	if v.state == Ready && number != v.Session() {
		v.session = number
		v.load(v.name, "", 0)
	}
}

// Changes compares the session that is shown with the one before it, and then calls done. It
// does not call done if the disc is closed or another session is shown in the meantime.
func (v *Volume) Changes(done func(*changes.Result, error)) {
	if v.state != Ready || v.compare.Running() {
		return
	}
	d, number, view := v.disc, v.Session(), v.Info().View
	var result *changes.Result
	var job *Job
	job = Start(v.post, "comparing sessions", func(ctx context.Context, _ progress.Reporter) (err error) {
		if result, err = changes.OfSession(ctx, d, number, volume.Options{View: view}); err != nil && ctx.Err() == nil {
			result, err = changes.OfSession(ctx, d, number, volume.Options{}) // the session before may not have the view
		}
		return err
	}, func(err error) {
		if v.compare == job && v.disc == d {
			done(result, err)
		}
	})
	v.compare = job
}
