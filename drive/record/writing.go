package record

import (
	"context"
	"errors"
	"fmt"

	"glassmaster/drive/mmc"
	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
)

// The most that one WRITE carries, in bytes. Larger commands cost less time of the processor, but
// the drive's buffer should be refilled in small steps: it has 2 MB in many drives for DVD, and
// less in old ones for CD, to which other programs send at most 64 KiB.
const (
	largestWrite   = 128 << 10
	largestCDWrite = 64 << 10
	smallCDWrite   = 32 << 10 // to a drive that rejects larger ones
)

// blocksAtOnce returns how many blocks one WRITE carries: on DVD and BD whole ECC blocks, as far
// as the transport allows.
func (r *burning) blocksAtOnce(b block) int {
	if r.medium.profile.IsCD() {
		return max(min(r.t.MaxTransfer(), largestCDWrite)/b.size, 1)
	}
	n := min(r.t.MaxTransfer(), largestWrite) / disc.SectorSize
	if unit := int(r.recipe.unit); n >= unit {
		n = n / unit * unit
	}
	return max(n, 1)
}

// chunk returns how many sectors of 2048 bytes one WRITE carries.
func (r *burning) chunk() int { return r.blocksAtOnce(userBlock) }

// streams reports whether a disc is written with the bit Streaming of WRITE(12): the drive
// then does not verify what it writes, and is twice as fast. The comparison after the burn
// verifies it. Without one, or if spare areas were asked for, the drive does it.
func (b *Burn) streams() bool {
	if b.o.DriveVerify || b.o.NoVerify || b.o.Spare != nil && *b.o.Spare != SpareNone {
		return false
	}
	return b.verifies()
}

// verifies reports whether the drive verifies what it writes to the medium, unless it
// streams.
func (b *Burn) verifies() bool { return b.medium.profile == mmc.DVDRAM || b.medium.profile == mmc.BDRE }

// checkVerify refuses verification by the drive where no drive has it. A BD-R is verified if
// it has spare areas, or gets them.
func (b *Burn) checkVerify(ctx context.Context) error {
	switch p := b.medium.profile; {
	case !b.o.DriveVerify, b.verifies(), p == mmc.DVDPRW:
		return nil
	case p != mmc.BDRSRM:
		return refuse(fmt.Sprintf("no drive verifies a %v while it writes; leave that option out, and let the disc be compared afterwards", p), ErrNoMode)
	case b.o.Spare != nil && *b.o.Spare != SpareNone:
		return nil
	}
	s, err := mmc.ReadSpareArea(ctx, b.t, true)
	switch {
	case scsi.Gone(err):
		return fmt.Errorf("read the spare areas of the disc: %w", err)
	case err == nil && s.Allocated > 0:
		return nil
	}
	return refuse("a drive verifies a BD-R while it writes only if the disc has spare areas, and this one has none; choose spare areas if it is blank, or leave the verification to the comparison afterwards", ErrNoMode)
}

// driveVerifies reports whether the drive verifies what it writes, as far as that was chosen
// or is usual.
func (b *Burn) driveVerifies() bool {
	switch {
	case b.verifies():
		return !b.streams()
	case b.medium.profile == mmc.BDRSRM && b.chosen != nil:
		return true
	}
	return b.o.DriveVerify
}

// put sends one WRITE. While a disc is streamed, whole ECC blocks are sent as such; a drive
// that rejects that gets the usual command.
func (r *burning) put(lba disc.LBA, p []byte, size int) error {
	unit := r.recipe.unit
	whole := unit > 1 && int64(lba)%unit == 0 && int64(len(p))%(unit*disc.SectorSize) == 0
	switch {
	case r.stream12 && whole:
		err := mmc.Write12(r.work, r.t, lba, p, true)
		tooLarge := r.most == 0 && int64(len(p)) > unit*disc.SectorSize // perhaps; see smaller
		if scsi.Unsupported(err) || scsi.InvalidField(err) && !tooLarge {
			r.stream12 = false
			r.inform("the drive does not support writing without verification: %v", err)
			break
		}
		return err
	case r.o.DriveVerify && r.medium.profile == mmc.DVDPRW && !r.noVerify:
		err := mmc.WriteAndVerify10(r.work, r.t, lba, p)
		if scsi.Unsupported(err) {
			r.noVerify = true
			r.warn("the drive cannot verify a DVD+RW while it writes: %v", err)
			break
		}
		return err
	}
	return mmc.WriteBlocks(r.work, r.t, lba, p, size)
}

// smaller reports whether a WRITE was rejected because it may be too large, by the drive or by
// the system, and makes all further ones as large as an ECC block, or on CD as small as most
// programs send them.
func (r *burning) smaller(err error, p []byte) bool {
	most := int(r.recipe.unit) * disc.SectorSize
	if r.medium.profile.IsCD() {
		most = smallCDWrite
	}
	if !scsi.InvalidField(err) && !errors.Is(err, scsi.ErrNotSent) || r.most > 0 || len(p) <= most {
		return false
	}
	r.most = most
	r.inform("writes of %d bytes are rejected, so smaller ones are sent: %v", len(p), err)
	return true
}

// sendParts sends a chunk in several writes of whole blocks.
func (r *burning) sendParts(lba disc.LBA, p []byte, size int) error {
	for len(p) > 0 {
		n := min(r.most/size*size, len(p))
		if err := r.sendBlocks(lba, p[:n], size); err != nil {
			return err
		}
		lba, p = lba+disc.LBA(n/size), p[n:]
	}
	return nil
}

// checkProtected refuses a medium that is protected against writing (MMC-6 6.22, format
// C0h). Drives that do not report it reject the first WRITE.
func (b *Burn) checkProtected(ctx context.Context) error {
	w, err := mmc.ReadWriteProtection(ctx, b.t, b.medium.profile.IsBD())
	switch {
	case scsi.Gone(err):
		return fmt.Errorf("read the write protection of the disc: %w", err)
	case err != nil || !w.Any():
		return nil
	}
	return refuse(fmt.Sprintf("the %v is protected against writing, %v; remove the protection, or insert another disc", b.medium.profile, w), ErrNotWritable)
}
