package command

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"glassmaster/drive"
	"glassmaster/drive/addition"
	"glassmaster/drive/job"
	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/drive/source"
	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/edit/operation"
	"glassmaster/mastering/units"
	"glassmaster/mastering/volume"
)

// adding contains the flags of "burn" for discs that have a session already.
type adding struct {
	add        bool
	hide       bool // --new-session
	session    int
	closes     bool
	operations []operation.Operation
}

// discOperations are the operations that "burn" has flags for.
var discOperations = [...]string{"remove", "rename", "mkdir", "label"}

// register adds the flags.
func (a *adding) register(c *cobra.Command) {
	f := c.Flags()
	f.BoolVar(&a.add, "add", false, "add the files to those of the disc, which stays open unless --close is given")
	f.BoolVar(&a.hide, "new-session", false, "add a session that shows its own files alone: those of the disc stay on it, and are hidden")
	f.IntVar(&a.session, "session", 0, "with --add: continue session `N` instead of the newest one; the files of later ones are hidden")
	f.BoolVar(&a.closes, "close", false, "with --add or --new-session: close the disc afterwards, so that nothing can be added")
	for _, v := range operation.Verbs() {
		for _, name := range discOperations {
			if v.Name == name {
				f.Var(operationFlag{v.Name, v.Argument, &a.operations}, v.Name, "with --add: "+v.Help+"; can be repeated")
			}
		}
	}
}

// operationFlag appends an operation to a list.
type operationFlag struct {
	verb, argument string
	list           *[]operation.Operation
}

func (operationFlag) String() string { return "" }
func (f operationFlag) Type() string { return f.argument }

func (f operationFlag) Set(text string) error {
	*f.list = append(*f.list, operation.Operation{Verb: f.verb, Argument: text})
	return nil
}

// continues reports whether a session is added to a disc.
func (a *adding) continues() bool { return a.add || a.hide }

// check refuses flags that do not go together.
func (a *adding) check(o burning, from string, to []string) error {
	switch {
	case a.add && a.hide:
		return usagef("--add shows the files of the disc together with the new ones, and --new-session hides them; give one of them")
	case !a.add && a.session != 0:
		return usagef("--session chooses the session that --add continues; give --add, too")
	case !a.add && len(a.operations) > 0:
		return usagef("--%s changes what is on the disc; give --add, too", a.operations[0].Verb)
	case !a.continues() && a.closes:
		return usagef("--close goes with --add or --new-session; other burns close the disc unless --append is given")
	case !a.continues():
		return nil
	case a.session < 0:
		return usagef("--session %d: sessions have numbers from 1 on", a.session)
	case a.closes && o.Appendable:
		return usagef("a disc is either closed or left open: give --close or --append, not both")
	case len(to) > 1 || o.copies > 1:
		return usagef("a session is made for one disc; burn one drive at a time")
	case o.Blank:
		return usagef("--blank erases the disc, so that there is nothing to add to; leave out --blank or %s", a.flag())
	case o.Spare != nil:
		return usagef("--spare formats the disc, which erases it; leave out --spare or %s", a.flag())
	case from == source.Stdin:
		return usagef("%s adds files, a folder or a compilation, and not an image from standard input", a.flag())
	case drive.IsName(from):
		return usagef("%s is a drive: name a folder, a file or a compilation that is added to the disc first, and then the drive", from)
	}
	return nil
}

// flag returns the flag that was given.
func (a *adding) flag() string {
	if a.hide {
		return "--new-session"
	}
	return "--add"
}

// burnAddition adds a session to the disc in a drive.
func (inv *invocation) burnAddition(ctx context.Context, from string, to []string, o burning) (err error) {
	o.Appendable = !o.closes
	t, name, err := inv.openDrive(ctx, first(to))
	if err != nil {
		return err
	}
	defer closeDrive(t, name, &err)
	a, release, err := inv.planAddition(ctx, t, from, o)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	defer release()
	inv.warnAll(a.Source.Notices)
	if err := inv.missing(a.Source.Missing(), o.keep); err != nil {
		return err
	}
	o.Continue = a.Continuation()
	a.Source.Name = from
	b := &burner{inv: inv, src: a.Source, o: o, changes: &a.Changes}
	b.drives = append(b.drives, job.Drive{Name: name, Transport: t, Options: o.Options})
	b.found = append(b.found, drive.Describe(ctx, name, t))
	b.report = newReport(a.Source)
	return b.run(ctx)
}

