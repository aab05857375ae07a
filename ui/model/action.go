package model

import (
	"context"

	"glassmaster/mastering/progress"
)

// Action is an operation on a drive and its disc other than burning.
type Action uint8

// Actions.
const (
	Eject        Action = iota // open the tray
	Load                       // close the tray
	CloseSession               // close open tracks and the session; the disc remains appendable
	CloseDisc                  // finalize the disc
	Format                     // format a rewritable disc
	Erase                      // blank a rewritable disc, only where its data begins
)

// String describes what is being done.
func (a Action) String() string {
	return [...]string{"Opening the tray", "Closing the tray", "Closing the session", "Finalizing the disc", "Formatting the disc", "Erasing the disc"}[a]
}

// Destroys reports whether the action destroys the data on the disc.
func (a Action) Destroys() bool { return a == Format || a == Erase }

// ActionPlan describes what an action will do.
type ActionPlan struct {
	Steps []string // none: there is nothing to do
	Costs []string // what will be lost, or no longer possible
	Holds Contents // of a disc whose data will be destroyed
}

// PlanAction plans an action with the target drive. then is called with the plan, for the
// user to confirm.
func (b *Burn) PlanAction(a Action, then func(ActionPlan, error)) {
	name := b.target.Drive
	if name == "" || b.Stage() == Running || b.action.Running() {
		return
	}
	var p ActionPlan
	b.action = Start(b.post, a.String(), func(ctx context.Context, _ progress.Reporter) (err error) {
		p, err = b.engine.PlanAction(ctx, name, a)
		return err
	}, func(err error) {
		then(p, err)
		b.changed()
	})
	b.changed()
}

// RunAction carries out an action, and reads the state of the drives again. A disc whose
// data is destroyed must still be the one that the plan was made for.
func (b *Burn) RunAction(a Action, p ActionPlan, then func(string, error)) {
	name := b.target.Drive
	if name == "" || b.Stage() == Running || b.action.Running() {
		return
	}
	var result string
	b.discChanges()
	b.action = enqueue(b.engine.Queue(), b.post, a.String(), []string{name}, func(ctx context.Context, rep progress.Reporter) (err error) {
		if a.Destroys() {
			if err := b.checkSameDisc(ctx, name, &p.Holds); err != nil {
				return err
			}
		}
		result, err = b.engine.RunAction(ctx, name, a, rep)
		return err
	}, func(err error) {
		b.discChanges()
		then(result, err)
		b.FindDrives()
	})
	b.changed()
}

// Action returns the job of the action that is planned or carried out, or nil.
func (b *Burn) Action() *Job {
	if !b.action.Running() {
		return nil
	}
	return b.action
}
