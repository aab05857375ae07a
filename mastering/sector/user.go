package sector

import (
	"encoding/binary"
	"fmt"

	"glassmaster/mastering/disc"
)

// DataError is the error of a sector whose user data is damaged and cannot be corrected.
type DataError struct {
	LBA   disc.LBA
	Fault Fault
}

func (e *DataError) Error() string {
	if e.Fault&BadSync != 0 {
		return fmt.Sprintf("sector %d is not a data sector: it has no sync pattern", e.LBA)
	}
	if e.Fault&BadHeader != 0 {
		return fmt.Sprintf("the header of sector %d is damaged: its mode is not 0, 1 or 2", e.LBA)
	}
	return fmt.Sprintf("the data of sector %d is damaged: it does not match its EDC", e.LBA)
}

// CorrectedUserData copies the user data of whole sectors: dst has 2048 bytes for each 2352
// of src. The EDC is checked, and errors are corrected if the ECC allows that; corrected is
// called for each sector of which that is so. It returns the number of sectors before the
// first one without such data: the error is disc.ErrForm for a sector of form 2, of mode 2
// without a form or of mode 0, and a *DataError for one that is damaged. lba is the address
// of the first sector.
func CorrectedUserData(dst, src []byte, lba disc.LBA, corrected func(disc.LBA)) (int, error) {
	n := 0
	for len(src) >= Size {
		k, same := sameKind(src[:min(len(src)/Size, batch)*Size])
		if same == 0 || k == Mode2 { // or mode 1 or form 1 with a damaged header or sub-header
			if !correctUser(dst, src) {
				return n, notData(src, lba+disc.LBA(n))
			}
			corrected(lba + disc.LBA(n))
			dst, src, n = dst[disc.SectorSize:], src[Size:], n+1
			continue
		}
		if k != Mode1 && k != Form1 {
			return n, disc.ErrForm
		}
		from, to := edcRange(k)
		var codes [batch]uint32
		edcs(codes[:same], src, from, to)
		for _, code := range codes[:same] {
			if binary.LittleEndian.Uint32(src[to:]) == code {
				copy(dst, src[userAt(k):to][:disc.SectorSize])
			} else {
				if !correctUser(dst, src) {
					return n, &DataError{lba + disc.LBA(n), BadEDC}
				}
				corrected(lba + disc.LBA(n))
			}
			dst, src, n = dst[disc.SectorSize:], src[Size:], n+1
		}
	}
	return n, nil
}

// userAt returns where the user data of a sector of mode 1 or form 1 begins.
func userAt(k Kind) int {
	if k == Mode1 {
		return DataAt
	}
	return XADataAt
}

// correctUser copies the user data of a sector that has to be corrected first. It returns
// false if it cannot be corrected.
func correctUser(dst, src []byte) bool {
	p := [Size]byte(src)
	if !Correct(p[:]) {
		return false
	}
	k, _ := Identify(p[:])
	copy(dst, p[userAt(k):][:disc.SectorSize])
	return true
}

// notData returns the error of a sector that cannot be identified, or that has no form.
func notData(p []byte, lba disc.LBA) error {
	switch {
	case string(p[:SyncSize]) != Sync:
		return &DataError{lba, BadSync}
	case p[HeaderAt+3] == 2:
		return disc.ErrForm
	}
	return &DataError{lba, BadHeader}
}
