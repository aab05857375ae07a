package disc

import "fmt"

// LBA is a logical block address: the number of a sector, counted from the first sector
// after the pre-gap of the first track. Addresses in that pre-gap and in the lead-in of a
// CD are negative.
type LBA int64

// MSF is a CD address in minutes, seconds and frames; 00:02:00 is LBA 0
// (MMC-6 table 591).
type MSF struct{ M, S, F int }

// MSF returns the address as minutes, seconds and frames. Addresses in the lead-in are the
// 10 minutes up to 99:59:74, which is address -151. On a disc of more than 90 minutes the same
// times are those of addresses from 404850 on.
func (a LBA) MSF() MSF {
	n := int64(a) + 150
	if n < 0 {
		n += 450000
	}
	return MSF{int(n / 75 / 60), int(n / 75 % 60), int(n % 75)}
}

// LBA returns the address as a logical block address. 90 minutes and more are in the lead-in.
func (m MSF) LBA() LBA {
	n := int64((m.M*60+m.S)*75 + m.F)
	if m.M >= 90 {
		n -= 450000
	}
	return LBA(n - 150)
}

func (m MSF) String() string { return fmt.Sprintf("%02d:%02d:%02d", m.M, m.S, m.F) }
