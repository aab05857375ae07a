package virtual

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"glassmaster/mastering/image/discfile"
)

// Book types of discs as vendors' commands have them: the book type in the high nibble and
// the version of the book in the low one.
const (
	bookROM     = 0x01
	bookPlusRW  = 0x92
	bookPlusR   = 0xA1
	bookPlusRDL = 0xE1
)

// ricohPageCode is the code of a mode page that drives of Ricoh's design have.
const ricohPageCode = 0x30

// bookSettings is whether the drive gives discs the book type DVD-ROM. It keeps this when
// discs are changed and when it restarts.
type bookSettings struct {
	vendor        string // whose commands it has, in lower case; empty: none
	rw, r, rdl    bool
	unlocked      bool // BenQ: the other commands are accepted
	vendorINQUIRY string
}

// bookVendors are the vendors whose commands can be chosen, and how their drives identify
// themselves. The commands are described in package mmc.
var bookVendors = []struct{ name, inquiry string }{
	{"ricoh", "RICOH"}, {"benq", "BENQ"}, {"lg", "HL-DT-ST"}, {"lite-on", "LITE-ON"}, {"plextor", "PLEXTOR"},
}

// bookVendor returns the settings of a drive with the commands of a vendor.
func bookVendor(name string) (bookSettings, error) {
	var known []string
	for _, v := range bookVendors {
		if v.name == strings.ToLower(name) {
			return bookSettings{vendor: v.name, vendorINQUIRY: v.inquiry}, nil
		}
		known = append(known, v.name)
	}
	return bookSettings{}, fmt.Errorf("there are no commands for book types of the vendor %q; use one of %s", name, strings.Join(known, ", "))
}

// lacks reports whether drives of the vendor do not have a profile. Programs tell by the
// profiles whose commands a drive has.
func (b bookSettings) lacks(profile int) bool {
	switch b.vendor {
	case "ricoh":
		return profile >= profileDVDR && profile <= profileDVDRDLJ
	case "benq", "lite-on", "plextor":
		return profile == profileDVDRAM
	}
	return false
}

// vendorCommand returns a command of the vendor that the drive pretends to be of.
func (d *recorder) vendorCommand(op byte) (command, bool) {
	commands := map[string][]byte{
		"ricoh": {0xF9, 0xFA}, "benq": {0xFD, 0xFE, 0xFF}, "lg": {0xFA, 0xFC}, "lite-on": {0xDF}, "plextor": {0xE9},
	}
	if !slices.Contains(commands[d.book.vendor], op) {
		return command{}, false
	}
	run := map[string]func(*recorder, *request) (int, error){
		"ricoh": (*recorder).ricohBook, "benq": (*recorder).benqBook, "lg": (*recorder).lgBook,
		"lite-on": (*recorder).liteOnBook, "plextor": (*recorder).plextorBook,
	}
	return command{unit, run[d.book.vendor]}, true
}

// brand gives the disc the book type of the drive's setting when its lead-in is recorded: a
// DVD+RW is formatted, or the first track of another disc begins.
func (d *recorder) brand(st *discfile.State) {
	switch d.medium.profile {
	case profileDVDpRW:
		st.ROM = d.book.rw
	case profileDVDpR:
		st.ROM = d.book.r
	case profileDVDpRDL:
		st.ROM = d.book.rdl
	}
}

// setBook sets a setting from the value in a command.
func setBook(setting *bool, book, own byte) error {
	if book != bookROM && book != own {
		return errField()
	}
	*setting = book == bookROM
	return nil
}

// brandMedium sets the book type of the DVD+RW in the drive, which must be formatted.
func (d *recorder) brandMedium(book byte) error {
	if d.store == nil {
		return errNoMedium(d.trayOpen)
	}
	if d.medium.profile != profileDVDpRW || d.readOnly() {
		return errIncompatible()
	}
	if d.disc.Format.Blocks == 0 {
		return errCannotWrite()
	}
	if err := setBook(&d.disc.ROM, book, bookPlusRW); err != nil {
		return err
	}
	return d.commit()
}

// bookValue returns a setting as the value in replies.
func bookValue(rom bool, own byte) byte {
	if rom {
		return bookROM
	}
	return own
}

