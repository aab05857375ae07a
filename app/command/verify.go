package command

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"glassmaster/app/terminal"
	"glassmaster/drive/read"
	"glassmaster/drive/source"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image"
	"glassmaster/mastering/isomd5"
	"glassmaster/mastering/units"
	"glassmaster/mastering/verify"
	"glassmaster/mastering/volume"
)

func (inv *invocation) verifyVerb() *cobra.Command {
	var o repairing
	c := &cobra.Command{
		Use:   "verify IMAGE [IMAGE]",
		Short: "Compare two discs, or read every sector of one",
		Long: `Compare two discs sector by sector; each can be an image file, a drive, a folder or a
compilation. If they differ, the address of the first difference and the file there are
printed. Audio is compared with its pre-gaps; data is compared as whole sectors if both
images store them, and otherwise as 2048 bytes of user data. Sub-channels are not compared.
Drives deliver audio with an offset, which is found and taken into account.
Zeros after the end of the volume that only one of them has, such as padding added by a
burn, are ignored. So are older contents there on a disc that is overwritten in place. A folder is planned as "burn" would burn it, with the creation time of the
other disc: it is equal to a disc burned from it as long as none of its files has
changed. A file that is not an image is compared as plain sectors, as "burn --force"
burns it.

With one disc, every sector is read, and an MD5 checksum that implantisomd5 or
"build --md5" has embedded is checked. Data sectors that an image stores as a whole (2352
bytes) are checked by their sync pattern, header, EDC and ECC, and stored Q sub-channels
by their CRC. Damaged sectors are listed with their files. The checksums that an image
format stores itself are checked too, such as the SHA-1 of a CHD. Sectors without a
checksum, such as audio, can be read but not checked, and are counted as not checked.

"-" is standard input: an ISO or UDF image, compressed or not. It is read once.

--repair -o NEW writes a new image in which damaged sectors are corrected if their ECC
allows it. The format is that of --format, of the extension of NEW, or of IMAGE. Sectors
that remain damaged are listed, and the exit code is then 3.

A disc that ends before its volume or one of its files is incomplete, and is reported as
neither good nor equal. A single disc is also not good if its file system cannot be
opened, a folder cannot be read to its end, or the contents of a file cannot be located.

The SHA-256 that is printed covers all sectors of the disc, or, of two discs, all sectors
of the shorter one.`,
		Example: `  glassmaster verify holiday.iso /dev/sr0
  glassmaster verify Holiday /dev/sr0
  glassmaster verify /dev/sr0
  glassmaster verify --repair game.cue -o repaired.cue`,
		Args: argCount(1, 2, "IMAGE [IMAGE]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case o.repair && len(args) == 1 && o.output != "" && o.output != "-":
				return inv.repair(cmd.Context(), args[0], o)
			case o.repair:
				return usagef("verify --repair needs one IMAGE, and -o NEW")
			case o.output != "" || o.format != "" || o.force:
				return usagef("-o, --format and --force need --repair")
			}
			if len(args) == 1 {
				return inv.verifyOne(cmd.Context(), args[0])
			}
			return inv.verifyTwo(cmd.Context(), args[0], args[1])
		},
	}
	inv.sessionFlag(c)
	f := c.Flags()
	f.BoolVar(&o.repair, "repair", false, "write a new image with damaged sectors corrected")
	f.StringVarP(&o.output, "output", "o", "", "the new image of --repair is `FILE`")
	f.StringVar(&o.format, "format", "", "`FORMAT` of the new image (default that of IMAGE)")
	f.BoolVar(&o.force, "force", false, "replace existing files of the new image")
	return c
}

// verified is the result of "verify", for --json.
type verified struct {
	Equal   bool       `json:"equal"` // of one disc: it is complete and can be read
	Sectors int64      `json:"sectors"`
	Padding int64      `json:"padding_sectors"`           // zeros that only the longer disc has
	Behind  int64      `json:"behind_sectors,omitempty"`  // that only the longer disc has, after the volume; not compared
	Missing int64      `json:"missing_sectors,omitempty"` // that the volume should have
	Problem string     `json:"volume_problem,omitempty"`  // why the file system, or a part of it, cannot be opened
	Remarks []string   `json:"remarks,omitempty"`         // about the tracks
	SHA256  string     `json:"sha256,omitempty"`
	Differs *differs   `json:"differs,omitempty"`
	Offset  int        `json:"read_offset,omitempty"`     // samples, with which the drive delivers audio
	Excused int64      `json:"excused_samples,omitempty"` // of audio that the offset moves out of reach; not compared
	Checks  *checks    `json:"checks,omitempty"`          // of one disc
	Sums    []checksum `json:"checksums,omitempty"`       // of one image, besides those in its sectors
	Faults  *faults    `json:"faults,omitempty"`          // damaged sectors of one disc, or of both if they are equal
}

