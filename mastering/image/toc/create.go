package toc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/runs"
	"glassmaster/mastering/newfile"
	"glassmaster/mastering/progress"
)

// written is a track that is written.
type written struct {
	disc.Track
	mode   mode
	layout runs.Layout
	begin  disc.LBA // of the first sector that is stored
	gap    int64    // sectors before it that are empty and not stored
	file   string
	offset int64 // in the file, in bytes
	alone  bool  // the file has no other track
}

// bytes returns the number of bytes that are stored.
func (w written) bytes() int64 { return int64(w.End()-w.begin) * int64(w.layout.Size()) }

// beside returns the names of the files with the sectors.
func beside(main string, t disc.TOC, o format.Options) []string {
	stem := strings.TrimSuffix(main, filepath.Ext(main))
	if strings.EqualFold(filepath.Ext(main), ".bin") {
		stem = main // the description itself
	}
	if !o.FilePerTrack {
		return []string{stem + ".bin"}
	}
	var names []string
	for _, s := range t.Sessions {
		for _, k := range s.Tracks {
			names = append(names, fmt.Sprintf("%s-%02d.bin", stem, k.Number))
		}
	}
	return names
}

// create writes an image. Later sessions are written as tracks with a long pre-gap, so that
// their addresses remain.
func create(ctx context.Context, out *newfile.Set, d disc.Disc, o format.Options, rep progress.Reporter) error {
	tracks, err := arrange(ctx, d)
	if err != nil {
		return fmt.Errorf("write cdrdao image: %w", err)
	}
	names := beside(filepath.Base(out.Path()), d.TOC(), o)
	var total, offset int64
	for i := range tracks {
		t := &tracks[i]
		t.file, t.offset, t.alone = names[min(i, len(names)-1)], offset, len(names) == len(tracks)
		if len(names) == 1 {
			offset += t.bytes()
		}
		total += t.bytes()
	}
	rep.Phase(progress.Writing, total)
	var w io.Writer
	for i, t := range tracks {
		if i < len(names) {
			if w, err = out.CreateBeside(names[i]); err != nil {
				return err
			}
		}
		if err := runs.Write(ctx, w, d, t.begin, t.End(), t.layout, rep); err != nil {
			return fmt.Errorf("write cdrdao image: track %d: %w", t.Number, err)
		}
	}
	main, err := out.Create()
	if err != nil {
		return err
	}
	if _, err := main.Write(describe(d.TOC(), tracks)); err != nil {
		return fmt.Errorf("write cdrdao image: %w", err)
	}
	return nil
}

// arrange decides how the tracks are stored. What is before address 0 is not.
func arrange(ctx context.Context, d disc.Disc) ([]written, error) {
	var all []written
	at := disc.LBA(0)
	for _, s := range d.TOC().Sessions {
		for _, k := range s.Tracks {
			w := written{Track: k, begin: max(0, k.Start-disc.LBA(k.Pregap))}
			w.gap = int64(w.begin - at)
			switch {
			case len(all) > 0 && k.Number != all[0].Number+len(all):
				return nil, fmt.Errorf("track %d follows track %d; cdrdao numbers tracks consecutively", k.Number, all[len(all)-1].Number)
			case w.gap < 0:
				return nil, fmt.Errorf("track %d begins at address %d, but the track before it ends at %d", k.Number, w.begin, at)
			case k.End() > format.MaxCDSectors:
				return nil, fmt.Errorf("track %d ends at address %d, which is beyond the end of a CD", k.Number, k.End())
			}
			if err := w.choose(ctx, d); err != nil {
				return nil, fmt.Errorf("track %d: %w", k.Number, err)
			}
			at = k.End()
			all = append(all, w)
		}
	}
	if len(all) == 0 {
		return nil, errors.New("the disc has no tracks")
	}
	return all, nil
}

// choose sets the mode in which a track is stored: whole sectors, or the user data of a
// track that the disc has no whole sectors of.
func (w *written) choose(ctx context.Context, d disc.Disc) error {
	sub := disc.HasSubChannels(d)
	user := !sub && !disc.DeliversRaw(ctx, d, w.Track)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case w.Mode == disc.Audio:
		w.mode = "AUDIO"
	case w.Mode == disc.Mode1 && user:
		w.mode = "MODE1"
	case w.Mode == disc.Mode1:
		w.mode = "MODE1_RAW"
	case w.Mode == disc.XA && user:
		w.mode = "MODE2_FORM1"
	default:
		w.mode = "MODE2_RAW"
	}
	w.layout = w.mode.layout()
	w.layout.Swap = w.mode == "AUDIO"
	if sub {
		w.layout.Sub = runs.Interleaved
	}
	return nil
}

