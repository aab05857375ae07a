package chd

import (
	"context"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/runs"
	"glassmaster/mastering/sector"
)

// Sizes of hunks, in bytes, as chdman chooses them.
const (
	cdHunk  = 8 * cdUnit
	dvdHunk = 2 * disc.SectorSize
)

// plan says what is written.
type plan struct {
	header
	parts []part
	meta  []metadatum
}

// part is a track, with its pre-gap, as it is stored.
type part struct {
	start   disc.LBA
	count   int64 // sectors
	padding int64 // units of zeros after them
	layout  runs.Layout
}

// newPlan decides how a disc is stored. A disc of one data track that is too large for a CD
// becomes a DVD.
func newPlan(ctx context.Context, d disc.Disc) (*plan, error) {
	sessions := d.TOC().Sessions
	if len(sessions) == 1 && len(sessions[0].Tracks) == 1 {
		t := sessions[0].Tracks[0]
		if t.Mode == disc.Mode1 && t.Start == 0 && t.Length > format.MaxCDSectors {
			return dvdPlan(t), nil
		}
	}
	p := &plan{header: header{hunk: cdHunk, unit: cdUnit, codecs: [4]codec{codecCDLZMA, codecCDZlib, codecCDFLAC}}}
	sub := disc.HasSubChannels(d)
	gd := isGD(sessions)
	at := disc.LBA(0)
	for i, s := range sessions {
		if len(sessions) > 1 && !gd {
			p.describe(tagSession, fmt.Sprintf("SESSION:%d", s.Number))
		}
		for j, t := range s.Tracks {
			next := nextTrack(sessions, i, j)
			if begin := t.Start - disc.LBA(t.Pregap); begin > at || at > t.Start {
				return nil, fmt.Errorf("track %d begins at address %d instead of %d: a CHD cannot store a gap before it", t.Number, begin, at)
			}
			if t.End() > maxSectors {
				return nil, fmt.Errorf("track %d ends at address %d, which is beyond the end of a CD; only a disc of one data track can be larger", t.Number, t.End())
			}
			l, err := p.layout(ctx, d, t)
			if err != nil {
				return nil, err
			}
			if sub {
				l.Sub = runs.Interleaved
			}
			p.track(t, at, max(0, int64(next-t.End())), l, gd)
			at = max(next, t.End())
		}
	}
	if len(p.parts) == 0 {
		return nil, errors.New("the disc has no tracks")
	}
	return p, nil
}

// nextTrack returns the address where the sectors of the next track begin, or 0.
func nextTrack(sessions []disc.Session, i, j int) disc.LBA {
	for j++; i < len(sessions); i, j = i+1, 0 {
		if j < len(sessions[i].Tracks) {
			t := sessions[i].Tracks[j]
			return t.Start - disc.LBA(t.Pregap)
		}
	}
	return 0
}

// layout returns how a track is stored: user data only if the disc has no whole sectors.
func (p *plan) layout(ctx context.Context, d disc.Disc, t disc.Track) (runs.Layout, error) {
	l := runs.Layout{Length: sector.Size, Mode: t.Mode, Swap: t.Mode == disc.Audio}
	if t.Mode != disc.Mode1 {
		return l, nil
	}
	if !disc.DeliversRaw(ctx, d, t) {
		return runs.Mode1User, nil
	}
	return l, ctx.Err()
}

