package virtual

import (
	"fmt"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/discfile"
	"glassmaster/mastering/sector"
)

// rawSession reads what a session that was written raw contains from its sub-channels, as a
// drive does that reads the disc.
type rawSession struct {
	file   *discfile.File
	st     *discfile.State
	start  int64 // of the lead-in
	begin  int64 // of the program area: the first sector of the first pre-gap
	next   int64 // after the last sector that was written
	number int   // of the session
	before int   // tracks of the sessions before
	least  int64 // sectors of the lead-out

	points  map[int]point // of the lead-in
	multi   bool          // the lead-in says where the next session begins
	noNext  bool          // it says that there is none
	kind    byte          // type of the session
	leadOut int64
	tracks  []discfile.Track
	mcn     string
	text    []byte
}

// point is an entry of a lead-in.
type point struct {
	q     sector.Q
	count int
}

// Limits for what a drive can do without.
const (
	minRepeats = 3  // of an entry of the lead-in (ECMA-130 22.3.3.1)
	maxDamaged = 10 // sectors after each other without a valid Q, or without sync
)

// read reads the session. It returns errUnfinished if the lead-out is too short, or what is wrong
// with the session.
func (s *rawSession) read() error {
	if err := s.readLeadIn(); err != nil {
		return err
	}
	if s.next < s.leadOut+s.least {
		return errUnfinished
	}
	if err := s.readProgram(); err != nil {
		return err
	}
	if err := s.readLeadOut(); err != nil {
		return err
	}
	return s.readModes()
}

// eachQ calls f with the Q sub-channel of each sector. ok is false if it is damaged.
func (s *rawSession) eachQ(from, to int64, f func(lba int64, q sector.Q, ok bool, sub []byte) error) error {
	const batch = 512
	buf := make([]byte, batch*sector.SubSize)
	for at := from; at < to; at += batch {
		p := buf[:min(to-at, batch)*sector.SubSize]
		if err := s.file.ReadSub(p, at); err != nil {
			return err
		}
		for i := 0; i < len(p); i += sector.SubSize {
			raw := sector.ReadQ(p[i:])
			q, ok := sector.DecodeQ(raw[:])
			if err := f(at+int64(i/sector.SubSize), q, ok, p[i:i+sector.SubSize]); err != nil {
				return err
			}
		}
	}
	return nil
}

// readLeadIn reads the table of contents and the CD-TEXT.
func (s *rawSession) readLeadIn() error {
	s.points = map[int]point{}
	text := discfile.State{}
	err := s.eachQ(s.start, s.begin, func(lba int64, q sector.Q, ok bool, sub []byte) error {
		if hasText(sub) {
			addText(&text, sub)
		}
		switch {
		case !ok:
			return nil
		case q.Mode == sector.QMulti && q.Data[1] == sector.PointNext:
			s.noNext = q.Data[2] == 0xFF
			s.multi = !s.noNext
			return nil
		case q.Mode != sector.QPosition || q.Track != 0:
			return nil
		}
		p, known := s.points[q.Index]
		if known && (p.q.Absolute != q.Absolute || p.q.Control != q.Control) {
			return fmt.Errorf("the lead-in has two different entries for point %02Xh", q.Index)
		}
		s.points[q.Index] = point{q, p.count + 1}
		return nil
	})
	s.text = text.CDText
	if err != nil {
		return err
	}
	return s.readTOC()
}

// hasText reports whether sub-channels begin with a pack of CD-TEXT: its first byte is 80h to 8Fh.
func hasText(sub []byte) bool { return sub[0]&0x3C == 0x20 }

// entry returns an entry of the lead-in.
func (s *rawSession) entry(n int) (sector.Q, error) {
	p := s.points[n]
	if p.count < minRepeats {
		return p.q, fmt.Errorf("the lead-in has the entry of point %s %d times; a drive needs it %d times", pointName(n), p.count, minRepeats)
	}
	return p.q, nil
}

func pointName(n int) string {
	if n > 99 {
		return fmt.Sprintf("%02Xh", n)
	}
	return fmt.Sprint(n)
}

