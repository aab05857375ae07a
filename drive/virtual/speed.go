package virtual

import (
	"encoding/binary"

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

// getPerformance is GET PERFORMANCE (MMC-6 6.7): type 0 nominal performance,
// type 3 write speeds.
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
// byte 0 RDD, 4-11 addresses, 12-19 read size and time, 20-27 write size and time.
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
	if time == 0 || binary.BigEndian.Uint32(b[16:]) == 0 {
		return 0, errParameter()
	}
	d.speed = int(uint64(size) * 1000 / uint64(time))
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
