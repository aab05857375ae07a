package command

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"glassmaster/app/buildinfo"
	"glassmaster/app/terminal"
	"glassmaster/drive"
	"glassmaster/drive/addition"
	"glassmaster/drive/job"
	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/drive/source"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// burner burns a source in one or several drives, once or several times.
type burner struct {
	inv    *invocation
	src    *source.Source
	o      burning
	drives []job.Drive
	found  []drive.Found
	// flaws is the result of reading a disc into the temporary image that is burned; nil if
	// the source is burned itself.
	flaws   *job.Result
	report  job.Report
	changes *addition.Changes // of a session that is added to a disc; nil: none is
}

// open opens the drives of these names, or the only drive of this computer.
func (b *burner) open(ctx context.Context, names []string) error {
	if len(names) == 0 {
		names = []string{""}
	}
	if len(names) > 1 && b.inv.record != nil {
		return usagef("--trace records the commands to one drive; burn one drive at a time")
	}
	for _, name := range names {
		if err := b.openOne(ctx, name); err != nil {
			b.close(&err)
			return err
		}
	}
	b.report = newReport(b.src)
	return nil
}

// newReport returns a report without discs.
func newReport(src *source.Source) job.Report {
	return job.NewReport("Glassmaster "+buildinfo.String(), src)
}

func (b *burner) openOne(ctx context.Context, name string) error {
	if name != "" { // before the drive is opened, which fails if the source uses it
		if err := job.CheckDrive(b.src, name); err != nil {
			return err
		}
	}
	for _, d := range b.drives {
		if drive.Identity(d.Name) == drive.Identity(name) {
			return usagef("%s and %s are the same drive; name each drive once", d.Name, name)
		}
	}
	t, name, err := b.inv.openDrive(ctx, name)
	if err != nil {
		return err
	}
	if err := job.CheckDrive(b.src, name); err != nil { // the only drive of this computer
		t.Close()
		return err
	}
	b.drives = append(b.drives, job.Drive{Name: name, Transport: t, Options: b.o.Options})
	b.found = append(b.found, drive.Describe(ctx, name, t))
	return nil
}

// close closes the drives; see closeDrive.
func (b *burner) close(err *error) {
	for _, d := range b.drives {
		closeDrive(d.Transport, d.Name, err)
	}
}

// names returns the names of the drives.
func (b *burner) names() []string {
	var all []string
	for _, d := range b.drives {
		all = append(all, d.Name)
	}
	return all
}

// run burns all copies, and writes the report. The burn ends with the first copy that is
// not good.
func (b *burner) run(ctx context.Context) error {
	var err error
	for n := 1; n <= b.o.copies && err == nil; n++ {
		err = b.copy(ctx, n)
		if err != nil && n > 1 {
			b.inv.note("%d of %d copies were completed", n-1, b.o.copies)
		}
	}
	switch {
	case len(b.report.Discs) == 0:
	case len(b.drives) == 1 && b.o.copies == 1:
		b.inv.data = b.report.Discs[0]
	default:
		b.inv.data = burnedDiscs{b.report.Discs}
	}
	if b.o.report == "" || len(b.report.Discs) == 0 {
		return err
	}
	if failed := b.report.Save(b.o.report); failed != nil {
		if err == nil {
			return fmt.Errorf("the burn is complete, but %w", failed)
		}
		b.inv.warn(failed.Error())
	}
	return err
}

// burnedDiscs is the result of "burn" for several discs, for --json.
type burnedDiscs struct {
	Discs []job.DiscReport `json:"discs"`
}

// copy burns one copy in each drive.
func (b *burner) copy(ctx context.Context, n int) error {
	plan := func() (*job.Several, error) { return job.NewSeveral(ctx, b.src, b.drives) }
	var s *job.Several
	var err error
	if n > 1 || b.flaws != nil { // the disc in the drive is not the one to be written
		s, err = b.next(ctx, n, plan)
	} else {
		s, err = plan()
	}
	if err != nil {
		return err
	}
	if err := b.inv.agree(ctx, s.Plans(), b.src, b.names(), b.o, b.changes); err != nil {
		return err
	}
	if b.o.dry {
		b.plansOnly(s.Plans())
		return nil
	}
	reports, end := b.reports()
	all := s.Run(ctx, reports)
	end()
	var errs []error
	for i, o := range all {
		if f := b.flaws; f != nil {
			o.Result.Unread, o.Result.Short, o.Result.Damaged = f.Unread, f.Short, f.Damaged
		}
		d := job.NewDiscReport(b.found[i], o, b.o.Simulate)
		d.SetChanges(b.changes)
		if b.o.copies > 1 {
			d.Copy = n
		}
		b.report.Discs = append(b.report.Discs, d)
		errs = append(errs, b.judge(o))
	}
	return combined(b.names(), errs)
}

// plansOnly reports plans that are not carried out.
func (b *burner) plansOnly(plans []job.Plan) {
	for i, p := range plans {
		d := job.NewDiscReport(b.found[i], job.Outcome{Drive: b.drives[i].Name, Result: job.Result{Result: record.Result{Plan: p.Plan}}}, true)
		d.Verdict, d.Steps, d.Warnings = job.Planned, p.Steps, disc.Texts(p.Notices)
		d.SetChanges(b.changes)
		b.report.Discs = append(b.report.Discs, d)
	}
	b.inv.note("this is the plan; nothing was written")
}

