package virtual

import (
	"slices"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/discfile"
	"glassmaster/mastering/sector"
)

// writeCD is WRITE to a CD-R or CD-RW, in the state st.
func (d *recorder) writeCD(r *request, st *discfile.State, lba, blocks int64) (int, error) {
	form, err := d.admitCD(st.Clone(), lba, blocks)
	if err != nil {
		return 0, err
	}
	n := form.size() * int(blocks)
	p, err := r.list(n)
	if err != nil || blocks == 0 {
		return 0, err
	}
	if d.bufferFull(n) {
		return 0, errBufferFull()
	}
	if st.OpenSession() != nil && st.OpenSession().Raw || d.page5.writeType() == writeRaw {
		return n, d.writeRaw(r, st, lba, form, p)
	}
	if o := st.OpenSession(); d.page5.writeType() == writeAtOnce || o != nil && o.AtOnce {
		return n, d.writeCue(r, st, lba, form, p)
	}
	if err := d.advance(st, lba, blocks); err != nil || d.test != nil {
		return n, err
	}
	return n, d.recordCD(r, st, lba, form, p)
}

// writeCue writes blocks of a session at once, which begins with the first of them.
func (d *recorder) writeCue(r *request, st *discfile.State, lba int64, form block, p []byte) error {
	if st.OpenSession() == nil {
		st.Sessions = append(st.Sessions, *d.cue)
		d.packing = interleaver{}
		if d.cue = nil; st.MCN == "" {
			st.MCN = d.cueMCN
		}
		if err := d.skipPauses(st); err != nil {
			return err
		}
	}
	advanceCue(st.OpenSession(), lba+int64(len(p)/form.size()))
	switch {
	case form.sub == subText:
		addText(st, p)
	case d.test == nil:
		if err := d.recordCD(r, st, lba, form, p); err != nil {
			return err
		}
	}
	return d.skipPauses(st)
}

// admitCD checks a write to a CD-R or CD-RW, and returns its blocks.
func (d *recorder) admitCD(st *discfile.State, lba, blocks int64) (block, error) {
	if st.Final {
		return block{}, errCannotWrite()
	}
	if !d.page5.set {
		return block{}, errMode()
	}
	o := st.OpenSession()
	switch {
	case o != nil && o.Raw, d.page5.writeType() == writeRaw:
		return d.admitRaw(st, lba, blocks)
	case o != nil && o.AtOnce:
		return admitCue(o, lba, blocks)
	case d.page5.writeType() == writeAtOnce:
		if d.cue == nil {
			return block{}, errSequence() // the cue sheet is missing
		}
		return admitCue(d.cue, lba, blocks)
	}
	form, ok := d.page5.pageBlock()
	if !ok {
		return block{}, errMode()
	}
	t, err := d.target(st, lba, blocks)
	if err != nil {
		return block{}, err
	}
	if t.Control&4 != d.page5.control()&4 || t.XA != (form.mode == disc.XA) || t.Mode2 != (form.mode == disc.Mode2) {
		return block{}, errMode()
	}
	return form, nil
}

// startCDTrack fills in a track that begins track at once, from page 05h.
func (d *recorder) startCDTrack(st *discfile.State, t *discfile.Track) {
	if form, ok := d.page5.pageBlock(); ok {
		t.XA, t.Mode2 = form.mode == disc.XA, form.mode == disc.Mode2
	}
	t.ISRC = d.page5.isrc()
	if mcn := d.page5.mcn(); mcn != "" && st.MCN == "" {
		st.MCN = mcn
	}
	d.recordGap(st, t)
}

// recordGap records the pre-gap of an audio track that follows another track, which is silence.
// That of a data track cannot be read.
func (d *recorder) recordGap(st *discfile.State, t *discfile.Track) {
	o := st.OpenSession()
	n := len(o.Tracks)
	if n < 2 || !t.IsAudio() {
		return
	}
	t.Pregap = d.gapBefore(&o.Tracks[n-2])
	st.DropAreas(t.Start-t.Pregap, t.Start)
	if d.test == nil {
		d.cache.zero(t.Start-t.Pregap, t.Pregap)
	}
}

// gapBefore returns the sectors between two tracks of a session that are written track at once.
// Between audio tracks it is the audio pause length of page 05h.
func (d *recorder) gapBefore(last *discfile.Track) int64 {
	if d.medium.family == cdWrite && last.IsAudio() && d.page5.control()&4 == 0 && d.page5.set {
		return d.page5.pause()
	}
	return d.medium.trackGap()
}

