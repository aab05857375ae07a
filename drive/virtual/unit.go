package virtual

import (
	"context"
	"encoding/binary"
	"fmt"
)

// Media events of GET EVENT STATUS NOTIFICATION (MMC-6 6.6).
const (
	eventNone    = 0
	eventEject   = 1
	eventNew     = 2
	eventRemoval = 3
)

// testUnitReady is TEST UNIT READY (MMC-6 6.41).
func (d *recorder) testUnitReady(*request) (int, error) { return 0, nil }

// requestSense is REQUEST SENSE (MMC-6 6.29). The host has got the sense data of commands
// that failed already. REQUEST SENSE returns a unit attention, or the progress of a long
// operation.
func (d *recorder) requestSense(r *request) (int, error) {
	f := check(0, 0, 0)
	if a := r.from.pending(); a != nil {
		return r.reply(a.sense(), int(r.CDB[4]))
	}
	switch {
	case d.store == nil:
		f = errNoMedium(d.trayOpen)
	default:
		if b := d.busy.poll(); b != nil {
			f = b
		}
	}
	return r.reply(f.sense(), int(r.CDB[4]))
}

// inquiry is INQUIRY (MMC-6 6.8): standard data, and the pages 00h (supported pages) and 80h
// (unit serial number).
func (d *recorder) inquiry(r *request) (int, error) {
	allocation := int(binary.BigEndian.Uint16(r.CDB[3:]))
	if r.CDB[1]&1 != 0 {
		switch r.CDB[2] {
		case 0x00:
			return r.reply([]byte{5, 0x00, 0, 2, 0x00, 0x80}, allocation)
		case 0x80:
			return r.reply(append([]byte{5, 0x80, 0, byte(len(serial))}, serial...), allocation)
		}
		return 0, errField()
	}
	if r.CDB[2] != 0 {
		return 0, errField()
	}
	b := make([]byte, 96)
	b[0] = 5    // CD/DVD device
	b[1] = 0x80 // removable
	b[2] = 5    // SPC-3
	b[3] = 2
	b[4] = byte(len(b) - 5)
	copy(b[8:], "GLASSMST")
	if v := d.book.vendorINQUIRY; v != "" {
		copy(b[8:16], fmt.Sprintf("%-8s", v))
	}
	copy(b[16:], "VIRTUAL RECORDER")
	copy(b[32:], "1.00")
	for i, v := range []uint16{0x0300, 0x04E0} { // SPC-3, MMC-6
		binary.BigEndian.PutUint16(b[58+2*i:], v)
	}
	return r.reply(b, allocation)
}

const serial = "GM0000000001"

// startStop is START STOP UNIT (MMC-6 6.39).
func (d *recorder) startStop(r *request) (int, error) {
	if r.CDB[4]>>4 != 0 { // power conditions are accepted and have no effect
		return 0, nil
	}
	switch r.CDB[4] & 3 {
	case 0: // stop
		if d.store == nil {
			return 0, nil
		}
		if !d.faults.ReadCache.KeptOnStop {
			d.readCache = readCache{}
		}
		return 0, d.commit()
	case 1: // start
		if d.store == nil {
			return 0, errNoMedium(d.trayOpen)
		}
		return 0, nil
	case 2: // eject
		return 0, d.eject(r.ctx)
	}
	return 0, d.insert()
}

// eject opens the tray and closes the file of the disc. If the disc becomes an image and that cannot
// be written, the tray remains closed.
func (d *recorder) eject(ctx context.Context) error {
	if d.locked {
		return check(5, 0x53, 0x02) // MEDIUM REMOVAL PREVENTED
	}
	if d.trayOpen {
		return nil
	}
	if d.export(ctx) != nil {
		return check(4, 0x44, 0x00) // INTERNAL TARGET FAILURE: Close returns what failed
	}
	d.trayOpen, d.event = true, eventRemoval
	d.busy = busy{}
	if d.store != nil {
		d.disc.Format.Stop()
	}
	return d.unload()
}

// insert closes the tray and opens the file of the disc.
func (d *recorder) insert() error {
	if !d.trayOpen {
		return nil
	}
	d.trayOpen = false
	if err := d.load(); err != nil {
		return check(2, 0x30, 0x00) // INCOMPATIBLE MEDIUM INSTALLED
	}
	d.event = eventNew
	d.attend(check(6, 0x28, 0x00), nil) // NOT READY TO READY CHANGE
	return nil
}

// preventAllow is PREVENT ALLOW MEDIUM REMOVAL (MMC-6 6.13).
func (d *recorder) preventAllow(r *request) (int, error) {
	d.locked = r.CDB[4]&1 != 0
	return 0, nil
}

// eventStatus is GET EVENT STATUS NOTIFICATION (MMC-6 6.6), polled, of the classes 4 (media)
// and 1 (operational change).
func (d *recorder) eventStatus(r *request) (int, error) {
	if r.CDB[1]&1 == 0 {
		return 0, errField() // asynchronous notification is not supported
	}
	const supported = 1<<1 | 1<<4
	allocation := int(binary.BigEndian.Uint16(r.CDB[7:]))
	switch {
	case r.CDB[4]&(1<<1) != 0 && r.CDB[4]&(1<<4) == 0:
		return r.reply([]byte{0, 6, 1, supported, 0, 0, 0, 0}, allocation)
	case r.CDB[4]&(1<<4) != 0:
		status := byte(0)
		if d.trayOpen {
			status |= 1
		}
		if d.store != nil {
			status |= 2
		}
		b := []byte{0, 6, 4, supported, d.event, status, 0, 0}
		if allocation > 4 {
			d.event = eventNone
		}
		return r.reply(b, allocation)
	}
	return r.reply([]byte{0, 2, 0x80, supported}, allocation) // NEA: no events of these classes
}

// mechanismStatus is MECHANISM STATUS (MMC-6 6.10) of a drive without a changer.
func (d *recorder) mechanismStatus(r *request) (int, error) {
	b := make([]byte, 8)
	if d.trayOpen {
		b[1] |= 0x10
	}
	return r.reply(b, int(binary.BigEndian.Uint16(r.CDB[8:])))
}
