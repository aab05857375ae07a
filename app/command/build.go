package command

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"glassmaster/drive/job"
	"glassmaster/drive/source"
	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image"
	isoplan "glassmaster/mastering/iso9660/plan"
	"glassmaster/mastering/units"
)

// building contains the flags of "build".
type building struct {
	output, save, from         string
	label, joliet, rockRidge   string
	publisher, preparer        string
	level                      int
	exclude                    []string
	deep, follow, keep, dryRun bool
	verify                     bool
	volume                     volumeOptions
}

func (inv *invocation) buildVerb() *cobra.Command {
	var o building
	c := &cobra.Command{
		Use:   "build SOURCE... -o IMAGE",
		Short: "Build an image from files and folders",
		Long: `Build an ISO 9660 image with Joliet and Rock Ridge names from files and folders.
Flags add a UDF volume or replace ISO 9660 with it, and make the image bootable.

If the only SOURCE is a folder, its contents become the root of the image. Several
sources are put into the root under their own names. A folder with a trailing slash
always stands for its contents.

"-o -" writes the image to standard output. An image file appears under its name only
when it is complete. --verify reads it back and compares it with the files.

If SOURCE_DATE_EPOCH is set (seconds since 1970), no time in the image is later than
that, and the same files always give the same image, byte for byte.`,
		Example: `  glassmaster build Holiday -o holiday.iso
  glassmaster build --label BACKUP --exclude '*.tmp' ~/Documents ~/Pictures -o backup.iso
  glassmaster build Holiday -o - | ssh nas 'cat > holiday.iso'
  glassmaster build --dry-run Holiday
  glassmaster build Holiday --save holiday.glassmaster
  glassmaster build --from holiday.glassmaster -o holiday.iso
  glassmaster build --udf 2.60 Films -o films.iso
  glassmaster build --boot bios=/isolinux/isolinux.bin,info-table \
      --boot efi=/boot/efi.img --mbr isohdpfx.bin --gpt hybrid System -o system.iso`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return inv.build(cmd.Context(), args, o, cmd.Flags().Changed)
		},
	}
	f := c.Flags()
	f.StringVarP(&o.output, "output", "o", "", "write the image to `FILE`; - is standard output")
	f.StringVar(&o.from, "from", "", "start with the compilation in `FILE`.glassmaster")
	f.StringVar(&o.save, "save", "", "save the compilation as `FILE`.glassmaster")
	f.BoolVar(&o.verify, "verify", false, "read the image back and compare it with the files")
	f.BoolVar(&o.dryRun, "dry-run", false, "print the exact size and write nothing")
	f.StringVar(&o.label, "label", "", "volume label `NAME`, up to 32 characters (default the name of the folder)")
	f.StringVar(&o.publisher, "publisher", "", "`NAME` of the publisher")
	f.StringVar(&o.preparer, "preparer", "", "`NAME` of the data preparer")
	f.StringVar(&o.joliet, "joliet", "on", "Joliet names for Windows, `KIND`: on (64 characters), long (103) or off")
	f.StringVar(&o.rockRidge, "rock-ridge", "on", "Rock Ridge names and permissions for Unix, `KIND`: on, 1.12 (with file serial numbers) or off")
	f.IntVar(&o.level, "level", 3, "interchange `LEVEL` of ISO 9660: 1 (names of 8.3 characters), 2, 3 or 4 (ISO 9660:1999, names of 207 characters)")
	f.StringArrayVar(&o.exclude, "exclude", nil, "leave out files whose name or path matches `PATTERN` (may be repeated)")
	f.BoolVar(&o.deep, "deep", false, "do not relocate folders below the eighth level")
	f.BoolVar(&o.follow, "follow-links", false, "replace symbolic links by the files they point to")
	f.BoolVar(&o.keep, "keep-going", false, "leave out files that are missing, and write zeros for what cannot be read")
	o.volume.flags(f)
	offer(c, "joliet", "on", "long", "off")
	offer(c, "rock-ridge", "on", "1.12", "off")
	offer(c, "level", "1", "2", "3", "4")
	offer(c, "udf", "1.02", "1.50", "2.00", "2.01", "2.50", "2.60")
	offer(c, "gpt", "none", "only", "hybrid")
	return c
}

func (inv *invocation) build(ctx context.Context, args []string, o building, changed func(string) bool) error {
	switch {
	case len(args) == 0 && o.from == "":
		return usagef("build needs a SOURCE, or --from a compilation")
	case o.output == "" && o.save == "" && !o.dryRun:
		return usagef("build needs -o IMAGE (or --save, or --dry-run)")
	case o.verify && (o.output == "" || o.output == "-"):
		return usagef("--verify needs an image file; name it with -o")
	}
	to, err := inv.imageSink(o.output, "", job.ImageOptions{NoVerify: !o.verify})
	if err != nil {
		return err
	}
	c, notices, err := inv.compile(ctx, args, o, changed)
	if err != nil {
		return err
	}
	inv.warnAll(notices)
	missing := disc.Errors(notices)
	if err := inv.missing(missing, o.keep); err != nil {
		return err
	}
	if o.save != "" {
		if err := c.Save(o.save); err != nil {
			return err
		}
	}
	c.Seal()
	so := inv.sourceOptions()
	so.KeepGoing, so.LateSums = o.keep, true
	src, err := source.FromCompilation(ctx, c, missing, so)
	if err != nil {
		return err
	}
	defer src.Close()
	inv.warnAll(src.Notices)
	if o.output != "" && !o.dryRun {
		return inv.buildImage(ctx, src, to, o)
	}
	if err := inv.measure(src, o); err != nil || len(missing) == 0 {
		return err
	}
	return incomplete{leftOut(len(missing))}
}

