package model

import (
	"context"

	"glassmaster/mastering/progress"
)

// Care is what can be done with a drive and its disc besides burning.
type Care uint8

// What can be done.
const (
	Eject        Care = iota // open the tray
	Load                     // close the tray
	CloseSession             // close what a burn has left open; the disc takes more
	CloseDisc                // finalise the disc
	Format                   // format a rewritable disc
	Erase                    // erase a rewritable disc quickly
)

// String says what is being done.
func (c Care) String() string {
	return [...]string{"Opening the tray", "Closing the tray", "Closing the session", "Closing the disc", "Formatting the disc", "Erasing the disc"}[c]
}

// Destroys reports whether what is on the disc is lost by it.
func (c Care) Destroys() bool { return c == Format || c == Erase }

// CarePlan is what is going to be done.
type CarePlan struct {
	Steps []string // none: there is nothing to do
	Costs []string // what is lost, or cannot be done any more afterwards
	Holds Contents // of a disc whose contents are lost
}

// Attend settles what has to be done. then is called with the plan, on which the
// person decides.
func (b *Burn) Attend(c Care, then func(CarePlan, error)) {
	name := b.target.Drive
	if name == "" || b.Stage() == Running || b.caring.Running() {
		return
	}
	var p CarePlan
	b.caring = Start(b.post, c.String(), func(ctx context.Context, _ progress.Reporter) (err error) {
		p, err = b.engine.PlanCare(ctx, name, c)
		return err
	}, func(err error) {
		then(p, err)
		b.changed()
	})
	b.changed()
}

// Care does it, and looks at the drives again. A disc whose contents are lost must
// still be the one that the plan was made for.
func (b *Burn) Care(c Care, p CarePlan, then func(string, error)) {
	name := b.target.Drive
	if name == "" || b.Stage() == Running || b.caring.Running() {
		return
	}
	var said string
	b.caring = Start(b.post, c.String(), func(ctx context.Context, rep progress.Reporter) (err error) {
		if c.Destroys() {
			if err := b.sameDisc(ctx, name, &p.Holds); err != nil {
				return err
			}
		}
		said, err = b.engine.Care(ctx, name, c, rep)
		return err
	}, func(err error) {
		b.forgetDisc()
		then(said, err)
		b.Look()
	})
	b.changed()
}

// Caring returns what is being done with the drive, nil when nothing is.
func (b *Burn) Caring() *Job {
	if !b.caring.Running() {
		return nil
	}
	return b.caring
}
