package disc

import "fmt"

// LBA is a logical block address: the number of a sector, counted from the first sector
// after the pre-gap of the first track. Addresses in that pre-gap and in the lead-in of a
// CD are negative.
type LBA int64

// MaxSectors is more than any disc has: 256 GiB.
const MaxSectors = 1 << 27

// Lengths of the areas of a CD, in sectors (MMC-6 4.2.3.6).
const (
	Pregap       = 150  // before the first track of a session; that of the first session is before address 0
	LeadIn       = 4500 // of a session after the first
	FirstLeadOut = 6750 // of the first session
	LaterLeadOut = 2250 // of a session after the first
)

// SessionGap returns the number of sectors from the last track of a session, by its number,
// to index 1 of the first track of the next one, as recorders make it.
func SessionGap(session int) LBA {
	if session == 1 {
		return FirstLeadOut + LeadIn + Pregap
	}
	return LaterLeadOut + LeadIn + Pregap
}

// MSF is a CD address in minutes, seconds and frames; 00:02:00 is LBA 0
// (MMC-6 table 591).
type MSF struct{ M, S, F int }

// MSF returns the address as minutes, seconds and frames. Addresses in the lead-in are the
// 10 minutes up to 99:59:74, which is address -151. On a disc of more than 90 minutes the same
// times are those of addresses from 404850 on.
func (a LBA) MSF() MSF {
	n := int64(a) + Pregap
	if n < 0 {
		n += 450000
	}
	return Duration(n)
}

// LBA returns the address as a logical block address. 90 minutes and more are in the lead-in;
// where that is out of the question, an address is LBA(m.Sectors()) - Pregap.
func (m MSF) LBA() LBA {
	n := m.Sectors()
	if m.M >= 90 {
		n -= 450000
	}
	return LBA(n) - Pregap
}

// Sectors returns a time as a number of sectors, 75 per second.
func (m MSF) Sectors() int64 { return int64((m.M*60+m.S)*75 + m.F) }

// Duration returns a number of sectors as a time.
func Duration(sectors int64) MSF {
	return MSF{int(sectors / 75 / 60), int(sectors / 75 % 60), int(sectors % 75)}
}

func (m MSF) String() string { return fmt.Sprintf("%02d:%02d:%02d", m.M, m.S, m.F) }