func (inv *invocation) verifyOne(ctx context.Context, name string) error {
	src, err := inv.openSource(ctx, name)
	if err != nil {
		return err
	}
	defer src.Close()
	if disc.Unfinished(ctx, src.Disc) { // although all of its sectors may be readable
		return damaged{fmt.Sprintf("%s: %v", name, volume.ErrUnfinished)}
	}
	inv.warnMissing(src)
	inv.warnAll(disc.Notices(src.Disc))
	v := verified{Remarks: inv.remarks(src)}
	r, err := verify.Read(ctx, src.Disc, src.Locate, inv.report())
	if err == nil {
		err = verify.Complete(ctx, src.Disc, name)
	} else if m := mismatch(err); m != nil {
		if c, e := volume.ClaimedByFiles(ctx, src.Disc); e == nil {
			err = withEndHint(err, m, c)
		}
	}
	if err == nil && disc.FilledUp(ctx, src.Disc) {
		err = damaged{fmt.Sprintf("%s is incomplete: its burn was interrupted, and the rest was filled when the disc was closed", name)}
	}
	if err == nil {
		if e := verify.Opens(ctx, src.Disc); e != nil {
			v.Problem = e.Error()
			err = damaged{fmt.Sprintf("%s: every sector can be read, but the files cannot be found: %v", name, e)}
		} else if e := verify.Files(ctx, src.Disc); e != nil && ctx.Err() == nil {
			v.Problem = e.Error()
			err = damaged{fmt.Sprintf("%s: every sector can be read, but not all files: %v (\"glassmaster info --check\" lists all damage)", name, e)}
		}
	}
	v.Checks, v.Sums = newChecks(r.Checks), newChecksums(r.Sums)
	if w := r.Checks.Warning(); w != "" {
		inv.warn(w)
	}
	good := fmt.Sprintf("%s: %s", name, r.Summary())
	if wrong := disc.Errors(disc.Notices(src.Disc)); err == nil && len(wrong) > 0 { // which the image says itself
		err = damaged{fmt.Sprintf("%s: %s", name, wrong[0])}
	}
	if err == nil {
		var with string
		if with, err = inv.implanted(ctx, src); with != "" {
			good += ", and " + with
		}
	}
	if err == nil {
		err = partly(good, src)
	}
	return inv.verdict(v, r, err, name, good)
}

// withEndHint adds a hint to the error of sectors that cannot be read if the volume ends before
// them.
func withEndHint(err error, m *verify.Mismatch, c volume.Claim) error {
	if c.By == "" || c.Missing() > 0 || m.LBA < c.End {
		return err
	}
	return advise(err, fmt.Sprintf("%s ends before them, at sector %d, so its files are intact; the last two sectors of a CD track may be the run-out of the recorder", c.By, c.End-1))
}

// remarks prints and returns the notices about the tracks of a disc.
func (inv *invocation) remarks(src *source.Source) []string {
	texts := disc.Texts(read.Notices(src.Disc))
	for _, text := range texts {
		inv.note("%s", text)
	}
	return texts
}

// implanted checks the checksum that is embedded in an image, if there is one, and returns
// a text if it is correct.
func (inv *invocation) implanted(ctx context.Context, src *source.Source) (string, error) {
	t, ok := disc.DataTrack(src.Disc)
	if first, found := src.TOC().TrackAt(0); !ok || !found || first.Mode == disc.Audio { // the checksum is in the first track
		return "", nil
	}
	sum, err := isomd5.Check(ctx, disc.NewReader(ctx, src.Disc, t), inv.report())
	switch {
	case errors.Is(err, isomd5.ErrNone):
		return "", nil
	case errors.Is(err, source.ErrOnce):
		inv.note("the embedded MD5 checksum was not checked: %v", err)
		return "", nil
	case err != nil:
		return "", err
	}
	return fmt.Sprintf("the embedded MD5 checksum %v is correct", sum), nil
}

func (inv *invocation) verifyTwo(ctx context.Context, a, b string) error {
	want, got, err := inv.openPair(ctx, a, b)
	if err != nil {
		return err
	}
	defer want.Close()
	defer got.Close()
	inv.warnAll(slices.Concat(disc.Notices(want.Disc), disc.Notices(got.Disc)))
	if want.Kind == "drive" && got.Kind != "drive" { // sectors that a drive cannot read are differences
		want, got = got, want
	}
	inv.warnMissing(want)
	inv.warnMissing(got)
	v := verified{Remarks: append(inv.remarks(want), inv.remarks(got)...)}
	r, tail, err := verify.Pair(ctx, side(want), side(got), inv.report())
	if mismatch(err) != nil { // the end may be missing, too
		for _, src := range []*source.Source{want, got} {
			if short := verify.Complete(ctx, src.Disc, src.Name); short != nil {
				err = fmt.Errorf("%w; %w", err, short)
				break
			}
		}
	}
	text := fmt.Sprintf("%s and %s are equal", a, b)
	longer := got.Name
	if disc.Sectors(want.Disc) > disc.Sectors(got.Disc) {
		longer = want.Name
	}
	switch {
	case tail.Sectors == 0:
	case tail.Compared:
		v.Padding = tail.Sectors
		text += fmt.Sprintf(" (after the end of the volume, %s has %s of zeros more)", longer, units.Count(tail.Sectors, "sector", "sectors"))
	default:
		v.Behind = tail.Sectors
		text += fmt.Sprintf(" (after the end of the volume, %s has %s more, which may be older contents; they were not compared)",
			longer, units.Count(tail.Sectors, "sector", "sectors"))
	}
	if v.Offset, v.Excused = r.ReadOffset, r.Excused; v.Offset != 0 {
		text += fmt.Sprintf(" (%s delivers audio with an offset of %+d samples, which was taken into account; %s at the ends of the audio could not be compared)",
			got.Name, v.Offset, units.Count(v.Excused, "sample", "samples"))
	}
	if disc.HasSubChannels(want.Disc) && disc.HasSubChannels(got.Disc) {
		text += " (their sub-channels were not compared)"
	}
	if r.Damaged == nil {
		inv.tellCorrected(want)
		inv.tellCorrected(got)
	}
	if err == nil {
		err = partly(text, want, got)
	}
	if err == nil && r.Damaged != nil {
		return inv.equallyDamaged(v, r, text)
	}
	return inv.verdict(v, r, err, a+" and "+b, text)
}

