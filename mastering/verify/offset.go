package verify

import (
	"bytes"
	"context"

	"glassmaster/mastering/disc"
)

// Drives deliver audio with an offset, the same everywhere: sample n is delivered in the place of
// sample n plus the offset.
const (
	OffsetSectors = 6   // that are searched on each side: 3528 samples
	OffsetTries   = 400 // sectors that are tried
	SampleBytes   = 4
)

// Distinct reports whether an audio sector can be told from others: it is not silent, or nearly.
func Distinct(p []byte) bool {
	return bytes.Count(p, p[:SampleBytes]) <= len(p)/SampleBytes/2
}

// FindOffset returns the offset in bytes of an audio sector among the sectors that a drive
// delivers near its place, OffsetSectors on each side. ok is false unless it is there once.
func FindOffset(near, p []byte) (offset int, ok bool) {
	i := bytes.Index(near, p)
	if i < 0 || i%SampleBytes != 0 || bytes.Contains(near[i+1:], p) {
		return 0, false
	}
	return i - OffsetSectors*disc.RawSectorSize, true
}

// readOffset returns the offset in bytes with which got delivers the audio of want, 0 if none is
// found: of the first sector that is not uniform and is found once near its place.
func readOffset(ctx context.Context, want, got disc.Disc, tracks []disc.Track) int {
	const size = disc.RawSectorSize
	one, near := make([]byte, size), make([]byte, (2*OffsetSectors+1)*size)
	tries := 0
	for _, t := range tracks {
		for at := t.Start + OffsetSectors; t.Mode == disc.Audio && at+OffsetSectors < t.End() && tries < OffsetTries; at += OffsetSectors {
			tries++
			if p := read(ctx, want, one, at, disc.Raw); p.n < 1 || !Distinct(one) {
				continue
			}
			if p := read(ctx, got, near, at-OffsetSectors, disc.Raw); p.n*size < len(near) {
				continue
			}
			if offset, ok := FindOffset(near, one); ok {
				return offset
			}
		}
	}
	return 0
}

// moved is a disc whose audio is delivered with an offset, which is taken back. Samples that it
// moves out of the audio cannot be read: they are those of want, and are counted.
type moved struct {
	disc.Disc
	want    disc.Disc
	offset  int // bytes
	excused int64
}

// Unwrap returns the disc itself, which may implement further interfaces.
func (m *moved) Unwrap() disc.Disc { return disc.Unwrap(m.Disc) }

// run returns the audio without anything between its tracks that contains a sector.
func (m *moved) run(lba disc.LBA) (span, bool) {
	var r span
	for _, s := range spans(m.TOC()) {
		switch {
		case !s.audio():
			continue
		case s.start != r.end || r.end == 0:
			if r.start <= lba && lba < r.end {
				return r, true
			}
			r = s
		}
		r.end = s.end
	}
	return r, r.start <= lba && lba < r.end
}

// ReadSectors implements disc.Disc.
func (m *moved) ReadSectors(ctx context.Context, p []byte, lba disc.LBA, f disc.Form) (int, error) {
	run, audio := m.run(lba)
	if f != disc.Raw || !audio {
		return m.Disc.ReadSectors(ctx, p, lba, f)
	}
	const size = disc.RawSectorSize
	n := min(len(p)/size, int(run.end-lba))
	skip := (m.offset%size + size) % size
	first := lba + disc.LBA((m.offset-skip)/size)
	lo, hi := max(first, run.start), min(first+disc.LBA(n)+1, run.end)
	whole := make([]byte, (n+1)*size)
	if lo < hi {
		got := read(ctx, m.Disc, whole[(lo-first)*size:(hi-first)*size], lo, disc.Raw)
		if end := lo + disc.LBA(got.n); end < hi {
			n = max(int(end-first)-1, 0) // the rest needs a sector that cannot be read
			if n == 0 {
				return 0, got.err
			}
			hi = end
		}
	}
	copy(p[:n*size], whole[skip:])
	m.excuse(ctx, p[:n*size], lba, int(lo-first)*size-skip, int(hi-first)*size-skip)
	return n, nil
}

// excuse replaces what is before and after two places of p by the samples of want.
func (m *moved) excuse(ctx context.Context, p []byte, lba disc.LBA, before, after int) {
	before, after = min(max(before, 0), len(p)), min(max(after, 0), len(p))
	if before == 0 && after == len(p) {
		return
	}
	own := make([]byte, len(p))
	if w := read(ctx, m.want, own, lba, disc.Raw); w.n*disc.RawSectorSize < len(p) {
		return // the comparison reports it
	}
	copy(p[:before], own)
	copy(p[after:], own[after:])
	m.excused += int64(before + len(p) - after)
}
