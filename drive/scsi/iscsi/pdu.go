package iscsi

import (
	"encoding/binary"
	"fmt"
	"io"
)

// Operation codes: RFC 7143 11.2.1.2.
const (
	opNopOut       = 0x00
	opSCSICommand  = 0x01
	opLogin        = 0x03
	opDataOut      = 0x05
	opLogout       = 0x06
	opNopIn        = 0x20
	opSCSIResponse = 0x21
	opLoginReply   = 0x23
	opDataIn       = 0x25
	opLogoutReply  = 0x26
	opR2T          = 0x31
	opAsync        = 0x32
	opReject       = 0x3F

	opImmediate = 0x40 // immediate delivery, not ordered by CmdSN
	opMask      = 0x3F
)

const (
	headerLen   = 48
	flagFinal   = 0x80
	reservedTag = 0xFFFFFFFF
)

// pdu is a protocol data unit: the basic header segment (RFC 7143 11.2.1) and the data
// segment. Additional header segments are skipped when a PDU is read, and never written.
// All numbers are big-endian; offsets are from the start of the header.
type pdu struct {
	header [headerLen]byte
	data   []byte
}

func (p *pdu) opcode() byte      { return p.header[0] & opMask }
func (p *pdu) flags() byte       { return p.header[1] }
func (p *pdu) taskTag() uint32   { return p.u32(16) }
func (p *pdu) targetTag() uint32 { return p.u32(20) }
func (p *pdu) statSN() uint32    { return p.u32(24) }

func (p *pdu) u32(offset int) uint32      { return binary.BigEndian.Uint32(p.header[offset:]) }
func (p *pdu) put32(offset int, v uint32) { binary.BigEndian.PutUint32(p.header[offset:], v) }
func (p *pdu) putLUN(lun uint64)          { binary.BigEndian.PutUint64(p.header[8:], lun) }
func (p *pdu) hasFlag(bits byte) bool     { return p.header[1]&bits == bits }
func padding(n int) int                   { return -n & 3 }

// readPDU reads a PDU. It returns an error, and allocates nothing, if the data segment is
// longer than limit bytes.
func readPDU(r io.Reader, limit int) (*pdu, error) {
	p := &pdu{}
	if _, err := io.ReadFull(r, p.header[:]); err != nil {
		return nil, err
	}
	if ahs := int64(p.header[4]) * 4; ahs > 0 {
		if _, err := io.CopyN(io.Discard, r, ahs); err != nil {
			return nil, noEOF(err)
		}
	}
	n := int(p.u32(4) & 0xFFFFFF)
	if n > limit {
		return nil, fmt.Errorf("a PDU of type %02Xh has %d bytes of data, the negotiated limit is %d", p.opcode(), n, limit)
	}
	padded := make([]byte, n+padding(n))
	if _, err := io.ReadFull(r, padded); err != nil {
		return nil, noEOF(err)
	}
	p.data = padded[:n:n]
	return p, nil
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// writePDU writes a PDU with one call, so that it is sent in as few packets as possible.
func writePDU(w io.Writer, p *pdu) error {
	n := len(p.data)
	p.put32(4, uint32(n)) // TotalAHSLength is 0
	b := make([]byte, headerLen+n+padding(n))
	copy(b, p.header[:])
	copy(b[headerLen:], p.data)
	_, err := w.Write(b)
	return err
}
