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
// of intact sectors, is not lost. Loss does not read sectors: it says that sub-channels are
// lost even if they follow from the table of contents, and does not know of sectors without
// user data. ReadLoss does.
func (f Format) Loss(d disc.Disc) []disc.Notice {
	lost := f.Holds.unheld(d.TOC())
	if f.Holds&Sub == 0 && disc.HasSubChannels(d) {
		lost = append(lost, "the sub-channels are left out")
	}
	_, changed := f.texts(d.TOC())
	return append(f.notices(lost), changed...)
}

// ReadLoss returns what Loss does, but reads the sub-channels and the tracks in mode 2 of a
// disc where the format cannot hold them, to find out what is lost of them. formless is how
// many sectors have no 2048 bytes of user data, which the format needs.
func (f Format) ReadLoss(ctx context.Context, d disc.Disc) (lost []disc.Notice, formless int64, err error) {
	list, err := Unheld(ctx, f.Holds, d)
	if err != nil {
		return nil, 0, err
	}
	formless, err = f.countFormless(ctx, d)
	if formless > 0 {
		list = append(list, units.Count(formless, "sector has", "sectors have")+
			" no user data of 2048 bytes (form 2, or no form), such as video and sound of a Video CD")
	}
	_, changed := f.texts(d.TOC())
	return append(f.notices(list), changed...), formless, err
}

// Unheld returns what of a disc something cannot hold that holds no more than h, as parts of
// sentences. It reads the sub-channels if they are not held, and not the user data.
func Unheld(ctx context.Context, h Holds, d disc.Disc) ([]string, error) {
	lost := h.unheld(d.TOC())
	if h&Sub != 0 || !disc.HasSubChannels(d) {
		return lost, nil
	}
	n, first, err := ownSubChannels(ctx, d)
	if n > 0 {
		lost = append(lost, fmt.Sprintf("the sub-channels are left out, and those of %s do not follow from the table of contents (the first is sector %d)",
			units.Count(n, "sector", "sectors"), first))
	}
	return lost, err
}

// unheld returns what is not held of what a table of contents says.
func (h Holds) unheld(toc disc.TOC) []string {
	has := content{withAudio: h&Audio != 0}
	has.count(toc)
	var lost []string
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
		{Indexes, h&Pregaps != 0 && has.indexes > 0, content{indexes: has.indexes}.indexText() + " left out"},
		{Codes, has.codeText() != "", has.codeText() + " left out"},
		{Text, has.texts > 0, "CD-TEXT in " + units.Count(has.texts, "language", "languages") + " is left out"},
	} {
		if l.lost && h&l.needs == 0 {
			lost = append(lost, l.what)
		}
	}
	return lost
}

// texts returns a table of contents with the CD-TEXT that the format keeps, and what it does
// not keep of it.
func (f Format) texts(toc disc.TOC) (disc.TOC, []disc.Notice) {
	if f.Texts == nil {
		return toc, nil
	}
	var lost []disc.Notice
	sessions := toc.Sessions
	toc.Sessions = nil
	for i, s := range sessions {
		var notices []disc.Notice
		if len(s.Text) > 0 {
			s.Text, notices = f.Texts(s, i == 0)
		}
		lost = append(lost, notices...)
		toc.Sessions = append(toc.Sessions, s)
	}
	return toc, lost
}

// Keeps returns the table of contents that an image of a disc has: what the format holds.
func (f Format) Keeps(toc disc.TOC) disc.TOC {
	toc, _ = f.texts(toc)
	return f.Holds.Keeps(toc)
}

// notices returns a notice for each kind of loss.
func (f Format) notices(lost []string) []disc.Notice {
	var list []disc.Notice
	for _, what := range lost {
		list = append(list, disc.Notice{Severity: disc.Warning, Text: fmt.Sprintf("The format %s cannot hold everything on the disc: %s.", f.Name, what)})
	}
	return list
}

// content counts what a disc holds.
type content struct {
	withAudio                    bool // false: audio tracks are left out as a whole, and what belongs to them is not counted
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
	if t.Mode == disc.Audio && !c.withAudio {
		return
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

// keepTexts returns CD-TEXT without texts that are empty, which are the same as none, and
// without the packs that are not text: they contain their places among all packs.
func keepTexts(list []disc.CDText) []disc.CDText {
	var kept []disc.CDText
	for _, x := range list {
		y := x
		y.Packs, y.Tracks = nil, map[int]disc.Text{}
		for n, t := range x.Tracks {
			if t != (disc.Text{}) {
				y.Tracks[n] = t
			}
		}
		if !y.Empty() {
			kept = append(kept, y)
		}
	}
	return kept
}

// countFormless reads the data tracks in mode 2 of a disc and counts the sectors that have no
// 2048 bytes of user data: those of form 2, and those without a form. Discs that do not
// deliver whole sectors have none.
func (f Format) countFormless(ctx context.Context, d disc.Disc) (int64, error) {
	if f.Holds&Raw != 0 {
		return 0, nil
	}
	var count int64
	for _, s := range d.TOC().Sessions {
		for _, t := range s.Tracks {
			if t.Mode != disc.Mode2 && t.Mode != disc.XA {
				continue
			}
			n, err := formless(ctx, d, t)
			if err != nil {
				return 0, err
			}
			count += n
		}
	}
	return count, nil
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

// ownSubChannels counts the sectors of the tracks and pre-gaps of a disc whose sub-channels do
// not follow from the table of contents, and returns the first of them. What cannot be read is
// not counted.
func ownSubChannels(ctx context.Context, d disc.Disc) (count int64, first disc.LBA, err error) {
	toc, size := d.TOC(), disc.RawSub.Size()
	buf := make([]byte, countSectors*size)
	for _, s := range toc.Sessions {
		for _, t := range s.Tracks {
			for at := t.Start - disc.LBA(pregap(t)); at < t.End(); {
				if err := ctx.Err(); err != nil {
					return 0, 0, err
				}
				n, err := d.ReadSectors(ctx, buf[:min(int64(t.End()-at), countSectors)*int64(size)], at, disc.RawSub)
				if errors.Is(err, disc.ErrGone) || errors.Is(err, context.Canceled) {
					return 0, 0, err
				}
				for i := range n {
					if sector.Follows(buf[i*size+sector.Size:], toc, at+disc.LBA(i)) {
						continue
					}
					if count++; count == 1 {
						first = at + disc.LBA(i)
					}
				}
				at += disc.LBA(max(n, 1))
			}
		}
	}
	return count, first, nil
}
