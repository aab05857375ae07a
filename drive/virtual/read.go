package virtual

import (
	"encoding/binary"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/discfile"
)

// readable reports whether the disc is not blank.
func (d *recorder) readable() bool {
	st := d.state()
	return d.medium.family == pressed || st.Format.Blocks > 0 || len(st.Sessions) > 0
}

// readCapacity is READ CAPACITY (MMC-6 6.18): the last address of the last closed session,
// or of a disc that is overwritten in place. It is 0 on a blank disc.
func (d *recorder) readCapacity(r *request) (int, error) {
	b := make([]byte, 8)
	if _, end, err := d.tocTracks(); err == nil {
		binary.BigEndian.PutUint32(b, uint32(end-1))
	}
	binary.BigEndian.PutUint32(b[4:], disc.SectorSize)
	return r.reply(b, len(b))
}

// sectorKind is the kind of a sector.
type sectorKind uint8

const (
	noSector sectorKind = iota // outside of the disc, or not written
	dataSector
	audioSector
	linkSector // run-out, which cannot be read
)

// kind returns the kind of the sector at an address, and how many sectors from there on have
// the same kind.
func (d *recorder) kind(lba int64) (sectorKind, int64) {
	st := d.state()
	if d.random(st) {
		return randomKind(st, lba)
	}
	if d.overwritable() {
		if end := st.Format.End(); lba >= 0 && lba < end {
			return dataSector, end - lba
		}
		return noSector, 1
	}
	for i := range st.Sessions {
		for j := range st.Sessions[i].Tracks {
			t := &st.Sessions[i].Tracks[j]
			if !st.Sessions[i].Readable(t) {
				continue
			}
			end := t.ReadableEnd()
			if h := t.Hole; h != nil && lba >= t.Start && lba < h.End {
				if lba < h.Start {
					return kindOf(t), h.Start - lba
				}
				continue
			}
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
	return noSector, 1
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
	b := r.buffer(int(blocks) * disc.SectorSize)
	if !d.cacheHolds(r.CDB, lba, blocks) {
		if err := d.ready(lba, blocks, dataSector); err != nil {
			return 0, err
		}
		if err := d.userData(b, lba); err != nil {
			return 0, err
		}
	}
	d.position = lba + blocks - 1
	d.fillFromCache(r.CDB, lba, b)
	return r.reply(b, len(b))
}

// seek is SEEK(10) (MMC-6 6.31).
func (d *recorder) seek(r *request) (int, error) {
	lba, _ := rwAddress(r.CDB)
	if k, _ := d.kind(lba); k == noSector {
		return 0, errRange().at(max(lba, 0))
	}
	return 0, nil
}

// ready checks that a run of sectors can be read and has the wanted kind.
func (d *recorder) ready(lba, blocks int64, want sectorKind) error {
	if d.overwritable() && d.state().Format.Blocks == 0 {
		return check(2, 0x30, 0x00) // the disc is not formatted
	}
	for at := lba; at < lba+blocks; {
		k, n := d.kind(at)
		switch {
		case k == noSector:
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
