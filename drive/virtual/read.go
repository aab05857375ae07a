package virtual

import (
	"encoding/binary"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/discfile"
)

// readable reports whether anything can be read from the disc.
func (d *recorder) readable() bool {
	st := d.now()
	return d.medium.family == pressed || st.Format.Blocks > 0 || len(st.Sessions) > 0
}

// readCapacity is READ CAPACITY (MMC-6 6.18): the last address of the last
// complete session, or of a random access disc. A blank disc has 0.
func (d *recorder) readCapacity(r *request) (int, error) {
	b := make([]byte, 8)
	if _, end, err := d.tocTracks(); err == nil {
		binary.BigEndian.PutUint32(b, uint32(end-1))
	}
	binary.BigEndian.PutUint32(b[4:], disc.SectorSize)
	return r.reply(b, len(b))
}

// sectorKind is what a read finds at an address.
type sectorKind uint8

const (
	nowhere sectorKind = iota // not on the disc, or never written
	dataSector
	audioSector
	linkSector // run-out: written, but not to be read
)

// kind returns what is at an address, and how many sectors from there on are
// the same.
func (d *recorder) kind(lba int64) (sectorKind, int64) {
	st := d.now()
	if d.random() {
		if end := st.Format.End(); lba >= 0 && lba < end {
			return dataSector, end - lba
		}
		return nowhere, 1
	}
	for i := range st.Sessions {
		for j := range st.Sessions[i].Tracks {
			t := &st.Sessions[i].Tracks[j]
			if !st.Sessions[i].Readable(t) {
				continue
			}
			end := t.ReadableEnd()
			switch {
			case lba >= t.Start && lba < end:
				return kindOf(t), end - lba
			case lba >= end && lba < t.Next:
				return linkSector, t.Next - lba
			case lba < t.Start && lba >= t.Start-t.Pregap && t.Next > t.Start:
				return kindOf(t), t.Start - lba
			}
		}
	}
	return nowhere, 1
}

// kindOf returns the kind of the sectors of a track.
func kindOf(t *discfile.Track) sectorKind {
	if t.IsAudio() {
		return audioSector
	}
	return dataSector
}

// read is READ(10) and READ(12) (MMC-6 6.14, 6.15).
func (d *recorder) read(r *request) (int, error) {
	lba, blocks := rwAddress(r.CDB)
	if blocks == 0 {
		return 0, nil
	}
	if blocks > maxTransfer/disc.SectorSize {
		return 0, errField()
	}
	b := make([]byte, blocks*disc.SectorSize)
	if !d.holds(r.CDB, lba, blocks) {
		if err := d.ready(lba, blocks, dataSector); err != nil {
			return 0, err
		}
		if err := d.store.ReadUser(b, lba); err != nil {
			return 0, err
		}
	}
	d.answer(r.CDB, lba, b)
	return r.reply(b, len(b))
}

// seek is SEEK(10) (MMC-6 6.31).
func (d *recorder) seek(r *request) (int, error) {
	lba, _ := rwAddress(r.CDB)
	if k, _ := d.kind(lba); k == nowhere {
		return 0, errRange().at(max(lba, 0))
	}
	return 0, nil
}

// ready checks that a run of sectors can be read as what it is asked for.
func (d *recorder) ready(lba, blocks int64, want sectorKind) error {
	if d.random() && d.now().Format.Blocks == 0 {
		return check(2, 0x30, 0x00) // nothing is formatted
	}
	for at := lba; at < lba+blocks; {
		k, n := d.kind(at)
		switch {
		case k == nowhere:
			return errRange().at(max(at, 0))
		case k == linkSector:
			return check(3, 0x11, 0x05).at(at) // L-EC UNCORRECTABLE ERROR
		case k != want:
			return errMode().at(max(at, 0))
		}
		at += n
	}
	if bad := d.badRead(lba, blocks); bad >= 0 {
		return check(3, 0x11, 0x05).at(bad)
	}
	if f := d.retried(lba, blocks); f != nil {
		return f
	}
	return d.cache.drainData(d.store)
}
