package mmc

import (
	"context"
	"fmt"

	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
)

// LeadOut is the track number of the lead-out in a TOC.
const LeadOut = 0xAA

// TOCEntry is the start of one track, or of the lead-out.
type TOCEntry struct {
	Track   int
	Control byte // bit 2 is set in a data track
	Start   disc.LBA
}

// ReadTOC returns the table of contents (READ TOC/PMA/ATIP 43h, MMC-6 6.25, format 0000b):
// the tracks of all closed sessions, then the lead-out.
func ReadTOC(ctx context.Context, t scsi.Transport) ([]TOCEntry, error) {
	p, err := readTOC(ctx, t, 0)
	if err != nil {
		return nil, err
	}
	return decodeTOC(p)
}

// readTOC sends READ TOC/PMA/ATIP. It requests addresses as LBA, or as MSF in the formats
// that support only these.
func readTOC(ctx context.Context, t scsi.Transport, format byte) ([]byte, error) {
	msf := byte(0)
	if format >= 2 {
		msf = 2
	}
	return receiveAll(ctx, t, []byte{scsi.OpReadTOC, msf, format, 0, 0, 0, 0, 0, 0, 0}, 4, 2)
}

// decodeTOC decodes the TOC track descriptors: byte 1 ADR and CONTROL, 2 track, 4 start.
// Incomplete descriptors are ignored: some drives send fewer than their length says.
func decodeTOC(p []byte) ([]TOCEntry, error) {
	if p = declared(p, 2); len(p) < 4 {
		return nil, shortReply(scsi.OpReadTOC, p)
	}
	var all []TOCEntry
	for p = p[4:]; len(p) >= 8; p = p[8:] {
		all = append(all, TOCEntry{Track: int(p[2]), Control: p[1] & 15, Start: disc.LBA(int32(be.Uint32(p[4:])))})
	}
	return all, nil
}

// FullTOCEntry is an entry of a TOC as it is in the Q sub-channel of a lead-in.
type FullTOCEntry struct {
	Session int
	ADR     byte
	Control byte
	Point   byte     // 1 to 99 a track, A0h, A1h, A2h first, last and lead-out, B0h and more pointers
	Min     disc.MSF // the fields MIN, SEC, FRAME
	PMin    disc.MSF // the fields PMIN, PSEC, PFRAME: of a track and of A2h an address
}

// ReadFullTOC returns the TOC entries of all lead-ins, CD only (READ TOC/PMA/ATIP 43h,
// MMC-6 6.25, format 0010b).
func ReadFullTOC(ctx context.Context, t scsi.Transport) ([]FullTOCEntry, error) {
	p, err := readTOC(ctx, t, 2)
	if err != nil {
		return nil, err
	}
	if p = declared(p, 2); len(p) < 4 {
		return nil, shortReply(scsi.OpReadTOC, p)
	}
	var all []FullTOCEntry
	for p = p[4:]; len(p) >= 11; p = p[11:] {
		all = append(all, FullTOCEntry{
			Session: int(p[0]), ADR: p[1] >> 4, Control: p[1] & 15, Point: p[3],
			Min:  disc.MSF{M: int(p[4]), S: int(p[5]), F: int(p[6])},
			PMin: disc.MSF{M: int(p[8]), S: int(p[9]), F: int(p[10])},
		})
	}
	return all, nil
}

// ATIP is the absolute time in pre-groove of a CD-R or CD-RW, which describes the medium.
type ATIP struct {
	Rewritable  bool
	LeadIn      disc.MSF // start of the lead-in, which identifies the manufacturer
	LastLeadOut disc.MSF // last possible start of a lead-out
}

// Code returns the start of the lead-in in the usual form of a manufacturer code, such
// as 97m34s22f.
func (a ATIP) Code() string {
	return fmt.Sprintf("%02dm%02ds%02df", a.LeadIn.M, a.LeadIn.S, a.LeadIn.F)
}

// ReadATIP returns the ATIP, CD-R and CD-RW only (READ TOC/PMA/ATIP 43h, MMC-6 6.25,
// format 0100b: bytes 6 disc type, 8-10 lead-in, 12-14 last lead-out).
func ReadATIP(ctx context.Context, t scsi.Transport) (ATIP, error) {
	p, err := readTOC(ctx, t, 4)
	if err != nil {
		return ATIP{}, err
	}
	if p = declared(p, 2); len(p) < 15 {
		return ATIP{}, shortReply(scsi.OpReadTOC, p)
	}
	return ATIP{
		Rewritable:  p[6]&0x40 != 0,
		LeadIn:      disc.MSF{M: int(p[8]), S: int(p[9]), F: int(p[10])},
		LastLeadOut: disc.MSF{M: int(p[12]), S: int(p[13]), F: int(p[14])},
	}, nil
}
