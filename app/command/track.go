package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"glassmaster/drive/source"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/extract"
	"glassmaster/mastering/units"
)

// trackExtracted is the result of "extract --track N -o FILE", for --json.
type trackExtracted struct {
	Output    string   `json:"output"`
	Track     int      `json:"track"`
	Mode      string   `json:"mode"`
	Sectors   int64    `json:"sectors"`
	Bytes     int64    `json:"bytes"`
	Corrected int64    `json:"corrected_sectors,omitempty"`
	Control   []string `json:"control,omitempty"` // of an audio track
}

// findTrack returns a track of a disc by its number.
func findTrack(src *source.Source, number int) (disc.Track, error) {
	for _, s := range src.TOC().Sessions {
		for _, t := range s.Tracks {
			if t.Number == number {
				return t, nil
			}
		}
	}
	return disc.Track{}, advise(fmt.Errorf("%s has no track %d", src.Name, number), `"glassmaster info" lists the tracks`)
}

// extractTrack writes a track itself to a file, from its index 1 to its end: see
// [extract.Played]. "-" is standard output.
func (inv *invocation) extractTrack(ctx context.Context, image string, number int, output string, replace bool) error {
	inv.piped = output == "-"
	src, err := inv.openSource(ctx, image)
	if err != nil {
		return err
	}
	defer src.Close()
	inv.warnAll(disc.Notices(src.Disc))
	t, err := findTrack(src, number)
	if err != nil {
		return err
	}
	t = extract.Played(src, t)
	form, err := extract.TrackFormFor(output, t)
	if err != nil {
		return usage(err)
	}
	done := trackExtracted{Output: output, Track: number, Mode: t.Mode.String(), Sectors: t.Length, Bytes: form.Size(t)}
	if t.Mode == disc.Audio {
		done.Control = t.Control.Names()
	}
	if t.Control&disc.PreEmphasis != 0 && t.Mode == disc.Audio && form == extract.WAV {
		inv.warn(fmt.Sprintf("track %d was recorded with pre-emphasis, which a WAV file cannot record: apply de-emphasis when you play it", number))
	}
	if inv.piped {
		err = extract.Track(ctx, inv.out, src, t, form, inv.report())
	} else if err = checkReplaced(src, output, replace); err == nil {
		err = extract.TrackFile(ctx, output, src, t, form, inv.report())
	}
	if err != nil {
		return fmt.Errorf("extract track %d of %s: %w", number, image, formHint(err))
	}
	inv.tellCorrected(src)
	done.Corrected, _ = disc.Corrected(src)
	inv.data = done
	inv.note("%s: track %d, %s, %s", name(output), number, t.Mode, units.Size(done.Bytes))
	return nil
}

// checkReplaced refuses to replace a file, unless that was asked for.
func checkReplaced(src *source.Source, output string, replace bool) error {
	info, err := os.Stat(output)
	if err != nil || !info.Mode().IsRegular() {
		return nil
	}
	if disc.ReadsFile(src, info) {
		return usagef("%s is a file of the image and would be overwritten; name another file with -o", output)
	}
	if !replace {
		return advise(fmt.Errorf("%s: %w", output, fs.ErrExist), "use --existing replace to replace it")
	}
	return nil
}

// formHint explains an error about sectors without user data.
func formHint(err error) error {
	if errors.Is(err, disc.ErrForm) {
		return advise(err, "the track has sectors without 2048 bytes of user data, such as those of form 2; use a name ending in .bin to write whole sectors")
	}
	return err
}