// readTOC reads the tracks from the entries of the lead-in.
func (s *rawSession) readTOC() error {
	var heads [3]sector.Q
	for i, n := range []int{sector.PointFirst, sector.PointLast, sector.PointLeadOut} {
		var err error
		if heads[i], err = s.entry(n); err != nil {
			return err
		}
	}
	first, last, out := heads[0], heads[1], heads[2]
	s.kind = sector.BCD(first.Absolute.S)
	a, b := first.Absolute.M, last.Absolute.M
	if s.kind != discfile.TypeROM && s.kind != discfile.TypeCDI && s.kind != discfile.TypeXA {
		return fmt.Errorf("the lead-in has the unknown type of disc %02Xh", s.kind)
	}
	if a != s.before+1 || b < a || b > 99 {
		return fmt.Errorf("the lead-in has the tracks %d to %d, but the first must be %d", a, b, s.before+1)
	}
	s.leadOut = out.Absolute.Sectors() - discfile.Pregap
	end := s.begin
	for n := a; n <= b; n++ {
		q, err := s.entry(n)
		if err != nil {
			return err
		}
		t := discfile.Track{Start: q.Absolute.Sectors() - discfile.Pregap, Control: q.Control, Closed: true}
		if t.Start < end || n == a && t.Start < s.begin+discfile.Pregap {
			return fmt.Errorf("the lead-in has track %d at address %d, before what precedes it ends", n, t.Start)
		}
		end = t.Start + 1 // a drive does not refuse short tracks that are written raw
		s.tracks = append(s.tracks, t)
	}
	if s.leadOut < end || s.leadOut > s.st.Sectors {
		return fmt.Errorf("the lead-in has the lead-out at address %d, which leaves nothing of track %d, or is beyond the end of the disc", s.leadOut, b)
	}
	return nil
}

// noIndex is before every address of a disc.
const noIndex = -1 << 40

// reading is the state of reading the program area.
type reading struct {
	*rawSession
	track, index int // of the last valid position
	damaged      int64
	starts       [][]int64 // of the indexes 0, 1, ... of each track; noIndex: none
}

// readProgram reads where indexes begin, and the codes. The Q sub-channel has to say the address
// of each sector, and agree with the lead-in.
func (s *rawSession) readProgram() error {
	r := reading{rawSession: s, track: s.before + 1, index: -1}
	for range s.tracks {
		r.starts = append(r.starts, []int64{noIndex})
	}
	if err := s.eachQ(s.begin, s.leadOut, r.sector); err != nil {
		return err
	}
	for i := range s.tracks {
		if err := r.finish(i); err != nil {
			return err
		}
	}
	return nil
}

// sector reads Q of a sector of the program area.
func (r *reading) sector(lba int64, q sector.Q, ok bool, _ []byte) error {
	if ok {
		switch q.Mode {
		case sector.QPosition:
			ok = q.Absolute == disc.LBA(lba).MSF()
		case sector.QCatalog, sector.QISRC:
			ok = q.Frame == disc.LBA(lba).MSF().F
		}
	}
	if !ok {
		if r.damaged++; r.damaged > maxDamaged {
			return fmt.Errorf("the Q sub-channel of the %d sectors up to address %d is damaged, or has other addresses", r.damaged, lba)
		}
		return nil
	}
	r.damaged = 0
	switch q.Mode {
	case sector.QCatalog:
		if r.mcn == "" && q.Code != "0000000000000" {
			r.mcn = q.Code
		}
	case sector.QISRC:
		if t := &r.tracks[r.track-r.before-1]; t.ISRC == "" && r.index > 0 && q.Code != "000000000000" {
			t.ISRC = q.Code
		}
	case sector.QPosition:
		return r.position(lba, q)
	}
	return nil
}

