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

// Device is an optical drive of this computer: a scsi.Transport.
type Device struct {
	path     string
	fd       int
	block    string // "/dev/sr0", empty for a drive that has a generic device alone
	held     []int  // other devices of the drive, held so that nobody else gets at it
	readOnly error  // why this handle may not change the disc, nil when it may
	max      int    // bytes of data with one command
	mu       sync.Mutex
	buffer   []byte // aligned to a page, as every host adapter wants it; nil after Close
}

var _ scsi.Transport = (*Device)(nil)

// Open opens a drive by the name of its device: /dev/sr0, /dev/sg1, or a link to one.
//
// It is opened for this program alone, under both of its names. A drive that another
// program uses is not opened, and no command is sent to it: the error is an
// *scsi.InUseError. Where the disc is mounted, or writing is not allowed, the drive is
// opened for reading, and every command that would change the disc is refused with
// the reason.
func Open(ctx context.Context, name string) (*Device, error) {
	path, err := filepath.EvalSymlinks(name)
	if err != nil {
		return nil, fmt.Errorf("opening the drive: %w", explain(name, err))
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, fmt.Errorf("opening the drive: %w", err)
	}
	d, err := open(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("opening the drive: %w", explain(name, err))
	}
	if _, err := scsi.Begin(ctx, d); err != nil {
		d.Close()
		return nil, fmt.Errorf("opening the drive %s: %w", name, err)
	}
	return d, nil
}

// open opens the device, for writing if that can be.
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
	// The generic device comes first: the kernel sends commands to the drive when the
	// block device is opened, and none when the generic one is.
	err := d.hold(ctx, generic, exclusive)
	if err == nil {
		use := exclusive
		if at != "" { // the mount holds it
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
		return nil, fmt.Errorf("memory for the buffer: %w", err)
	}
	return d, nil
}

// use is how a device is opened.
type use int

const (
	exclusive use = iota // nobody else may have it
	shared               // beside a mount
)

// hold opens one of the devices of the drive, and keeps it. A device by which the
// drive was not named and that this user may not open, or that is not there, is left
// alone.
func (d *Device) hold(ctx context.Context, path string, how use) error {
	named := path == d.path
	if path == "" || !named && how == shared {
		return nil
	}
	// Without a disc, O_NONBLOCK opens too. An exclusive handle for writing also keeps
	// the kernel from asking the drive for new media in the middle of a burn.
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
			flags &^= unix.O_EXCL // which it grants to writers alone
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

// refused reports whether somebody may not write to a device, and perhaps read.
func refused(err error) bool {
	return errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM) || errors.Is(err, unix.EROFS)
}

// inUse is the error of a drive that another program has opened under either name.
func (d *Device) inUse(err error) error {
	block, generic := devices("/sys", d.path)
	by, own := holder(block, generic)
	return &scsi.InUseError{Drive: d.path, By: by, Own: own, Err: err}
}

// Looking at a new disc, the system's own programs hold a drive for a moment.
const (
	momentLength = time.Second
	momentStep   = 50 * time.Millisecond
)

// openFree opens a device, and waits a moment for one that is in use.
func openFree(ctx context.Context, path string, flags int) (int, error) {
	for waited := time.Duration(0); ; waited += momentStep {
		fd, err := openWithin(ctx, path, flags, openTime)
		if !errors.Is(err, unix.EBUSY) || waited >= momentLength {
			return fd, err
		}
		select {
		case <-ctx.Done():
			return fd, err
		case <-time.After(momentStep):
		}
	}
}

// openTime is how long opening a device may take. The kernel asks the drive whether
// there is a disc, and goes on to ask one that hangs for minutes.
const openTime = 45 * time.Second

// openWithin opens a device, and leaves the kernel to itself that takes longer than
// limit for it, or than the context lasts.
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
		return -1, fmt.Errorf("%w (%v): the kernel still waits for the drive", scsi.ErrTimeout, limit)
	}
}

func openRetry(path string, flags int) (int, error) {
	for {
		fd, err := unix.Open(path, flags, 0)
		if !errors.Is(err, unix.EINTR) {
			return fd, err
		}
	}
}

// mustBeDevice refuses what is no device, before anything is opened.
func mustBeDevice(path string) error {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return err
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFBLK, unix.S_IFCHR:
		return nil
	}
	return errNoDevice
}

var errNoDevice = errors.New("not a device")

func mountedError(path, at string) error {
	return fmt.Errorf("%s: the disc is mounted at %s; run \"umount %s\" first", path, at, at)
}

// explain says of a refusal of the system what it means and what can be done.
func explain(path string, err error) error {
	switch {
	case errors.Is(err, errNoDevice):
		return fmt.Errorf("%s is no device; an image file is opened as virtual:%s", path, path)
	case errors.Is(err, unix.ENOENT):
		return fmt.Errorf("%s does not exist; \"glassmaster drives\" lists the drives: %w", path, err)
	case errors.Is(err, unix.ENXIO), errors.Is(err, unix.ENODEV):
		return fmt.Errorf("%s: there is no drive behind this name; is it plugged in and switched on? %w", path, err)
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		return fmt.Errorf("%s: %w; %s", path, err, permission(path))
	case errors.Is(err, unix.EROFS):
		return fmt.Errorf("%s: the system lets this drive be read only: %w", path, err)
	case errors.As(err, new(*scsi.InUseError)):
		return err
	}
	return fmt.Errorf("%s: %w", path, err)
}

// Writable says why this program may not change the disc in the drive, nil when it
// may; see [scsi.Writable].
func (d *Device) Writable() error { return d.readOnly }

// SystemSize has the kernel look at the disc, and returns how many bytes it takes
// the disc to have; see [scsi.SystemSize]. The kernel looks when the block device is
// opened, and asks for the size anew when it has seen the drive without a disc
// before, or the drive tells of a new one.
func (d *Device) SystemSize() (int64, error) {
	if d.block == "" {
		return 0, errors.ErrUnsupported // there is a generic device alone
	}
	fd, err := openWithin(context.Background(), d.block, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, openTime)
	if err != nil {
		return 0, explain(d.block, err)
	}
	defer unix.Close(fd)
	var size uint64
	if err := ioctl(fd, unix.BLKGETSIZE64, unsafe.Pointer(&size)); err != nil {
		return 0, fmt.Errorf("%s: ask the kernel for its size: %w", d.block, err)
	}
	return int64(size), nil
}

// MaxTransfer is the largest number of bytes that one command may carry.
func (d *Device) MaxTransfer() int { return d.max }

// String is the name of the device.
func (d *Device) String() string { return d.path }

// Close gives the drive back.
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
