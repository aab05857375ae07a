package model

import (
	"path/filepath"
	"strings"

	"glassmaster/drive"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/units"
)

// Drive is an optical drive.
type Drive struct {
	Name  string // opens it: /dev/sr0, iscsi://..., virtual:...
	Model string // vendor and product; empty if unknown
}

// SameDrive reports whether two names are of the same drive.
func SameDrive(a, b string) bool {
	return drive.IsName(a) && drive.IsName(b) && drive.Identity(a) == drive.Identity(b)
}

// Short returns a short name of a drive or an image file for display.
func Short(name string) string {
	if drive.IsName(name) {
		return Drive{Name: name}.Title()
	}
	return filepath.Base(name)
}

// Title returns the name of the drive for display.
func (d Drive) Title() string {
	if path, ok := strings.CutPrefix(d.Name, "virtual:"); ok {
		path, _, _ = strings.Cut(path, "?")
		return "Virtual disc  (" + path + ")"
	}
	if d.Model == "" {
		return d.Name
	}
	return d.Model + "  (" + d.Name + ")"
}

// Inserted is a drive with the disc in it.
type Inserted struct {
	Drive    Drive
	Medium   string // "DVD+R"; empty without a disc
	Status   string // "blank", "appendable", "closed", "rewritable"
	Erasable bool
	Capacity int64 // sectors, 0: unknown
	Free     int64 // sectors that can be written now
	Speeds   []int // kB/s, highest first
	Maker    string
	Offers   Offers
	Err      error // why the drive or the disc cannot be used
}

// same reports whether it is probably the same disc in the same state.
func (i Inserted) same(x Inserted) bool {
	return i.Drive == x.Drive && i.Medium == x.Medium && i.Status == x.Status && i.Capacity == x.Capacity &&
		i.Free == x.Free && i.Maker == x.Maker
}

// Describe returns a description of the disc in the drive, or why it is unknown.
func (i Inserted) Describe() string {
	switch {
	case i.Err != nil:
		return Explain(i.Err)
	case i.Medium == "":
		return "no disc"
	}
	s := i.Medium + ", " + i.Status
	if i.Free > 0 {
		s += ", " + units.Size(i.Free*disc.SectorSize) + " free"
	}
	return s
}

// FileName returns a file name for a title.
func FileName(title string) string {
	s := strings.Map(func(r rune) rune {
		if r < 0x20 || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, strings.TrimSpace(title))
	if s == "" || strings.Trim(s, ".") == "" {
		return "disc"
	}
	return s
}