// position reads a Q sub-channel that says track and index.
func (r *reading) position(lba int64, q sector.Q) error {
	if q.Track == r.track && q.Index == r.index {
		return nil
	}
	i := q.Track - r.before - 1
	next := q.Track == r.track && q.Index == r.index+1 || q.Track == r.track+1 && q.Index <= 1 && r.index > 0 || r.index < 0 && q.Track == r.track && q.Index == 0
	if !next || i < 0 || i >= len(r.tracks) {
		return fmt.Errorf("the Q sub-channel of the sector at address %d has track %d, index %d, after track %d, index %d", lba, q.Track, q.Index, r.track, r.index)
	}
	if q.Control&4 != r.tracks[i].Control&4 && q.Index > 0 {
		return fmt.Errorf("the Q sub-channel of track %d does not say the same as the lead-in about whether the track is data", q.Track)
	}
	r.track, r.index = q.Track, q.Index
	if q.Index == 0 {
		r.starts[i][0] = lba
	} else {
		r.starts[i] = append(r.starts[i], lba)
	}
	return nil
}

// finish sets pre-gap, length and indexes of the track with this index.
func (r *reading) finish(i int) error {
	t, at := &r.tracks[i], r.starts[i]
	const codes = 2 // sectors with a code, and so without a position, where an index begins
	if len(at) < 2 || at[1] < t.Start || at[1] > t.Start+codes {
		return fmt.Errorf("the Q sub-channel does not have index 1 of track %d where the lead-in has it, at address %d", r.before+i+1, t.Start)
	}
	if at[0] != noIndex && at[0] < t.Start {
		t.Pregap = t.Start - at[0]
	}
	t.Indexes = append(t.Indexes, at[2:]...)
	if i > 0 {
		before := &r.tracks[i-1]
		before.Size = t.Start - t.Pregap - before.Start
		before.Next = before.Start + before.Size
	}
	if i+1 == len(r.tracks) {
		t.Size, t.Next = r.leadOut-t.Start, r.leadOut
	}
	return nil
}

// readLeadOut checks that the lead-out is one.
func (s *rawSession) readLeadOut() error {
	damaged := 0
	return s.eachQ(s.leadOut, s.leadOut+s.least, func(lba int64, q sector.Q, ok bool, _ []byte) error {
		if ok && q.Mode != sector.QPosition || ok && q.Track == sector.LeadOut && q.Absolute == disc.LBA(lba).MSF() {
			damaged = 0
			return nil
		}
		if damaged++; damaged > maxDamaged {
			return fmt.Errorf("the Q sub-channel of the %d sectors up to address %d is not that of a lead-out", damaged, lba)
		}
		return nil
	})
}

// readModes finds out the mode of the data tracks, by their sectors, which have to have sync and
// address.
func (s *rawSession) readModes() error {
	in := discfile.NewReader(s.file, &discfile.State{Sectors: s.st.Sectors, Areas: s.st.Areas})
	for i := range s.tracks {
		t := &s.tracks[i]
		if t.IsAudio() {
			continue
		}
		if err := s.readMode(in, t); err != nil {
			return err
		}
	}
	return nil
}

// headers is in how many sectors of a track the sub-headers are looked at.
const headers = 64

// readMode finds out the mode of a data track.
func (s *rawSession) readMode(in *discfile.Reader, t *discfile.Track) error {
	var p [sector.Size]byte
	var mode2, formless, damaged int
	for lba := t.Start; lba < t.Start+t.Size; lba++ {
		if err := in.Whole(p[:], lba); err != nil {
			return err
		}
		k, ok := sector.Identify(p[:])
		at, valid := sector.Address(p[:])
		if !ok || !valid || int64(at) != lba {
			if damaged++; damaged > maxDamaged {
				return fmt.Errorf("the %d sectors up to address %d of a data track have no sync pattern or another address", damaged, lba)
			}
			continue
		}
		damaged = 0
		if lba-t.Start < headers {
			switch k {
			case sector.Mode2:
				formless++
			case sector.Form1, sector.Form2:
				mode2++
			}
		}
	}
	t.XA, t.Mode2 = mode2 > 0 && formless == 0, formless > 0
	return nil
}
