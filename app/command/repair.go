package command

import (
	"bufio"
	"context"
	"fmt"
	"strings"

	"glassmaster/drive/job"
	"glassmaster/drive/source"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/units"
	"glassmaster/mastering/verify"
)

// repairing contains the flags of "verify --repair".
type repairing struct {
	repair, force  bool
	output, format string
}

// repaired is the result of "verify --repair", for --json.
type repaired struct {
	converted
	Repaired int64 `json:"repaired_sectors"`
}

// repair writes an image with damaged sectors corrected.
func (inv *invocation) repair(ctx context.Context, from string, o repairing) error {
	src, err := inv.openForJob(ctx, from, source.Options{})
	if err != nil {
		return err
	}
	defer src.Close()
	f, err := formatOfRepair(src, o)
	if err != nil {
		return usage(err)
	}
	sums := disc.Checksums(src.Disc)
	repairer := verify.NewRepairer(src.Disc)
	src.Disc = repairer
	j, err := job.New(ctx, src, job.ImageFile(o.output, f, job.ImageOptions{Force: o.force}))
	if err != nil {
		return inv.refused(err)
	}
	plan := j.Plan()
	done := repaired{converted: converted{Format: f.Name, Files: plan.Files, Lost: disc.Texts(plan.Loss)}}
	inv.data = &done
	inv.warnAll(plan.Notices)
	if len(plan.Loss) > 0 && !o.force {
		return lossy{f.Name}
	}
	r, err := j.Run(ctx, inv.report())
	if r.Written == 0 {
		return unwritten(o.output, unread(from, err))
	}
	done.copied = copiedObject(o.output, plan, r, nil)
	if err != nil {
		return err
	}
	done.Repaired, _ = repairer.Repaired()
	left := faultsOf(repairer.Left(src.Locate))
	_, damage := verify.Checksums(ctx, sums, inv.report())
	done.Faults = newFaults(left)
	err = inv.answer(&done, func(w *bufio.Writer) {
		done.Faults.print(w)
		fmt.Fprintf(w, "%s: %s corrected%s\n", name(o.output), units.Count(done.Repaired, "sector", "sectors"), readBack(r))
	})
	switch {
	case err != nil:
		return err
	case left != nil:
		return fmt.Errorf("%s is written, but %w", name(o.output), left)
	case damage != nil:
		return fmt.Errorf("%s is written; but of %s: %w. Sectors without ECC, such as audio, cannot be corrected and may be damaged", name(o.output), from, damage)
	}
	return notGood(name(o.output), r)
}

// formatOfRepair returns the format of a repaired image: the one that the flags name, or
// that of the source.
func formatOfRepair(src *source.Source, o repairing) (format.Format, error) {
	f, err := job.FormatFor(o.output, o.format)
	if o.format != "" || err == nil && (!f.Unmarked || strings.HasSuffix(strings.ToLower(o.output), ".iso")) {
		return f, err
	}
	same, e := job.FormatFor(o.output, src.Format)
	if e != nil {
		return same, fmt.Errorf("%w; the format of %s can only be read: name another one with --format, or by the extension of the new image", e, src.Name)
	}
	return same, nil
}