// describe returns the description.
func describe(t disc.TOC, tracks []written) []byte {
	var b bytes.Buffer
	kind := "CD_DA"
	for _, w := range tracks {
		switch {
		case w.Mode == disc.Mode2 || w.Mode == disc.XA:
			kind = "CD_ROM_XA"
		case w.Mode == disc.Mode1 && kind == "CD_DA":
			kind = "CD_ROM"
		}
	}
	for _, s := range t.Sessions {
		if s.CDI {
			kind = "CD_I"
		}
	}
	fmt.Fprintf(&b, "%s\n\n", kind)
	if t.Catalog != "" {
		fmt.Fprintf(&b, "CATALOG %q\n\n", t.Catalog)
	}
	if n := tracks[0].Number; n != 1 {
		fmt.Fprintf(&b, "FIRST_TRACK_NO %d\n\n", n)
	}
	c := newTextWriter(&b, t.Sessions[0])
	c.disc()
	for _, w := range tracks {
		fmt.Fprintf(&b, "// Track %d\n", w.Number)
		w.describe(&b, c)
	}
	return b.Bytes()
}

// describe writes what belongs to a track.
func (w written) describe(b *bytes.Buffer, c *textWriter) {
	sub := ""
	if w.layout.Sub != runs.NoSub {
		sub = " RW_RAW"
	}
	fmt.Fprintf(b, "TRACK %s%s\n", w.mode, sub)
	no := func(bit disc.Control) string {
		if w.Control&bit != 0 {
			return ""
		}
		return "NO "
	}
	fmt.Fprintf(b, "%sCOPY\n", no(disc.CopyPermitted))
	if w.Mode == disc.Audio || w.Control&disc.PreEmphasis != 0 {
		fmt.Fprintf(b, "%sPRE_EMPHASIS\n", no(disc.PreEmphasis))
	}
	switch {
	case w.Control&disc.FourChannels != 0:
		b.WriteString("FOUR_CHANNEL_AUDIO\n")
	case w.Mode == disc.Audio:
		b.WriteString("TWO_CHANNEL_AUDIO\n")
	}
	if w.ISRC != "" {
		fmt.Fprintf(b, "ISRC %q\n", w.ISRC)
	}
	c.track(w.Number)
	w.sectors(b, sub)
	pregap := w.gap + int64(w.Start-w.begin)
	if pregap > 0 {
		fmt.Fprintf(b, "START %s\n", disc.Duration(pregap))
	}
	for _, at := range w.Indexes {
		fmt.Fprintf(b, "INDEX %s\n", disc.Duration(int64(at-w.Start)))
	}
	b.WriteString("\n")
}

// sectors writes where the sectors of a track are.
func (w written) sectors(b *bytes.Buffer, sub string) {
	if w.gap > 0 {
		switch {
		case w.Mode == disc.Audio && sub == "":
			fmt.Fprintf(b, "SILENCE %s\n", disc.Duration(w.gap))
		case w.Mode == disc.Audio:
			fmt.Fprintf(b, "ZERO AUDIO%s %s\n", sub, disc.Duration(w.gap))
		case w.Mode == disc.Mode1:
			fmt.Fprintf(b, "ZERO MODE1%s %s\n", sub, disc.Duration(w.gap))
		case w.Mode == disc.Mode2:
			fmt.Fprintf(b, "ZERO MODE2%s %s\n", sub, disc.Duration(w.gap))
		default:
			fmt.Fprintf(b, "ZERO MODE2_FORM_MIX%s %s\n", sub, disc.Duration(w.gap))
		}
	}
	length := disc.Duration(int64(w.End() - w.begin))
	switch {
	case w.Mode == disc.Audio && sub == "" && w.offset%disc.RawSectorSize == 0:
		fmt.Fprintf(b, "FILE %s %s %s\n", quote(w.file), disc.Duration(w.offset/disc.RawSectorSize), length)
	case w.Mode == disc.Audio && sub == "":
		fmt.Fprintf(b, "FILE %s %d %s\n", quote(w.file), w.offset/sampleSize, length)
	case w.alone: // libcdio takes a length for a start
		fmt.Fprintf(b, "DATAFILE %s // %s\n", quote(w.file), length)
	case w.offset == 0:
		fmt.Fprintf(b, "DATAFILE %s %s\n", quote(w.file), length)
	default:
		fmt.Fprintf(b, "DATAFILE %s #%d %s\n", quote(w.file), w.offset, length)
	}
}

// quote returns a text in quotation marks. What has a meaning in it is written as an octal
// number.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c == 0x7F {
			fmt.Fprintf(&b, `\%03o`, c)
		} else {
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
