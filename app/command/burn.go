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

	"glassmaster/drive/job"
	"glassmaster/drive/record"
	"glassmaster/drive/source"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/units"
)

// burning contains the flags of "burn".
type burning struct {
	record.Options
	yes, keep bool
}

func (inv *invocation) burnVerb() *cobra.Command {
	var o burning
	c := &cobra.Command{
		Use:   "burn IMAGE [DRIVE]",
		Short: "Burn a disc",
		Long: `Burn an image file, a folder, a compilation, or the disc in another drive. No temporary
image is written. Afterwards the disc is read back and every sector compared, unless
--no-verify is given.

IMAGE "-" is standard input: an ISO or UDF image, compressed or not. It is burned without
a temporary file, and the disc is compared with checksums of what was sent to it.

The plan is shown first and, on a terminal, must be confirmed. DRIVE can be left out if
there is only one.`,
		Example: `  glassmaster burn holiday.iso /dev/sr0
  glassmaster burn ~/Pictures --yes --eject
  glassmaster burn debian.iso "virtual:disc?medium=dvd+r"`,
		Args: argCount(1, 2, "IMAGE [DRIVE]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return inv.burn(cmd.Context(), args[0], first(args[1:]), o)
		},
	}
	f := c.Flags()
	f.Var(speedFlag{&o.Options}, "speed", "`SPEED` such as 8x, or 11080 for kB/s (1000 bytes); \"media\" lists the speeds of the drive (default the highest)")
	f.BoolVar(&o.Simulate, "simulate", false, "simulate the burn with the laser at reading power, where the medium supports that")
	f.BoolVar(&o.NoVerify, "no-verify", false, "do not read the disc back and compare it")
	f.BoolVar(&o.Appendable, "append", false, "leave the disc open for another session")
	f.BoolVar(&o.Eject, "eject", false, "open the tray when done")
	f.Var(modeFlag{&o.Mode}, "mode", "write `MODE`: auto, tao, sao, raw, dao, incremental or jump, as far as drive and medium have it")
	f.BoolVar(&o.AcceptLoss, "accept-loss", false, "burn a source of which the disc cannot hold everything in this mode")
	f.BoolVar(&o.Overburn, "overburn", false, "write a CD beyond the capacity that it states, if the drive takes it")
	f.BoolVar(&o.Blank, "blank", false, "erase or overwrite a rewritable disc that is not empty")
	f.BoolVar(&o.Force, "force", false, "burn an image that is incomplete, has no known file system, or does not state the address it was made for")
	f.BoolVarP(&o.yes, "yes", "y", false, "do not ask for confirmation")
	f.BoolVar(&o.keep, "keep-going", false, "leave out files that are missing, and write zeros for what cannot be read")
	return c
}

func (inv *invocation) burn(ctx context.Context, from, to string, o burning) error {
	src, err := inv.openForJob(ctx, from, source.Options{KeepGoing: o.keep, Force: o.Force})
	if err != nil {
		return err
	}
	defer src.Close()
	if to != "" { // before the drive is opened, which fails if the source uses it
		if err := job.CheckDrive(src, to); err != nil {
			return err
		}
	}
	t, to, err := inv.openDrive(ctx, to)
	if err != nil {
		return err
	}
	defer t.Close()
	if err := job.CheckDrive(src, to); err != nil { // the only drive of this computer
		return err
	}
	j, err := job.New(ctx, src, job.Recorder(t, o.Options))
	if err != nil {
		return fmt.Errorf("%s: %w", to, err)
	}
	if err := inv.agree(ctx, j.Plan(), src, to, o); err != nil {
		return err
	}
	result, err := j.Run(ctx, inv.report())
	inv.data = burnObject(to, result)
	if err != nil {
		return fmt.Errorf("burn %s to %s: %w", from, to, err)
	}
	inv.endProgress()
	if result.Corrected > 0 {
		inv.tellCorrected(src)
	}
	if result.Mismatch != nil {
		return result.Mismatch
	}
	inv.note("%s", burnSummary(to, result, o))
	if o.Simulate { // a simulation leaves no disc that could be damaged
		result.Plan.Defects, result.Plan.Unopenable = nil, nil
	}
	return tolerated("the disc", result)
}

