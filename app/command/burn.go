package command

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"glassmaster/drive/addition"
	"glassmaster/drive/job"
	"glassmaster/drive/record"
	"glassmaster/drive/source"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/units"
)

// burning contains the flags of "burn" and "copy".
type burning struct {
	record.Options
	yes, keep bool
	copies    int
	report    string // path; empty: none
	dry       bool   // show the plan, and write nothing
	adding
}

func (inv *invocation) burnVerb() *cobra.Command {
	var o burning
	c := &cobra.Command{
		Use:   "burn IMAGE [DRIVE...]",
		Short: "Burn a disc",
		Long: `Burn an image file, a folder, a compilation, or the disc in another drive. No temporary
image is written. Afterwards the disc is read back and every sector compared, unless
--no-verify is given.

IMAGE "-" is standard input: an ISO or UDF image, compressed or not. It is burned without
a temporary file, and the disc is compared with checksums of what was sent to it.

The plan is shown first and, on a terminal, must be confirmed. DRIVE can be left out if
there is only one.

A disc that was left open, and one that can be overwritten in place, is continued with
--add: IMAGE is then a folder, a file or a compilation, whose files are added to those of
the disc. The new session refers to the old files where they are, so that it takes only
the room of what is new, and of its folders. Files of the disc are removed and renamed in
the same way. What the session costs, and what remains, is shown before.

With several drives, all of them are burned at once from one read of the source. A drive
that fails does not harm the others, and the exit code is the worst one. With --copies,
the tray opens after each disc, and the next disc is asked for; without a terminal, the
program waits until another disc is in the drive.

"copy" copies a disc with a single drive.`,
		Example: `  glassmaster burn holiday.iso /dev/sr0
  glassmaster burn ~/Pictures --yes --eject
  glassmaster burn holiday.iso /dev/sr0 /dev/sr1 --copies 5 --report holiday.txt
  glassmaster burn ~/Pictures/2026 /dev/sr0 --add
  glassmaster burn letters /dev/sr0 --add --remove "drafts/*" --rename old.txt=new.txt --close
  glassmaster burn debian.iso "virtual:disc?medium=dvd+r"`,
		Args: argCount(1, -1, "IMAGE [DRIVE...]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return inv.burn(cmd.Context(), args[0], args[1:], o)
		},
	}
	o.register(c)
	f := c.Flags()
	f.BoolVar(&o.Simulate, "simulate", false, "simulate the burn with the laser at reading power, where the medium supports that")
	f.BoolVar(&o.Appendable, "append", false, "leave the disc open for another session")
	f.BoolVar(&o.dry, "dry-run", false, "show the plan, and write nothing")
	o.adding.register(c)
	f.BoolVar(&o.Force, "force", false, "burn an image that is incomplete, has no known file system, or does not state the address it was made for")
	f.BoolVar(&o.keep, "keep-going", false, "leave out files that are missing, and write zeros for what cannot be read")
	return c
}

// register adds the flags that "burn" and "copy" share.
func (o *burning) register(c *cobra.Command) {
	f := c.Flags()
	f.Var(speedFlag{&o.Options}, "speed", "`SPEED` such as 8x, or 11080 for kB/s (1000 bytes); \"media\" lists the speeds of the drive (default the highest)")
	f.BoolVar(&o.NoVerify, "no-verify", false, "do not read the disc back and compare it")
	f.BoolVar(&o.Eject, "eject", false, "open the tray when done")
	f.Var(modeFlag{&o.Mode}, "mode", "write `MODE`: auto, tao, sao, raw, dao, incremental or jump, as far as drive and medium have it")
	f.BoolVar(&o.AcceptLoss, "accept-loss", false, "burn a source of which the disc cannot hold everything in this mode")
	f.BoolVar(&o.Blank, "blank", false, "erase or overwrite a rewritable disc that is not empty")
	f.BoolVarP(&o.yes, "yes", "y", false, "do not ask for confirmation")
	f.Var(bufferFlag{&o.Buffer}, "buffer", "`SIZE` of the buffer between reading and writing, from 1M to 1G")
	f.BoolVar(&o.Overburn, "overburn", false, "write beyond the capacity that a CD, DVD-R or DVD+R reports, as far as drive and disc allow")
	registerDVD(c, &o.Options)
	f.IntVar(&o.copies, "copies", 1, "burn `N` discs, one after the other; several drives burn N discs each")
	f.StringVar(&o.report, "report", "", "write a report to `FILE`: text (.txt) or JSON (.json), also if the burn fails")
}

// check refuses flags that do not go together.
func (o *burning) check(once bool) error {
	switch {
	case o.copies < 1:
		return usagef("--copies %d: the number of discs is at least 1", o.copies)
	case o.copies > 1 && o.Simulate:
		return usagef("--copies needs real burns; leave out --simulate")
	case o.copies > 1 && once:
		return usagef("standard input can be read only once; save it to a file to burn several copies")
	case o.report == "":
		return nil
	}
	if err := job.CheckReportName(o.report); err != nil {
		return usage(err)
	}
	return nil
}

func (inv *invocation) burn(ctx context.Context, from string, to []string, o burning) (err error) {
	if err := o.check(from == source.Stdin); err != nil {
		return err
	}
	if err := o.adding.check(o, from, to); err != nil {
		return err
	}
	if o.continues() {
		return inv.burnAddition(ctx, from, to, o)
	}
	src, err := inv.openForJob(ctx, from, source.Options{KeepGoing: o.keep, Force: o.Force})
	if err != nil {
		return err
	}
	defer src.Close()
	b := &burner{inv: inv, src: src, o: o}
	if err := b.open(ctx, to); err != nil {
		return err
	}
	defer b.close(&err)
	return openDisc(b.run(ctx), from)
}

