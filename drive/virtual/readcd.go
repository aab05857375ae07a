package virtual

import (
	"encoding/binary"

	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/discfile"
	"glassmaster/mastering/sector"
)

// readCD is READ CD and READ CD MSF (MMC-6 6.19, 6.20). It returns the 2352 bytes of audio
// sectors, and of data sectors the 2048 bytes of user data or the whole sector, of which the
// rest is generated as a recorder does. The sub-channels P to W, raw, follow if they are
// requested; they are those that follow from the table of contents. Other parts of data
// sectors, C2 pointers and the formatted Q sub-channel are not supported.
func (d *recorder) readCD(r *request) (int, error) {
	if !d.medium.isCD() {
		return 0, errMode()
	}
	lba := int64(int32(binary.BigEndian.Uint32(r.CDB[2:])))
	blocks := int64(r.CDB[6])<<16 | int64(r.CDB[7])<<8 | int64(r.CDB[8])
	if r.CDB[0] == scsi.OpReadCDMSF {
		from, to := msfAt(r.CDB[3:]), msfAt(r.CDB[6:])
		if to < from {
			return 0, errField()
		}
		lba, blocks = from, to-from
	}
	if blocks == 0 || r.CDB[9] == 0 {
		return 0, nil
	}
	want, _ := d.kind(lba)
	if want != audioSector {
		want = dataSector
	}
	form, err := cdForm(r.CDB, want)
	if err != nil {
		return 0, err
	}
	size := form.Size()
	if blocks > int64(maxTransfer/size) {
		return 0, errField()
	}
	if err := d.ready(lba, blocks, want); err != nil {
		return 0, err
	}
	toc := d.state().TOC(true)
	b := make([]byte, blocks*int64(size))
	for i := int64(0); i < blocks; i++ {
		if err := d.readSector(b[i*int64(size):(i+1)*int64(size)], toc, disc.LBA(lba+i), form, want); err != nil {
			return 0, err
		}
	}
	return r.reply(b, len(b))
}

// readSector reads a sector of a CD in a form.
func (d *recorder) readSector(p []byte, toc disc.TOC, lba disc.LBA, form disc.Form, kind sectorKind) error {
	if form == disc.RawSub {
		sector.PutSubChannels(p[sector.Size:], toc, lba)
		p = p[:sector.Size]
	}
	if kind == audioSector {
		return d.store.ReadRaw(p, int64(lba))
	}
	var user [disc.RawSectorSize]byte // before address 0, whole sectors are stored
	var err error
	if lba < 0 {
		err = d.store.ReadRaw(user[:], int64(lba))
	} else {
		err = d.store.ReadUser(user[:disc.SectorSize], int64(lba))
	}
	if err != nil || form == disc.User {
		copy(p, user[:])
		return err
	}
	if t, ok := toc.TrackAt(lba); ok && t.Mode == disc.XA {
		copy(p[sector.SubheadAt:], "\x00\x00\x08\x00\x00\x00\x08\x00") // data
		copy(p[sector.XADataAt:], user[:disc.SectorSize])
		sector.Generate(p, lba, sector.Form1)
		return nil
	}
	sector.EncodeMode1(p, user[:disc.SectorSize], lba)
	return nil
}

// cdForm returns the form of the sectors that READ CD returns. Byte 1 of the CDB has the
// expected sector type, byte 9 the parts of the sector, byte 10 the sub-channel.
func cdForm(cdb []byte, kind sectorKind) (disc.Form, error) {
	if cdb[9]&0x07 != 0 || cdb[10]&7 > 1 {
		return 0, errField()
	}
	form := disc.Raw
	if cdb[10]&7 == 1 {
		form = disc.RawSub
	}
	expected := cdb[1] >> 2 & 7
	if kind == audioSector {
		if expected != 0 && expected != 1 {
			return 0, errMode()
		}
		if cdb[9]&0x10 == 0 {
			return 0, errField()
		}
		return form, nil // the other parts of an audio sector are empty
	}
	if expected != 0 && expected != 2 {
		return 0, errMode()
	}
	switch {
	case cdb[9] == 0xF8:
		return form, nil
	case cdb[9] == 0x10 && form == disc.Raw:
		return disc.User, nil
	}
	return 0, errField()
}

// msfAt decodes minutes, seconds and frames as an address of the program area, where
// 90 minutes and more are beyond the end of the disc.
func msfAt(b []byte) int64 {
	return (int64(b[0])*60+int64(b[1]))*75 + int64(b[2]) - discfile.Pregap
}

// readSubChannel is READ SUB-CHANNEL (MMC-5). It supports the media catalogue number and the
// ISRC of a track.
func (d *recorder) readSubChannel(r *request) (int, error) {
	if !d.medium.isCD() {
		return 0, errIncompatible()
	}
	allocation := int(binary.BigEndian.Uint16(r.CDB[7:]))
	b := make([]byte, 24)
	b[1] = 0x15 // no audio status to return
	if r.CDB[2]&0x40 == 0 {
		return r.reply(b[:4], allocation)
	}
	b[3], b[4] = 20, r.CDB[3]
	code := ""
	switch r.CDB[3] {
	case 2:
		code = d.state().MCN
	case 3:
		t, s := d.state().Track(int(r.CDB[6]))
		if t == nil || !d.state().Sessions[s-1].Closed {
			return 0, errField()
		}
		b[5], b[6] = 0x30|t.Control&15, r.CDB[6]
		code = t.ISRC
	default:
		return 0, errField()
	}
	if code != "" {
		b[8] = 0x80
		copy(b[9:23], code)
	}
	return r.reply(b, allocation)
}