// reports returns what the drives report to, and a function that ends the display.
func (b *burner) reports() (reports []progress.Reporter, end func()) {
	if len(b.drives) == 1 {
		return []progress.Reporter{b.inv.report()}, b.inv.endProgress
	}
	b.inv.endProgress()
	w, style := b.inv.view()
	g := terminal.NewGroup(w, style, b.names())
	return g.Reports(), g.Close
}

// judge tells what became of a disc, and returns an error unless it is good.
func (b *burner) judge(o job.Outcome) error {
	inv, r := b.inv, o.Result
	if o.Err != nil {
		return fmt.Errorf("burn %s to %s: %w", b.src.Name, o.Drive, o.Err)
	}
	inv.endProgress()
	if r.Corrected > 0 {
		inv.tellCorrected(b.src)
	}
	if r.Mismatch != nil {
		return r.Mismatch
	}
	inv.note("%s", burnSummary(o.Drive, r, b.o))
	if b.o.Simulate { // a simulation leaves no disc that could be damaged
		r.Plan.Defects, r.Plan.Unopenable = nil, nil
	}
	return tolerated("the disc", r)
}

// several is the error of several drives.
type several struct {
	drives int
	failed []string // names of drives
	errs   []error  // of those
}

func (s several) Error() string {
	text := fmt.Sprintf("%d of %d discs are not good", len(s.errs), s.drives)
	for i, err := range s.errs {
		text += fmt.Sprintf("; %s: %v", s.failed[i], err)
	}
	return text
}

// combined returns the error of several drives, or nil if there is none. That of a single
// drive is returned as it is.
func combined(names []string, errs []error) error {
	if len(errs) == 1 {
		return errs[0]
	}
	s := several{drives: len(errs)}
	for i, err := range errs {
		if err == nil {
			continue
		}
		if errors.Is(err, context.Canceled) {
			err = &cancelled{err}
		}
		s.failed, s.errs = append(s.failed, names[i]), append(s.errs, err)
	}
	if len(s.errs) == 0 {
		return nil
	}
	return s
}

// byBadness are the exit codes of a burn, the best one first.
var byBadness = []Code{OK, Partly, NoMedium, Cancelled, Failed, Differs}

// worst returns the exit code of several drives.
func (s several) worst() Code {
	worst := OK
	for _, err := range s.errs {
		if c := codeOf(err); slices.Index(byBadness, c) > slices.Index(byBadness, worst) {
			worst = c
		}
	}
	return worst
}

// next asks for the discs of a copy, until one that can be written is in each drive.
func (b *burner) next(ctx context.Context, n int, plan func() (*job.Several, error)) (*job.Several, error) {
	for {
		err := b.exchange(ctx, n)
		if err == nil {
			err = b.checkNext(ctx)
		}
		if err == nil {
			var s *job.Several
			if s, err = plan(); err == nil {
				return s, nil
			}
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if !errors.Is(err, job.ErrSameDisc) && !notReady(err) {
			return nil, err
		}
		b.inv.warn(err.Error())
	}
}

func (b *burner) checkNext(ctx context.Context) error {
	for _, d := range b.drives {
		if err := job.CheckNext(ctx, d.Transport, b.src); err != nil {
			return fmt.Errorf("%s: %w", d.Name, err)
		}
	}
	return nil
}

// exchange opens the trays and waits until there is another disc in each drive: on a
// terminal until the user says so, and otherwise until the drives have one.
func (b *burner) exchange(ctx context.Context, n int) error {
	released := make([]error, len(b.drives))
	for i, d := range b.drives {
		if released[i] = job.ReleaseDisc(ctx, d.Transport); scsi.Gone(released[i]) {
			return fmt.Errorf("%s: %w", d.Name, released[i])
		}
		if released[i] != nil {
			b.inv.warn(fmt.Sprintf("%s: %v; change the disc by hand", d.Name, released[i]))
		}
	}
	what := "insert a blank disc"
	if b.o.copies > 1 {
		what = fmt.Sprintf("copy %d of %d: insert a blank disc", n, b.o.copies)
	}
	what += " into " + strings.Join(b.names(), " and into ")
	b.inv.endProgress()
	answer, asked := b.inv.line(ctx, what+", and press Enter (q to stop) ")
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case asked && answer == "q":
		return &cancelled{errors.New("no more discs were burned")}
	case !asked && b.inv.json:
		b.inv.report().Notice(disc.Notice{Severity: disc.Info, Text: what})
	case !asked: // also with --quiet, since the program now waits
		fmt.Fprintln(b.inv.log, terminal.Printable(what))
	}
	return b.await(ctx, released, asked)
}

// await waits for a disc in each drive.
func (b *burner) await(ctx context.Context, released []error, asked bool) error {
	errs := make([]error, len(b.drives))
	var all sync.WaitGroup
	for i, d := range b.drives {
		all.Go(func() {
			if asked {
				errs[i] = job.LoadDisc(ctx, d.Transport)
				return
			}
			errs[i] = job.AwaitDisc(ctx, d.Transport, released[i])
		})
	}
	all.Wait()
	for i, err := range errs {
		if err != nil {
			return fmt.Errorf("%s: %w", b.drives[i].Name, err)
		}
	}
	return nil
}
