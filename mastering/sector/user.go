package sector

import (
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
	return fmt.Sprintf("the data of sector %d is damaged: it does not match its error detection code", e.LBA)
}

// UserData copies the user data of whole sectors: dst has 2048 bytes for each 2352 of src.
// The EDC is checked, and errors are corrected if the ECC allows that. It returns the
// number of sectors before the first one without such data: the error is disc.ErrForm for
// a sector of form 2, of mode 2 without a form or of mode 0, and a *DataError for one that
// is damaged. lba is the address of the first sector.
func UserData(dst, src []byte, lba disc.LBA) (int, error) {
	return CorrectedUserData(dst, src, lba, func(disc.LBA) {})
}

// CorrectedUserData is like UserData, and calls corrected for each sector whose data was
// corrected.
func CorrectedUserData(dst, src []byte, lba disc.LBA, corrected func(disc.LBA)) (int, error) {
	n := 0
	for ; len(src) >= Size; dst, src, n = dst[disc.SectorSize:], src[Size:], n+1 {
		p := src[:Size]
		k, ok := Identify(p)
		at, good := XADataAt, false
		switch {
		case !ok:
			return n, &DataError{lba + disc.LBA(n), BadSync}
		case k == Mode1:
			at, good = DataAt, hasEDC(p[:edcAt], p[edcAt:])
		case k == Form1:
			good = hasEDC(p[SubheadAt:edcForm1At], p[edcForm1At:])
		default:
			return n, disc.ErrForm
		}
		if !good {
			fixed := [Size]byte(p)
			if !Correct(fixed[:]) {
				return n, &DataError{lba + disc.LBA(n), BadEDC}
			}
			p = fixed[:]
			corrected(lba + disc.LBA(n))
		}
		copy(dst, p[at:at+disc.SectorSize])
	}
	return n, nil
}
