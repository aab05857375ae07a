// Package drive finds optical drives and opens them by name.
//
// A drive is named by its device (/dev/sr0), by the address of a drive in
// another machine (iscsi://HOST:PORT/TARGET/LUN), or by a file that stands for
// a disc in a recorder made of software (virtual:PATH).
package drive

import (
	"context"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"glassmaster/drive/scsi"
	"glassmaster/drive/scsi/device"
	"glassmaster/drive/scsi/iscsi"
	"glassmaster/drive/virtual"
)

// Environment is the variable that adds drives to what [List] finds: names as [Open]
// takes them, with commas or white space between them.
const Environment = "GLASSMASTER_DRIVES"

// identifyTimeout is how long a drive that List has to ask may take.
const identifyTimeout = 5 * time.Second

// An Opener opens drives whose names begin with a scheme of its own. It gets the
// whole name.
type Opener func(ctx context.Context, name string) (scsi.Transport, error)

var (
	schemesMu sync.RWMutex
	schemes   = map[string]Opener{"iscsi": openISCSI, "virtual": openVirtual}
)

// Register adds a scheme: names that begin with it and a colon go to its opener.
// It is called while the program starts.
func Register(scheme string, open Opener) {
	schemesMu.Lock()
	defer schemesMu.Unlock()
	schemes[scheme] = open
}

// Found is a drive as [List] finds it.
type Found struct {
	Name                    string // as Open takes it
	Vendor, Model, Revision string
	Bus                     string // "USB", "ATA", "SCSI", "iSCSI", "virtual"
	Err                     error  // why the drive could not be asked, nil when it could
}

// IsName reports whether a name is that of a drive, and not of a file: one with a
// scheme, a device, or on Windows a drive letter.
func IsName(name string) bool {
	if scheme, _, ok := strings.Cut(name, ":"); ok && isScheme(scheme) {
		schemesMu.RLock()
		defer schemesMu.RUnlock()
		return schemes[scheme] != nil
	}
	if runtime.GOOS == "windows" {
		letter := strings.TrimSuffix(strings.TrimPrefix(name, `\\.\`), `\`)
		return len(letter) == 2 && letter[1] == ':'
	}
	info, err := os.Stat(name)
	if err != nil && !strings.ContainsRune(name, '/') { // sr0 for /dev/sr0
		info, err = os.Stat("/dev/" + name)
	}
	return err == nil && info.Mode()&os.ModeDevice != 0
}

// Open opens a drive by its name. A device may be named without its folder (sr0). A
// drive that once does not answer in time is sent nothing more, see [scsi.Guard].
func Open(ctx context.Context, name string) (scsi.Transport, error) {
	if name == "" {
		return nil, fmt.Errorf("opening a drive: its name is empty; write %s", forms())
	}
	if scheme, _, ok := strings.Cut(name, ":"); ok && isScheme(scheme) {
		schemesMu.RLock()
		open := schemes[scheme]
		schemesMu.RUnlock()
		if open == nil {
			return nil, fmt.Errorf("opening %s: there are no drives of the kind %s: here; write %s", name, scheme, forms())
		}
		t, err := open(ctx, name)
		if err != nil {
			return nil, err
		}
		return scsi.Guard(t), nil
	}
	d, err := device.Open(ctx, devicePath(name))
	if err != nil {
		return nil, err
	}
	return scsi.Guard(d), nil
}

func openISCSI(ctx context.Context, name string) (scsi.Transport, error) {
	s, err := iscsi.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	return s, nil
}

func openVirtual(_ context.Context, name string) (scsi.Transport, error) {
	d, err := virtual.OpenName(name)
	if err != nil {
		return nil, err
	}
	return d, nil
}

// isScheme tells schemes from folders and from the drive letters of Windows.
func isScheme(s string) bool {
	return len(s) > 1 && strings.IndexFunc(s, func(r rune) bool { return r < 'a' || r > 'z' }) < 0
}

// forms are the names that can be written, for those who have written another.
func forms() string {
	forms := []string{"/dev/srN"}
	schemesMu.RLock()
	defer schemesMu.RUnlock()
	for _, scheme := range slices.Sorted(maps.Keys(schemes)) {
		switch scheme {
		case "iscsi":
			forms = append(forms, "iscsi://HOST:PORT/TARGET/LUN")
		default:
			forms = append(forms, scheme+":PATH")
		}
	}
	return strings.Join(forms, " or ")
}

// List finds the drives of this computer, and adds those that the environment names.
// The former are not opened; the latter are asked who they are, all at once. One
// that does not answer is listed with its error, so that it is missed by nobody.
// Virtual drives are not opened: another part of this program may be using them.
func List(ctx context.Context) ([]Found, error) {
	local, err := device.List()
	if err != nil {
		return nil, fmt.Errorf("looking for drives: %w", err)
	}
	var found []Found
	for _, d := range local {
		found = append(found, Found{Name: d.Path, Vendor: d.Vendor, Model: d.Model, Revision: d.Revision, Bus: d.Bus})
	}
	known := len(found)
	for _, name := range named(os.Getenv(Environment)) {
		if !slices.ContainsFunc(found, func(f Found) bool { return f.Name == name }) {
			found = append(found, Found{Name: name, Bus: busOf(name)})
		}
	}
	ctx, cancel := context.WithTimeout(ctx, identifyTimeout)
	defer cancel()
	var wait sync.WaitGroup
	for i := known; i < len(found); i++ {
		f := &found[i]
		if f.Bus == "virtual" {
			f.Vendor, f.Model = "Glassmaster", "virtual recorder"
			continue
		}
		wait.Go(func() { f.identify(ctx) })
	}
	wait.Wait()
	return found, nil
}

// named splits the list of the environment.
func named(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
}

func busOf(name string) string {
	scheme, _, ok := strings.Cut(name, ":")
	switch {
	case !ok || !isScheme(scheme):
		return "SCSI"
	case scheme == "iscsi":
		return "iSCSI"
	}
	return scheme
}

// identify asks the drive who it is.
func (f *Found) identify(ctx context.Context) {
	t, err := Open(ctx, f.Name)
	if err != nil {
		f.Err = err
		return
	}
	id, err := scsi.Identify(ctx, t)
	f.Vendor, f.Model, f.Revision = id.Vendor, id.Model, id.Revision
	if closeErr := t.Close(); err == nil {
		err = closeErr
	}
	f.Err = err
}
