package edit

import (
	"encoding/binary"
	"errors"
	"fmt"

	bootupdate "glassmaster/mastering/boot/update"
	"glassmaster/mastering/disc"
	isoupdate "glassmaster/mastering/iso9660/update"
	"glassmaster/mastering/patch"
	udfupdate "glassmaster/mastering/udf/update"
)

// edit describes the changes to the updaters.
func (u *updating) edit() patch.Edit {
	e := patch.Edit{Root: u.root, View: u.m.vol.Volume().View, Extents: u.extents, Time: u.at}
	if l := u.m.comp.Label; l != u.m.label {
		e.Label = &l
	}
	return e
}

// openUpdaters opens the updaters of the systems that the image has.
func (u *updating) openUpdaters() (err error) {
	e, o := u.edit(), u.m.data.Options
	if u.iso, err = isoupdate.New(u.set, e, o); err != nil {
		return err
	}
	if u.udf, err = udfupdate.New(u.set, e, o); err != nil {
		return err
	}
	if u.iso == nil && u.udf == nil {
		return &patch.UnsafeError{Why: "files of a volume of the format " + u.m.vol.Volume().Format + " can be read, but not changed"}
	}
	if u.iso == nil {
		return nil
	}
	u.boot, err = bootupdate.New(u.set, bootupdate.Options{Start: o.Start})
	return err
}

// updateAll lets the updaters change the image, and checks the result.
func (u *updating) updateAll() error {
	if u.iso != nil {
		notices, err := u.iso.Update(u.ctx)
		if err != nil {
			return err
		}
		u.notice(notices...)
	}
	if u.udf != nil {
		notices, err := u.udf.Update(u.ctx)
		if err != nil {
			return err
		}
		u.notice(notices...)
	}
	if err := u.updateBoot(); err != nil {
		return err
	}
	if err := u.finishAll(); err != nil {
		return err
	}
	return u.check()
}

// updateBoot changes the boot structures.
func (u *updating) updateBoot() error {
	if u.boot == nil {
		if u.m.boot.changes() {
			return errors.New("an image without ISO 9660 has no boot entries")
		}
		return nil
	}
	notices, err := u.boot.Update(u.moves)
	if err != nil {
		return err
	}
	u.notice(notices...)
	if u.m.boot.Remove {
		for n := len(u.boot.Entries()) - 1; n >= 0; n-- {
			if err := u.boot.Remove(n); err != nil {
				return err
			}
		}
	}
	return nil
}

// finishAll sets the sizes of everything, and adds what belongs to the end of the image.
func (u *updating) finishAll() (err error) {
	old, end := u.set.BaseSectors(), u.set.Sectors()
	if u.udf != nil {
		if end, err = u.udf.Finish(end); err != nil {
			return err
		}
	}
	if u.boot != nil {
		if end, err = u.boot.Finish(end); err != nil {
			return err
		}
	}
	if u.iso == nil || end == old && u.set.Sectors() == old {
		return nil
	}
	old, err = u.volumeEnd()
	if err != nil {
		return err
	}
	return u.iso.Finish(u.boot.End(old))
}

// volumeEnd returns the sector at which the ISO 9660 volume ends before the changes. Its
// size is at offset 80 of its descriptor (ECMA-119 8.4.8), and counts from its session.
func (u *updating) volumeEnd() (int64, error) {
	o := u.m.data.Options.Chosen()
	var b [4]byte
	if n, err := u.set.Base().ReadAt(b[:], int64(o.Descriptors)*disc.SectorSize+80); n < len(b) {
		return 0, fmt.Errorf("read the volume descriptor at sector %d: %w", o.Descriptors, err)
	}
	return int64(o.Start) + int64(binary.LittleEndian.Uint32(b[:])), nil
}