// track adds a track. Its sectors from begin on are stored. The gap is the number of sectors
// between it and those of the next track. In a GD-ROM they are stored too.
func (p *plan) track(t disc.Track, begin disc.LBA, gap int64, l runs.Layout, gd bool) {
	count := int64(t.End() - begin)
	kind, sub := "MODE2_RAW", "NONE"
	switch {
	case t.Mode == disc.Audio:
		kind = "AUDIO"
	case l.Length == disc.SectorSize:
		kind = "MODE1"
	case t.Mode == disc.Mode1:
		kind = "MODE1_RAW"
	}
	if l.Sub != runs.NoSub {
		sub = "RW_RAW"
	}
	pregap, pgType, pgSub := int64(t.Start-begin), "MODE1", "NONE"
	if pregap > 0 {
		pgType, pgSub = "V"+kind, sub
	}
	head, gaps := fmt.Sprintf("TRACK:%d TYPE:%s SUBTYPE:%s", t.Number, kind, sub), fmt.Sprintf("PREGAP:%d PGTYPE:%s PGSUB:%s", pregap, pgType, pgSub)
	padding := int64(0)
	if gd {
		padding = gap
		p.describe(tagGD, fmt.Sprintf("%s FRAMES:%d PAD:%d %s POSTGAP:0", head, count+padding, padding, gaps))
	} else {
		p.describe(tagTrack, fmt.Sprintf("%s FRAMES:%d %s POSTGAP:%d", head, count, gaps, gap))
	}
	padding += -(count + padding) & (trackPadding - 1)
	p.parts = append(p.parts, part{begin, count, padding, l})
	p.size += (count + padding) * cdUnit
}

// gdArea is the address of the area of high density of a GD-ROM.
const gdArea = 45000

// isGD reports whether the sessions are the areas of a GD-ROM.
func isGD(s []disc.Session) bool {
	if len(s) != 2 || len(s[0].Tracks) != 2 || len(s[1].Tracks) == 0 {
		return false
	}
	t := s[1].Tracks[0]
	return t.Number == 3 && t.Start-disc.LBA(t.Pregap) == gdArea
}

// dvdPlan returns the plan of a disc that is not a CD.
func dvdPlan(t disc.Track) *plan {
	p := &plan{header: header{hunk: dvdHunk, unit: disc.SectorSize, size: t.Length * disc.SectorSize, codecs: [4]codec{codecLZMA, codecZlib}}}
	p.parts = []part{{t.Start, t.Length, 0, runs.Mode1User}}
	p.describe(tagDVD, "")
	return p
}

// describe adds metadata. A text ends with a zero.
func (p *plan) describe(tag, text string) {
	p.meta = append(p.meta, metadatum{tag, hashed, append([]byte(text), 0)})
}

// metadata returns the metadata as they are stored at an offset.
func (p *plan) metadata(at int64) []byte {
	var b []byte
	for i, d := range p.meta {
		next := at + int64(len(b)+metaHeader+len(d.data))
		if i == len(p.meta)-1 {
			next = 0
		}
		b = append(b, d.tag...)
		b = binary.BigEndian.AppendUint32(b, uint32(d.flags)<<24|uint32(len(d.data)))
		b = binary.BigEndian.AppendUint64(b, uint64(next))
		b = append(b, d.data...)
	}
	return b
}

// sumOf returns the SHA-1 of an image: of that of the contents, and of the tags and SHA-1 of
// the metadata, in the order of their bytes.
func sumOf(raw sum, meta []metadatum) sum {
	var hashes []string
	for _, d := range meta {
		if d.flags&hashed != 0 {
			s := sha1.Sum(d.data)
			hashes = append(hashes, d.tag+string(s[:]))
		}
	}
	slices.Sort(hashes)
	h := sha1.New()
	h.Write(raw[:])
	for _, s := range hashes {
		io.WriteString(h, s)
	}
	return sum(h.Sum(nil))
}

// bytes returns the header as it is stored.
func (h header) bytes() []byte {
	b := []byte(signature)
	b = binary.BigEndian.AppendUint32(b, headerSize)
	b = binary.BigEndian.AppendUint32(b, version)
	for _, c := range h.codecs {
		b = append(b, c[:]...)
	}
	b = binary.BigEndian.AppendUint64(b, uint64(h.size))
	b = binary.BigEndian.AppendUint64(b, uint64(h.mapAt))
	b = binary.BigEndian.AppendUint64(b, uint64(h.metaAt))
	b = binary.BigEndian.AppendUint32(b, uint32(h.hunk))
	b = binary.BigEndian.AppendUint32(b, uint32(h.unit))
	b = append(b, h.raw[:]...)
	b = append(b, h.all[:]...)
	return append(b, h.parent[:]...)
}
