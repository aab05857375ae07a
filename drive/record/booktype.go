package record

import (
	"context"
	"errors"
	"fmt"

	"glassmaster/drive/mmc"
	"glassmaster/drive/scsi"
)

// booking is how the book type of a burn is set.
type booking struct {
	vendor  mmc.BookVendor
	target  mmc.BookTarget
	want    mmc.BookType
	set     bool         // it was requested
	earlier mmc.BookType // setting of the drive, which is restored
	restore bool         // the drive's setting was changed
}

// bookTarget returns what the book type has to be set for: DVD+R and DVD+R DL get that of
// the drive's setting while they are recorded, and DVD+RW while they are formatted. That of a
// formatted DVD+RW is changed on the disc itself.
func (b *Burn) bookTarget() (t mmc.BookTarget, own mmc.BookType, ok bool) {
	switch b.medium.profile {
	case mmc.DVDPR:
		return mmc.BookOfPlusR, mmc.BookPlusR, true
	case mmc.DVDPRDL:
		return mmc.BookOfPlusRDL, mmc.BookPlusRDL, true
	case mmc.DVDPRW:
		if b.format && b.medium.info.Background == 0 {
			return mmc.BookOfPlusRW, mmc.BookPlusRW, true
		}
		return mmc.BookOfMedium, mmc.BookPlusRW, true
	}
	return 0, 0, false
}

// chooseBook finds out which book types the drive can give to the disc, and refuses one that
// it cannot.
func (b *Burn) chooseBook(ctx context.Context) error {
	target, own, ok := b.bookTarget()
	want := b.o.BookType
	if !ok {
		if want == nil {
			return nil
		}
		return refuse(fmt.Sprintf("the book type of a %v cannot be set, only that of DVD+R, DVD+R DL and DVD+RW; leave that option out", b.medium.profile), ErrNoBookType)
	}
	id, err := scsi.Identify(ctx, b.t)
	if err != nil {
		return fmt.Errorf("identify the drive: %w", err)
	}
	vendor, err := mmc.FindBookVendor(ctx, b.t, id.Vendor)
	if err != nil {
		return fmt.Errorf("ask the drive for its book types: %w", err)
	}
	if vendor.Supports(target) {
		b.plan.Books = []mmc.BookType{own, mmc.BookROM}
	}
	switch {
	case want == nil:
		return nil
	case *want != own && *want != mmc.BookROM:
		return refuse(fmt.Sprintf("a %v can have the book type %v or %v, not %v", b.medium.profile, own, mmc.BookROM, *want), ErrNoBookType)
	case b.next > 0 && b.medium.profile != mmc.DVDPRW:
		return refuse(fmt.Sprintf("the book type of a %v is recorded with its first session; it cannot be set now", b.medium.profile), ErrNoBookType)
	case vendor == mmc.NoBookVendor:
		return refuse(fmt.Sprintf("no way is known to set the book type with this drive (%s %s): it has none, or one that its vendor does not publish; leave that option out, or use a drive of Ricoh, NEC, BenQ, Philips, LG, Lite-On or Plextor that has one", id.Vendor, id.Product), ErrNoBookType)
	case !vendor.Supports(target):
		return refuse(fmt.Sprintf("this drive (%s %s) cannot set the book type of %v", id.Vendor, id.Product, target), ErrNoBookType)
	}
	b.book = booking{vendor: vendor, target: target, want: *want, set: true}
	return nil
}

// setBook sets the book type, before the disc is formatted or written. The setting of the
// drive is remembered, because the drive keeps it for the discs after this one.
func (r *burning) setBook() error {
	k := &r.book
	if !k.set || r.o.Simulate {
		return nil
	}
	const step = "set the book type"
	if k.target != mmc.BookOfMedium {
		var err error
		if k.earlier, err = mmc.BookTypeSetting(r.work, r.t, k.vendor, k.target); err != nil {
			return r.before(step, err)
		}
		if k.earlier == k.want {
			return nil
		}
		k.restore = true // also if the command fails: it may have been executed
	}
	if err := mmc.SetBookType(r.work, r.t, k.vendor, k.target, k.want == mmc.BookROM); err != nil {
		return r.before(step, err)
	}
	if err := mmc.Wait(r.work, r.t, busyTimeout, nil); err != nil {
		return r.before(step, err)
	}
	if k.target == mmc.BookOfMedium {
		return nil
	}
	now, err := mmc.BookTypeSetting(r.work, r.t, k.vendor, k.target)
	if err == nil && now != k.want {
		err = fmt.Errorf("%w: the drive's setting is still %v", ErrUnchanged, now)
	}
	if err != nil {
		return r.before(step, err)
	}
	return nil
}

// restoreBook restores the setting of the drive.
func (r *burning) restoreBook() {
	k := &r.book
	if !k.restore || r.gone {
		return
	}
	k.restore = false
	err := mmc.SetBookType(r.work, r.t, k.vendor, k.target, k.earlier == mmc.BookROM)
	r.optional(fmt.Sprintf("restore the drive's setting for the book type of %v, which is now %v", k.target, k.want), err)
}

// checkBook compares the book type of the burned disc with what was requested. It is in the
// lead-in, which the drive may not have read again if the disc was not reloaded.
func (r *burning) checkBook() error {
	if !r.book.set {
		return nil
	}
	f, err := mmc.ReadPhysicalFormat(r.work, r.t)
	switch {
	case scsi.Gone(err):
		return err
	case err != nil:
		r.warn("the book type of the burned disc cannot be checked: %v", err)
		return nil
	}
	r.checked(checkBookType, r.book.want.String(), f.Book.String())
	return nil
}

// ParseBookType returns the book type with a name such as "dvd-rom" or "dvd+r dl".
func ParseBookType(name string) (mmc.BookType, error) {
	for _, b := range []mmc.BookType{mmc.BookROM, mmc.BookPlusR, mmc.BookPlusRDL, mmc.BookPlusRW} {
		if sameName(name, b.String()) {
			return b, nil
		}
	}
	return 0, errors.New("the book type is dvd-rom, dvd+r, dvd+r-dl or dvd+rw, not " + name)
}