// equallyDamaged prints the outcome of a comparison of two discs that are equal, but have
// damaged sectors.
func (inv *invocation) equallyDamaged(v verified, r verify.Result, equal string) error {
	v.Equal, v.Sectors, v.SHA256 = true, r.Sectors, hex.EncodeToString(r.SHA256[:])
	v.Faults = newFaults(r.Damaged)
	if err := inv.answer(v, v.Faults.print); err != nil {
		return err
	}
	return mendable(incomplete{fmt.Sprintf("%s, but not good: in both of them, %v", equal, r.Damaged)}, r.Damaged)
}

// partly returns an error if files of a folder or compilation could not be read, and so
// were not verified.
func partly(good string, sources ...*source.Source) error {
	for _, src := range sources {
		if n := len(src.Missing()); n > 0 {
			return incomplete{fmt.Sprintf("%s; but %s of %s cannot be read and could not be verified", good, units.Count(n, "file", "files"), src.Name)}
		}
	}
	return nil
}

// side returns one of two discs that are compared.
func side(src *source.Source) verify.Side {
	return verify.Side{Disc: src.Disc, Name: src.Name, Locate: src.Locate, Rewritten: disc.IsOverwritable(src.Disc), Drive: src.Kind == "drive"}
}

// openPair opens two discs that are compared. A folder or compilation is planned with the
// creation time of the other disc: with the present time, its descriptors would differ
// from those of every disc that was burned from it.
func (inv *invocation) openPair(ctx context.Context, a, b string) (first, second *source.Source, err error) {
	if source.IsPlan(a) && !source.IsPlan(b) {
		second, first, err = inv.openPair(ctx, b, a)
		return first, second, err
	}
	o := inv.sourceOptions()
	o.Force = true
	if first, err = inv.openPlain(ctx, o, a); err != nil {
		return nil, nil, err
	}
	o.SessionStart = 0
	if vol, err := volume.OpenDisc(ctx, first.Disc, volume.Options{}); err == nil {
		o.Time = vol.Volume().Created
	}
	if second, err = inv.openPlain(ctx, o, b); err != nil {
		first.Close()
		return nil, nil, err
	}
	return first, second, nil
}

// openPlain opens a disc for a comparison. A file of an unknown format is opened as plain
// sectors, as by "burn --force", with a message.
func (inv *invocation) openPlain(ctx context.Context, o source.Options, name string) (*source.Source, error) {
	src, err := inv.openWith(ctx, o, name)
	if err == nil && src.Format == image.Plain {
		inv.note("%s: not an image of a known format; its sectors are compared", name)
	}
	return src, err
}

// verdict prints the outcome of a verification.
func (inv *invocation) verdict(v verified, r verify.Result, err error, names, good string) error {
	v.Equal, v.Sectors = err == nil, r.Sectors
	if err == nil {
		v.SHA256 = hex.EncodeToString(r.SHA256[:])
	}
	bad := mismatch(err)
	var short *verify.TruncatedError
	if errors.As(err, &short) {
		v.Missing = short.Missing()
	}
	wrong := faultsOf(err)
	var sums *verify.ChecksumError
	errors.As(err, &sums)
	if err != nil && bad == nil && wrong == nil && sums == nil && short == nil && v.Problem == "" {
		return err
	}
	v.Differs, v.Faults = difference(bad), newFaults(wrong)
	answer := inv.answer(v, func(w *bufio.Writer) {
		v.Faults.print(w)
		printChecksums(w, sums)
		if err == nil {
			fmt.Fprintf(w, "%s: %d sectors, SHA-256 %s\n", terminal.Printable(good), v.Sectors, v.SHA256)
		}
	})
	if answer != nil {
		return answer
	}
	if bad != nil || wrong != nil || sums != nil {
		err = fmt.Errorf("%s: %w", names, err)
	}
	if wrong != nil {
		err = mendable(err, wrong)
	}
	return err
}
