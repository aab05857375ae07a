package mmc

import (
	"context"

	"glassmaster/drive/scsi"
)

// DiscStatus is the status of a disc (MMC-6 6.21).
type DiscStatus byte

// Statuses of a disc.
const (
	Blank      DiscStatus = iota // nothing written
	Appendable                   // written, and not closed
	Closed                       // finalized
	Other                        // random access: can be overwritten at any address
)

func (s DiscStatus) String() string {
	return [...]string{"blank", "appendable", "closed", "rewritable"}[s&3]
}

// SessionState is the state of the last session (MMC-6 6.21).
type SessionState byte

// States of the last session.
const (
	SessionEmpty SessionState = iota
	SessionIncomplete
	SessionDamaged
	SessionComplete
)

func (s SessionState) String() string {
	return [...]string{"empty", "incomplete", "damaged", "complete"}[s&3]
}

// DiscInformation is the reply to READ DISC INFORMATION.
type DiscInformation struct {
	Status       DiscStatus
	Session      SessionState // of the last session
	Erasable     bool
	FirstTrack   int // of the disc
	Sessions     int // including an empty last one
	FirstInLast  int // first track of the last session
	LastInLast   int // last track of the last session
	Background   int // state of the background format: 0 none, 1 interrupted, 2 running, 3 complete
	DiscType     byte
	OPCTables    int
	LastLeadIn   [4]byte // HMSF of the last session, CD only
	LastLeadOut  [4]byte // last possible start of a lead-out
	Unrestricted bool    // the disc is for unrestricted use
	ID           uint32  // disc identification, valid if HasID
	HasID        bool
}

// ReadDiscInformation returns the status of the disc and its last session (READ DISC
// INFORMATION 51h, MMC-6 6.21, data type 000b).
func ReadDiscInformation(ctx context.Context, t scsi.Transport) (DiscInformation, error) {
	p, err := receive(ctx, t, []byte{scsi.OpReadDiscInformation, 0, 0, 0, 0, 0, 0, 0, 34, 0}, 34)
	if err != nil {
		return DiscInformation{}, err
	}
	return decodeDiscInformation(p)
}

// decodeDiscInformation decodes the standard disc information block: byte 2
// status (bits 0-1), last session (2-3), erasable (4); 3 first track; 4 and 9
// sessions; 5 and 10, 6 and 11 tracks of the last session; 7 background format
// (bits 0-1), unrestricted use (5) and validity of the identification (7); 8 disc type;
// 12 disc identification; 16 lead-in; 20 lead-out; 33 number of OPC tables. Of each pair
// the first is the low byte.
func decodeDiscInformation(p []byte) (DiscInformation, error) {
	p = declared(p, 2)
	if len(p) < 8 {
		return DiscInformation{}, shortReply(scsi.OpReadDiscInformation, p)
	}
	p = padded(p, 34)
	d := DiscInformation{
		Status: DiscStatus(p[2] & 3), Session: SessionState(p[2] >> 2 & 3), Erasable: p[2]&0x10 != 0,
		FirstTrack: int(p[3]), Sessions: int(p[9])<<8 | int(p[4]),
		FirstInLast: int(p[10])<<8 | int(p[5]), LastInLast: int(p[11])<<8 | int(p[6]),
		Background: int(p[7] & 3), Unrestricted: p[7]&0x20 != 0, DiscType: p[8], OPCTables: int(p[33]),
		ID: be.Uint32(p[12:]), HasID: p[7]&0x80 != 0,
	}
	copy(d.LastLeadIn[:], p[16:20])
	copy(d.LastLeadOut[:], p[20:24])
	return d, nil
}

// TrackInformation is the reply to READ TRACK INFORMATION.
type TrackInformation struct {
	Number       int
	Session      int
	Mode         byte // the CONTROL nibble: bit 2 is set in a data track
	DataMode     byte // 1 mode 1, 2 mode 2 or XA, 15 unknown
	Damage       bool
	Blank        bool
	Reserved     bool
	Packet       bool
	Fixed        bool // fixed packets
	Start        int64
	NextWritable int64 // NWA, valid if Writable
	Writable     bool  // NextWritable is valid
	Free         int64
	Packets      int64 // sectors in a packet, or in the smallest write
	Size         int64
	LastRecorded int64 // LRA, valid if Recorded
	Recorded     bool

	// Of a DVD-R DL in layer jump recording:
	LayerJump byte  // 0 none, 1 not begun, 2 manual jumps, 3 regular jumps
	NextJump  int64 // address of the last sector before the next jump
	LastJump  int64 // address of the last sector before the last jump
}

// InvisibleTrack is the track number of the track that will be written next, on CD, DVD+R
// and BD-R.
const InvisibleTrack = 0xFF

// ReadTrackInformation returns information about the track with a number (READ TRACK
// INFORMATION 52h, MMC-6 6.26, address type 01b).
func ReadTrackInformation(ctx context.Context, t scsi.Transport, track int) (TrackInformation, error) {
	n := uint32(track)
	cdb := []byte{scsi.OpReadTrackInformation, 1, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n), 0, 0, 48, 0}
	p, err := receive(ctx, t, cdb, 48)
	if err != nil {
		return TrackInformation{}, err
	}
	return decodeTrackInformation(p)
}

// decodeTrackInformation decodes the track information block: bytes 2 and 32
// track, 3 and 33 session; 5 damage (bit 5), mode (0-3); 6 reserved (7), blank
// (6), packet (5), fixed (4), data mode (0-3); 7 LRA valid (1), NWA valid (0); 8
// start, 12 NWA, 16 free, 20 packet size, 24 size, 28 last recorded; 5 layer jump recording
// (6-7), 40 next and 44 last layer jump.
func decodeTrackInformation(p []byte) (TrackInformation, error) {
	p = declared(p, 2)
	if len(p) < 28 {
		return TrackInformation{}, shortReply(scsi.OpReadTrackInformation, p)
	}
	p = padded(p, 48)
	word := func(at int) int64 { return int64(int32(be.Uint32(p[at:]))) }
	size := func(at int) int64 { return int64(be.Uint32(p[at:])) }
	return TrackInformation{
		Number: int(p[32])<<8 | int(p[2]), Session: int(p[33])<<8 | int(p[3]),
		Damage: p[5]&0x20 != 0, Mode: p[5] & 15,
		Reserved: p[6]&0x80 != 0, Blank: p[6]&0x40 != 0, Packet: p[6]&0x20 != 0, Fixed: p[6]&0x10 != 0, DataMode: p[6] & 15,
		Recorded: p[7]&2 != 0, Writable: p[7]&1 != 0,
		Start: word(8), NextWritable: word(12), Free: size(16), Packets: size(20), Size: size(24), LastRecorded: word(28),
		LayerJump: p[5] >> 6, NextJump: size(40), LastJump: size(44),
	}, nil
}
