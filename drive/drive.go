// Package drive finds optical drives and opens them by name.
//
// A name is a device (/dev/sr0), the address of a drive on another machine
// (iscsi://HOST:PORT/TARGET/LUN), or the file that holds the disc of a virtual recorder
// (virtual:PATH).
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

// Environment is the variable that adds drives to those that [List] finds. It holds
// names as [Open] takes them, separated by commas or white space. A name that contains
// one of these is written in double quotes: "virtual:disc?refuse=35,5B".
const Environment = "GLASSMASTER_DRIVES"

// identifyTimeout is how long a drive may take to identify itself.
const identifyTimeout = 5 * time.Second

// openFunc opens the drive with a name, which is given with its scheme.
type openFunc = func(ctx context.Context, name string) (scsi.Transport, error)

var (
	schemesMu sync.RWMutex
	schemes   = map[string]openFunc{"iscsi": openISCSI, "virtual": openVirtual}
)

// Register adds a scheme: names that begin with it and a colon are opened by open. It is
// called before drives are opened.
func Register(scheme string, open openFunc) {
	schemesMu.Lock()
	defer schemesMu.Unlock()
	schemes[scheme] = open
}

// Found is a drive that [Find] found.
type Found struct {
	Name                      string // as Open takes it
	Vendor, Product, Revision string
	Bus                       string // "USB", "ATA", "SCSI", "iSCSI", "virtual"
	Unidentified              bool   // call Identify to get vendor, product and revision
	Err                       error  // why the drive did not identify itself, or nil
}

// IsName reports whether a name is that of a drive and not of a file: it has a scheme,
// or is a device, or on Windows a drive letter.
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

// Open opens a drive by its name. A device may be named without its folder (sr0). The
// transport sends no more commands after one has timed out; see [scsi.Guard].
func Open(ctx context.Context, name string) (scsi.Transport, error) {
	if name == "" {
		return nil, fmt.Errorf("open a drive: its name is empty; use %s", nameForms())
	}
	if scheme, _, ok := strings.Cut(name, ":"); ok && isScheme(scheme) {
		schemesMu.RLock()
		open := schemes[scheme]
		schemesMu.RUnlock()
		if open == nil {
			return nil, fmt.Errorf("open %s: %s: does not begin the name of a drive; use %s", name, scheme, nameForms())
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

// isScheme reports whether s can be a scheme. One letter is a drive of Windows, and
// other characters are part of a path.
func isScheme(s string) bool {
	return len(s) > 1 && strings.IndexFunc(s, func(r rune) bool { return r < 'a' || r > 'z' }) < 0
}

// nameForms lists the forms of names that [Open] takes, for error messages.
func nameForms() string {
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

// Find returns the drives of this computer and those that [Environment] names. It opens
// none of them.
func Find() ([]Found, error) {
	local, err := device.List()
	if err != nil {
		return nil, fmt.Errorf("list the drives: %w", err)
	}
	var found []Found
	for _, d := range local {
		found = append(found, Found{Name: d.Path, Vendor: d.Vendor, Product: d.Product, Revision: d.Revision, Bus: d.Bus})
	}
	for _, name := range splitNames(os.Getenv(Environment)) {
		if slices.ContainsFunc(found, func(f Found) bool { return f.Name == name }) {
			continue
		}
		f := Found{Name: name, Bus: busOf(name), Unidentified: true}
		if f.Bus == "virtual" {
			f.Vendor, f.Product, f.Unidentified = "Glassmaster", "virtual recorder", false
		}
		found = append(found, f)
	}
	return found, nil
}

// List returns drives as [Find] does, and opens those that have to identify themselves,
// at the same time. Drives that fail to do so are listed with Err set.
func List(ctx context.Context) ([]Found, error) {
	found, err := Find()
	if err != nil {
		return nil, err
	}
	var wait sync.WaitGroup
	for i := range found {
		wait.Go(func() { found[i].Identify(ctx) })
	}
	wait.Wait()
	return found, nil
}

// splitNames splits the value of [Environment] into names. A quotation mark that is not
// closed belongs to the name.
func splitNames(list string) []string {
	separates := func(r rune) bool { return r == ',' || unicode.IsSpace(r) }
	var names []string
	for {
		list = strings.TrimLeftFunc(list, separates)
		if list == "" {
			return names
		}
		if quoted, rest, ok := strings.Cut(list[1:], `"`); ok && list[0] == '"' {
			if quoted != "" {
				names = append(names, quoted)
			}
			list = rest
			continue
		}
		end := strings.IndexFunc(list, separates)
		if end < 0 {
			end = len(list)
		}
		names, list = append(names, list[:end]), list[end:]
	}
}

// busOf returns the bus of a drive that is named in the environment.
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

// Describe identifies an open drive. What it does not answer stays empty.
func Describe(ctx context.Context, name string, t scsi.Transport) Found {
	f := Found{Name: name, Bus: busOf(name)}
	if local, err := device.List(); err == nil {
		for _, d := range local {
			if Identity(d.Path) == Identity(name) {
				f.Bus = d.Bus
			}
		}
	}
	var id scsi.Identity
	if id, f.Err = scsi.Identify(ctx, t); f.Err == nil {
		f.Vendor, f.Product, f.Revision = id.Vendor, id.Product, id.Revision
	}
	return f
}

// Identify opens an unidentified drive and fills in its vendor, product and revision.
func (f *Found) Identify(ctx context.Context) {
	if !f.Unidentified {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, identifyTimeout)
	defer cancel()
	t, err := Open(ctx, f.Name)
	if err != nil {
		f.Err = err
		return
	}
	id, err := scsi.Identify(ctx, t)
	f.Vendor, f.Product, f.Revision, f.Unidentified = id.Vendor, id.Product, id.Revision, err != nil
	if closeErr := t.Close(); err == nil {
		err = closeErr
	}
	f.Err = err
}
