package virtual

import (
	"encoding/binary"
	"errors"

	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/discfile"
	"glassmaster/mastering/sector"
)

// cdSelection is what READ CD returns of each sector (MMC-6 6.19). Byte 1 of the CDB has the
// expected sector type, byte 9 the parts of the sector, byte 10 the sub-channels.
type cdSelection struct {
	expected byte // sector type; 0: any
	parts    byte // bits 7 to 3 of byte 9
	c2       byte // 0 none, 1 C2 error bits, 2 with the block error byte
	sub      byte // 0 none, 1 P to W, 2 formatted Q, 4 R to W
}

// Parts of a sector in cdSelection.parts.
const (
	partSync      = 0x80
	partSubHeader = 0x40
	partHeader    = 0x20
	partUser      = 0x10
	partECC       = 0x08
)

// Expected sector types.
const (
	expectAny = iota
	expectAudio
	expectMode1
	expectMode2
	expectForm1
	expectForm2
)

// Sizes of the error data and of the formatted Q sub-channel, in bytes.
const (
	c2Bytes    = 294 // a bit for each byte of the sector
	c2Block    = 2   // before them: the bits of all bytes combined, and a byte of padding
	formattedQ = 16
)

// mostOfSector is about the most that is selected of a sector, in bytes.
const mostOfSector = sector.Size + sector.SubSize

// selectCD reads the selection of a CDB.
func selectCD(cdb []byte) (cdSelection, error) {
	s := cdSelection{expected: cdb[1] >> 2 & 7, parts: cdb[9] & 0xF8, c2: cdb[9] >> 1 & 3, sub: cdb[10] & 7}
	if s.expected > expectForm2 || s.c2 == 3 || cdb[9]&1 != 0 || s.sub != 0 && s.sub != 1 && s.sub != 2 && s.sub != 4 {
		return s, errField()
	}
	return s, nil
}

// readCD is READ CD and READ CD MSF (MMC-6 6.19, 6.20). Error data is zero: every sector that
// is returned was read without errors.
func (d *recorder) readCD(r *request) (int, error) {
	if !d.medium.isCD() {
		return 0, errMode()
	}
	lba := int64(int32(binary.BigEndian.Uint32(r.CDB[2:])))
	blocks := int64(r.CDB[6])<<16 | int64(r.CDB[7])<<8 | int64(r.CDB[8])
	if r.CDB[0] == scsi.OpReadCDMSF {
		from, to := msfAt(r.CDB[3:]), msfAt(r.CDB[6:])
		if to < from || r.CDB[4] > 59 || r.CDB[5] > 74 || r.CDB[7] > 59 || r.CDB[8] > 74 {
			return 0, errField()
		}
		lba, blocks = from, to-from
	}
	s, err := selectCD(r.CDB)
	if err != nil {
		return 0, err
	}
	if blocks == 0 || s.parts|s.c2|s.sub == 0 {
		return 0, nil
	}
	want, _ := d.kind(lba)
	switch want {
	case noSector:
		return 0, errRange().at(max(lba, 0))
	case linkSector:
		want = dataSector
	}
	if (want == audioSector) != (s.expected == expectAudio) && s.expected != expectAny {
		return 0, errMode().at(max(lba, 0))
	}
	if blocks > maxTransfer { // of the least that a sector has
		return 0, errField()
	}
	if err := d.ready(lba, blocks, want); err != nil {
		return 0, err
	}
	b, err := d.readSectors(lba, blocks, s, want)
	if err != nil {
		return 0, err
	}
	d.position = lba + blocks - 1
	return r.reply(b, len(b))
}

// readSectors returns what is selected of a run of sectors of one kind.
func (d *recorder) readSectors(lba, blocks int64, s cdSelection, kind sectorKind) ([]byte, error) {
	in := discfile.NewReader(d.store, d.state())
	b := make([]byte, 0, min(blocks*mostOfSector, maxTransfer))
	var p [sector.Size]byte
	for at := lba; at < lba+blocks; at++ {
		var err error
		if kind == audioSector {
			err = d.audio(in, p[:], at)
		} else if s.parts != 0 || s.expected != expectAny {
			err = in.Whole(p[:], at)
		}
		if err != nil {
			return nil, readFault(err, at)
		}
		if b, err = s.add(b, p[:], at, kind); err != nil {
			return nil, err
		}
		switch s.c2 {
		case 1:
			b = append(b, make([]byte, c2Bytes)...)
		case 2:
			b = append(b, make([]byte, c2Block+c2Bytes)...)
		}
		if b, err = d.addSub(b, in, s.sub, at); err != nil {
			return nil, readFault(err, at)
		}
		if len(b) > maxTransfer {
			return nil, errField()
		}
	}
	return b, nil
}

// readFault returns the sense data of a sector that cannot be read.
func readFault(err error, lba int64) error {
	var bad *sector.DataError
	switch {
	case errors.Is(err, disc.ErrForm):
		return errMode().at(max(lba, 0))
	case errors.As(err, &bad):
		return check(3, 0x11, 0x05).at(max(lba, 0)) // L-EC UNCORRECTABLE ERROR
	}
	var f *fault
	if errors.As(err, &f) {
		return err
	}
	return check(3, 0x11, 0x00).at(max(lba, 0)) // UNRECOVERED READ ERROR
}

