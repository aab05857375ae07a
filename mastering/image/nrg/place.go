package nrg

import (
	"errors"
	"fmt"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/runs"
)

// next returns where the first track of the next session begins if the image does not say
// it.
func (i *image) next() disc.LBA {
	n := len(i.toc.Sessions)
	if n == 0 {
		return 0
	}
	return i.last() + disc.SessionGap(n)
}

// last returns the address after the last track so far.
func (i *image) last() disc.LBA {
	if len(i.runs) == 0 {
		return -pregap
	}
	return i.runs[len(i.runs)-1].End()
}

// place adds a session to the table of contents, and its sectors.
//
// Addresses in ETNF and ETN2 usually count the sectors that are stored. So the 150 sectors
// between two tracks are not in them, nor the gaps between sessions.
func (i *image) place(n int) error {
	s := i.sessions[n]
	if s.dao {
		s.addresses()
	}
	out := disc.Session{Number: n + 1, CDI: s.cdi, Text: s.text}
	for k, t := range s.tracks {
		number, mine := s.track(k, t)
		switch {
		case number == 0:
			number = i.number + 1
		case t.number != 0 && number != t.number:
			i.warn("Track %d of session %d is track %d in the cue chunk, which is used.", t.number, n+1, number)
		}
		if number <= i.number || number > 99 {
			return fmt.Errorf("session %d: track %d cannot follow track %d", n+1, number, i.number)
		}
		start, gap := i.start(s, k, mine)
		one, err := i.addTrack(number, t, start, gap, mine, k == 0)
		if err != nil {
			return fmt.Errorf("session %d, track %d: %w", n+1, number, err)
		}
		out.Tracks = append(out.Tracks, one)
		i.number = number
	}
	i.toc.Sessions = append(i.toc.Sessions, out)
	for _, p := range s.points {
		if p.track == leadOut && p.lba != i.last() {
			i.warn("The lead-out of session %d begins at address %d according to the image, but its tracks end at %d, which is used.", n+1, p.lba, i.last())
		}
	}
	return nil
}

// addresses settles whether the addresses of version 1 are decimal digits: if they fit the
// lengths of the tracks, and those in binary do not.
func (s *session) addresses() {
	if s.fits() {
		return
	}
	decimal := session{tracks: s.tracks}
	for _, p := range s.points {
		if !p.isBCD {
			return
		}
		p.lba = p.bcd
		decimal.points = append(decimal.points, p)
	}
	if decimal.fits() {
		s.points = decimal.points
	}
}

// fits reports whether the addresses of the tracks and of the lead-out fit the lengths of
// the tracks.
func (s *session) fits() bool {
	end := disc.LBA(-1 << 40)
	for k, t := range s.tracks {
		_, mine := s.track(k, t)
		start, ok := index1(mine)
		if !ok || start < end {
			return false
		}
		end = start + disc.LBA(t.count())
	}
	for _, p := range s.points {
		if p.track == leadOut {
			return p.lba == end
		}
	}
	return true
}

// track returns the number of a track and its points. The entries of CUES and CUEX are in
// the order of the tracks, and those of DAOI and DAOX too.
func (s *session) track(k int, t track) (number int, mine []point) {
	number = t.number
	seen := -1
	for n, p := range s.points {
		if p.track == 0 || p.track == leadOut {
			continue
		}
		if n == 0 || seen < 0 || s.points[n-1].track != p.track {
			seen++
		}
		if seen == k {
			number = p.track
			mine = append(mine, p)
		}
	}
	return number, mine
}

// index1 returns the address of index 1.
func index1(points []point) (disc.LBA, bool) {
	for _, p := range points {
		if p.index == 1 {
			return p.lba, true
		}
	}
	return 0, false
}

