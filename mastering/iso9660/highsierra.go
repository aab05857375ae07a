package iso9660

import (
	"encoding/binary"

	"glassmaster/mastering/disc"
)

// High Sierra is the proposal of 1986 from which ISO 9660 was made. Discs of that time
// have it. It differs in the places of the fields of descriptors and in the date of a
// directory record, which has no time zone. Both are converted to the form of ECMA-119
// when they are read. There is no public standard; the places are those that readers such
// as that of Linux agree on.

// isHighSierra reports whether a sector is a volume descriptor of High Sierra: its address
// in both byte orders, the type at 8, the identifier at 9 and the version at 14.
func isHighSierra(p []byte) bool {
	return string(p[9:14]) == "CDROM" && binary.LittleEndian.Uint32(p) == binary.BigEndian.Uint32(p[4:])
}

// fromHighSierra returns a descriptor of High Sierra in the form of ECMA-119 8.4.
func fromHighSierra(p []byte) []byte {
	d := make([]byte, disc.SectorSize)
	d[0] = p[8]
	copy(d[1:], "CD001")
	d[6] = 1
	if d[0] == typeBoot || d[0] == typeTerminator {
		return d
	}
	for _, f := range []struct{ to, from, size int }{
		{8, 16, 32},    // system
		{40, 48, 32},   // volume
		{80, 88, 8},    // size of the volume
		{120, 128, 4},  // size of the set
		{124, 132, 4},  // number in the set
		{128, 136, 4},  // size of a block
		{132, 140, 8},  // size of the path table
		{140, 148, 4},  // path table L; High Sierra has up to three copies
		{144, 152, 4},  // a copy
		{148, 164, 4},  // path table M
		{152, 168, 4},  // a copy
		{156, 180, 34}, // record of the root
		{190, 214, 128},
		{318, 342, 128},
		{446, 470, 128},
		{574, 598, 128},
		{702, 726, 32}, // copyright file
		{739, 758, 32}, // abstract file
		{813, 790, 16}, // created
		{830, 806, 16}, // modified
		{847, 822, 16}, // expires
		{864, 838, 16}, // effective
		{881, 854, 1},  // version of the records
	} {
		copy(d[f.to:f.to+f.size], p[f.from:])
	}
	recordFromHighSierra(d[156:190])
	return d
}

// recordFromHighSierra converts a directory record in place: its flags are at 24, where
// ECMA-119 9.1 has the time zone, and at 25 there.
func recordFromHighSierra(rec []byte) { rec[24], rec[25] = 0, rec[24] }

// tableRecordFromHighSierra converts a record of a path table in place: the address of the
// directory is before the two lengths, which ECMA-119 9.4 has first and exchanged.
func tableRecordFromHighSierra(p []byte) {
	extended, id := p[4], p[5]
	copy(p[2:6], p[:4])
	p[0], p[1] = id, extended
}

// record is checkRecord for the records of the volume.
func (v *FS) record(p []byte) (dirRecord, error) {
	rec, err := checkRecord(p)
	if err != nil || rec == nil || !v.highSierra {
		return rec, err
	}
	own := append(dirRecord(nil), rec...)
	recordFromHighSierra(own)
	return own, nil
}
