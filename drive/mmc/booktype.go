package mmc

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"glassmaster/drive/scsi"
)

// BookVendor is a vendor's way to set the book type. No standard has one. What is known
// about them is in the program dvd+rw-booktype of dvd+rw-tools and in QPxTool, and the
// drives of other vendors are not supported.
type BookVendor byte

// Ways to set the book type.
const (
	NoBookVendor   BookVendor = iota
	RicohBookType             // Ricoh and drives of its design: HP, NEC and others
	BenQBookType              // BenQ, Philips and others
	LGBookType                // LG (HL-DT-ST)
	LiteOnBookType            // Lite-On
	PlextorBookType
)

func (v BookVendor) String() string {
	return [...]string{"none", "Ricoh", "BenQ", "LG", "Lite-On", "Plextor"}[min(v, PlextorBookType)]
}

// BookTarget is what a book type is set for.
type BookTarget byte

// Targets. All except BookOfMedium are settings of the drive, which it keeps, for the media
// that it records or formats from then on.
const (
	BookOfMedium  BookTarget = iota // the DVD+RW in the drive, at once
	BookOfPlusRW                    // DVD+RW that are formatted
	BookOfPlusR                     // DVD+R that are recorded
	BookOfPlusRDL                   // DVD+R DL that are recorded
)

func (b BookTarget) String() string {
	return [...]string{"the DVD+RW in the drive", "DVD+RW", "DVD+R", "DVD+R DL"}[b&3]
}

// own returns the book type of a target, with the version of the book in the low nibble, as
// drives expect it.
func (b BookTarget) own() byte { return [...]byte{0x92, 0x92, 0xA1, 0xE1}[b&3] }

// bookROM is the value for DVD-ROM in commands of vendors.
const bookROM = 0x01

// ErrBookType is in the chain of the error of a drive that cannot set the book type of this
// target, or not in a way that is known.
var ErrBookType = errors.New("the book type of this medium cannot be set with this drive")

// bookMethod is a vendor's way to set the book type. set and get are called for supported
// targets only, get not for a medium.
type bookMethod interface {
	supports(BookTarget) bool
	set(context.Context, scsi.Transport, BookTarget, byte) error
	get(context.Context, scsi.Transport, BookTarget) (BookType, error)
}

func (v BookVendor) method() bookMethod {
	switch v {
	case RicohBookType:
		return ricohBook{}
	case BenQBookType:
		return benqBook{}
	case LGBookType:
		return lgBook{}
	case LiteOnBookType:
		return liteOnBook{}
	case PlextorBookType:
		return plextorBook{}
	}
	return nil
}

// Supports reports whether the book type of a target can be set.
func (v BookVendor) Supports(b BookTarget) bool {
	m := v.method()
	return m != nil && m.supports(b)
}

// FindBookVendor returns how the drive sets book types. vendor is the vendor identification
// of its INQUIRY reply, which decides what is asked: a command of one vendor may mean
// something else to the drive of another. Only commands that ask are sent; the answer is
// NoBookVendor if the drive rejects them.
func FindBookVendor(ctx context.Context, t scsi.Transport, vendor string) (BookVendor, error) {
	var try []BookVendor
	switch strings.ToUpper(strings.TrimSpace(vendor)) {
	case "RICOH", "HP", "_NEC", "NEC":
		try = []BookVendor{RicohBookType, BenQBookType}
	case "BENQ", "PHILIPS":
		try = []BookVendor{BenQBookType}
	case "HL-DT-ST", "LG":
		try = []BookVendor{LGBookType}
	case "LITE-ON", "LITEON":
		try = []BookVendor{LiteOnBookType}
	case "PLEXTOR":
		try = []BookVendor{PlextorBookType}
	}
	for _, v := range try {
		_, err := v.method().get(ctx, t, BookOfPlusR)
		switch {
		case scsi.Gone(err):
			return NoBookVendor, err
		case err == nil:
			return v, nil
		}
	}
	return NoBookVendor, nil
}

// SetBookType sets the book type of a target to DVD-ROM, or back to its own. Whether that
// had an effect on the disc is known only from [ReadPhysicalFormat] when the disc is
// recorded. For a medium in a drive of BenQ's design, the tray has to be opened and closed
// afterwards.
func SetBookType(ctx context.Context, t scsi.Transport, v BookVendor, target BookTarget, rom bool) error {
	if !v.Supports(target) {
		return fmt.Errorf("set the book type of %v: %w", target, ErrBookType)
	}
	book := target.own()
	if rom {
		book = bookROM
	}
	if err := v.method().set(ctx, t, target, book); err != nil {
		return fmt.Errorf("set the book type of %v (%v): %w", target, v, err)
	}
	return nil
}

// BookTypeSetting returns the book type that the drive gives to a target.
func BookTypeSetting(ctx context.Context, t scsi.Transport, v BookVendor, target BookTarget) (BookType, error) {
	if target == BookOfMedium || !v.Supports(target) {
		return 0, fmt.Errorf("ask for the book type of %v: %w", target, ErrBookType)
	}
	b, err := v.method().get(ctx, t, target)
	if err != nil {
		return 0, fmt.Errorf("ask for the book type of %v (%v): %w", target, v, err)
	}
	return b, nil
}
