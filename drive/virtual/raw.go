package virtual

import (
	"errors"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/discfile"
	"glassmaster/mastering/sector"
)

// Raw writing (MMC-6 4.4.4): the host sends lead-in, program area and lead-out of a session,
// each sector with its sub-channels, and the drive writes them as they are. The host scrambles
// the data sectors, as wodim and cdrdao do. The drive learns from the Q sub-channel what the
// session contains, when the session ends.

// admitRaw checks a write to a session that is written raw, and returns its blocks. The host
// writes in order, from the beginning of the lead-in on.
func (d *recorder) admitRaw(st *discfile.State, lba, blocks int64) (block, error) {
	form, ok := rawBlock(d.page5.block())
	o := st.OpenSession()
	if o == nil {
		_, space := d.appendPoint(st)
		switch {
		case d.page5.writeType() != writeRaw || !ok:
			return form, errMode()
		case !space:
			return form, errCannotWrite()
		case !d.store.HasSub():
			return form, errCannotWrite() // the file of the disc has no space for sub-channels
		case lba != leadInStart(st, len(st.Sessions)):
			return form, errAddress().at(max(lba, 0))
		}
		return form, nil
	}
	switch {
	case !o.Raw || d.page5.writeType() != writeRaw || !ok || len(o.Spans) != 1 || o.Spans[0].Form != d.page5.block():
		return form, errMode()
	case lba != o.Next:
		return form, errAddress().at(max(lba, 0))
	case lba+blocks > st.Sectors+disc.FirstLeadOut:
		return form, errTrackEnd().at(max(lba, 0))
	}
	return form, nil
}

// writeRaw writes blocks of a session that is written raw, which begins with the first of them.
func (d *recorder) writeRaw(r *request, st *discfile.State, lba int64, form block, p []byte) error {
	o := st.OpenSession()
	if o == nil {
		o = st.EnsureOpen()
		*o = discfile.Session{AtOnce: true, Raw: true, Next: lba, Spans: []discfile.Span{{Start: lba, Bytes: form.size(), Form: d.page5.block()}}}
		d.packing = interleaver{}
	}
	blocks := int64(len(p) / form.size())
	begin := leadInStart(st, len(st.Sessions)-1) + leadInLength(len(st.Sessions))
	subs, err := d.rawSubs(form, p, lba, begin)
	if err != nil {
		return err
	}
	if end := lba + blocks; end > st.Sectors && lba < end {
		if err := onlyLeadOut(subs, lba, st.Sectors); err != nil {
			return err
		}
	}
	o.Next = lba + blocks
	if d.test != nil {
		return nil
	}
	return d.keepRaw(r, st, lba, begin, form, p, subs)
}

// rawSubs returns the sub-channels of blocks as they are recorded. Packs are interleaved from the
// address begin on: those of the lead-in, which are CD-TEXT, are not.
func (d *recorder) rawSubs(form block, p []byte, lba, begin int64) ([]byte, error) {
	size := form.size()
	n := len(p) / size
	subs := make([]byte, n*sector.SubSize)
	for i := range n {
		f := form.sub
		if f == subPacked && lba+int64(i) < begin {
			f = subRaw
		}
		d.makeSub(subs[i*sector.SubSize:(i+1)*sector.SubSize], p[i*size+sector.Size:(i+1)*size], f, disc.TOC{}, lba+int64(i))
	}
	return subs, nil
}

// onlyLeadOut returns the error of a sector after the capacity of the disc that is not one of a
// lead-out.
func onlyLeadOut(subs []byte, lba, sectors int64) error {
	for i := 0; i < len(subs); i += sector.SubSize {
		at := lba + int64(i/sector.SubSize)
		raw := sector.ReadQ(subs[i:])
		if q, ok := sector.DecodeQ(raw[:]); at >= sectors && (!ok || q.Mode == sector.QPosition && q.Track != sector.LeadOut) {
			return errTrackEnd().at(at)
		}
	}
	return nil
}