// agree shows the plan, and asks for confirmation on a terminal.
func (inv *invocation) agree(ctx context.Context, p job.Plan, src *source.Source, to string, o burning) error {
	inv.endProgress() // progress is shown again after the question
	for _, w := range p.Notices {
		inv.warn(w.String())
	}
	if p.UsedBy != "" {
		inv.note("%s: %d of %d sectors are in use according to %s; only those are burned", src.Name, p.Sectors, p.Sectors+p.Unused, p.UsedBy)
	}
	inv.note("%s (%s) -> %s: %s, %s", src.Name, burnedSize(p.Plan), to, p.Profile, p.Recipe)
	inv.tellTracks(p.Plan)
	for _, step := range p.Steps {
		inv.note("  %s", step)
	}
	if o.yes || o.Simulate {
		return nil
	}
	if p.Erases.Data {
		return inv.ask(ctx, fmt.Sprintf("The disc in %s holds %s, which will be lost. Burn now?", to, holding(p.Erases)))
	}
	return inv.ask(ctx, "Burn now?")
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

// tellTracks shows the mode with its reason and the tracks of a disc that has several, or of audio.
func (inv *invocation) tellTracks(p record.Plan) {
	if p.Reason == "" || len(p.Tracks) == 1 && p.Tracks[0].Mode != disc.Audio && p.Mode == record.TrackAtOnce {
		return
	}
	inv.note("  mode: %v, because %s", p.Mode, p.Reason)
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
	in, ok := inv.in.(*os.File)
	if !ok || inv.json || !term.IsTerminal(int(in.Fd())) {
		return nil
	}
	fmt.Fprintf(inv.log, "%s [y/N] ", question)
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(in).ReadString('\n') // an error is a no
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

// burned is the result of "burn", for --json.
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
	// NotAssured is why a disc that is equal is not verified.
	NotAssured    []string       `json:"not_assured,omitempty"`
	Retried       int64          `json:"retried_sectors"`
	SourceChanged *sourceChanged `json:"source_changed,omitempty"`
	Warnings      []string       `json:"warnings,omitempty"`
	Mode          string         `json:"mode,omitempty"`
	Reason        string         `json:"reason,omitempty"` // of the mode
	Tracks        []burnedTrack  `json:"tracks,omitempty"`
	Lost          []string       `json:"lost,omitempty"` // what the disc does not hold of the source
	Checks        []burnCheck    `json:"checks,omitempty"`
	Retries       []int64        `json:"retried,omitempty"` // addresses, as far as they are known
	MediumID      string         `json:"medium_id,omitempty"`
	ReadOffset    *int           `json:"read_offset_samples,omitempty"`
	LeastSeconds  float64        `json:"least_seconds,omitempty"`
}

// burnedTrack is a track as it was burned.
type burnedTrack struct {
	Session int    `json:"session"`
	Number  int    `json:"number"`
	Mode    string `json:"mode"`
	Start   int64  `json:"start"`
	Sectors int64  `json:"sectors"`
	Title   string `json:"title,omitempty"`
}

// burnCheck is something that was looked at on the disc.
type burnCheck struct {
	What     string `json:"what"`
	Expected string `json:"expected"`
	Found    string `json:"found,omitempty"` // if it differs
	OK       bool   `json:"ok"`
}

// sourceChanged is the first sector of a source that has changed since it was burned.
type sourceChanged struct {
	LBA   int64  `json:"lba"`
	File  string `json:"file,omitempty"`
	Error string `json:"error,omitempty"`
}

func burnObject(to string, r job.Result) burned {
	b := burned{
		Drive: to, Medium: r.Plan.Profile, Recipe: r.Plan.Recipe, Sectors: r.Plan.Sectors, Written: r.Written,
		Seconds: r.Seconds, Equal: r.Equal, Verified: r.Verified, SHA256: r.SHA256, Differs: difference(r.Mismatch),
		NotAssured: r.NotAssured, Retried: r.Retried, Warnings: disc.Texts(r.Notices),
	}
	b.describe(r)
	if c := r.SourceChanged; c != nil {
		b.SourceChanged = &sourceChanged{LBA: int64(c.LBA), File: c.File}
		if c.Err != nil {
			b.SourceChanged.Error = c.Err.Error()
		}
	}
	return b
}

// describe adds the mode, the tracks and what was checked.
func (b *burned) describe(r job.Result) {
	p := r.Plan
	b.Mode, b.Reason, b.Lost = p.Mode.Short(), p.Reason, disc.Texts(p.Lost)
	b.MediumID, b.ReadOffset, b.LeastSeconds = r.MediumID, r.ReadOffset, r.LeastSeconds
	for _, t := range p.Tracks {
		b.Tracks = append(b.Tracks, burnedTrack{t.Session, t.Number, t.Mode.String(), int64(t.Start), t.Length, t.Title})
	}
	for _, c := range r.Checks {
		b.Checks = append(b.Checks, burnCheck(c))
	}
	for _, at := range r.Retries {
		b.Retries = append(b.Retries, int64(at))
	}
}

func burnSummary(to string, r job.Result, o burning) string {
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
