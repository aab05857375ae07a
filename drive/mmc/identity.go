package mmc

import (
	"context"
	"fmt"
	"strings"

	"glassmaster/drive/scsi"
)

// MediaIdentity is what the manufacturer has recorded on a blank DVD or BD.
type MediaIdentity struct {
	Manufacturer string
	Type         string
	Revision     int // DVD+R, DVD+RW, BD
}

// String returns the identity in the usual form, such as "MCC-004-00" or "TYG03".
func (m MediaIdentity) String() string {
	switch {
	case m.Manufacturer == "" && m.Type == "":
		return ""
	case m.Type == "":
		return m.Manufacturer
	}
	return fmt.Sprintf("%s-%s-%02d", m.Manufacturer, m.Type, m.Revision)
}

// ReadMediaIdentity returns the identity of a recordable DVD or BD with this profile (READ
// DISC STRUCTURE ADh, MMC-6 6.22, formats 11h, 0Eh, and 00h of BD). It is zero for other
// media.
func ReadMediaIdentity(ctx context.Context, t scsi.Transport, p Profile) (MediaIdentity, error) {
	switch p {
	case DVDPR, DVDPRW, DVDPRDL, DVDPRWDL:
		b, err := readFixed(ctx, t, structureOf{format: structureADIP}, 256)
		if err != nil {
			return MediaIdentity{}, err
		}
		return decodeADIP(b), nil
	case DVDR, DVDRW, DVDRWRO, DVDRDL, DVDRDLJ, DVDRWDL:
		b, err := readFixed(ctx, t, structureOf{format: structurePreRecorded}, 40)
		if err != nil {
			return MediaIdentity{}, err
		}
		return decodePreRecorded(b), nil
	case BDRSRM, BDRRRM, BDRE:
		d, err := ReadBDInformation(ctx, t)
		return d.Identity, err
	}
	return MediaIdentity{}, nil
}

// decodeADIP decodes bytes 19-26 manufacturer, 27-29 type, 30 revision (ECMA-349 14.4.2).
func decodeADIP(p []byte) MediaIdentity {
	return MediaIdentity{Manufacturer: printable(p[19:27]), Type: printable(p[27:30]), Revision: int(p[30])}
}

// decodePreRecorded decodes the fields 3 and 4 of the lead-in, each with its number and six
// characters of the name (ECMA-359 annex).
func decodePreRecorded(p []byte) MediaIdentity {
	return MediaIdentity{Manufacturer: printable(append(append([]byte{}, p[17:23]...), p[25:31]...))}
}

// printable returns p without padding; characters that cannot be printed become spaces.
func printable(p []byte) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return ' '
		}
		return r
	}, string(p)))
}

// BDInformation is the disc information of a BD, from its first unit.
type BDInformation struct {
	Kind     string // "BDO" pressed, "BDR" write once, "BDW" rewritable
	Class    byte
	Version  byte
	Small    bool // 80 mm
	Layers   int
	PerLayer int64 // sectors of a layer as the channel bit length says, 0 if it is not that of 25 GB
	Identity MediaIdentity
}

// bdUnitSize is the length of a disc information unit.
const bdUnitSize = 112

// ReadBDInformation returns the disc information of a BD (READ DISC STRUCTURE ADh, MMC-6
// 6.22, media type 1, format 00h).
func ReadBDInformation(ctx context.Context, t scsi.Transport) (BDInformation, error) {
	p, err := readStructure(ctx, t, structureOf{bd: true, format: structurePhysical}, 4096)
	if err != nil {
		return BDInformation{}, err
	}
	if len(p) < bdUnitSize || string(p[:2]) != "DI" {
		return BDInformation{}, shortReply(scsi.OpReadDiscStructure, p)
	}
	return decodeBDInformation(p), nil
}

// decodeBDInformation decodes a disc information unit: bytes 0-1 "DI", 8-10 disc type, 11
// disc size (bits 6-7, 1: 80 mm), class (4-5) and version (0-3), 12 number of layers (4-7),
// 13 channel bit length (0-3, 1: 25 GB a layer), 100-105 manufacturer, 106-108 media type, 111 revision.
func decodeBDInformation(p []byte) BDInformation {
	const gigabyte25 = 12219392
	d := BDInformation{
		Kind: printable(p[8:11]), Small: p[11]>>6 == 1, Class: p[11] >> 4 & 3, Version: p[11] & 15, Layers: int(p[12] >> 4),
		Identity: MediaIdentity{Manufacturer: printable(p[100:106]), Type: printable(p[106:109]), Revision: int(p[111])},
	}
	if p[13]&15 == 1 {
		d.PerLayer = gigabyte25
	}
	return d
}
