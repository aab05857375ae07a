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
	return fmt.Sprintf("the data of sector %d is damaged: it does not match its error detection code", e.LBA)
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
		at := XADataAt
		switch {
		case same == 0:
			return n, &DataError{lba + disc.LBA(n), BadSync}
		case k == Mode1:
			at = DataAt
		case k != Form1:
			return n, disc.ErrForm
		}
		from, to := edcRange(k)
		var codes [batch]uint32
		edcs(codes[:same], src, from, to)
		for _, code := range codes[:same] {
			p := src[:Size]
			if binary.LittleEndian.Uint32(p[to:]) != code {
				fixed := [Size]byte(p)
				if !Correct(fixed[:]) {
					return n, &DataError{lba + disc.LBA(n), BadEDC}
				}
				p = fixed[:]
				corrected(lba + disc.LBA(n))
			}
			copy(dst, p[at:at+disc.SectorSize])
			dst, src, n = dst[disc.SectorSize:], src[Size:], n+1
		}
	}
	return n, nil
}
