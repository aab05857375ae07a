package virtual

import (
	"encoding/binary"
	"slices"

	"glassmaster/mastering/disc"
)

// maxRead returns the highest reading speed of the disc in the drive, in kB/s.
func (d *recorder) maxRead() int {
	switch {
	case d.medium.isCD():
		return 8467
	case d.medium.isBD():
		return 53946
	}
	return 22160
}

// writeSpeed returns the writing speed in kB/s: the highest of the medium that is not above
// the speed that the host has set, or else the lowest.
func (d *recorder) writeSpeed() int {
	speeds := d.medium.speeds
	if len(speeds) == 0 {
		return 0
	}
	if d.speed == 0 {
		return speeds[0]
	}
	for _, v := range speeds {
		if v <= d.speed {
			return v
		}
	}
	return speeds[len(speeds)-1]
}

// getPerformance is GET PERFORMANCE (MMC-6 6.7): type 0 nominal performance, type 2 defects
// of a disc with spare areas, type 3 write speeds.
func (d *recorder) getPerformance(r *request) (int, error) {
	most := int(binary.BigEndian.Uint16(r.CDB[8:]))
	be := binary.BigEndian
	b := make([]byte, 8)
	end := max(d.capacity()-1, 0)
	switch r.CDB[10] {
	case 0:
		if r.CDB[1]&3 != 0 {
			break // there are no exceptions
		}
		v := d.maxRead()
		if r.CDB[1]&4 != 0 {
			b[4], v = 2, d.writeSpeed()
			if v == 0 {
				return 0, errField()
			}
		}
		b = be.AppendUint32(b, 0)
		b = be.AppendUint32(b, uint32(v))
		b = be.AppendUint32(b, uint32(end))
		b = be.AppendUint32(b, uint32(v))
	case 2:
		if !d.state().Format.Spare {
			return 0, errField()
		}
		b = append(b, d.defectStatus(int64(be.Uint32(r.CDB[2:])))...)
		be.PutUint32(b, uint32(len(b)-4))
		return r.reply(b, 8+defectBytes*most)
	case 3:
		for _, v := range d.medium.speeds {
			b = append(b, flag(v == d.writeSpeed(), 2), 0, 0, 0)
			b = be.AppendUint32(b, uint32(end))
			b = be.AppendUint32(b, uint32(d.maxRead()))
			b = be.AppendUint32(b, uint32(v))
		}
	default:
		return 0, errField()
	}
	be.PutUint32(b, uint32(len(b)-4))
	return r.reply(b, 8+16*most)
}

// defectBytes is the length of a defect status descriptor.
const defectBytes = 2048

// defectStatus returns the descriptor of the area that begins at an address: 0-3 start, 4-7
// end, 8 sectors in a block, from 10 on a bit for each block, 1 for one that was replaced.
func (d *recorder) defectStatus(start int64) []byte {
	block := d.medium.block
	start = min(start, max(d.capacity()-1, 0)) / block * block
	b := make([]byte, defectBytes)
	end := min(start+8*int64(len(b)-10)*block, d.capacity())
	binary.BigEndian.PutUint32(b, uint32(start))
	binary.BigEndian.PutUint32(b[4:], uint32(max(end-1, 0)))
	b[8] = byte(block)
	for _, at := range d.state().Format.Replaced {
		if n := (at - start) / block; at >= start && at < end {
			b[10+n/8] |= 1 << (n % 8)
		}
	}
	return b
}

// setSpeed is SET CD SPEED (MMC-6 6.36), kB/s; FFFFh is the highest.
func (d *recorder) setSpeed(r *request) (int, error) {
	d.readSpeed = int(binary.BigEndian.Uint16(r.CDB[2:]))
	d.speed = int(binary.BigEndian.Uint16(r.CDB[4:]))
	if d.speed == 0xFFFF {
		d.speed = 0
	}
	return 0, nil
}

// setStreaming is SET STREAMING (MMC-6 6.38) with a performance descriptor:
// byte 0 rotation control (bits 3-4), RDD (2), exact (1), 4-11 addresses, 12-19 read size and
// time, 20-27 write size and time.
func (d *recorder) setStreaming(r *request) (int, error) {
	n := int(binary.BigEndian.Uint16(r.CDB[9:]))
	b, err := r.list(n)
	if err != nil || n == 0 {
		return 0, err
	}
	if r.CDB[8] != 0 {
		return 0, errField()
	}
	if n != 28 {
		return 0, errListLength()
	}
	if b[0]&4 != 0 { // restore defaults
		d.speed, d.readSpeed = 0, 0
		return n, nil
	}
	size, time := binary.BigEndian.Uint32(b[20:]), binary.BigEndian.Uint32(b[24:])
	start, end := binary.BigEndian.Uint32(b[4:]), binary.BigEndian.Uint32(b[8:])
	if time == 0 || binary.BigEndian.Uint32(b[16:]) == 0 || start > end || b[0]>>3&3 > 1 {
		return 0, errParameter()
	}
	speed := int(uint64(size) * 1000 / uint64(time))
	if b[0]&2 != 0 && !slices.Contains(d.medium.speeds, speed) {
		return 0, errParameter() // exactly this speed is not possible
	}
	d.speed = speed
	return n, nil
}

// bufferCapacity is READ BUFFER CAPACITY (MMC-6 6.17), in bytes, or in blocks if the bit Block
// is set.
func (d *recorder) bufferCapacity(r *request) (int, error) {
	b := make([]byte, 12)
	b[1] = 10
	free := max(0, bufferSize-d.filled())
	if r.CDB[1]&1 != 0 {
		b[3] = 1
		free /= disc.SectorSize
	} else {
		binary.BigEndian.PutUint32(b[4:], bufferSize)
	}
	binary.BigEndian.PutUint32(b[8:], uint32(free))
	return r.reply(b, int(binary.BigEndian.Uint16(r.CDB[7:])))
}