// compile makes the compilation.
func (inv *invocation) compile(ctx context.Context, args []string, o building, changed func(string) bool) (*compilation.Compilation, []disc.Notice, error) {
	c, notices := compilation.New(), []disc.Notice(nil)
	if o.from != "" {
		var err error
		if c, notices, err = compilation.Load(o.from); err != nil {
			return nil, nil, err
		}
	}
	if err := o.apply(c, changed); err != nil {
		return nil, nil, err
	}
	if c.Label == "" {
		c.Label = compilation.LabelFor(args)
	}
	c.Exclude = append(c.Exclude, o.exclude...)
	more, err := c.AddPaths(ctx, args, o.follow, inv.report())
	if err == nil && o.output != "" && o.output != "-" && c.RemoveFile(o.output) {
		err = inv.leaveOutImage(ctx, o.output, args)
	}
	return c, append(notices, more...), err
}

// leaveOutImage reports that a file among the sources is left out, because the image is
// going to replace it. It must be an earlier image: other files would be lost.
func (inv *invocation) leaveOutImage(ctx context.Context, output string, args []string) error {
	if replaced, err := os.Stat(output); err == nil {
		for _, arg := range args {
			if info, err := os.Stat(arg); err == nil && os.SameFile(info, replaced) {
				return usagef("%s is a SOURCE and would be overwritten; name another file with -o", name(output))
			}
		}
		earlier, _, err := image.Open(ctx, output)
		if err != nil {
			return usagef("%s is a file of a SOURCE, not an earlier image, and would be overwritten; name another file with -o", name(output))
		}
		earlier.Close()
	}
	inv.warn(fmt.Sprintf("%s is the image itself and is left out", name(output)))
	return nil
}

// apply puts the flags that were given into the options of a compilation.
func (o building) apply(c *compilation.Compilation, changed func(string) bool) error {
	i := &c.Options
	if changed("label") {
		c.Label = o.label
	}
	if changed("publisher") {
		i.Publisher = o.publisher
	}
	if changed("preparer") {
		i.Preparer = o.preparer
	}
	if changed("joliet") {
		kinds := map[string]isoplan.Joliet{"on": isoplan.JolietStandard, "long": isoplan.JolietLong, "off": isoplan.JolietOff}
		k, ok := kinds[o.joliet]
		if !ok {
			return usagef("--joliet is on, long or off, not %q", o.joliet)
		}
		i.Joliet = k
	}
	if changed("rock-ridge") {
		if !slices.Contains([]string{"on", "1.12", "off"}, o.rockRidge) {
			return usagef("--rock-ridge is on, 1.12 or off, not %q", o.rockRidge)
		}
		i.NoRockRidge, i.RockRidge112 = o.rockRidge == "off", o.rockRidge == "1.12"
	}
	if changed("level") {
		if o.level < 1 || o.level > 4 {
			return usagef("--level is 1, 2, 3 or 4, not %d", o.level)
		}
		i.Level = o.level
	}
	if changed("deep") {
		i.Deep = o.deep
	}
	return o.volume.apply(c, changed)
}

// built is the result of "build", for --json.
type built struct {
	Output   string   `json:"output,omitempty"`
	Sectors  int64    `json:"sectors"`
	Bytes    int64    `json:"bytes"`
	Seconds  float64  `json:"seconds,omitempty"`
	Fits     string   `json:"smallest_medium,omitempty"` // the smallest medium that holds it
	Verified bool     `json:"verified,omitempty"`        // it was read back and is equal to the files
	SHA256   string   `json:"sha256,omitempty"`
	Differs  *differs `json:"differs,omitempty"`
}

func newBuilt(src *source.Source) built {
	b := built{Sectors: disc.Sectors(src)}
	b.Bytes = b.Sectors * disc.SectorSize
	if m, ok := disc.SmallestFor(b.Sectors); ok {
		b.Fits = m.Name
	}
	return b
}

// measure prints the size of the image for --dry-run.
func (inv *invocation) measure(src *source.Source, o building) error {
	if !o.dryRun {
		return nil
	}
	b := newBuilt(src)
	return inv.answer(b, func(w *bufio.Writer) {
		fmt.Fprintf(w, "%d sectors, %d bytes (%s)\n", b.Sectors, b.Bytes, units.Size(b.Bytes))
		if b.Fits != "" {
			fmt.Fprintf(w, "fits on: %s\n", b.Fits)
		}
	})
}

func (inv *invocation) buildImage(ctx context.Context, src *source.Source, to job.Sink, o building) error {
	j, err := job.New(ctx, src, to) // missing files were reported
	if err != nil {
		return err
	}
	inv.warnAll(j.Plan().Notices)
	r, err := j.Run(ctx, inv.report())
	if r.Written == 0 {
		return unwritten(o.output, err)
	}
	b := newBuilt(src)
	b.Output, b.Seconds, b.Verified, b.SHA256, b.Differs = o.output, r.Seconds, r.Verified, r.SHA256, difference(r.Mismatch)
	inv.data = b
	if err != nil {
		return err
	}
	inv.note("%s: %d sectors, %s%s", name(o.output), b.Sectors, units.Size(b.Bytes), readBack(r))
	return tolerated(name(o.output), r)
}

// unwritten returns the error of an image that was not completed.
func unwritten(output string, err error) error {
	if errors.Is(err, context.Canceled) && output != "-" {
		return &cancelled{fmt.Errorf("%s was not written: %w", name(output), context.Canceled)}
	}
	return err
}

func name(output string) string {
	if output == "-" {
		return "standard output"
	}
	return strings.TrimPrefix(filepath.Clean(output), "./")
}
