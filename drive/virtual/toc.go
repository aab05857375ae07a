package virtual

import (
	"encoding/binary"
	"slices"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/discfile"
)

// putMSF writes an address as minutes, seconds and frames.
func putMSF(b []byte, lba int64) {
	m := disc.LBA(lba).MSF()
	b[0], b[1], b[2] = byte(m.M), byte(m.S), byte(m.F)
}

// readTOC is READ TOC/PMA/ATIP (MMC-6 6.25).
func (d *recorder) readTOC(r *request) (int, error) {
	msf, format := r.CDB[1]&2 != 0, r.CDB[2]&15
	if format == 0 {
		format = r.CDB[9] >> 6 // in the place that SFF-8020 defined
	}
	allocation := int(binary.BigEndian.Uint16(r.CDB[7:]))
	var b []byte
	var err error
	switch format {
	case 0:
		b, err = d.toc(r.CDB[6], msf)
	case 1:
		b, err = d.sessionInfo(msf)
	case 2:
		b, err = d.rawTOC(r.CDB[6])
	case 3:
		b, err = d.pmaEntries()
	case 4:
		b, err = d.atip()
	case 5:
		b, err = d.cdText()
	default:
		err = errField()
	}
	if err != nil {
		return 0, err
	}
	binary.BigEndian.PutUint16(b, uint16(len(b)-2))
	return r.reply(b, allocation)
}

// address appends an LBA, or its MSF, in four bytes.
func address(b []byte, lba int64, msf bool) []byte {
	if !msf {
		return binary.BigEndian.AppendUint32(b, uint32(lba))
	}
	var m [4]byte
	putMSF(m[1:], lba)
	return append(b, m[:]...)
}

// tocTrack is a track in the table of contents.
type tocTrack struct {
	session, number int
	start           int64
	control         byte
}

// tocTracks returns the tracks of all closed sessions, and the start of the last lead-out.
// It includes the closed tracks of an open session on a BD-R with pseudo overwrite, since
// hosts do not close the session.
func (d *recorder) tocTracks() (all []tocTrack, leadOut int64, err error) {
	if d.overwritable() {
		n := d.state().Format.End()
		if n == 0 {
			return nil, 0, errField()
		}
		return []tocTrack{{1, 1, 0, 4}}, n, nil
	}
	st := d.state()
	n := 0
	for i := range st.Sessions {
		s := &st.Sessions[i]
		if !s.Closed && !st.Format.POW {
			break
		}
		for _, t := range s.Tracks {
			if n++; n > 99 || !t.Closed {
				break
			}
			all = append(all, tocTrack{i + 1, n, t.Start, t.Control & 15})
			leadOut = t.End()
		}
		if s.Closed {
			leadOut = s.LeadOut
		}
	}
	if len(all) == 0 {
		return nil, 0, errField()
	}
	if jumping(st) {
		leadOut = 2 * st.Jump.Layer0
	}
	if !d.medium.isCD() {
		for i := range all {
			all[i].control = 4
		}
	}
	return all, leadOut, nil
}

// toc is format 0: the tracks from the given one on, and the lead-out.
func (d *recorder) toc(from byte, msf bool) ([]byte, error) {
	all, leadOut, err := d.tocTracks()
	if err != nil {
		return nil, err
	}
	last := all[len(all)-1].number
	if int(from) > last && from != 0xAA {
		return nil, errField()
	}
	b := []byte{0, 0, 1, byte(last)}
	for _, t := range all {
		if t.number >= int(from) {
			b = address(append(b, 0, 0x10|t.control, byte(t.number), 0), t.start, msf)
		}
	}
	return address(append(b, 0, 0x10|all[len(all)-1].control, 0xAA, 0), leadOut, msf), nil
}

// sessionInfo is format 1: the first track of the last complete session.
func (d *recorder) sessionInfo(msf bool) ([]byte, error) {
	all, _, err := d.tocTracks()
	if err != nil {
		return nil, err
	}
	last := all[len(all)-1].session
	for _, t := range all {
		if t.session == last {
			b := []byte{0, 0, 1, byte(last), 0, 0x10 | t.control, byte(t.number), 0}
			return address(b, t.start, msf), nil
		}
	}
	return nil, errField()
}

// rawTOC is format 2: the Q sub-channel of the lead-ins, CD only. An entry consists of
// session, ADR and control, TNO, point, M, S, F, zero, PM, PS, PF.
func (d *recorder) rawTOC(from byte) ([]byte, error) {
	st := d.state()
	if !d.medium.isCD() {
		return nil, errField()
	}
	all, _, err := d.tocTracks()
	if err != nil {
		return nil, err
	}
	b := []byte{0, 0, 1, byte(all[len(all)-1].session)}
	for i := range st.Sessions {
		s := &st.Sessions[i]
		if !s.Closed || len(s.Tracks) == 0 || i+1 < int(from) {
			continue
		}
		var in []tocTrack
		for _, t := range all {
			if t.session == i+1 {
				in = append(in, t)
			}
		}
		b = append(b, d.leadInEntries(s, i+1, in)...)
	}
	return b, nil
}