// agree shows the plans, and asks for confirmation on a terminal.
func (inv *invocation) agree(ctx context.Context, plans []job.Plan, src *source.Source, to []string, o burning, c *addition.Changes) error {
	inv.endProgress() // progress is shown again after the question
	question := "Burn now?"
	for i, p := range plans {
		inv.showPlan(p, src, to[i])
		inv.showSession(p.Plan, c, o.Appendable)
		inv.showSteps(p)
		if p.Erases.Data {
			question = fmt.Sprintf("The disc in %s holds %s, which will be lost. %s", to[i], holding(p.Erases), question)
		}
	}
	if o.yes || o.Simulate || o.dry {
		return nil
	}
	return inv.ask(ctx, question)
}

func (inv *invocation) showPlan(p job.Plan, src *source.Source, to string) {
	for _, w := range p.Notices {
		inv.warn(w.String())
	}
	if p.UsedBy != "" {
		inv.note("%s: %d of %d sectors are in use according to %s; only those are burned", src.Name, p.Sectors, p.Sectors+p.Unused, p.UsedBy)
	}
	inv.note("%s (%s) -> %s: %s, %s", src.Name, burnedSize(p.Plan), to, p.Profile, p.Recipe)
	inv.showChoices(p)
	inv.showTracks(p.Plan)
}

// showSteps shows what will be done.
func (inv *invocation) showSteps(p job.Plan) {
	for _, step := range p.Steps {
		inv.note("  %s", step)
	}
}

// burnedSize describes how much is burned: in bytes, or of discs with audio as a time.
func burnedSize(p record.Plan) string {
	for _, t := range p.Tracks {
		if t.Mode == disc.Audio {
			return disc.Duration(p.Sectors).String()
		}
	}
	return units.Size(p.Sectors * disc.SectorSize)
}

// showTracks shows the tracks of a disc that has several, or of audio.
func (inv *invocation) showTracks(p record.Plan) {
	if len(p.Tracks) == 1 && p.Tracks[0].Mode != disc.Audio {
		return
	}
	for _, t := range p.Tracks {
		text := fmt.Sprintf("  session %d, track %2d: %v, %v", t.Session, t.Number, t.Mode, disc.Duration(t.Length))
		if t.Title != "" {
			text += fmt.Sprintf(", %q", t.Title)
		}
		inv.note("%s", text)
	}
}

// speedFlag is the speed of a burn, as a multiple or in kB/s.
type speedFlag struct{ o *record.Options }

func (speedFlag) String() string { return "" }
func (speedFlag) Type() string   { return "SPEED" }

func (f speedFlag) Set(text string) (err error) {
	f.o.Speed, f.o.Factor, err = units.ParseSpeed(text)
	return err
}

// modeFlag is the mode of a burn.
type modeFlag struct{ m *record.Mode }

func (f modeFlag) String() string {
	if f.m == nil {
		return ""
	}
	return f.m.Short()
}

func (modeFlag) Type() string { return "MODE" }

func (f modeFlag) Set(text string) (err error) {
	*f.m, err = record.ParseMode(text)
	return err
}

// ask asks for confirmation on a terminal, and is an error unless the answer is yes.
// Without a terminal nothing is asked: the command line is the confirmation.
func (inv *invocation) ask(ctx context.Context, question string) error {
	answer, ok := inv.line(ctx, question+" [y/N] ")
	if !ok || answer == "y" || answer == "yes" {
		return nil
	}
	return &cancelled{errors.New("nothing was written")}
}

// line asks for a line on a terminal, and returns it in lower case. Without a terminal
// nothing is asked, and ok is false. Cancelling the context is an empty line.
func (inv *invocation) line(ctx context.Context, question string) (line string, ok bool) {
	in, ok := inv.in.(*os.File)
	if !ok || inv.json || !term.IsTerminal(int(in.Fd())) {
		return "", false
	}
	fmt.Fprint(inv.log, question)
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(in).ReadString('\n') // an error is an empty line
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-ctx.Done():
		return "", true
	case a := <-answer:
		return a, true
	}
}

func burnSummary(to string, r job.Result, o burning) string {
	size := units.Size(r.Written * disc.SectorSize)
	if len(r.Plan.Tracks) > 0 { // without pre-gaps, as in the plan
		size = burnedSize(r.Plan)
	}
	text := fmt.Sprintf("%s: %s written", to, size)
	if r.Seconds >= 1 {
		text += " at " + units.Rate(float64(r.Written*disc.SectorSize)/r.Seconds)
	}
	switch {
	case o.Simulate:
		return fmt.Sprintf("%s: simulation with %s completed; the disc is unchanged", to, size)
	case r.Equal:
		text += ", read back and equal"
		switch {
		case r.Plan.Incomplete() != "":
			text += " to its source, which is incomplete"
		case r.Plan.Damaged() != "":
			text += " to its source, which is damaged"
		}
	default:
		text += "; not verified"
	}
	if r.Retried > 0 {
		text += fmt.Sprintf(" (%s needed more than one attempt)", units.Count(r.Retried, "sector", "sectors"))
	}
	for _, why := range r.NotAssured {
		text += "; but " + why
	}
	return text
}
