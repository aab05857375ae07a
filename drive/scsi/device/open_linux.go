package device

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"
	"unsafe"

	"glassmaster/drive/scsi"

	"golang.org/x/sys/unix"
)

// Device is an optical drive of this computer. It implements scsi.Transport.
type Device struct {
	path     string
	fd       int
	block    string // "/dev/sr0", empty for a drive that has only a generic device
	held     []int  // other devices of the drive, kept open to keep other programs out
	readOnly error  // why this handle may not change the disc, nil if it may
	max      int    // bytes of data in one command
	mu       sync.Mutex
	buffer   []byte // page aligned, as all host adapters need; nil after Close
}

var _ scsi.Transport = (*Device)(nil)

// Open opens a drive by the name of its device: /dev/sr0, /dev/sg1, or a link to one.
//
// Both devices of the drive are opened exclusively. If another program uses the drive, it
// is not opened, no command is sent to it, and the error is an *scsi.InUseError. If the
// disc is mounted, or the user may not write, the drive is opened for reading, and
// commands that change the disc return the reason as an error.
func Open(ctx context.Context, name string) (*Device, error) {
	path, err := filepath.EvalSymlinks(name)
	if err != nil {
		return nil, fmt.Errorf("open the drive: %w", explain(name, err))
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, fmt.Errorf("open the drive: %w", err)
	}
	d, err := open(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("open the drive: %w", explain(name, err))
	}
	if _, err := scsi.Begin(ctx, d); err != nil {
		d.Close()
		return nil, fmt.Errorf("open the drive %s: %w", name, err)
	}
	return d, nil
}

// open opens the device, for writing if possible.
func open(ctx context.Context, path string) (*Device, error) {
	if err := mustBeDevice(path); err != nil {
		return nil, err
	}
	d := &Device{path: path, fd: -1}
	block, generic := devices("/sys", path)
	d.block = block
	at := mounted(block)
	if at != "" {
		d.readOnly = mountedError(block, at)
	}
	// The generic device is opened first: when the block device is opened, the kernel
	// sends commands to the drive, which could disturb another program's burn.
	err := d.hold(ctx, generic, exclusive)
	if err == nil {
		use := exclusive
		if at != "" { // the mount has opened it exclusively
			use = shared
		}
		err = d.hold(ctx, block, use)
	}
	if err == nil && d.fd < 0 {
		err = unix.ENXIO
	}
	if err != nil {
		_ = d.release()
		return nil, err
	}
	d.max = maxTransfer("/sys", filepath.Base(block))
	d.buffer, err = unix.Mmap(-1, 0, d.max, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		_ = d.release()
		return nil, fmt.Errorf("allocate the buffer: %w", err)
	}
	return d, nil
}

// use is how a device is opened.
type use int

const (
	exclusive use = iota // no other program may have it open
	shared               // the disc is mounted
)

// hold opens one of the devices of the drive and keeps it open. If the device is not the
// one by which the drive was named, and does not exist or may not be opened, hold does
// nothing.
func (d *Device) hold(ctx context.Context, path string, how use) error {
	named := path == d.path
	if path == "" || !named && how == shared {
		return nil
	}
	// O_NONBLOCK opens a drive without a disc too. While an exclusive handle for writing
	// is open, the kernel does not poll the drive for new media, which would disturb a
	// burn.
	flags := unix.O_NONBLOCK | unix.O_CLOEXEC
	if how == exclusive {
		flags |= unix.O_EXCL
	}
	access := unix.O_RDWR
	if how == shared || named && d.readOnly != nil && !isGeneric(path) {
		access = unix.O_RDONLY
	}
	fd, err := openFree(ctx, path, access|flags)
	if refused(err) && access == unix.O_RDWR {
		if named && d.readOnly == nil {
			d.readOnly = explain(path, err)
		}
		if isGeneric(path) {
			flags &^= unix.O_EXCL // which is allowed only for writing
		}
		fd, err = openFree(ctx, path, unix.O_RDONLY|flags)
	}
	switch {
	case errors.Is(err, unix.EBUSY):
		return d.inUse(err)
	case err != nil && (named || scsi.Gone(err) || ctx.Err() != nil):
		return err
	case err != nil:
		return nil
	case named:
		d.fd = fd
	default:
		d.held = append(d.held, fd)
	}
	return nil
}

// refused reports whether an error is that of a device that the user may not write to.
func refused(err error) bool {
	return errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM) || errors.Is(err, unix.EROFS)
}

// inUse returns the error of a drive of which a device is open already.
func (d *Device) inUse(err error) error {
	block, generic := devices("/sys", d.path)
	by, own := holder(block, generic)
	return &scsi.InUseError{Drive: d.path, By: by, Own: own, Err: err}
}

// Programs of the desktop open a drive for a moment to examine a new disc.
const (
	busyTimeout  = time.Second
	pollInterval = 50 * time.Millisecond
)