// recordCD records the blocks of a WRITE: it makes the sectors of them, and puts them into the
// buffer.
func (d *recorder) recordCD(r *request, st *discfile.State, lba int64, form block, p []byte) error {
	size := form.size()
	p = d.arrived(r.ctx, lba, size, p)
	n := int64(len(p) / size)
	if !form.whole() {
		st.DropAreas(lba, lba+n)
		return d.keep(run{lba: lba, size: size, data: p})
	}
	toc := disc.TOC{}
	if form.sub != noSub {
		toc = plannedTOC(st)
	}
	each := sector.Size + form.sub.stored()
	out := make([]byte, n*int64(each))
	for i := range n {
		q, from := out[int(i)*each:(int(i)+1)*each], p[int(i)*size:(int(i)+1)*size]
		form.make(q, from, lba+i)
		if form.sub != noSub {
			d.makeSub(q[sector.Size:], from[form.main:], form.sub, toc, lba+i)
		}
	}
	st.AddArea(discfile.Area{Start: lba, End: lba + n, At: form.area(), Sub: form.sub != noSub})
	return d.keep(run{lba: lba, size: each, data: out, whole: true, at: form.area()})
}

// stored returns how many bytes of sub-channels the disc file gets.
func (f subForm) stored() int {
	if f == noSub {
		return 0
	}
	return sector.SubSize
}

// makeSub makes the 96 bytes of P to W that are recorded from what the host sends.
func (d *recorder) makeSub(dst, src []byte, f subForm, toc disc.TOC, lba int64) {
	switch f {
	case subPQ:
		q := [sector.QSize]byte(src)
		sector.CompleteQ(q[:]) // the CRC of the host is not used: cdrdao sends another one
		for i := range dst[:sector.SubSize] {
			dst[i] = src[formattedQ-1]&0x80 | q[i/8]>>(7-i%8)&1<<6
		}
		return
	case subRW, subRWPack:
		var pq [sector.SubSize]byte
		sector.PutSubChannels(pq[:], toc, disc.LBA(lba))
		for i := range pq {
			dst[i] = pq[i]&0xC0 | src[i]&0x3F
		}
	default:
		copy(dst, src[:sector.SubSize])
	}
	if f == subPacked || f == subRWPack {
		d.packing.sector(dst)
	}
}

// plannedTOC returns the table of contents as it will be when the open session is closed.
func plannedTOC(st *discfile.State) disc.TOC {
	c := st.Clone()
	if o := c.OpenSession(); o != nil {
		for i := range o.Tracks {
			t := &o.Tracks[i]
			t.Next, t.Closed = t.Start+t.Size, true
		}
		o.Closed = true
	}
	return c.TOC(true)
}

// skipPauses generates the sectors of a session at once for which the host sends nothing.
func (d *recorder) skipPauses(st *discfile.State) error {
	o := st.OpenSession()
	for o.Next < o.LeadOut {
		form, end := spanAt(o, o.Next)
		if form.size() > 0 {
			return nil
		}
		from := o.Next
		advanceCue(o, end)
		if d.test != nil {
			continue
		}
		if err := d.recordPause(st, from, end, form); err != nil {
			return err
		}
	}
	return nil
}

// recordPause records generated sectors.
func (d *recorder) recordPause(st *discfile.State, from, end int64, form block) error {
	if !form.whole() {
		st.DropAreas(from, end)
		for ; from < min(end, 0); from++ {
			if err := d.keep(run{lba: from, size: sector.Size, data: make([]byte, sector.Size)}); err != nil {
				return err
			}
		}
		if from < end {
			d.cache.zero(from, end-from)
		}
		return nil
	}
	for ; from < end; from++ {
		p := make([]byte, sector.Size)
		form.make(p, nil, from)
		st.AddArea(discfile.Area{Start: from, End: from + 1, At: form.area()})
		if err := d.keep(run{lba: from, size: sector.Size, data: p, whole: true, at: form.area()}); err != nil {
			return err
		}
	}
	return nil
}

// syncCD is SYNCHRONIZE CACHE on a CD. It closes a track that is written track at once, and
// a session at once if all sectors of its cue sheet are written.
func (d *recorder) syncCD(st *discfile.State, o *discfile.Session) error {
	if o.Raw {
		return d.syncRaw(st, o)
	}
	if o.AtOnce {
		if o.Next >= o.LeadOut {
			for i := range o.Tracks {
				o.Tracks[i].Closed = true
			}
			o.Closed, o.Spans = true, nil
			st.Final = !o.Multi
			d.shortenSession(o)
		}
		return nil
	}
	for i := range o.Tracks {
		if t := &o.Tracks[i]; !t.Reserved || t.Complete() {
			d.finishTrack(t)
		}
	}
	return nil
}

// shortenSession applies the fault Short to the last track of a session that is written at once.
func (d *recorder) shortenSession(s *discfile.Session) {
	t := &s.Tracks[len(s.Tracks)-1]
	n := min(d.faults.Short, t.Size-1)
	if n <= 0 {
		return
	}
	t.Size, t.Next, s.LeadOut = t.Size-n, min(t.Next, t.Start+t.Size-n), s.LeadOut-n
	t.Indexes = slices.DeleteFunc(t.Indexes, func(at int64) bool { return at > t.Start+t.Size })
}