// start returns the address of track k of a session, and the number of sectors before it
// that are not stored.
func (i *image) start(s session, k int, points []point) (start disc.LBA, gap int64) {
	t := s.tracks[k]
	stored := disc.LBA((t.index1 - t.index0) / t.size())
	first := k == 0
	if at, ok := index1(points); ok {
		if hole := at - stored - i.last(); !first && hole > 0 {
			gap = int64(hole)
		}
		return at, gap
	}
	if at, ok := i.recorded(s, t); ok {
		if !first {
			gap = int64(at - i.last())
		}
		return at, gap
	}
	switch {
	case first && len(i.toc.Sessions) == 0 && stored >= pregap:
		return stored - pregap, 0
	case first:
		return max(i.next(), i.last()+stored), 0
	case s.dao:
		return i.last() + stored, 0
	}
	return i.last() + pregap, pregap
}

// recorded returns the address of a track in ETNF or ETN2 if it is one on the disc. It is
// not if it only counts the sectors that are stored.
func (i *image) recorded(s session, t track) (disc.LBA, bool) {
	if s.dao || t.lba == i.stored() || t.lba < i.last() || t.lba == pregap && len(i.runs) == 0 {
		return 0, false
	}
	return t.lba, true
}

// stored returns the number of sectors that are stored, of the tracks so far.
func (i *image) stored() disc.LBA {
	var n int64
	for _, r := range i.runs {
		if r.From != nil {
			n += r.Count
		}
	}
	return disc.LBA(n)
}

// addTrack adds the sectors of a track, and returns the track.
func (i *image) addTrack(number int, t track, start disc.LBA, gap int64, points []point, first bool) (disc.Track, error) {
	stored := (t.index1 - t.index0) / t.size()
	begin := start - disc.LBA(stored+gap)
	if first && len(i.runs) == 0 && begin > 0 {
		gap, begin = gap+int64(begin), 0
	}
	switch {
	case begin < i.last():
		return disc.Track{}, fmt.Errorf("it begins at address %d, but the sectors before it end at %d", begin, i.last())
	case start+disc.LBA(t.count()) > format.MaxCDSectors && i.media&(mediaCD|mediaCDROM) != 0:
		return disc.Track{}, fmt.Errorf("it ends at address %d, which is beyond the end of a CD", start+disc.LBA(t.count()))
	}
	r := runs.Run{Layout: t.layout, Start: start - disc.LBA(stored), Count: stored + t.count(), From: i.files, Offset: t.index0}
	if r.Mode == disc.Mode2 {
		data := r
		data.Offset, data.Count = t.index1, t.count()
		r.Mode = data.Mode2()
	}
	if gap > 0 {
		i.runs = append(i.runs, runs.Run{Layout: runs.Layout{Mode: r.Mode}, Start: begin, Count: gap})
	}
	i.runs = append(i.runs, r)
	one := disc.Track{Number: number, Mode: r.Mode, Start: start, Length: t.count(), Pregap: stored + gap, ISRC: t.isrc}
	if err := i.indexes(&one, points); err != nil {
		return disc.Track{}, err
	}
	return one, nil
}

// indexes sets the control bits of a track and its indexes from 2 on.
func (i *image) indexes(t *disc.Track, points []point) error {
	if _, ok := index1(points); len(points) > 0 && !ok {
		return errors.New("it has indexes, but no index 1")
	}
	if len(points) > 0 {
		control := points[0].control
		t.Control = disc.Control(control >> 4 &^ (ctlData >> 4))
		if (control&ctlData != 0) != (t.Mode != disc.Audio) {
			i.warn("The control bits of track %d contradict its mode, %v, which is used.", t.Number, t.Mode)
		}
	}
	next := 2
	for _, p := range points {
		switch {
		case p.index < 2:
			if p.index == 0 && p.lba != t.Start-disc.LBA(t.Pregap) && p.lba != t.Start && p.lba != t.Start-pregap {
				i.warn("Index 0 of track %d is at address %d according to the image, but %d sectors before address %d are stored, which are used.", t.Number, p.lba, t.Pregap, t.Start)
			}
			continue
		case p.index != next:
			return fmt.Errorf("index %d cannot follow index %d", p.index, next-1)
		}
		if before := append([]disc.LBA{t.Start}, t.Indexes...); p.lba <= before[len(before)-1] || p.lba >= t.End() {
			return fmt.Errorf("index %d at address %d is not between the index before it and the end of the track, %d", p.index, p.lba, t.End())
		}
		t.Indexes = append(t.Indexes, p.lba)
		next++
	}
	return nil
}
