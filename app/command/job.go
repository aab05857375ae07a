package command

import (
	"context"
	"errors"
	"fmt"

	"glassmaster/drive/job"
	"glassmaster/drive/source"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/units"
	"glassmaster/mastering/verify"
)

// imageSink returns the image file of that name, or standard output for "-", as a sink.
// An empty format stands for that of the file extension.
func (inv *invocation) imageSink(output, wanted string, o job.ImageOptions) (job.Sink, error) {
	f, err := job.FormatFor(pathOf(output), wanted)
	if err != nil {
		return nil, usage(err)
	}
	return inv.sinkOf(output, f, o), nil
}

// pathOf returns the path of an output, "" for standard output.
func pathOf(output string) string {
	if output == "-" {
		return ""
	}
	return output
}

// sinkOf returns the image file of that name, or standard output for "-", as a sink.
func (inv *invocation) sinkOf(output string, f format.Format, o job.ImageOptions) job.Sink {
	inv.piped = output == "-"
	if inv.piped {
		return job.ImageStream(inv.out, f, o)
	}
	return job.ImageFile(output, f, o)
}

// openForJob opens a source that will be written into a sink. Missing files are an error
// unless KeepGoing is set.
func (inv *invocation) openForJob(ctx context.Context, name string, o source.Options) (*source.Source, error) {
	of := inv.sourceOptions()
	o.Wrap, o.Report, o.SessionStart, o.LateSums = of.Wrap, of.Report, of.SessionStart, true
	src, err := inv.openWith(ctx, o, name)
	if err != nil {
		return nil, err
	}
	if err := inv.missing(src.Missing(), o.KeepGoing); err != nil {
		src.Close()
		return nil, err
	}
	return src, nil
}

// missing reports files that cannot be put on a disc. It is an error unless keep says
// that they are left out.
func (inv *invocation) missing(files []disc.Notice, keep bool) error {
	const hint = "--keep-going leaves out files that cannot be read"
	if len(files) == 1 && !keep {
		return advise(errors.New(files[0].String()), hint)
	}
	for _, p := range files {
		inv.warn(p.String())
	}
	if len(files) == 0 || keep {
		return nil
	}
	return advise(fmt.Errorf("%s cannot be put on the disc", units.Count(len(files), "file", "files")), hint)
}

// leftOut returns how many files were left out, as text.
func leftOut(n int) string {
	verb := "were"
	if n == 1 {
		verb = "was"
	}
	return units.Count(n, "file", "files") + " " + verb + " left out"
}

// changedText describes the files of the source that were changed.
func changedText(changes []disc.Notice) string {
	const text = "files of the source were changed while they were read: "
	if len(changes) == 1 {
		return text + changes[0].String()
	}
	return text + fmt.Sprintf("%v; and %d more", changes[0], len(changes)-1)
}

// readBack returns the text about the verification of an image, "" if it was not
// verified.
func readBack(r job.Result) string {
	if r.Equal {
		return ", read back and equal"
	}
	return ""
}

// tolerated returns the error of a job that was completed although its source is damaged
// or incomplete, or nil. made is what was written: "the disc", or the name of the image.
func tolerated(made string, r job.Result) error {
	switch {
	case len(r.Changes) > 0:
		return incomplete{changedText(r.Changes)}
	case r.Unread != nil:
		return incomplete{fmt.Sprintf("%s contains zeros in place of data that cannot be read: %v", made, r.Unread)}
	case r.Plan.Incomplete() != "":
		return incomplete{made + " is as incomplete as its source: " + r.Plan.Incomplete()}
	case r.Plan.Damaged() != "":
		return incomplete{made + " is as damaged as its source: " + r.Plan.Damaged()}
	case r.Damaged != nil:
		return mendable(incomplete{made + " is as damaged as its source: " + r.Damaged.Error()}, r.Damaged)
	case len(r.Missing) > 0:
		return incomplete{leftOut(len(r.Missing))}
	}
	return nil
}

// mendable adds a hint to the error about damaged sectors if some can be corrected.
func mendable(err error, f *verify.FaultError) error {
	if f.Correctable == 0 {
		return err
	}
	return advise(err, `"glassmaster verify --repair IMAGE -o NEW" writes an image in which they are corrected`)
}
