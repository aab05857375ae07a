package command

import (
	"bufio"
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"glassmaster/drive/job"
	"glassmaster/mastering/edit"
	"glassmaster/mastering/units"
)

func (inv *invocation) compactVerb() *cobra.Command {
	var o editing
	var drop bool
	c := &cobra.Command{
		Use:   "compact IMAGE",
		Short: "Drop what nothing in an image refers to",
		Long: `Write an image without what nothing in it refers to, such as the contents of files that
"edit" removed or replaced. What remains moves towards the start of the image, in the same
order, and is the same apart from addresses.

The new file is read back and then replaces IMAGE; -o writes it to another file and leaves
IMAGE as it is. Updates of IMAGE can no longer be undone afterwards.

Boot entries, boot code and partition tables get the new addresses. If structures of IMAGE
cannot be moved, the image is made anew from its files, and the program says so; an image
with partition tables is refused then. An image of several sessions is made anew from its
newest session, only with --drop-sessions, since earlier sessions can no longer be read
afterwards.`,
		Example: `  glassmaster compact debian.iso
  glassmaster compact debian.iso -o small.iso
  glassmaster compact --dry-run debian.iso`,
		Args: argCount(1, 1, "IMAGE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return inv.compact(cmd.Context(), args[0], o, drop)
		},
	}
	f := c.Flags()
	f.StringVarP(&o.output, "output", "o", "", "write the result to `FILE`")
	f.StringVar(&o.format, "format", "", "with -o, `FORMAT` of the new image (default that of its file extension, or of IMAGE)")
	f.BoolVar(&o.dryRun, "dry-run", false, "show how much smaller the image would be, and write nothing")
	f.BoolVar(&o.verify, "verify", false, "with -o, read the new image back and compare it")
	f.BoolVar(&o.noVerify, "no-verify", false, "do not read the new file back before it replaces IMAGE")
	f.BoolVar(&o.force, "force", false, "with -o, accept the loss of what the format or a new image cannot hold, and replace existing files")
	f.BoolVar(&drop, "drop-sessions", false, "accept the loss of all sessions but the newest")
	f.IntVar(&o.track, "track", 0, "compact data track `NUMBER` (default that of the newest session)")
	return c
}

func (inv *invocation) compact(ctx context.Context, path string, o editing, drop bool) error {
	switch {
	case o.output == "" && (o.format != "" || o.verify || o.force):
		return usagef("--format, --verify and --force go with -o NEW; an image that is replaced keeps its format, and the new one is read back unless --no-verify is given")
	case o.output != "" && o.noVerify:
		return usagef("--no-verify does not go with -o, which only reads the image back with --verify")
	case o.output == "-":
		return usagef("a compacted image cannot be written to standard output; name a file with -o")
	}
	src, err := inv.openWith(ctx, inv.sourceOptions(), path)
	if err != nil {
		return err
	}
	defer src.Close()
	if src.Kind != "image" && o.output == "" {
		return usagef("%s is a %s, not an image file, so it cannot be compacted in place; use -o NEW", name(path), src.Kind)
	}
	m, err := edit.Open(ctx, src.Disc, edit.Options{Track: o.track})
	if err != nil {
		return err
	}
	d := &edited{Image: path, files: job.OpenedFiles(src)}
	p, err := m.Compact(ctx, inv.report())
	if err != nil {
		return err
	}
	defer p.Close()
	inv.data = d
	d.take(p, false)
	d.Before = p.Before
	if o.dryRun {
		inv.warnAll(p.Notices)
		return inv.answer(d, func(w *bufio.Writer) {
			fmt.Fprintf(w, "The image has %s and will have %s.\n", units.Size(d.Before), units.Size(d.After))
			if d.Unsafe != "" {
				fmt.Fprintf(w, "It is made anew from its files: %s.\n", d.Unsafe)
			}
		})
	}
	if p.Sessions > 0 && !drop {
		return usagef("%s has %d sessions, and only the newest would be kept: use --drop-sessions to accept that", name(path), p.Sessions+1)
	}
	if p.After >= p.Before && o.output == "" {
		inv.note("%s: nothing to drop", name(path))
		return nil
	}
	inv.warnAll(p.Notices)
	if err := refuseLoss(p, o); err != nil {
		return err
	}
	known := len(p.Notices)
	if err := p.Prepare(ctx, inv.report()); err != nil {
		return err
	}
	inv.warnAll(p.Notices[known:])
	if o.output != "" {
		d.Way, d.Output = "new", o.output
		return inv.saveAs(ctx, src, p.Disc(), d, o)
	}
	d.Way = "rewrite"
	return inv.rewrite(ctx, src, p, d, o.noVerify)
}
