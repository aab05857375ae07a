// Package pdu encodes and decodes the protocol data units of iSCSI (RFC 7143 11), for the
// initiator and the target.
package pdu

import "encoding/binary"

// Operation codes: RFC 7143 11.2.1.2.
const (
	OpNopOut         = 0x00
	OpSCSICommand    = 0x01
	OpTaskManagement = 0x02
	OpLogin          = 0x03
	OpText           = 0x04
	OpDataOut        = 0x05
	OpLogout         = 0x06
	OpSNACK          = 0x10
	OpNopIn          = 0x20
	OpSCSIResponse   = 0x21
	OpTaskReply      = 0x22
	OpLoginReply     = 0x23
	OpTextReply      = 0x24
	OpDataIn         = 0x25
	OpLogoutReply    = 0x26
	OpR2T            = 0x31
	OpAsync          = 0x32
	OpReject         = 0x3F

	OpImmediate = 0x40 // immediate delivery, not ordered by CmdSN
	opMask      = 0x3F
)

// Flags in byte 1.
const (
	FlagFinal     = 0x80 // the last PDU of a sequence
	FlagTransit   = 0x80 // of a login: T, ready for the next stage
	FlagContinue  = 0x40 // of text: C, it continues in the next PDU
	FlagRead      = 0x40 // of a SCSI command: it reads data
	FlagWrite     = 0x20 // of a SCSI command: it writes data
	FlagOverflow  = 0x04 // the residual count is of data that did not fit
	FlagUnderflow = 0x02 // the residual count is of data that were not transferred
	FlagStatus    = 0x01 // of Data-In: it includes the status
	AttrSimple    = 0x01 // of a SCSI command: the task attribute SIMPLE
)

// Stages of a login: RFC 7143 11.12.3.
const (
	StageSecurity    = 0
	StageOperational = 1
	StageFull        = 3
)

const (
	// HeaderLen is the length of the basic header segment.
	HeaderLen = 48
	// NoTag is the value of a task tag that names no task.
	NoTag = 0xFFFFFFFF
	// MaxText is the most text that one side may send in one exchange.
	MaxText = 64 << 10
	// MaxRounds is more exchanges than a login needs.
	MaxRounds = 32
	// MaxSegment is the largest length of data that can be negotiated (RFC 7143 13.12 to 13.14).
	MaxSegment = 1<<24 - 1
)

// PDU is a protocol data unit: the basic header segment (RFC 7143 11.2.1) and the data
// segment. Additional header segments are skipped when a PDU is read, and never written.
// All numbers are big-endian; offsets are from the start of the header.
type PDU struct {
	Header [HeaderLen]byte
	Data   []byte
}

// New returns a PDU with an operation code and flags.
func New(op, flags byte) *PDU {
	p := &PDU{}
	p.Header[0], p.Header[1] = op, flags
	return p
}

// Opcode returns the operation code, without the bit for immediate delivery.
func (p *PDU) Opcode() byte { return p.Header[0] & opMask }

// Immediate reports whether the PDU is delivered immediately, without a CmdSN of its own.
func (p *PDU) Immediate() bool { return p.Header[0]&OpImmediate != 0 }

// Flags returns byte 1.
func (p *PDU) Flags() byte { return p.Header[1] }

// Has reports whether all of these flags are set.
func (p *PDU) Has(flags byte) bool { return p.Header[1]&flags == flags }

// Tag returns the initiator task tag.
func (p *PDU) Tag() uint32 { return p.U32(16) }

// TargetTag returns the target transfer tag.
func (p *PDU) TargetTag() uint32 { return p.U32(20) }

// U32 returns the number at an offset.
func (p *PDU) U32(offset int) uint32 { return binary.BigEndian.Uint32(p.Header[offset:]) }

// Put32 sets the number at an offset.
func (p *PDU) Put32(offset int, v uint32) { binary.BigEndian.PutUint32(p.Header[offset:], v) }

// LUN returns the field for the logical unit number, 8 bytes from offset 8.
func (p *PDU) LUN() uint64 { return binary.BigEndian.Uint64(p.Header[8:]) }

// PutLUN sets the field for the logical unit number.
func (p *PDU) PutLUN(lun uint64) { binary.BigEndian.PutUint64(p.Header[8:], lun) }

// DataLen returns the length of the data segment that the header announces, in bytes.
func (p *PDU) DataLen() int { return int(p.U32(4) & 0xFFFFFF) }

// padding returns how many zeros follow n bytes.
func padding(n int) int { return -n & 3 }
