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

	"glassmaster/drive/read"
	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/drive/source"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/units"
)

// burning is what "burn" was asked for.
type burning struct {
	record.Options
	yes, keep bool
}

func (s *session) burnVerb() *cobra.Command {
	var o burning
	c := &cobra.Command{
		Use:   "burn IMAGE [DRIVE]",
		Short: "Burn a disc",
		Long: `Burn an image file, a folder, a compilation, or the disc in another drive. A folder
goes straight onto the disc, without an image in between. The disc is read again
and compared, sector by sector, unless --no-verify is given.

What is going to happen is shown first, and on a terminal you are asked. DRIVE may
be left out where the machine has only one.`,
		Example: `  glassmaster burn holiday.iso /dev/sr0
  glassmaster burn ~/Pictures --yes --eject
  glassmaster burn debian.iso "virtual:disc?medium=dvd+r"`,
		Args: wanted(1, 2, "IMAGE [DRIVE]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.burn(cmd.Context(), args[0], first(args[1:]), o)
		},
	}
	f := c.Flags()
	f.Var(speedFlag{&o.Options}, "speed", "`SPEED` such as 8x, or 11080 for kB/s (1000 bytes); \"media\" lists what the drive offers (default the highest)")
	f.BoolVar(&o.Simulate, "simulate", false, "go through everything with the laser off, where the medium knows that")
	f.BoolVar(&o.NoVerify, "no-verify", false, "do not read the disc again and compare")
	f.BoolVar(&o.Appendable, "append", false, "leave the disc open, so that a session that was made for it can be added")
	f.BoolVar(&o.Eject, "eject", false, "open the tray at the end")
	f.BoolVar(&o.DiscAtOnce, "dao", false, "DVD-R, DVD-RW: write the disc at once instead of incrementally")
	f.BoolVar(&o.Blank, "blank", false, "erase or overwrite a rewritable disc that holds data")
	f.BoolVar(&o.Force, "force", false, "burn an image that is incomplete, that has no known file system, or that does not tell for which address it was made")
	f.BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	f.BoolVar(&o.keep, "keep-going", false, "leave out files that are missing, fill with zeros what can no longer be read, and go on")
	return c
}

func (s *session) burn(ctx context.Context, from, to string, o burning) error {
	opener := s.opener()
	opener.KeepGoing = o.keep
	opener.Force = o.Force
	src, err := s.openWith(ctx, opener, from)
	if err != nil {
		return err
	}
	defer src.Close()
	if err := s.missing(src.Missing(), o.keep); err != nil {
		return err
	}
	t, to, err := s.opener().Drive(ctx, to)
	if err != nil {
		return err
	}
	defer t.Close()
	o.Locate = src.Locate
	used, by := read.Used(ctx, src.Disc)
	if by != "" {
		s.note("%s: %d of %d sectors are in use, as %s says; those are burned", from, disc.Sectors(used), disc.Sectors(src.Disc), by)
	}
	plan, err := record.NewPlan(ctx, t, used, o.Options)
	if err != nil {
		return fmt.Errorf("%s: %w", to, err)
	}
	if err := scsi.Writable(t); err != nil { // told now, and not after the question
		return fmt.Errorf("%s: the drive can only be read now: %w", to, err)
	}
	if err := s.agree(ctx, plan.Plan(), src, to, o); err != nil {
		return err
	}
	result, err := plan.Run(ctx, s.report())
	s.data = burnObject(to, result)
	if err != nil {
		return fmt.Errorf("burn %s to %s: %w", from, to, err)
	}
	s.settle()
	if result.Mismatch != nil {
		return result.Mismatch
	}
	s.note("%s", burnSummary(to, result, o))
	if len(result.Changes) > 0 {
		return incomplete{"files of the source changed during the burn; the warnings say what the disc holds of them"}
	}
	if lacks := result.Plan.Incomplete(); lacks != "" && !o.Simulate {
		return incomplete{"the disc is as incomplete as its source: " + lacks}
	}
	if damage := result.Plan.Damaged(); damage != "" && !o.Simulate {
		return incomplete{"the disc is as damaged as its source: " + damage}
	}
	if len(src.Missing()) > 0 {
		return incomplete{leftOut(len(src.Missing()))}
	}
	return nil
}

// missing says which files cannot be put on a disc, and is an error unless
// going on without them was asked for.
func (s *session) missing(files []disc.Notice, keep bool) error {
	const hint = "--keep-going leaves out what cannot be read"
	if len(files) == 1 && !keep {
		return advise(errors.New(files[0].String()), hint)
	}
	for _, p := range files {
		s.warn(p.String())
	}
	if len(files) == 0 || keep {
		return nil
	}
	return advise(fmt.Errorf("%s cannot be put on the disc", units.Count(len(files), "file", "files")), hint)
}

