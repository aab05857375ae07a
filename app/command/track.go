package command

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"glassmaster/drive/source"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/runs"
	"glassmaster/mastering/newfile"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/sector"
	"glassmaster/mastering/units"
)

// trackForm is how the sectors of a track are written to a file.
type trackForm uint8

// Forms of a track in a file.
const (
	asWAV  trackForm = iota // the samples of an audio track
	asUser                  // the user data of a data track, 2048 bytes of each sector
	asRaw                   // whole sectors of 2352 bytes
)

// trackFormFor returns the form for a file name, and for standard output.
func trackFormFor(output string, t disc.Track) (trackForm, error) {
	audio := t.Mode == disc.Audio
	switch extension := strings.ToLower(filepath.Ext(output)); {
	case extension == ".wav" && !audio:
		return 0, fmt.Errorf("track %d is a data track, which cannot be written as WAV: use .iso for its user data, or .bin for whole sectors", t.Number)
	case extension == ".iso" && audio:
		return 0, fmt.Errorf("track %d is an audio track, which has no user data: use .wav, or .bin for its samples alone", t.Number)
	case extension == ".bin" || extension == ".raw":
		return asRaw, nil
	case audio:
		return asWAV, nil
	}
	return asUser, nil
}

// layout returns what is written of each sector.
func (f trackForm) layout(t disc.Track) runs.Layout {
	switch {
	case f == asUser && t.Mode == disc.Mode1:
		return runs.Mode1User
	case f == asUser:
		return runs.XAForm1
	}
	return runs.Layout{Length: sector.Size, Mode: t.Mode}
}

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

// extractTrack writes a track itself to a file, from its index 1 to its end. "-" is standard
// output.
func (inv *invocation) extractTrack(ctx context.Context, image string, number int, output string, replace bool) error {
	inv.piped = output == "-"
	src, err := inv.openSource(ctx, image)
	if err != nil {
		return err
	}
	defer src.Close()
	t, err := findTrack(src, number)
	if err != nil {
		return err
	}
	form, err := trackFormFor(output, t)
	if err != nil {
		return usage(err)
	}
	done := trackExtracted{Output: output, Track: number, Mode: t.Mode.String(), Sectors: t.Length, Bytes: form.size(t)}
	if t.Mode == disc.Audio {
		done.Control = t.Control.Names()
	}
	if t.Control&disc.PreEmphasis != 0 && t.Mode == disc.Audio && form == asWAV {
		inv.warn(fmt.Sprintf("track %d was recorded with pre-emphasis, which a WAV file does not record: apply de-emphasis when you play it", number))
	}
	write := func(w io.Writer) error { return writeTrack(ctx, w, src, t, form, inv.report()) }
	if inv.piped {
		err = write(inv.out)
	} else {
		err = inv.newTrackFile(src, output, replace, write)
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

// newTrackFile writes a file that does not exist, or may be replaced.
func (inv *invocation) newTrackFile(src *source.Source, output string, replace bool, write func(io.Writer) error) error {
	if info, err := os.Stat(output); err == nil && info.Mode().IsRegular() {
		if disc.ReadsFile(src, info) {
			return usagef("%s is a file of the image and would be overwritten; name another file with -o", output)
		}
		if !replace {
			return advise(fmt.Errorf("%s: %w", output, fs.ErrExist), "use --existing replace to replace it")
		}
	}
	return newfile.Write(output, func(f *os.File) error { return write(f) })
}

// formHint explains an error about sectors without user data.
func formHint(err error) error {
	if errors.Is(err, disc.ErrForm) {
		return advise(err, "the track has sectors without 2048 bytes of user data, such as those of form 2; use a name ending in .bin to write whole sectors")
	}
	return err
}

// size returns the number of bytes of a track in this form.
func (f trackForm) size(t disc.Track) int64 {
	n := t.Length * int64(f.layout(t).Size())
	if f == asWAV {
		n += wavHeader
	}
	return n
}

// writeTrack writes the sectors of a track.
func writeTrack(ctx context.Context, w io.Writer, d disc.Disc, t disc.Track, f trackForm, rep progress.Reporter) error {
	rep.Phase(progress.Extracting, f.size(t))
	if f == asWAV {
		if err := putWAVHeader(w, t.Length*sector.Size); err != nil {
			return err
		}
		rep.Add(wavHeader)
	}
	return runs.Write(ctx, w, d, t.Start, t.End(), f.layout(t), rep)
}

// wavHeader is the size of the header of a WAV file with samples of a CD.
const wavHeader = 44

// putWAVHeader writes the header of a RIFF WAVE file of CD audio: two channels of 16 bits,
// 44100 samples a second.
func putWAVHeader(w io.Writer, bytes int64) error {
	p := make([]byte, 0, wavHeader)
	p = append(p, "RIFF"...)
	p = binary.LittleEndian.AppendUint32(p, uint32(bytes+wavHeader-8))
	p = append(p, "WAVEfmt "...)
	p = binary.LittleEndian.AppendUint32(p, 16)
	p = binary.LittleEndian.AppendUint16(p, 1) // PCM
	p = binary.LittleEndian.AppendUint16(p, 2)
	p = binary.LittleEndian.AppendUint32(p, 44100)
	p = binary.LittleEndian.AppendUint32(p, 44100*4)
	p = binary.LittleEndian.AppendUint16(p, 4)
	p = binary.LittleEndian.AppendUint16(p, 16)
	p = append(p, "data"...)
	p = binary.LittleEndian.AppendUint32(p, uint32(bytes))
	_, err := w.Write(p)
	return err
}
