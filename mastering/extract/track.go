package extract

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/runs"
	"glassmaster/mastering/newfile"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/sector"
)

// TrackForm is how the sectors of a track are written to a file.
type TrackForm uint8

// Forms of a track in a file.
const (
	WAV          TrackForm = iota // the samples of an audio track
	UserData                      // the user data of a data track, 2048 bytes of each sector
	WholeSectors                  // whole sectors of 2352 bytes
)

// TrackFormFor returns the form of a track in a file of that name: by its extension, WAV or
// user data if that says nothing.
func TrackFormFor(name string, t disc.Track) (TrackForm, error) {
	audio := t.Mode == disc.Audio
	switch extension := strings.ToLower(filepath.Ext(name)); {
	case extension == ".wav" && !audio:
		return 0, fmt.Errorf("track %d is a data track, which cannot be written as WAV: use .iso for its user data, or .bin for whole sectors", t.Number)
	case extension == ".iso" && audio:
		return 0, fmt.Errorf("track %d is an audio track, which has no user data: use .wav, or .bin for samples without a header", t.Number)
	case extension == ".bin" || extension == ".raw":
		return WholeSectors, nil
	case audio:
		return WAV, nil
	}
	return UserData, nil
}

// layout returns what is written of each sector.
func (f TrackForm) layout(t disc.Track) runs.Layout {
	switch {
	case f == UserData && t.Mode == disc.Mode1:
		return runs.Mode1User
	case f == UserData:
		return runs.XAForm1
	}
	return runs.Layout{Length: sector.Size, Mode: t.Mode}
}

// Size returns the number of bytes of a track in this form.
func (f TrackForm) Size(t disc.Track) int64 {
	n := t.Length * int64(f.layout(t).Size())
	if f == WAV {
		n += wavHeader
	}
	return n
}

// Played returns a track as far as it is copied and played: an audio track with the pre-gap of
// the audio track after it, so that nothing of a session is lost between two tracks.
func Played(d disc.Disc, t disc.Track) disc.Track {
	for _, s := range d.TOC().Sessions {
		for _, next := range s.Tracks {
			if t.Mode == disc.Audio && next.Mode == disc.Audio && next.Pregap > 0 && next.Start-disc.LBA(next.Pregap) == t.End() {
				t.Length += next.Pregap
				return t
			}
		}
	}
	return t
}

// Track writes a track, from its index 1 to its end: see [Played]. If the track has sectors without user
// data, which the form needs, the error wraps [disc.ErrForm].
func Track(ctx context.Context, w io.Writer, d disc.Disc, t disc.Track, f TrackForm, rep progress.Reporter) error {
	rep.Phase(progress.Extracting, f.Size(t))
	if f == WAV {
		if err := putWAVHeader(w, t.Length*sector.Size); err != nil {
			return err
		}
		rep.Add(wavHeader)
	}
	return runs.Write(ctx, w, d, t.Start, t.End(), f.layout(t), rep)
}

// TrackFile writes a track to a file of that name, and replaces the file if there is one. It
// refuses to replace a file of the disc itself.
func TrackFile(ctx context.Context, name string, d disc.Disc, t disc.Track, f TrackForm, rep progress.Reporter) error {
	if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() && disc.ReadsFile(d, info) {
		return fmt.Errorf("%s is a file of the image and would be overwritten; name another file", name)
	}
	return newfile.Write(name, func(w *os.File) error { return Track(ctx, w, d, t, f, rep) })
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
