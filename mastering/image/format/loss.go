package format

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/sector"
	"glassmaster/mastering/units"
)

// Loss returns a notice for each kind of thing on a disc that an image of this format
// cannot hold. What is missing in the image but follows from the standard, such as the EDC
// of intact sectors, is not lost. Loss does not read sectors: see Formless.
func (f Format) Loss(d disc.Disc) []disc.Notice {
	var has content
	has.count(d.TOC())
	sub := disc.HasSubChannels(d)
	var lost []disc.Notice
	for _, l := range []struct {
		needs Holds
		lost  bool
		what  string
	}{
		{Audio, has.audio > 0, units.Count(has.audio, "audio track is", "audio tracks are") + " left out"},
		{Sessions, has.sessions > 1, fmt.Sprintf("the image does not record where its %d sessions begin and end", has.sessions)},
		{Tracks, has.data > has.sessions, fmt.Sprintf("the image does not record where its %d data tracks begin and end", has.data)},
		{Raw, has.mode2 > 0, "only the user data of " + units.Count(has.mode2, "track", "tracks") + " in mode 2 is kept"},
		{Indexes | Pregaps, has.pregaps+has.indexes > 0, has.indexText() + " left out"},
		{Indexes, f.Holds&Pregaps != 0 && has.indexes > 0, content{indexes: has.indexes}.indexText() + " left out"},
		{Codes, has.codeText() != "", has.codeText() + " left out"},
		{Text, has.texts > 0, "CD-TEXT in " + units.Count(has.texts, "language", "languages") + " is left out"},
		{Sub, sub, "the sub-channels are left out"},
	} {
		if l.lost && f.Holds&l.needs == 0 {
			lost = append(lost, f.lost(l.what))
		}
	}
	return lost
}

// lost returns the notice about one kind of loss.
func (f Format) lost(what string) disc.Notice {
	return disc.Notice{Severity: disc.Warning, Text: fmt.Sprintf("The format %s cannot hold everything on the disc: %s.", f.Name, what)}
}

// content counts what a disc holds.
type content struct {
	sessions, audio, data, mode2 int
	pregaps, indexes             int
	catalog                      bool
	isrcs, controls              int
	texts                        int
}

func (c *content) count(toc disc.TOC) {
	c.catalog = toc.Catalog != ""
	for _, s := range toc.Sessions {
		c.sessions++
		c.texts += len(s.Text)
		for _, t := range s.Tracks {
			c.track(t)
		}
	}
}

func (c *content) track(t disc.Track) {
	switch t.Mode {
	case disc.Audio:
		c.audio++
	case disc.Mode2, disc.XA:
		c.mode2++
		c.data++
	default:
		c.data++
	}
	if pregap(t) > 0 {
		c.pregaps++
	}
	c.indexes += len(t.Indexes)
	if t.ISRC != "" {
		c.isrcs++
	}
	if t.Control != 0 {
		c.controls++
	}
}

// pregap returns the number of sectors of the pre-gap of a track from address 0 on. Those
// before address 0 follow from the standard.
func pregap(t disc.Track) int64 { return max(min(t.Pregap, int64(t.Start)), 0) }

func (c content) indexText() string {
	var parts []string
	if c.pregaps > 0 {
		parts = append(parts, units.Count(c.pregaps, "pre-gap", "pre-gaps"))
	}
	if c.indexes > 0 {
		parts = append(parts, units.Count(c.indexes, "index", "indexes"))
	}
	return are(parts, c.pregaps+c.indexes == 1)
}

func (c *content) codeText() string {
	var parts []string
	if c.catalog {
		parts = append(parts, "the catalogue number")
	}
	if c.isrcs > 0 {
		parts = append(parts, units.Count(c.isrcs, "ISRC", "ISRCs"))
	}
	if c.controls > 0 {
		parts = append(parts, "the control bits of "+units.Count(c.controls, "track", "tracks"))
	}
	if len(parts) == 0 {
		return ""
	}
	return are(parts, len(parts) == 1 && c.controls == 0 && c.isrcs <= 1)
}

// are joins the parts of a sentence, and adds the verb.
func are(parts []string, one bool) string {
	text := strings.Join(parts, ", ")
	if i := strings.LastIndex(text, ", "); i >= 0 {
		text = text[:i] + " and " + text[i+2:]
	}
	if one {
		return text + " is"
	}
	return text + " are"
}

