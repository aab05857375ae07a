package command

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"glassmaster/app/terminal"
	"glassmaster/drive/job"
	"glassmaster/drive/source"
	"glassmaster/mastering/boot"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/edit"
	"glassmaster/mastering/edit/operation"
	"glassmaster/mastering/journal"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/units"
)

// editing contains the flags of "edit".
type editing struct {
	operations       []operation.Operation
	scripts          []string
	output, format   string
	inPlace, dryRun  bool
	rewrite, update  bool
	verify, noVerify bool
	force, noBoot    bool
	boot             []string
	session, first   bool
	track            int
	extractBoot      string
}

// operationFlags adds a flag for each operation on the files of a disc.
func operationFlags(c *cobra.Command, list *[]operation.Operation) {
	for _, v := range operation.Verbs() {
		c.Flags().Var(operationFlag{v.Name, v.Argument, list}, v.Name, v.Help)
	}
}

func (inv *invocation) editVerb() *cobra.Command {
	var o editing
	c := &cobra.Command{
		Use:   "edit IMAGE",
		Short: "Change files, label and boot entries of an image",
		Long: `Add, replace, remove and rename files of an image, and keep everything else as it is:
names in all views, permissions, boot entries, partition tables, checksums. The
operations are carried out in the order of the command line, after those of scripts. PATH
is a path in the image. PATTERN is one with * and ?, or without a slash a pattern for
names in all folders.

--in-place changes the image itself. Either what differs is written into it (an update), or
a new file is written and replaces it (a rewrite), whichever writes less. An update keeps
the old bytes in a journal beside the image: if it is broken off, the image is restored
when it is opened the next time, and "glassmaster undo IMAGE" takes it back. -o writes a
new image and leaves IMAGE as it is. --dry-run shows what would change and what it costs.

An update adds data at the end of the image; the space of removed files is not used
again. "glassmaster compact IMAGE" frees it. An image that is too damaged to be changed
safely can only be saved with -o.

--new-session adds a further session to an ISO image in place, with folders and descriptors of
its own, and leaves what is there. "glassmaster sessions" compares the sessions of images whose
sessions can all be found: those that xorriso makes as a chain, and those whose descriptors at
the beginning are kept with --keep-first. Programs that read only the beginning of such an
image show the first session.

A data track of a CUE, NRG, MDS or CCD image is edited in the same way, with new EDC and
ECC, and the image keeps its format.`,
		Example: `  glassmaster edit debian.iso --add preseed.cfg --replace grub.cfg=/boot/grub/grub.cfg -o my.iso
  glassmaster edit debian.iso --remove '/doc/*' --label MY_DEBIAN --in-place
  glassmaster edit debian.iso --script changes.txt --dry-run
  glassmaster edit debian.iso --extract-boot folder`,
		Args: argCount(1, 1, "IMAGE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return inv.edit(cmd.Context(), args[0], o)
		},
	}
	operationFlags(c, &o.operations)
	f := c.Flags()
	f.StringArrayVar(&o.scripts, "script", nil, "carry out the operations in `FILE`, one on each line such as \"remove /doc\"; - is standard input")
	f.StringVarP(&o.output, "output", "o", "", "write the result to `FILE`")
	f.StringVar(&o.format, "format", "", "with -o, `FORMAT` of the new image (default that of its file extension, or of IMAGE)")
	f.BoolVar(&o.inPlace, "in-place", false, "change IMAGE itself")
	f.BoolVar(&o.update, "update", false, "with --in-place, write only what differs, even if a new file would be smaller")
	f.BoolVar(&o.rewrite, "rewrite", false, "with --in-place, write a new file that replaces IMAGE")
	f.BoolVar(&o.session, "new-session", false, "with --in-place, add a further session to the image")
	f.BoolVar(&o.first, "keep-first", false, "with --new-session, keep the descriptors at the beginning, which show the first session")
	f.BoolVar(&o.dryRun, "dry-run", false, "show what would change, and write nothing")
	f.BoolVar(&o.verify, "verify", false, "with -o, read the new image back and compare it")
	f.BoolVar(&o.noVerify, "no-verify", false, "do not read a rewritten image back before it replaces IMAGE")
	f.BoolVar(&o.force, "force", false, "with -o, accept the loss of what the format or a new image cannot hold, and replace existing files")
	f.StringArrayVar(&o.boot, "boot", nil, "make a file of the image its boot image for a platform, `IMAGE`, as with \"build\" (see \"glassmaster help boot\")")
	f.BoolVar(&o.noBoot, "no-boot", false, "remove the boot entries")
	f.IntVar(&o.track, "track", 0, "edit data track `NUMBER` (default that of the newest session)")
	f.StringVar(&o.extractBoot, "extract-boot", "", "write the boot images and the system area to files in `FOLDER`")
	return c
}

