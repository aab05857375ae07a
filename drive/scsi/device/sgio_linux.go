package device

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"time"
	"unsafe"

	"glassmaster/drive/scsi"

	"golang.org/x/sys/unix"
)

// header is sg_io_hdr_t of <scsi/sg.h>, version 3 of the interface.
type header struct {
	interfaceID    int32
	direction      int32
	cdbLen         uint8
	senseMax       uint8
	iovecs         uint16
	dataLen        uint32
	data           unsafe.Pointer
	cdb            unsafe.Pointer
	sense          unsafe.Pointer
	timeout        uint32 // ms
	flags          uint32
	packID         int32
	user           unsafe.Pointer
	status         uint8
	maskedStatus   uint8
	messageStatus  uint8
	senseLen       uint8
	hostStatus     uint16
	driverStatus   uint16
	residual       int32
	durationMillis uint32
	info           uint32
}

const (
	sgIO          = 0x2285 // the ioctl
	directionNone = -1
	directionOut  = -2
	directionIn   = -3

	driverSense = 0x08 // there are sense data
	driverMask  = 0x0F

	senseMax = 64
)

// Execute executes one command; see [scsi.Transport].
func (d *Device) Execute(ctx context.Context, c scsi.Command) (int, error) {
	if err := scsi.Check(c); err != nil {
		return 0, err
	}
	name := scsi.Describe(c.CDB)
	if len(c.Data) > d.max {
		return 0, fmt.Errorf("%s: %d bytes of data, the largest transfer is %d", name, len(c.Data), d.max)
	}
	if d.readOnly != nil && scsi.Changes(c.CDB) {
		return 0, fmt.Errorf("%s: the drive is open for reading only: %w", name, d.readOnly)
	}
	if err := ctx.Err(); err != nil {
		return 0, fmt.Errorf("%s: not sent: %w", name, err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.buffer == nil {
		return 0, fmt.Errorf("%s: the drive was closed", name)
	}
	n, err := d.pass(c)
	var refused *scsi.Error
	if err != nil && !errors.As(err, &refused) {
		err = fmt.Errorf("%s: %s: %w", d.path, name, err)
	}
	return n, err
}

// pass sends the command to the kernel. The data are copied through a buffer that is page
// aligned and does not move. The transfer length given to the kernel is that of the CDB.
func (d *Device) pass(c scsi.Command) (int, error) {
	timeout := c.Timeout
	if timeout <= 0 {
		timeout = scsi.DefaultTimeout
	}
	// One block of memory for all that the kernel reads and writes except the data.
	args := &struct {
		header
		cdb   [16]byte
		sense [senseMax]byte
	}{}
	var pin runtime.Pinner
	pin.Pin(args)
	defer pin.Unpin()
	copy(args.cdb[:], c.CDB)
	h := &args.header
	h.interfaceID = 'S'
	h.direction = directionNone
	h.cdbLen = uint8(len(c.CDB))
	h.cdb = unsafe.Pointer(&args.cdb)
	h.senseMax = senseMax
	h.sense = unsafe.Pointer(&args.sense)
	h.timeout = uint32(min(max(timeout.Milliseconds(), 1), math.MaxInt32))
	if len(c.Data) > 0 {
		h.dataLen = uint32(len(c.Data))
		h.data = unsafe.Pointer(&d.buffer[0])
		h.direction = directionIn
		if c.Direction == scsi.Out {
			h.direction = directionOut
			copy(d.buffer, c.Data)
		} else {
			clear(d.buffer[:len(c.Data)]) // bytes that the drive does not send must not be old data
		}
	}
	if err := ioctl(d.fd, sgIO, unsafe.Pointer(h)); err != nil {
		return 0, ioctlError(err)
	}
	n := len(c.Data) - min(max(int(h.residual), 0), len(c.Data))
	if c.Direction == scsi.In {
		n = copy(c.Data[:n], d.buffer)
	}
	return n, h.result(c.CDB, args.sense[:min(h.senseLen, senseMax)], timeout)
}

// ioctl calls the kernel with all signals blocked. The SCSI generic driver can be
// interrupted by a signal, and the kernel then restarts the call: the command, perhaps a
// WRITE, would be sent to the drive twice.
func ioctl(fd int, request uintptr, arg unsafe.Pointer) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var all, before unix.Sigset_t
	for i := range all.Val {
		all.Val[i] = ^all.Val[i]
	}
	if err := unix.PthreadSigmask(unix.SIG_SETMASK, &all, &before); err != nil {
		return err
	}
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), request, uintptr(arg))
	if err := unix.PthreadSigmask(unix.SIG_SETMASK, &before, nil); err != nil {
		return err
	}
	if errno != 0 {
		return errno
	}
	return nil
}

