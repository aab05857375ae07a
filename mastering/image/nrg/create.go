package nrg

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/runs"
	"glassmaster/mastering/newfile"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/sector"
)

// stored is a track that is written.
type stored struct {
	disc.Track
	code       byte // mode
	layout     runs.Layout
	before     int64 // sectors before index 1 that are stored
	begin, end int64 // offsets of the first of them, and of the end of the track
}

// index1 returns the offset of index 1.
func (s stored) index1() int64 { return s.begin + s.before*int64(s.layout.Size()) }

// create writes an image of version 2, disc-at-once.
func create(ctx context.Context, out *newfile.Set, d disc.Disc, _ format.Options, rep progress.Reporter) error {
	sessions, total, err := arrange(ctx, d)
	if err != nil {
		return fmt.Errorf("write Nero image: %w", err)
	}
	w, err := out.Create()
	if err != nil {
		return err
	}
	rep.Phase(progress.Writing, total)
	for _, s := range sessions {
		for _, t := range s {
			if err := write(ctx, w, d, t, rep); err != nil {
				return fmt.Errorf("write Nero image: track %d: %w", t.Number, err)
			}
		}
	}
	p, err := describe(d.TOC(), sessions, total)
	if err == nil {
		_, err = w.Write(p)
	}
	if err != nil {
		return fmt.Errorf("write Nero image: %w", err)
	}
	return nil
}

// arrange decides how the tracks are stored, and where. Before the first one there are
// always the 150 sectors of its pre-gap.
func arrange(ctx context.Context, d disc.Disc) (sessions [][]stored, total int64, err error) {
	sub := disc.HasSubChannels(d)
	for n, s := range d.TOC().Sessions {
		var list []stored
		for k, t := range s.Tracks {
			code, err := choose(ctx, d, t, sub)
			if err != nil {
				return nil, 0, fmt.Errorf("track %d: %w", t.Number, err)
			}
			one := stored{Track: t, code: code, before: t.Pregap, begin: total}
			one.layout, _ = layout(code)
			one.layout.Mode = t.Mode
			if n == 0 && k == 0 {
				one.before = int64(t.Start) + pregap
			}
			total += (one.before + t.Length) * int64(one.layout.Size())
			one.end = total
			list = append(list, one)
		}
		if len(list) > 0 {
			sessions = append(sessions, list)
		}
	}
	if len(sessions) == 0 {
		return nil, 0, errors.New("the disc has no tracks")
	}
	return sessions, total, nil
}

// choose returns the mode in which a track is stored: whole sectors, or the user data of a
// track that the disc has no whole sectors of.
func choose(ctx context.Context, d disc.Disc, t disc.Track, sub bool) (byte, error) {
	user := !sub && !disc.DeliversRaw(ctx, d, t)
	raw := map[disc.Mode][2]byte{disc.Audio: {audioRaw, audioSub}, disc.Mode1: {mode1Raw, mode1Sub}, disc.Mode2: {mode2Raw, mode2Sub}, disc.XA: {mode2Raw, mode2Sub}}
	switch {
	case ctx.Err() != nil:
		return 0, ctx.Err()
	case user && t.Mode == disc.Mode1:
		return mode1User, nil
	case user && t.Mode == disc.XA:
		return xaForm1, nil
	case sub:
		return raw[t.Mode][1], nil
	}
	return raw[t.Mode][0], nil
}

// write writes the sectors of a track.
func write(ctx context.Context, w io.Writer, d disc.Disc, t stored, rep progress.Reporter) error {
	start := t.Start - disc.LBA(t.before)
	have := t.Start - disc.LBA(t.Pregap)
	if start < have {
		empty := runs.Blank(d.TOC(), t.Mode)
		if err := runs.Write(ctx, w, empty, start, have, t.layout, rep); err != nil {
			return err
		}
	}
	return runs.Write(ctx, w, d, max(start, have), t.End(), t.layout, rep)
}