// audio reads the samples of an audio sector, shifted by the read offset of the drive. What
// is outside of audio tracks is silence.
func (d *recorder) audio(in *discfile.Reader, p []byte, lba int64) error {
	if d.offset == 0 {
		return in.Whole(p, lba)
	}
	const sampleBytes = 4
	from := lba*sector.Size - d.offset*sampleBytes
	at := from / sector.Size
	if from < 0 && from%sector.Size != 0 {
		at--
	}
	var two [2 * sector.Size]byte
	for i := range int64(2) {
		if k, _ := d.kind(at + i); k != audioSector {
			continue
		}
		if err := in.Whole(two[i*sector.Size:(i+1)*sector.Size], at+i); err != nil {
			return err
		}
	}
	copy(p[:sector.Size], two[from-at*sector.Size:])
	return nil
}

// field is a part of a sector: its flag, and the bytes that it has.
type field struct {
	part     byte
	from, to int
}

// fields returns the parts of a data sector by its kind, in their order. Of an audio sector
// everything is user data.
func fields(k sector.Kind) []field {
	head := []field{{partSync, 0, sector.HeaderAt}, {partHeader, sector.HeaderAt, sector.DataAt}}
	switch k {
	case sector.Form1:
		return append(head, field{partSubHeader, 16, 24}, field{partUser, 24, 2072}, field{partECC, 2072, 2352})
	case sector.Form2:
		return append(head, field{partSubHeader, 16, 24}, field{partUser, 24, 2352})
	case sector.Mode2:
		return append(head, field{partUser, 16, 2352})
	}
	return append(head, field{partUser, 16, 2064}, field{partECC, 2064, 2352})
}

// add appends the selected parts of a whole sector to b. They must follow each other in the
// sector (MMC-6 6.19, table of the data selection field).
func (s cdSelection) add(b, p []byte, lba int64, kind sectorKind) ([]byte, error) {
	if kind == audioSector {
		if s.parts != 0 {
			b = append(b, p...)
		}
		return b, nil
	}
	if s.parts == 0 && s.expected == expectAny {
		return b, nil
	}
	k, ok := sector.Identify(p)
	if !ok && s.parts == 0xF8 && s.expected == expectAny {
		return append(b, p...), nil // as it was recorded
	}
	if !ok {
		return b, check(3, 0x11, 0x05).at(max(lba, 0))
	}
	if !s.expects(k) {
		return b, errMode().at(max(lba, 0))
	}
	if err := s.intact(p, k, lba); err != nil {
		return b, err
	}
	end := -1
	for _, f := range fields(k) {
		if s.parts&f.part == 0 {
			continue
		}
		if end >= 0 && f.from != end {
			return b, errField()
		}
		b, end = append(b, p[f.from:f.to]...), f.to
	}
	if s.parts&partECC != 0 && s.parts&partUser == 0 {
		return b, errField()
	}
	return b, nil
}

// intact corrects the errors of a sector of which not everything is selected. A sector with
// too many errors cannot be read.
func (s cdSelection) intact(p []byte, k sector.Kind, lba int64) error {
	if s.parts&partUser == 0 || s.parts&(partUser|partECC) == partUser|partECC || k != sector.Mode1 && k != sector.Form1 {
		return nil
	}
	if sector.Check(p, disc.LBA(lba))&sector.BadEDC == 0 || sector.Correct(p) {
		return nil
	}
	return check(3, 0x11, 0x05).at(max(lba, 0))
}

// expects reports whether a sector has the expected type.
func (s cdSelection) expects(k sector.Kind) bool {
	switch s.expected {
	case expectMode1:
		return k == sector.Mode1
	case expectMode2:
		return k == sector.Mode2
	case expectForm1:
		return k == sector.Form1
	case expectForm2:
		return k == sector.Form2
	}
	return true
}

// addSub appends the selected sub-channels of a sector to b.
func (d *recorder) addSub(b []byte, in *discfile.Reader, selected byte, lba int64) ([]byte, error) {
	if selected == 0 {
		return b, nil
	}
	var p [sector.SubSize]byte
	if err := in.Sub(p[:], lba); err != nil {
		return b, err
	}
	switch selected {
	case 1:
		return append(b, p[:]...), nil
	case 2: // Q as it is recorded, with its CRC; the highest bit of the last byte is P
		q := sector.ReadQ(p[:])
		b = append(b, q[:]...)
		return append(b, 0, 0, 0, p[0]&0x80), nil
	}
	rw, err := d.packs(in, lba)
	return append(b, rw...), err
}

// userData fills p with the user data of data sectors from lba on.
func (d *recorder) userData(p []byte, lba int64) error {
	if lba >= 0 && (!d.medium.isCD() || d.medium.family == pressed || len(d.state().Areas) == 0) {
		err := d.store.ReadUser(p, lba)
		if err == nil || d.medium.family != pressed {
			return err
		}
	}
	in := discfile.NewReader(d.store, d.state())
	var whole [sector.Size]byte
	for ; len(p) > 0; p, lba = p[disc.SectorSize:], lba+1 {
		var err error
		if d.medium.family == pressed {
			err = d.store.ReadUser(p[:disc.SectorSize], lba)
		} else if err = in.Whole(whole[:], lba); err == nil {
			_, err = sector.CorrectedUserData(p, whole[:], disc.LBA(lba), func(disc.LBA) {})
		}
		if err != nil {
			return readFault(err, lba)
		}
	}
	return nil
}

// msfAt decodes minutes, seconds and frames as an address of the program area, where
// 90 minutes and more are beyond the end of the disc.
func msfAt(b []byte) int64 {
	return (int64(b[0])*60+int64(b[1]))*75 + int64(b[2]) - discfile.Pregap
}