func (o editing) check() error {
	switch {
	case o.output != "" && o.inPlace:
		return usagef("-o and --in-place cannot be used together")
	case o.output == "" && !o.inPlace && !o.dryRun && o.extractBoot == "":
		return usagef("edit needs -o NEW, --in-place or --dry-run")
	case (o.rewrite || o.update) && !o.inPlace && (o.output != "" || !o.dryRun):
		return usagef("--update and --rewrite are ways of --in-place")
	case o.session && !o.inPlace && !o.dryRun:
		return usagef("--new-session adds to the image itself; give --in-place, too")
	case o.first && !o.session:
		return usagef("--keep-first goes with --new-session")
	case o.session && o.rewrite:
		return usagef("--new-session writes what is added alone, and cannot be used with --rewrite")
	case o.rewrite && o.update:
		return usagef("--update and --rewrite cannot be used together")
	case o.inPlace && (o.format != "" || o.verify || o.force):
		return usagef("--format, --verify and --force go with -o NEW; an image that is changed in place keeps its format, and a rewritten one is read back unless --no-verify is given")
	case o.noVerify && !o.inPlace:
		return usagef("--no-verify goes with --in-place; what -o writes is only read back with --verify")
	case o.extractBoot != "" && o.output == "" && !o.inPlace && !o.dryRun && o.changes():
		return usagef("--extract-boot alone does not change the image; give -o NEW or --in-place, too, or leave out the changes")
	case o.extractBoot != "" && o.dryRun:
		return usagef("--extract-boot writes files, and --dry-run writes nothing; give one of them")
	case o.output == "-":
		return usagef("an edited image cannot be written to standard output; name a file with -o")
	}
	return nil
}

// changes reports whether a change was asked for.
func (o editing) changes() bool {
	return len(o.operations)+len(o.scripts)+len(o.boot) > 0 || o.noBoot
}

// maxScript is the maximum size of a script in bytes.
const maxScript = 64 << 20

// read adds the operations of the scripts, before those of the command line.
func (o *editing) read(in io.Reader) error {
	var list []operation.Operation
	for _, path := range o.scripts {
		var b []byte
		var err error
		from := name(path)
		if path == "-" {
			from = "standard input"
			b, err = io.ReadAll(io.LimitReader(in, maxScript))
		} else {
			b, err = os.ReadFile(path)
		}
		if err != nil {
			return fmt.Errorf("read the script: %w", err)
		}
		more, err := operation.Parse(string(b))
		if err != nil {
			return usagef("%s: %w", from, err)
		}
		list = append(list, more...)
	}
	o.operations = append(list, o.operations...)
	return nil
}

func (inv *invocation) edit(ctx context.Context, path string, o editing) error {
	if err := o.check(); err != nil {
		return err
	}
	if err := o.read(inv.in); err != nil {
		return err
	}
	src, err := inv.openWith(ctx, inv.sourceOptions(), path)
	if err != nil {
		return err
	}
	defer src.Close()
	if src.Kind != "image" && o.inPlace {
		return usagef("%s is a %s, not an image file, so it cannot be changed in place; use -o NEW", name(path), src.Kind)
	}
	m, err := edit.Open(ctx, src.Disc, edit.Options{Track: o.track})
	if err != nil {
		return err
	}
	d := &edited{Image: path, Before: m.Size(), After: m.Size(), files: job.OpenedFiles(src)}
	inv.data = d
	if o.extractBoot != "" {
		if d.Boot, err = m.ExtractBoot(ctx, o.extractBoot); err != nil {
			return err
		}
		for _, f := range d.Boot {
			inv.note("%s", name(f))
		}
		if o.output == "" && !o.inPlace && !o.dryRun {
			return nil
		}
	}
	return inv.change(ctx, m, src, d, o)
}