// openFree opens a device. If it is in use, openFree waits up to busyTimeout.
func openFree(ctx context.Context, path string, flags int) (int, error) {
	for waited := time.Duration(0); ; waited += pollInterval {
		fd, err := openWithin(ctx, path, flags, openTimeout)
		if !errors.Is(err, unix.EBUSY) || waited >= busyTimeout {
			return fd, err
		}
		select {
		case <-ctx.Done():
			return fd, err
		case <-time.After(pollInterval):
		}
	}
}

// openTimeout is how long opening a device may take. The kernel asks the drive whether
// there is a disc, and keeps asking a drive that hangs for minutes.
const openTimeout = 45 * time.Second

// openWithin opens a device. It returns when limit has passed or the context ends, even if
// the kernel has not returned.
func openWithin(ctx context.Context, path string, flags int, limit time.Duration) (int, error) {
	type opened struct {
		fd  int
		err error
	}
	done := make(chan opened)
	given := make(chan struct{})
	defer close(given)
	go func() {
		fd, err := openRetry(path, flags)
		select {
		case done <- opened{fd, err}:
		case <-given:
			if err == nil {
				unix.Close(fd)
			}
		}
	}()
	expired := time.NewTimer(limit)
	defer expired.Stop()
	select {
	case o := <-done:
		return o.fd, o.err
	case <-ctx.Done():
		return -1, ctx.Err()
	case <-expired.C:
		return -1, fmt.Errorf("%w (%v): the kernel is still waiting for the drive", scsi.ErrTimeout, limit)
	}
}

// openRetry opens a device, again after each interruption by a signal.
func openRetry(path string, flags int) (int, error) {
	for {
		fd, err := unix.Open(path, flags, 0)
		if !errors.Is(err, unix.EINTR) {
			return fd, err
		}
	}
}

// mustBeDevice returns an error if path is not a device.
func mustBeDevice(path string) error {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return err
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFBLK, unix.S_IFCHR:
		return nil
	case unix.S_IFDIR:
		return errFolder
	}
	return errNoDevice
}

var (
	errNoDevice = errors.New("not a device")
	errFolder   = errors.New("it is a folder, not a drive; \"glassmaster drives\" lists the drives")
)

func mountedError(path, at string) error {
	return fmt.Errorf("%s: the disc is mounted at %s; run \"umount %s\" first", path, at, at)
}

// explain adds to an error of the system what it means and what the user can do.
func explain(path string, err error) error {
	switch {
	case errors.Is(err, errNoDevice):
		return fmt.Errorf("%s is not a device; use virtual:%s for an image file", path, path)
	case errors.Is(err, unix.ENOENT):
		return fmt.Errorf("%s does not exist; \"glassmaster drives\" lists the drives: %w", path, err)
	case errors.Is(err, unix.ENXIO), errors.Is(err, unix.ENODEV):
		return fmt.Errorf("%s: there is no drive with this name; check that it is connected and switched on: %w", path, err)
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		return fmt.Errorf("%s: %w; %s", path, err, permission(path))
	case errors.Is(err, unix.EROFS):
		return fmt.Errorf("%s: the system allows only reading from this drive: %w", path, err)
	case errors.As(err, new(*scsi.InUseError)):
		return err
	}
	return fmt.Errorf("%s: %w", path, err)
}

// Writable returns why this program may not change the disc in the drive, nil if it may;
// see [scsi.Writable].
func (d *Device) Writable() error { return d.readOnly }

// SystemSize makes the kernel check the disc, and returns the size in bytes that it takes
// the disc to have; see [scsi.SystemSize]. The kernel checks when the block device is
// opened, and reads the size again if the drive had no disc at the last check, or reports
// a new one.
func (d *Device) SystemSize() (int64, error) {
	if d.block == "" {
		return 0, errors.ErrUnsupported // there is only a generic device
	}
	fd, err := openWithin(context.Background(), d.block, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, openTimeout)
	if err != nil {
		return 0, explain(d.block, err)
	}
	defer unix.Close(fd)
	var size uint64
	if err := ioctl(fd, unix.BLKGETSIZE64, unsafe.Pointer(&size)); err != nil {
		return 0, fmt.Errorf("%s: get the size from the kernel: %w", d.block, err)
	}
	return int64(size), nil
}

// MaxTransfer returns the largest number of data bytes in one command.
func (d *Device) MaxTransfer() int { return d.max }

// String returns the path of the device.
func (d *Device) String() string { return d.path }

// Close closes the drive.
func (d *Device) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.buffer == nil {
		return nil
	}
	err := unix.Munmap(d.buffer)
	d.buffer = nil
	return errors.Join(err, d.release())
}

// release closes the devices that are open.
func (d *Device) release() error {
	var errs []error
	if d.fd >= 0 {
		errs = append(errs, unix.Close(d.fd))
		d.fd = -1
	}
	for _, fd := range d.held {
		errs = append(errs, unix.Close(fd))
	}
	d.held = nil
	return errors.Join(errs...)
}