// describe returns the chain of chunks and the footer.
func describe(toc disc.TOC, sessions [][]stored, begin int64) ([]byte, error) {
	var p []byte
	n := 0
	for _, s := range toc.Sessions {
		if len(s.Tracks) == 0 {
			continue
		}
		list := sessions[n]
		n++
		points, err := cueX(list)
		if err != nil {
			return nil, err
		}
		p = appendChunk(p, "CUEX", points)
		p = appendChunk(p, "DAOX", daoX(toc.Catalog, s.CDI, list))
		if packs, _ := sector.EncodeCDText(s); len(packs) > 0 {
			p = appendChunk(p, "CDTX", packs)
		}
		p = appendChunk(p, "SINF", binary.BigEndian.AppendUint32(nil, uint32(len(list))))
	}
	p = appendChunk(p, "MTYP", binary.BigEndian.AppendUint32(nil, media(sessions)))
	p = appendChunk(p, "END!", nil)
	p = append(p, "NER5"...)
	return binary.BigEndian.AppendUint64(p, uint64(begin)), nil
}

// appendChunk appends a chunk.
func appendChunk(p []byte, name string, data []byte) []byte {
	p = append(p, name...)
	p = binary.BigEndian.AppendUint32(p, uint32(len(data)))
	return append(p, data...)
}

// media returns the kind of media: a DVD or BD if the image is too large for a CD.
func media(sessions [][]stored) uint32 {
	last := sessions[len(sessions)-1]
	switch end := last[len(last)-1].End(); {
	case end <= format.MaxCDSectors:
		return mediaCD
	case end <= 4200000: // DVD+R DL has 4173824
		return mediaDVD
	}
	return mediaBD
}

// cueX returns the contents of CUEX.
func cueX(list []stored) ([]byte, error) {
	first, last := list[0], list[len(list)-1]
	if last.End() > math.MaxInt32 {
		return nil, fmt.Errorf("address %d does not fit", last.End())
	}
	var p []byte
	add := func(t stored, number, index int, lba disc.LBA) {
		control := byte(t.Control)<<4 | adr
		if t.Mode != disc.Audio {
			control |= ctlData
		}
		p = append(p, control, byte(number), sector.BCD(index), 0)
		p = binary.BigEndian.AppendUint32(p, uint32(int32(lba)))
	}
	add(first, 0, 0, first.Start-disc.LBA(first.before))
	for _, t := range list {
		number := int(sector.BCD(t.Number))
		add(t, number, 0, t.Start-disc.LBA(t.before))
		add(t, number, 1, t.Start)
		for n, lba := range t.Indexes {
			add(t, number, n+2, lba)
		}
	}
	add(last, leadOut, 1, last.End())
	return p, nil
}

// daoX returns the contents of DAOX.
func daoX(catalog string, cdi bool, list []stored) []byte {
	const head, entry = 22, 42
	p := make([]byte, head, head+entry*len(list))
	binary.BigEndian.PutUint32(p, uint32(head+entry*len(list)))
	copy(p[4:17], catalog)
	for _, t := range list {
		if t.Mode == disc.XA || t.Mode == disc.Mode2 {
			p[18] = 0x20
		}
	}
	if cdi {
		p[18] = 0x10
	}
	p[19] = 1
	p[20], p[21] = byte(list[0].Number), byte(list[len(list)-1].Number)
	for _, t := range list {
		e := make([]byte, entry)
		copy(e[:12], t.ISRC)
		binary.BigEndian.PutUint16(e[12:], uint16(t.layout.Size()))
		e[14] = t.code
		e[17] = 1
		binary.BigEndian.PutUint64(e[18:], uint64(t.begin))
		binary.BigEndian.PutUint64(e[26:], uint64(t.index1()))
		binary.BigEndian.PutUint64(e[34:], uint64(t.end))
		p = append(p, e...)
	}
	return p
}