// change carries out the operations, and saves the image.
func (inv *invocation) change(ctx context.Context, m *edit.Image, src *source.Source, d *edited, o editing) error {
	notices, err := operation.Apply(ctx, m.Compilation(), o.operations, inv.report())
	inv.warnAll(notices)
	if err != nil {
		return err
	}
	b, err := o.bootEdit()
	if err != nil {
		return err
	}
	m.SetBoot(b)
	plan := m.Plan
	if o.session {
		plan = func(ctx context.Context, rep progress.Reporter) (*edit.Plan, error) {
			return m.PlanSession(ctx, o.first, rep)
		}
	}
	p, err := plan(ctx, inv.report())
	if errors.Is(err, edit.ErrNoChange) {
		return usagef("%s: there is nothing to change", name(src.Name))
	}
	if err != nil {
		return err
	}
	defer p.Close()
	inv.warnAll(p.Notices)
	for _, n := range disc.Errors(p.Notices) {
		inv.warn(n.String())
	}
	update := o.output == "" && (p.InPlace() && !o.rewrite || o.update || o.session)
	d.take(p, update)
	d.Output = o.output
	switch {
	case o.dryRun:
		return inv.answer(d, func(w *bufio.Writer) { d.print(w, src, update) })
	case p.Unsafe != nil && o.inPlace:
		return advise(p.Unsafe, "use -o NEW, which writes a new image from its files")
	}
	if err := refuseLoss(p, o); err != nil {
		return err
	}
	known := len(p.Notices)
	if err := p.Prepare(ctx, inv.report()); err != nil {
		return err
	}
	inv.warnAll(p.Notices[known:])
	switch {
	case o.output != "":
		d.Way, d.Output = "new", o.output
		return inv.saveAs(ctx, src, p.Disc(), d, o)
	case update:
		d.Way = "update"
		return inv.update(ctx, src, p, d)
	}
	d.Way = "rewrite"
	return inv.rewrite(ctx, src, p, d, o.noVerify)
}

// refuseLoss returns an error if a new image would lack files of the old one.
func refuseLoss(p *edit.Plan, o editing) error {
	lost := p.Lost()
	if len(lost) == 0 || o.force && o.output != "" {
		return nil
	}
	return advise(fmt.Errorf("the new image would lack %s that the old one has (%s)", units.Count(len(lost), "file", "files"), lost[0]),
		"-o NEW with --force writes it nevertheless")
}

// bootEdit returns how the boot entries change.
func (o editing) bootEdit() (edit.Boot, error) {
	b := edit.Boot{Remove: o.noBoot}
	for _, text := range o.boot {
		i, err := boot.ParseImage(text)
		if err != nil {
			return b, usagef("--boot %s: %w", text, err)
		}
		if i.Path == "" {
			return b, usagef("--boot %s: partitions cannot be appended to an image that exists; name a file of the image", text)
		}
		b.Images = append(b.Images, i)
	}
	return b, nil
}

// update writes what differs into the image.
func (inv *invocation) update(ctx context.Context, src *source.Source, p *edit.Plan, d *edited) error {
	earlier, err := journal.StatusOf(src.Name)
	undoable := err == nil && earlier.Refused == nil
	if err := p.UpdateFile(ctx, src.Name, inv.report()); err != nil {
		return err
	}
	d.Undo = true
	if undoable {
		inv.note("the update before it, of %s, is final now", earlier.Made.Format(time.RFC3339))
	}
	inv.note("%s: %s, %s written; \"glassmaster undo\" takes it back", name(src.Name), d.summary(), units.Size(d.Writes))
	return nil
}

// edited is the result of "edit" and "compact", for --json.
type edited struct {
	Image   string       `json:"image"`
	Output  string       `json:"output,omitempty"`
	Way     string       `json:"way,omitempty"` // "update", "rewrite" or "new"; empty: nothing was written
	Before  int64        `json:"bytes_before"`
	After   int64        `json:"bytes_after"`
	Writes  int64        `json:"bytes_written"` // in the way that was chosen, or would be
	Changes []editChange `json:"changes,omitempty"`
	Unsafe  string       `json:"unsafe,omitempty"` // why it cannot be changed in place
	Boot    []string     `json:"boot_files,omitempty"`
	Undo    bool         `json:"can_undo,omitempty"`

	files map[string]os.FileInfo // of the image when it was opened
}