// keepRaw puts blocks into the buffer. Of a lead-in only the sub-channels are kept. Sectors that
// the Q sub-channel says are data are kept without the scrambling, as a drive reads them.
func (d *recorder) keepRaw(r *request, st *discfile.State, lba, begin int64, form block, p, subs []byte) error {
	const each = sector.Size + sector.SubSize
	size := form.size()
	p = d.arrived(r.ctx, lba, size, p)
	n := len(p) / size
	out := make([]byte, n*each)
	at := discfile.AtAudio
	for i := range n {
		copy(out[i*each:], p[i*size:i*size+sector.Size])
		copy(out[i*each+sector.Size:], subs[i*sector.SubSize:(i+1)*sector.SubSize])
		raw := sector.ReadQ(subs[i*sector.SubSize:])
		if q, ok := sector.DecodeQ(raw[:]); ok {
			d.rawData = q.Control&sector.QData != 0
		}
		if d.rawData {
			sector.Scramble(out[i*each:][:sector.Size])
		}
	}
	if k, ok := sector.Identify(out); ok {
		if at = discfile.AtMode1; k == sector.Form1 || k == sector.Form2 {
			at = discfile.AtXA
		}
	}
	if len(st.Areas) >= maxAreas {
		at = st.Areas[len(st.Areas)-1].At
	}
	st.AddArea(discfile.Area{Start: max(lba, begin), End: min(lba+int64(n), st.Sectors), At: at, Sub: true})
	return d.keep(run{lba: lba, size: each, data: out, whole: true, at: at})
}

// maxAreas limits the areas of a disc, which its file lists.
const maxAreas = 2000

// leadInStart returns where the lead-in of the session with this index begins.
func leadInStart(st *discfile.State, index int) int64 {
	if index == 0 {
		return discfile.LeadInStart
	}
	before := &st.Sessions[index-1]
	return before.LeadOut + int64(disc.SessionGap(index)) - discfile.Pregap - disc.LeadIn
}

// leadInLength returns the number of sectors of the lead-in of a session, by its number.
func leadInLength(session int) int64 {
	if session == 1 {
		return -discfile.Pregap - discfile.LeadInStart
	}
	return disc.LeadIn
}

// syncRaw is SYNCHRONIZE CACHE in a session that is written raw. The session ends if its
// lead-out is complete. If the lead-in has no table of contents, or the Q sub-channel
// contradicts it, the session ends too, and no drive can read it.
func (d *recorder) syncRaw(st *discfile.State, o *discfile.Session) error {
	if d.test != nil {
		return nil
	}
	if err := d.cache.drainData(d.store); err != nil {
		return err
	}
	number := len(st.Sessions)
	start := leadInStart(st, number-1)
	begin := start + leadInLength(number)
	if o.Next <= begin {
		return nil
	}
	in := rawSession{file: d.store, st: st, start: start, begin: begin, next: o.Next, number: number, before: st.CountTracks(), least: disc.FirstLeadOut}
	if number > 1 {
		in.least = disc.LaterLeadOut
	}
	err := in.read()
	if err == errUnfinished {
		return nil
	}
	s := discfile.Session{AtOnce: true, Raw: true, Closed: true}
	if err != nil {
		s.Bad, s.LeadOut = err.Error(), min(max(o.Next, begin), st.Sectors)
		st.DropAreas(begin, s.LeadOut)
	} else {
		s.Tracks, s.LeadOut, s.Type, s.NoNext = in.tracks, in.leadOut, in.kind, in.noNext
		st.DropAreas(in.leadOut, max(o.Next, in.leadOut))
		d.shortenSession(&s)
		st.Final = !in.multi
		if st.MCN == "" {
			st.MCN = in.mcn
		}
		if number == 1 {
			st.CDText = in.text
		}
	}
	*o = s
	return nil
}

// errUnfinished says that the lead-out of a raw session is not complete yet.
var errUnfinished = errors.New("the lead-out is not complete")