// ricohBook is F9h (set) and FAh (ask) of Ricoh.
func (d *recorder) ricohBook(r *request) (int, error) {
	if r.CDB[0] == 0xFA {
		b := make([]byte, 6)
		switch r.CDB[1] {
		case 0x00:
			b[4] = bookValue(d.book.rw, bookPlusRW)
		case 0x10:
			b[4] = bookValue(d.book.r, bookPlusR)
		default:
			return 0, errField()
		}
		return r.reply(b, int(r.CDB[8]))
	}
	if r.CDB[3] != 0xFF {
		return 0, errField()
	}
	switch r.CDB[1] {
	case 0x02:
		return 0, d.brandMedium(r.CDB[2])
	case 0x0C:
		return 0, setBook(&d.book.rw, r.CDB[2], bookPlusRW)
	case 0x14:
		return 0, setBook(&d.book.r, r.CDB[2], bookPlusR)
	}
	return 0, errField()
}

// benqBook is FDh (unlock and lock), FEh (set) and FFh (ask) of BenQ.
func (d *recorder) benqBook(r *request) (int, error) {
	if r.CDB[0] == 0xFD {
		if !bytes.Equal(r.CDB[2:6], []byte("BENQ")) || r.CDB[1] != 0xF1 && r.CDB[1] != 0xF2 {
			return 0, errField()
		}
		d.book.unlocked = r.CDB[1] == 0xF1
		return 0, nil
	}
	if !d.book.unlocked {
		return 0, errOpcode()
	}
	dl := r.CDB[3] == 1
	if r.CDB[0] == 0xFF {
		dl = r.CDB[2] == 1
	}
	setting, own := &d.book.r, byte(bookPlusR)
	if dl {
		setting, own = &d.book.rdl, bookPlusRDL
	}
	switch {
	case r.CDB[0] == 0xFF && r.CDB[1] == 0x00:
		return r.reply([]byte{bookValue(d.book.rw, bookPlusRW), 0}, 2)
	case r.CDB[0] == 0xFF && r.CDB[1] == 0x10:
		return r.reply([]byte{bookValue(*setting, own), 0}, 2)
	case r.CDB[0] == 0xFE && r.CDB[1] == 2:
		return 0, d.brandMedium(r.CDB[2])
	case r.CDB[0] == 0xFE && r.CDB[1] == 4:
		return 0, setBook(&d.book.rw, r.CDB[2], bookPlusRW)
	case r.CDB[0] == 0xFE && r.CDB[1] == 5:
		return 0, setBook(setting, r.CDB[2], own)
	}
	return 0, errField()
}

// lgBook is FCh (set) and FAh (ask) of LG.
func (d *recorder) lgBook(r *request) (int, error) {
	if r.CDB[8] != 4 {
		return 0, errField()
	}
	if r.CDB[0] == 0xFA {
		return r.reply([]byte{bookValue(d.book.r, 0xA0) & 0xF0, bookValue(d.book.rdl, 0xE0) & 0xF0, 0, 0}, 4)
	}
	if !bytes.Equal(r.CDB[2:6], []byte("+RTB")) {
		return 0, errField()
	}
	b, err := r.list(4)
	if err != nil {
		return 0, err
	}
	if b[0] != 0 && b[0] != 0xA0 || b[1] != 0 && b[1] != 0xE0 {
		return 0, errParameter()
	}
	d.book.r, d.book.rdl = b[0] == 0, b[1] == 0
	return len(b), nil
}

// liteOnBook is DFh of Lite-On, one setting for all DVD+ media.
func (d *recorder) liteOnBook(r *request) (int, error) {
	if r.CDB[2] != 0x0F {
		return 0, errField()
	}
	if r.CDB[3] == 0 {
		b := make([]byte, 128)
		b[0] = flag(d.book.r, 1)
		return r.reply(b, int(r.CDB[7]))
	}
	on := r.CDB[4] == 1
	d.book.rw, d.book.r, d.book.rdl = on, on, on
	return 0, nil
}

// plextorBook is E9h of Plextor.
func (d *recorder) plextorBook(r *request) (int, error) {
	setting := &d.book.r
	switch {
	case r.CDB[2] != 0x22 || r.CDB[1] != 0 && r.CDB[1] != 0x10:
		return 0, errField()
	case r.CDB[3] == 0x0E:
		setting = &d.book.rdl
	case r.CDB[3] != 0x0A:
		return 0, errField()
	}
	if r.CDB[1] == 0x10 {
		*setting = r.CDB[5] == 1
	}
	return r.reply([]byte{0x22, 6, flag(*setting, 2), 0, 0, 0, 0, 0}, int(r.CDB[9]))
}

// SetBookVendor gives the drive the commands of a vendor for setting book types, and its name
// in INQUIRY: ricoh, benq, lg, lite-on or plextor.
func (d *Drive) SetBookVendor(name string) error {
	v, err := bookVendor(name)
	if err != nil {
		return err
	}
	d.rec.mu.Lock()
	defer d.rec.mu.Unlock()
	if d.rec.book.vendor != v.vendor {
		d.rec.book = v
	}
	return nil
}