type editChange struct {
	Kind string `json:"kind"`
	Path string `json:"path,omitempty"`
	From string `json:"from,omitempty"`
	Size int64  `json:"bytes,omitempty"`
}

// take fills in what is planned.
func (d *edited) take(p *edit.Plan, update bool) {
	d.After, d.Writes = p.After, p.Rewrite
	if update {
		d.Writes = p.Update
	}
	if p.Unsafe != nil {
		d.Unsafe = p.Unsafe.Error()
	}
	for _, c := range p.Changes {
		d.Changes = append(d.Changes, editChange{c.Kind.String(), c.Path, c.From, c.Size})
	}
}

// isPlain reports whether a source is a file of plain sectors.
func isPlain(src *source.Source) bool {
	_, ok := disc.HostFile(src.Disc)
	return ok
}

// print lists the changes and what they cost.
func (d *edited) print(w *bufio.Writer, src *source.Source, update bool) {
	for _, c := range d.Changes {
		fmt.Fprintln(w, terminal.Printable(c.String()))
	}
	what, plain := "The image", isPlain(src)
	if !plain {
		what = "The data of the edited track" // the files of the image have other sizes
	}
	fmt.Fprintf(w, "%s has %s and will have %s (%s).\n", what, units.Size(d.Before), units.Size(d.After), growth(d.After-d.Before))
	if d.Unsafe != "" {
		fmt.Fprintf(w, "It can only be saved as a new image: %s.\n", d.Unsafe)
	}
	switch {
	case d.Output != "":
		fmt.Fprintf(w, "It is written to %s, and the old image stays as it is.\n", name(d.Output))
	case d.Unsafe != "":
	case src.Kind != "image":
		fmt.Fprintf(w, "It can be saved as a new image with -o, since %s is a %s.\n", name(d.Image), src.Kind)
	case update:
		fmt.Fprintf(w, "In place, an update writes %s and can be undone.\n", units.Size(d.Writes))
	case plain:
		fmt.Fprintf(w, "In place, a new file of %s replaces it, which cannot be undone.\n", units.Size(d.Writes))
	default:
		fmt.Fprintln(w, "In place, the image is written anew and replaced, which cannot be undone.")
	}
}

// growth says by how much a size changes.
func growth(n int64) string {
	switch {
	case n < 0:
		return units.Size(-n) + " less"
	case n == 0:
		return "no change"
	}
	return units.Size(n) + " more"
}

// String describes a change in a line.
func (c editChange) String() string {
	switch c.Kind {
	case edit.Booting.String():
		return "boot       other boot entries"
	case edit.Label.String():
		return fmt.Sprintf("%-10s %q (was %q)", c.Kind, c.Path, c.From)
	}
	s := fmt.Sprintf("%-10s %s", c.Kind, name(c.Path))
	if c.From != "" {
		s += fmt.Sprintf(" (was %s)", name(c.From))
	}
	if c.Size > 0 {
		s += ", " + units.Size(c.Size)
	}
	return s
}

// summary counts the changes.
func (d *edited) summary() string {
	if len(d.Changes) == 0 {
		return units.Size(max(d.Before-d.After, 0)) + " dropped"
	}
	count := map[string]int{}
	var kinds []string
	for _, c := range d.Changes {
		if count[c.Kind]++; count[c.Kind] == 1 {
			kinds = append(kinds, c.Kind)
		}
	}
	for i, k := range kinds {
		switch k {
		case edit.Attributes.String():
			kinds[i] = units.Count(count[k], "entry with other attributes", "entries with other attributes")
		case edit.Label.String():
			kinds[i] = "another label"
		case edit.Booting.String():
			kinds[i] = "other boot entries"
		default:
			kinds[i] = fmt.Sprintf("%d %s", count[k], k)
		}
	}
	return strings.Join(kinds, ", ")
}