// planAddition plans the session. release frees what that takes.
func (inv *invocation) planAddition(ctx context.Context, t scsi.Transport, from string, o burning) (a *addition.Addition, release func(), err error) {
	so := source.Options{KeepGoing: o.keep, Report: inv.report()}
	if o.hide {
		c, notices, err := source.Files(ctx, from, so)
		if err != nil {
			return nil, nil, err
		}
		a, err := addition.Hide(ctx, t, c, notices, so)
		if err != nil {
			return nil, nil, err
		}
		return a, func() { a.Close() }, nil
	}
	d, err := addition.Import(ctx, t, o.session)
	switch {
	case errors.Is(err, volume.ErrAudio):
		return nil, nil, advise(err, "--new-session adds a session with the files after the audio tracks")
	case err != nil:
		return nil, nil, err
	}
	var c *compilation.Compilation
	var notices []disc.Notice
	c, notices, err = d.Edited(ctx, o.operations, []string{from}, inv.report())
	if err == nil {
		a, err = d.Plan(ctx, t, c, notices, so)
	}
	if err != nil {
		return nil, nil, errors.Join(err, d.Close())
	}
	if o.session > 0 && o.session < a.Changes.Session-1 {
		inv.note("session %d is continued: what only later sessions have stays on the disc, and is hidden", o.session)
	}
	return a, func() { a.Close(); d.Close() }, nil
}

// showSession shows what a session changes, what it costs, and what leaving the disc open
// means.
func (inv *invocation) showSession(p record.Plan, c *addition.Changes, open bool) {
	if c != nil {
		inv.note("  %s", changesText(*c))
	}
	if p.Cost == nil || c == nil && !open {
		return
	}
	for _, line := range costText(p, c, open) {
		inv.note("  %s", line)
	}
}

// changesText says what a session changes.
func changesText(c addition.Changes) string {
	if c.Hidden {
		return "the disc will show the new files alone; those of earlier sessions stay on it, and are hidden (--add shows them, too)"
	}
	parts := []string{"kept: " + units.Count(c.Kept, "file", "files")}
	for _, x := range []struct {
		what string
		n    int
	}{{"new", c.Added}, {"replaced", c.Replaced}, {"removed", c.Removed}, {"renamed", c.Renamed}} {
		if x.n > 0 {
			parts = append(parts, fmt.Sprintf("%s: %d", x.what, x.n))
		}
	}
	return "files of the disc: " + strings.Join(parts, ", ")
}

// costText says what a session takes of the disc, and what remains.
func costText(p record.Plan, c *addition.Changes, open bool) []string {
	cost := p.Cost
	size := func(n int64) string {
		return fmt.Sprintf("%s (%s)", units.Count(n, "sector", "sectors"), units.Size(n*disc.SectorSize))
	}
	line := "the session takes " + size(cost.Total())
	var parts []string
	add := func(n int64, what string) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, what))
		}
	}
	if c != nil {
		add(c.Contents, "of contents")
		add(c.Structures, "of folders and descriptors")
	} else {
		add(cost.Sectors, "of the source")
	}
	add(cost.Padding, "of padding")
	about := ""
	if cost.About {
		about = " (about; the drive chooses)"
	}
	add(cost.End, "of "+cost.What+about)
	lines := []string{line + ": " + strings.Join(parts, ", ")}
	readers := record.ReadersOf(p.Profile)
	switch {
	case !open && readers.Closed != "":
		return append(lines, "the disc is closed afterwards. "+readers.Closed)
	case cost.Left == 0:
		return append(lines, "no room for another session remains")
	}
	return append(lines, "then "+size(cost.Left)+" remain for the next session. "+readers.Open)
}

// openDisc adds a hint to the error of a folder that cannot be burned because the disc holds
// something already.
func openDisc(err error, from string) error {
	if !source.IsPlan(from) || errors.Is(err, record.ErrUnfinished) || !errors.Is(err, record.ErrOtherAddress) && !errors.Is(err, record.ErrHoldsData) {
		return err
	}
	hint := "use --add to add the files to those of the disc"
	if errors.Is(err, record.ErrOtherAddress) {
		hint += "; with --new-session the disc shows the new files alone"
	}
	if errors.Is(err, record.ErrEraseFirst) || errors.Is(err, record.ErrHoldsData) {
		hint += "; --blank erases it first"
	}
	return advise(err, hint)
}
