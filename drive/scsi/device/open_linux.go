package device

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"

	"glassmaster/drive/scsi"

	"golang.org/x/sys/unix"
)

// Device is an optical drive of this computer: a scsi.Transport.
type Device struct {
	path     string
	fd       int
	lock     int   // the block device of a drive opened by its generic one, -1 for none
	readOnly error // why this handle may not change the disc, nil when it may
	max      int   // bytes of data with one command
	mu       sync.Mutex
	buffer   []byte // aligned to a page, as every host adapter wants it; nil after Close
}

var _ scsi.Transport = (*Device)(nil)

// Open opens a drive by the name of its device: /dev/sr0, /dev/sg1, or a link to one.
//
// It is opened for this program alone and for writing. Where that cannot be (its disc
// is mounted, another program holds it, or writing is not allowed) it is opened for
// reading, and every command that would change the disc is refused with the reason.
func Open(ctx context.Context, name string) (*Device, error) {
	path, err := filepath.EvalSymlinks(name)
	if err != nil {
		return nil, fmt.Errorf("opening the drive: %w", explain(name, err))
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, fmt.Errorf("opening the drive: %w", err)
	}
	d, err := open(path)
	if err != nil {
		return nil, fmt.Errorf("opening the drive: %w", explain(name, err))
	}
	if _, err := scsi.Begin(ctx, d); err != nil {
		d.Close()
		return nil, fmt.Errorf("opening the drive %s: %w", name, err)
	}
	return d, nil
}

// open opens the device, for writing and alone if that can be.
func open(path string) (*Device, error) {
	if err := mustBeDevice(path); err != nil {
		return nil, err
	}
	d := &Device{path: path, lock: -1}
	block := filepath.Base(path)
	if strings.HasPrefix(block, "sg") {
		block = sibling("/sys", block)
		d.readOnly = d.claim("/dev/" + block)
	} else if at := mounted(path); at != "" {
		d.readOnly = mountedError(path, at)
	}
	var err error
	if d.fd, err = d.openFile(); err != nil {
		d.release()
		return nil, err
	}
	d.max = maxTransfer("/sys", block)
	d.buffer, err = unix.Mmap(-1, 0, d.max, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		unix.Close(d.fd)
		d.release()
		return nil, fmt.Errorf("memory for the buffer: %w", err)
	}
	return d, nil
}

// openFile opens for writing and alone; if that is refused, for reading.
func (d *Device) openFile() (int, error) {
	const flags = unix.O_NONBLOCK | unix.O_CLOEXEC // without a disc, O_NONBLOCK opens too
	if d.readOnly == nil {
		fd, err := openRetry(d.path, unix.O_RDWR|unix.O_EXCL|flags)
		if err == nil {
			return fd, nil
		}
		switch {
		case errors.Is(err, unix.EBUSY), errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM), errors.Is(err, unix.EROFS):
			d.readOnly = explain(d.path, err)
		default:
			return -1, err
		}
	}
	return openRetry(d.path, unix.O_RDONLY|flags)
}

// claim keeps the block device of a drive, so that nobody mounts its disc, and says
// why it cannot, if it is in use.
func (d *Device) claim(block string) error {
	if block == "/dev/" {
		return nil
	}
	if at := mounted(block); at != "" {
		return mountedError(block, at)
	}
	// An exclusive handle for writing also keeps the kernel from asking the drive for
	// new media in the middle of a burn.
	const flags = unix.O_NONBLOCK | unix.O_EXCL | unix.O_CLOEXEC
	fd, err := openRetry(block, unix.O_RDWR|flags)
	if errors.Is(err, unix.EACCES) || errors.Is(err, unix.EROFS) {
		fd, err = openRetry(block, unix.O_RDONLY|flags)
	}
	if errors.Is(err, unix.EBUSY) {
		return explain(block, err)
	}
	if err == nil { // whoever may not open it, still may use the drive
		d.lock = fd
	}
	return nil
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
	case errors.Is(err, unix.EBUSY):
		if at := mounted(path); at != "" {
			return mountedError(path, at)
		}
		if by := holder(path); by != "" {
			return fmt.Errorf("%s is in use by %s; end it first: %w", path, by, err)
		}
		return fmt.Errorf("%s is in use by another program (a player, a burner, a desktop that looks for new discs); "+
			"end it first: %w", path, err)
	}
	return fmt.Errorf("%s: %w", path, err)
}

// Writable says why this program may not change the disc in the drive, nil when it
// may; see [scsi.Writable].
func (d *Device) Writable() error { return d.readOnly }

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
	err := errors.Join(unix.Munmap(d.buffer), unix.Close(d.fd))
	d.buffer = nil
	d.release()
	return err
}

func (d *Device) release() {
	if d.lock >= 0 {
		unix.Close(d.lock)
		d.lock = -1
	}
}