// Keeps returns what remains of a table of contents in an image that holds no more than h.
func (h Holds) Keeps(toc disc.TOC) disc.TOC {
	if h&(Tracks|Audio) == 0 {
		return h.oneTrack(toc)
	}
	r := disc.TOC{}
	if h&Codes != 0 {
		r.Catalog = toc.Catalog
	}
	for _, s := range toc.Sessions {
		if h&Sessions == 0 && len(r.Sessions) > 0 {
			one := &r.Sessions[0]
			one.Tracks = append(one.Tracks, h.keepTracks(s.Tracks)...)
			h.fillGaps(one.Tracks)
			continue
		}
		one := disc.Session{Number: s.Number, CDI: s.CDI, Tracks: h.keepTracks(s.Tracks)}
		if h&Text != 0 {
			one.Text = keepTexts(s.Text)
		}
		if h&Sessions == 0 {
			h.fillGaps(one.Tracks)
		}
		r.Sessions = append(r.Sessions, one)
	}
	return r
}

// fillGaps counts sectors between tracks into the pre-gap of the next one. In one session
// there is no other place for them.
func (h Holds) fillGaps(list []disc.Track) {
	for i := 1; i < len(list) && h&(Indexes|Pregaps) != 0; i++ {
		list[i].Pregap = max(list[i].Pregap, int64(list[i].Start-list[i-1].End()))
	}
}

// oneTrack returns the table of contents of an image that holds one data track, which
// reaches from address 0 to the end of the last data track of the disc.
func (h Holds) oneTrack(toc disc.TOC) disc.TOC {
	k := disc.Track{Number: 1, Mode: disc.Mode1}
	for _, s := range toc.Sessions {
		for _, t := range s.Tracks {
			if t.Mode == disc.Audio {
				continue
			}
			k.Length = max(k.Length, int64(t.End()))
			if h&Raw != 0 {
				k.Mode = t.Mode
			}
		}
	}
	return disc.TOC{Sessions: []disc.Session{{Number: 1, Tracks: []disc.Track{k}}}}
}

func (h Holds) keepTracks(list []disc.Track) []disc.Track {
	var kept []disc.Track
	for _, t := range list {
		if t.Mode == disc.Audio && h&Audio == 0 {
			continue
		}
		t.Pregap = pregap(t)
		if h&Raw == 0 && t.Mode != disc.Audio {
			t.Mode = disc.Mode1
		}
		if h&Codes == 0 {
			t.ISRC, t.Control = "", 0
		}
		if h&(Indexes|Pregaps) == 0 {
			t.Pregap = 0
		}
		if h&Indexes == 0 {
			t.Indexes = nil
		}
		if len(t.Indexes) == 0 {
			t.Indexes = nil
		}
		kept = append(kept, t)
	}
	return kept
}

// keepTexts returns CD-TEXT without texts that are empty, which are the same as none.
func keepTexts(list []disc.CDText) []disc.CDText {
	var kept []disc.CDText
	for _, x := range list {
		y := disc.CDText{Language: x.Language, Album: x.Album, Tracks: map[int]disc.Text{}}
		for n, t := range x.Tracks {
			if t != (disc.Text{}) {
				y.Tracks[n] = t
			}
		}
		kept = append(kept, y)
	}
	return kept
}

// FormlessLoss reads the data tracks in mode 2 of a disc and counts the sectors that have no
// 2048 bytes of user data: those of form 2, and those without a form. The notice says that
// the format cannot hold them. Discs that do not deliver whole sectors have none.
func (f Format) FormlessLoss(ctx context.Context, d disc.Disc) (int64, disc.Notice, error) {
	if f.Holds&Raw != 0 {
		return 0, disc.Notice{}, nil
	}
	var count int64
	for _, s := range d.TOC().Sessions {
		for _, t := range s.Tracks {
			if t.Mode != disc.Mode2 && t.Mode != disc.XA {
				continue
			}
			n, err := formless(ctx, d, t)
			if err != nil {
				return 0, disc.Notice{}, err
			}
			count += n
		}
	}
	return count, f.lost(units.Count(count, "sector has", "sectors have") +
		" no user data of 2048 bytes (form 2, or no form), such as video and sound of a Video CD"), nil
}

// countSectors is how many sectors are read at a time.
const countSectors = 256

// formless counts the sectors of a track without 2048 bytes of user data. What cannot be read
// is not counted: it is an error when the image is written.
func formless(ctx context.Context, d disc.Disc, t disc.Track) (int64, error) {
	buf := make([]byte, countSectors*sector.Size)
	var count int64
	for at := t.Start; at < t.End(); {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		p := buf[:min(int64(t.End()-at), countSectors)*sector.Size]
		n, err := d.ReadSectors(ctx, p, at, disc.Raw)
		if errors.Is(err, disc.ErrForm) && n == 0 && at == t.Start {
			return 0, nil
		}
		if errors.Is(err, disc.ErrGone) || errors.Is(err, context.Canceled) {
			return 0, err
		}
		for i := range n {
			if k, ok := sector.Identify(p[i*sector.Size:]); ok && k != sector.Form1 && k != sector.Mode1 {
				count++
			}
		}
		if n == 0 {
			if errors.Is(err, io.EOF) {
				break
			}
			n = 1
		}
		at += disc.LBA(n)
	}
	return count, nil
}