// ioctlError explains why the kernel did not send a command.
func ioctlError(err error) error {
	switch {
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES):
		return fmt.Errorf("the kernel does not allow this user to send this command; root may: %w", err)
	case errors.Is(err, unix.ENOTTY), errors.Is(err, unix.EINVAL):
		return fmt.Errorf("%w: the device does not accept SCSI commands, or none of this size; check that it is an optical drive: %w", scsi.ErrNotSent, err)
	case errors.Is(err, unix.ENODEV), errors.Is(err, unix.ENXIO):
		return fmt.Errorf("%w: it was disconnected or switched off: %w", scsi.ErrConnection, err)
	case errors.Is(err, unix.ENOMEM):
		return fmt.Errorf("%w: the kernel has no memory for a transfer of this size: %w", scsi.ErrNotSent, err)
	}
	return fmt.Errorf("SG_IO: %w", err)
}

// hostFailure describes an error between the kernel and the drive: the DID_ codes of
// <scsi/scsi_status.h>. It returns "" for unknown codes.
func hostFailure(status uint16) string {
	switch status {
	case 0x01:
		return "no connection to the drive"
	case 0x02:
		return "the bus remained busy"
	case 0x04:
		return "the drive is not there"
	case 0x05:
		return "the kernel aborted the command"
	case 0x06:
		return "parity error on the bus"
	case 0x07:
		return "error of the host adapter"
	case 0x08:
		return "the drive was reset"
	case 0x09:
		return "unexpected interrupt of the host adapter"
	case 0x0B:
		return "the host adapter requested a retry"
	case 0x0E:
		return "the transport was disrupted"
	case 0x0F:
		return "the transport has failed"
	}
	return ""
}

// abortedLate reports whether the kernel aborted the command after its timeout. Drivers of
// some buses (USB) do not report that as a timeout.
func (h *header) abortedLate(timeout time.Duration) bool {
	const aborted, reset = 0x05, 0x08
	return (h.hostStatus == aborted || h.hostStatus == reset) && int64(h.durationMillis) >= timeout.Milliseconds()
}

// result returns the result of a command that the kernel has sent.
func (h *header) result(cdb, sense []byte, timeout time.Duration) error {
	const noConnect, timedOut, badTarget, transportFailed = 0x01, 0x03, 0x04, 0x0F
	if h.status&0x3E == scsi.StatusCheckCondition && len(sense) > 0 {
		return scsi.NewError(cdb, scsi.StatusCheckCondition, sense)
	}
	driver := h.driverStatus & driverMask
	switch {
	case h.hostStatus == timedOut || driver == 0x06 || h.abortedLate(timeout):
		return fmt.Errorf("%w (%v): the kernel has reset the drive", scsi.ErrTimeout, timeout)
	case h.hostStatus == noConnect, h.hostStatus == badTarget, h.hostStatus == transportFailed:
		return fmt.Errorf("%w: %s; check the cable and the power supply", scsi.ErrConnection, hostFailure(h.hostStatus))
	case h.hostStatus != 0:
		what := hostFailure(h.hostStatus)
		if what == "" {
			what = fmt.Sprintf("host status %02Xh", h.hostStatus)
		}
		return fmt.Errorf("%s; check the cable, the power supply and the USB port", what)
	case h.status&0x3E != scsi.StatusGood:
		return scsi.NewError(cdb, h.status&0x3E, sense)
	case driver == driverSense && len(sense) > 0:
		if e := scsi.NewError(cdb, scsi.StatusCheckCondition, sense); e.Key > scsi.KeyRecoveredError || e.Deferred {
			return e
		}
	case driver != 0 && driver != driverSense:
		return fmt.Errorf("the kernel driver failed (driver status %02Xh)", h.driverStatus)
	}
	return nil
}
