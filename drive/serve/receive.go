package serve

import (
	"errors"
	"fmt"
	"time"

	"glassmaster/drive/scsi/iscsi/pdu"
)

// arrival is a PDU that is ordered by its CmdSN.
type arrival = pdu.PDU

// Reasons of a Reject: RFC 7143 11.17.1.
const (
	rejectDigest      = 0x02
	rejectSNACK       = 0x03
	rejectProtocol    = 0x04
	rejectUnsupported = 0x05
	rejectImmediate   = 0x06
	rejectTask        = 0x07
	rejectField       = 0x09
)

// maxImmediate is how many tasks may be immediate, and so outside of the command window.
const maxImmediate = 16

// breach is the error of an initiator that violates the protocol. The PDU is rejected, and
// the session ends.
type breach struct {
	reason byte
	why    string
}

func (b *breach) Error() string { return b.why }

func violation(format string, args ...any) error {
	return &breach{rejectProtocol, fmt.Sprintf(format, args...)}
}

// errLogout ends the receiving when the initiator has logged out.
var errLogout = errors.New("the initiator logged out")

// run handles the PDUs of the initiator until the connection ends, and returns why.
func (x *session) run() error {
	for {
		p := &pdu.PDU{}
		err := x.conn.ReadHeader(p)
		if err == nil {
			err = x.receive(p)
		}
		if err == nil {
			continue
		}
		var b *breach
		switch {
		case errors.As(err, &b):
			_ = x.reject(p, b.reason) // the session ends in any case
		case errors.Is(err, pdu.ErrDigest):
			_ = x.reject(p, rejectDigest)
		}
		x.fail(err)
		x.mu.Lock()
		defer x.mu.Unlock()
		return x.err
	}
}

// receive reads the data segment of a PDU and handles the PDU.
func (x *session) receive(p *pdu.PDU) error {
	x.mu.Lock()
	x.heard, x.pinged = time.Now(), false
	x.mu.Unlock()
	n, limit := p.DataLen(), pdu.MaxText
	if p.Opcode() == pdu.OpDataOut {
		limit = maxReceive
	}
	if n > limit {
		return violation("the initiator sent a PDU of type %02Xh with %d bytes of data", p.Opcode(), n)
	}
	if p.Opcode() == pdu.OpDataOut {
		return x.dataOut(p, n)
	}
	p.Data = make([]byte, n)
	if err := x.conn.ReadData(p.Data); err != nil {
		return err
	}
	switch p.Opcode() {
	case pdu.OpNopOut, pdu.OpSCSICommand, pdu.OpTaskManagement, pdu.OpText, pdu.OpLogout:
	case pdu.OpSNACK:
		return x.reject(p, rejectSNACK)
	case pdu.OpLogin:
		return violation("the initiator logs in a second time")
	default:
		return x.reject(p, rejectUnsupported)
	}
	if p.Immediate() {
		return x.handle(p)
	}
	return x.inOrder(p)
}

// inOrder handles a PDU when those with a lower CmdSN have come. One that is not in the
// command window is ignored (RFC 7143 4.2.2.1).
func (x *session) inOrder(p *pdu.PDU) error {
	sn := p.U32(24)
	x.mu.Lock()
	ahead := int64(int32(sn - x.expCmdSN))
	if ahead < 0 || ahead >= int64(x.server.limits.Commands-x.open) {
		x.mu.Unlock()
		return nil
	}
	if ahead > 0 {
		x.early[sn] = p
		x.mu.Unlock()
		return nil
	}
	for p != nil {
		x.expCmdSN++
		x.mu.Unlock()
		if p.Opcode() != opSkipped {
			if err := x.handle(p); err != nil {
				return err
			}
		}
		x.mu.Lock()
		p = x.early[x.expCmdSN]
		delete(x.early, x.expCmdSN)
	}
	x.mu.Unlock()
	return nil
}

// opSkipped is the operation code of a place holder for a command that was aborted before
// it came. No PDU has it.
const opSkipped = 0x3E

// handle handles a PDU that is due.
func (x *session) handle(p *pdu.PDU) error {
	switch p.Opcode() {
	case pdu.OpNopOut:
		return x.nopOut(p)
	case pdu.OpText:
		return x.textRequest(p)
	case pdu.OpLogout:
		return x.logoutRequest(p)
	}
	if x.target == nil {
		return violation("the initiator sent a PDU of type %02Xh in a discovery session", p.Opcode())
	}
	if p.Opcode() == pdu.OpTaskManagement {
		return x.manage(p)
	}
	return x.command(p)
}

// reject sends a Reject with the header of the PDU.
func (x *session) reject(p *pdu.PDU, reason byte) error {
	r := pdu.New(pdu.OpReject, pdu.FlagFinal)
	r.Header[2] = reason
	r.Put32(16, pdu.NoTag)
	r.Data = append([]byte(nil), p.Header[:]...)
	return x.send(r)
}

// nopOut answers a ping (RFC 7143 11.18). One without a task tag is the answer to ours.
func (x *session) nopOut(p *pdu.PDU) error {
	if p.Tag() == pdu.NoTag {
		return nil
	}
	r := pdu.New(pdu.OpNopIn, pdu.FlagFinal)
	r.PutLUN(p.LUN())
	r.Put32(16, p.Tag())
	r.Put32(20, pdu.NoTag)
	r.Data = p.Data[:min(len(p.Data), x.params.maxSend)]
	return x.send(r)
}

// logoutRequest answers a logout (RFC 7143 11.14): reason 0 closes the session, 1 its
// connection, and 2 is for error recovery that we do not have.
func (x *session) logoutRequest(p *pdu.PDU) error {
	r := pdu.New(pdu.OpLogoutReply, pdu.FlagFinal)
	r.Put32(16, p.Tag())
	reason := p.Flags() & 0x7F
	switch {
	case reason == 2:
		r.Header[2] = 2 // connection recovery is not supported
	case reason > 2:
		return x.reject(p, rejectField)
	case reason == 1 && uint16(p.U32(20)>>16) != x.cid:
		r.Header[2] = 1 // there is no such connection
	}
	if r.Header[2] != 0 {
		return x.send(r)
	}
	x.mu.Lock()
	x.logout = true
	x.mu.Unlock()
	if err := x.send(r); err != nil {
		return err
	}
	return errLogout
}