// leadInEntries returns the entries of the lead-in of a session: the first and the last track,
// the lead-out, the tracks, and where the next session can be.
func (d *recorder) leadInEntries(s *discfile.Session, n int, tracks []tocTrack) []byte {
	var b []byte
	entry := func(adr byte, point byte, msf, p [3]byte) {
		b = append(b, byte(n), adr, 0, point, msf[0], msf[1], msf[2], 0, p[0], p[1], p[2])
	}
	first, last := tracks[0], tracks[len(tracks)-1]
	entry(0x10|first.control, 0xA0, [3]byte{}, [3]byte{byte(first.number), s.Type, 0})
	entry(0x10|last.control, 0xA1, [3]byte{}, [3]byte{byte(last.number), 0, 0})
	var p [3]byte
	putMSF(p[:], s.LeadOut)
	entry(0x10|last.control, 0xA2, [3]byte{}, p)
	for _, t := range tracks {
		putMSF(p[:], t.start)
		entry(0x10|t.control, byte(t.number), [3]byte{}, p)
	}
	if d.state().Final && n == len(d.state().Sessions) {
		if s.NoNext {
			entry(0x50|first.control, 0xB0, [3]byte{0xFF, 0xFF, 0xFF}, [3]byte{0xFF, 0xFF, 0xFF})
			b[len(b)-4] = 1
		}
		return b
	}
	var next, end [3]byte // B0: start of the next program area, latest start of the last lead-out
	putMSF(next[:], s.LeadOut+d.medium.sessionGap(n)-discfile.Pregap)
	putMSF(end[:], d.state().Usable())
	entry(0x50|first.control, 0xB0, next, end)
	b[len(b)-4] = 1 // number of mode 5 pointers: B0, and C0 in the first lead-in
	if n == 1 {
		b[len(b)-4] = 2
		putMSF(p[:], discfile.LeadInStart)
		entry(0x50|first.control, 0xC0, [3]byte{}, p)
	}
	return b
}

// atip is format 4 (MMC-6 6.25, format 0100b).
func (d *recorder) atip() ([]byte, error) {
	if d.medium.family != cdWrite {
		return nil, errField()
	}
	b := make([]byte, 32)
	b[4], b[6] = 0xC0, 0x80|flag(d.medium.rewritable, 0x40)
	putMSF(b[8:], discfile.LeadInStart)
	putMSF(b[12:], d.state().Usable())
	return b, nil
}

// cdText is format 5: the packs of the lead-in.
func (d *recorder) cdText() ([]byte, error) {
	st := d.state()
	if !d.medium.isCD() || len(st.CDText) == 0 || len(st.Sessions) == 0 || !st.Sessions[0].Closed {
		return nil, errField()
	}
	return append(make([]byte, 4), fromFirstPack(st.CDText)...), nil
}

// fromFirstPack returns packs of CD-TEXT so that they begin with the first pack of the first
// block. In a lead-in they repeat without end, and a host can begin anywhere: cdrdao begins raw
// lead-ins with the last packs of a block. Bytes of a pack of 18: 2 number in the block, bits 6 to
// 4 of 3 number of the block.
func fromFirstPack(packs []byte) []byte {
	const size = 18
	for i := 0; i+size <= len(packs); i += size {
		if packs[i+2] == 0 && packs[i+3]&0x70 == 0 {
			return slices.Concat(packs[i:], packs[:i])
		}
	}
	return packs
}

// pmaEntries is READ TOC/PMA/ATIP format 3: the tracks of the program memory area (MMC-6 6.25,
// format 0011b), 11 bytes each as in format 2. The time is that of the end of the track.
func (d *recorder) pmaEntries() ([]byte, error) {
	if d.medium.family != cdWrite {
		return nil, errField()
	}
	st := d.state()
	b := make([]byte, 4)
	n := 0
	for i := range st.Sessions {
		for _, t := range st.Sessions[i].Tracks {
			n++
			if st.Sessions[i].AtOnce && !st.Sessions[i].Closed || t.Next == t.Start && !t.Reserved {
				continue
			}
			e := [11]byte{1: 0x10 | t.Control&15, 3: byte(n)}
			putMSF(e[4:], t.End())
			putMSF(e[8:], t.Start)
			b = append(b, e[:]...)
		}
	}
	return b, nil
}