// leftOut says how many files are not on the disc although they should be.
func leftOut(n int) string {
	verb := "were"
	if n == 1 {
		verb = "was"
	}
	return units.Count(n, "file", "files") + " " + verb + " left out"
}

// agree shows what is going to happen, and asks whoever sits at the terminal.
func (s *session) agree(ctx context.Context, p record.Plan, src *source.Source, to string, o burning) error {
	s.settle() // a new display begins below the question
	for _, w := range p.Notices {
		s.warn(w.String())
	}
	s.note("%s (%s) -> %s: %s, %s", src.Name, units.Size(p.Sectors*disc.SectorSize), to, p.Profile, p.Recipe)
	for _, step := range p.Steps {
		s.note("  %s", step)
	}
	if o.yes || o.Simulate {
		return nil
	}
	if p.Erases.Data {
		return s.ask(ctx, fmt.Sprintf("The disc in %s holds %s. It will be gone. Burn now?", to, holding(p.Erases)))
	}
	return s.ask(ctx, "Burn now?")
}

// speedFlag is the speed of a burn, as a multiple or in kB/s.
type speedFlag struct{ o *record.Options }

func (speedFlag) String() string { return "" }
func (speedFlag) Type() string   { return "SPEED" }

func (f speedFlag) Set(text string) (err error) {
	f.o.Speed, f.o.Factor, err = units.ParseSpeed(text)
	return err
}

// ask asks a question that only "yes" answers. Where nobody sits at a terminal
// the command line was the answer.
func (s *session) ask(ctx context.Context, question string) error {
	in, ok := s.in.(*os.File)
	if !ok || s.json || !term.IsTerminal(int(in.Fd())) {
		return nil
	}
	fmt.Fprintf(s.log, "%s [y/N] ", question)
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(in).ReadString('\n') // what cannot be read is no yes
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-ctx.Done():
	case a := <-answer:
		if a == "y" || a == "yes" {
			return nil
		}
	}
	return &cancelled{errors.New("nothing was written")}
}

// burned is what "burn" did, for a program.
type burned struct {
	Drive    string   `json:"drive"`
	Medium   string   `json:"medium"`
	Recipe   string   `json:"recipe"`
	Sectors  int64    `json:"sectors"`
	Written  int64    `json:"written_sectors"`
	Seconds  float64  `json:"seconds"`
	Equal    bool     `json:"equal"`
	Verified bool     `json:"verified"`
	SHA256   string   `json:"sha256,omitempty"`
	Differs  *differs `json:"differs,omitempty"`
	// NotAssured says why a disc that is equal is not verified.
	NotAssured    []string       `json:"not_assured,omitempty"`
	Retried       int64          `json:"retried_sectors"`
	SourceChanged *sourceChanged `json:"source_changed,omitempty"`
	Warnings      []string       `json:"warnings,omitempty"`
}

// sourceChanged is the first place of a source that is not what was burned of it.
type sourceChanged struct {
	LBA   int64  `json:"lba"`
	File  string `json:"file,omitempty"`
	Error string `json:"error,omitempty"`
}

func burnObject(to string, r record.Result) burned {
	b := burned{
		Drive: to, Medium: r.Plan.Profile, Recipe: r.Plan.Recipe, Sectors: r.Plan.Sectors, Written: r.Written,
		Seconds: r.Seconds, Equal: r.Equal, Verified: r.Verified, SHA256: r.SHA256, Differs: difference(r.Mismatch),
		NotAssured: r.NotAssured, Retried: r.Retried, Warnings: disc.Texts(r.Notices),
	}
	if c := r.SourceChanged; c != nil {
		b.SourceChanged = &sourceChanged{LBA: int64(c.LBA), File: c.File}
		if c.Err != nil {
			b.SourceChanged.Error = c.Err.Error()
		}
	}
	return b
}

func burnSummary(to string, r record.Result, o burning) string {
	text := fmt.Sprintf("%s: %s written", to, units.Size(r.Written*disc.SectorSize))
	if r.Seconds >= 1 {
		text += " at " + units.Rate(float64(r.Written*disc.SectorSize)/r.Seconds)
	}
	switch {
	case o.Simulate:
		return fmt.Sprintf("%s: simulation with %s completed; the disc is unchanged", to, units.Size(r.Written*disc.SectorSize))
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
