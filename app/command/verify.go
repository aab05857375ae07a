package command

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"glassmaster/app/terminal"
	"glassmaster/drive/source"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/isomd5"
	"glassmaster/mastering/verify"
	"glassmaster/mastering/volume"
)

func (s *session) verifyVerb() *cobra.Command {
	return &cobra.Command{
		Use:   "verify IMAGE [IMAGE]",
		Short: "Compare two discs, or read every sector of one",
		Long: `Compare two discs sector by sector, each an image file, a drive, a folder or a
compilation. Where they differ, the first address and the file that lies there are
named. Zeros that only one of them has at its end, as burning adds them, are no
difference. A folder is taken as "burn" would burn it, and as of the time when the
other disc was made: it is equal to a disc burned from it as long as none of its
files has changed.

With one disc, every sector of it is read, and an MD5 sum that implantisomd5 or
"build --md5" has put into it is checked.

The SHA-256 that is printed is of all sectors of the disc; of two, of the shorter
one.`,
		Example: `  glassmaster verify holiday.iso /dev/sr0
  glassmaster verify Holiday /dev/sr0
  glassmaster verify /dev/sr0`,
		Args: wanted(1, 2, "IMAGE [IMAGE]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				return s.verifyOne(cmd.Context(), args[0])
			}
			return s.verifyTwo(cmd.Context(), args[0], args[1])
		},
	}
}

// verified is what "verify" found out, for a program.
type verified struct {
	Equal   bool     `json:"equal"` // of one disc: all of it could be read
	Sectors int64    `json:"sectors"`
	Padding int64    `json:"padding_sectors"` // zeros that only the longer disc has
	SHA256  string   `json:"sha256,omitempty"`
	Differs *differs `json:"differs,omitempty"`
}

func (s *session) verifyOne(ctx context.Context, name string) error {
	src, err := s.openSource(ctx, name)
	if err != nil {
		return err
	}
	defer src.Close()
	r, err := verify.Read(ctx, src.Disc, src.Locate, s.report())
	good := fmt.Sprintf("%s: every sector can be read", name)
	if err == nil {
		var with string
		if with, err = s.implanted(ctx, src); with != "" {
			good += ", and " + with
		}
	}
	if err == nil {
		if err = lacking(name, src); err != nil {
			good = fmt.Sprintf("%s: every sector that is there can be read", name)
		}
	}
	return s.verdict(r, 0, err, name, good)
}

// implanted checks the checksum that an image carries in itself, if it has one,
// and says that it is right.
func (s *session) implanted(ctx context.Context, src *source.Source) (string, error) {
	t, ok := disc.DataTrack(src.Disc)
	if !ok {
		return "", nil
	}
	sum, err := isomd5.Check(ctx, disc.NewReader(src.Disc, t), s.report())
	switch {
	case errors.Is(err, isomd5.ErrNone):
		return "", nil
	case err != nil:
		return "", err
	}
	return fmt.Sprintf("the implanted MD5 sum %v is right", sum), nil
}

func (s *session) verifyTwo(ctx context.Context, a, b string) error {
	want, got, err := s.openPair(ctx, a, b)
	if err != nil {
		return err
	}
	defer want.Close()
	defer got.Close()
	if disc.Sectors(want.Disc) > disc.Sectors(got.Disc) {
		want, got = got, want
	}
	r, err := verify.Compare(ctx, want.Disc, got.Disc, want.Locate, s.report())
	var padding int64
	if err == nil {
		padding, err = extra(ctx, want, got)
	}
	text := fmt.Sprintf("%s and %s are equal", a, b)
	if padding > 0 {
		text += fmt.Sprintf(" (%s has %s of zeros more)", got.Name, counted(int(padding), "sector"))
	}
	if err == nil {
		if err = lacking(a+" and "+b, want, got); err != nil {
			text += ", as far as there is something to compare"
		}
	}
	return s.verdict(r, padding, err, a+" and "+b, text)
}

// openPair opens two discs that are going to be compared. A folder or compilation
// is planned as of the time when the other one was made: planned as of now, its
// descriptors would differ from those of every disc that was burned from it.
func (s *session) openPair(ctx context.Context, a, b string) (first, second *source.Source, err error) {
	if source.IsPlan(a) && !source.IsPlan(b) {
		second, first, err = s.openPair(ctx, b, a)
		return first, second, err
	}
	if first, err = s.openSource(ctx, a); err != nil {
		return nil, nil, err
	}
	o := s.opener()
	if vol, err := volume.OpenDisc(first.Disc, volume.Options{}); err == nil {
		o.Time = vol.Volume().Created
	}
	if second, err = s.openWith(ctx, o, b); err != nil {
		first.Close()
		return nil, nil, err
	}
	return first, second, nil
}

// verdict prints the outcome of a verification.
func (s *session) verdict(r verify.Result, padding int64, err error, names, good string) error {
	v := verified{Equal: err == nil, Sectors: r.Sectors, Padding: padding}
	if bad := mismatch(err); bad == nil {
		v.SHA256 = hex.EncodeToString(r.SHA256[:])
	}
	bad := mismatch(err)
	var lacks damaged
	if err != nil && bad == nil && !errors.As(err, &lacks) {
		return err
	}
	v.Differs = difference(bad)
	answer := s.answer(v, func(w *bufio.Writer) {
		if bad == nil {
			fmt.Fprintf(w, "%s: %d sectors, SHA-256 %s\n", terminal.Printable(good), v.Sectors, v.SHA256)
		}
	})
	if answer != nil {
		return answer
	}
	if bad != nil {
		return fmt.Errorf("%s: %w", names, bad)
	}
	return err
}

// extra reads what the longer disc has behind the end of the shorter one: zeros,
// whose number of sectors it returns, or something else, which is a difference.
func extra(ctx context.Context, short, long *source.Source) (int64, error) {
	buf := make([]byte, 64*disc.SectorSize)
	start, end := disc.LBA(disc.Sectors(short.Disc)), disc.LBA(disc.Sectors(long.Disc))
	for at := start; at < end; {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		p := buf[:min(int64(end-at), 64)*disc.SectorSize]
		n, err := long.ReadSectors(p, at, disc.User)
		if n == 0 {
			return 0, &verify.Mismatch{LBA: at, Err: err, Count: int64(end - at)}
		}
		if i := firstNonZero(p[:n*disc.SectorSize]); i >= 0 {
			at += disc.LBA(i / disc.SectorSize)
			return 0, &verify.Mismatch{LBA: at, Offset: i % disc.SectorSize, File: long.Locate(at), Count: int64(end - at)}
		}
		at += disc.LBA(n)
	}
	return max(int64(end-start), 0), nil
}

// firstNonZero returns the index of the first byte that is not zero, or -1.
func firstNonZero(p []byte) int {
	for i, b := range p {
		if b != 0 {
			return i
		}
	}
	return -1
}
