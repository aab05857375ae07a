package iscsi

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"glassmaster/drive/scsi"
	"glassmaster/drive/scsi/iscsi/pdu"
)

const (
	// replyTimeout is the timeout for sending the reply to a ping.
	replyTimeout = 10 * time.Second
	// logoutTimeout is how long a target may take to reply to a logout.
	logoutTimeout = 2 * time.Second
)

// Session is a session with a drive over iSCSI. It implements scsi.Transport.
type Session struct {
	address Address
	conn    *pdu.Conn
	agreed  params

	turn    chan struct{} // holds a token for the one command that can run
	replies chan *pdu.PDU // from the reader to the command that runs
	dead    chan struct{} // closed when the connection has ended

	mu        sync.Mutex // guards the fields below, and writing
	closing   bool       // Close was called: the end of the connection is no error
	err       error      // why the connection has ended
	cmdSN     uint32     // of the next command
	maxCmdSN  uint32     // the last one that the target accepts
	expStatSN uint32     // of the next status
	task      uint32     // tag of the last command
}

var _ scsi.Transport = (*Session)(nil)

func newSession(a Address, l *login) *Session {
	s := &Session{
		address: a, conn: l.conn, agreed: l.agreed,
		turn: make(chan struct{}, 1), replies: make(chan *pdu.PDU), dead: make(chan struct{}),
		cmdSN: l.cmdSN, maxCmdSN: l.maxCmdSN, expStatSN: l.expStatSN,
	}
	s.turn <- struct{}{}
	go s.read()
	return s
}

// MaxTransfer returns the largest number of data bytes in one command.
func (s *Session) MaxTransfer() int { return maxTransfer }

// String returns the name of the drive.
func (s *Session) String() string { return s.address.String() }

// errClosed is the error of commands after Close.
var errClosed = errors.New("the drive was closed")

// fail ends the connection. Only the first reason is kept.
func (s *Session) fail(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failLocked(why)
}

func (s *Session) failLocked(why error) {
	if s.err != nil {
		return
	}
	if s.closing {
		why = errClosed
	}
	s.err = why
	close(s.dead)
	s.conn.Close()
}

// cause returns why the connection has ended.
func (s *Session) cause() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// lost returns the error of a command during which, or before which, the connection ended.
func (s *Session) lost(cdb []byte, why error) error {
	if errors.Is(why, errClosed) {
		return fmt.Errorf("%s: %w", scsi.Describe(cdb), why)
	}
	return fmt.Errorf("%s: %s: %w: %w", scsi.Describe(cdb), s.address, scsi.ErrConnection, why)
}

// send writes a PDU with its sequence numbers. prepare sets them, and may be nil.
func (s *Session) send(p *pdu.PDU, deadline time.Time, prepare func()) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	if prepare != nil {
		prepare()
	}
	p.Put32(28, s.expStatSN)
	err := s.conn.SetWriteDeadline(deadline)
	if err == nil {
		err = s.conn.Send(p)
	}
	if err != nil {
		s.failLocked(fmt.Errorf("send: %w", err))
	}
	return err
}

// read receives the PDUs of the target until the connection ends. It answers pings, also
// those between commands.
func (s *Session) read() {
	for {
		p, err := s.conn.Receive(maxReceive)
		if err != nil {
			s.fail(fmt.Errorf("receive: %w", err))
			return
		}
		s.updateNumbers(p)
		switch p.Opcode() {
		case pdu.OpNopIn:
			err = s.pong(p)
		case pdu.OpAsync:
			err = asyncEvent(p)
		case pdu.OpReject:
			err = fmt.Errorf("the target rejected a PDU: %s", rejectReason(p.Header[2]))
		default:
			select {
			case s.replies <- p:
			case <-s.dead:
				return
			}
		}
		if err != nil {
			s.fail(err)
			return
		}
	}
}

// updateNumbers updates the sequence numbers (RFC 7143 4.2.2): StatSN in bytes 24 to 27,
// ExpCmdSN in 28 to 31, MaxCmdSN in 32 to 35. Only a PDU with a status advances StatSN.
func (s *Session) updateNumbers(p *pdu.PDU) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if maxCmdSN := p.U32(32); int32(maxCmdSN-s.maxCmdSN) > 0 {
		s.maxCmdSN = maxCmdSN
	}
	counts := false
	switch p.Opcode() {
	case pdu.OpSCSIResponse, pdu.OpAsync, pdu.OpReject, pdu.OpLogoutReply:
		counts = true
	case pdu.OpDataIn:
		counts = p.Has(pdu.FlagStatus)
	case pdu.OpNopIn:
		counts = p.Tag() != pdu.NoTag
	}
	if counts && int32(p.U32(24)+1-s.expStatSN) > 0 {
		s.expStatSN = p.U32(24) + 1
	}
}

// pong answers a ping (RFC 7143 11.18 and 11.19). A NOP-In without a target transfer tag
// only updates sequence numbers.
func (s *Session) pong(ping *pdu.PDU) error {
	if ping.TargetTag() == pdu.NoTag {
		return nil
	}
	p := pdu.New(pdu.OpNopOut|pdu.OpImmediate, pdu.FlagFinal)
	p.PutLUN(ping.LUN())
	p.Put32(16, pdu.NoTag)
	p.Put32(20, ping.TargetTag())
	return s.send(p, time.Now().Add(replyTimeout), func() { p.Put32(24, s.cmdSN) })
}

// asyncEvent returns the error of an asynchronous message that ends the connection (RFC
// 7143 11.9.1), nil for SCSI events and vendor specific ones.
func asyncEvent(p *pdu.PDU) error {
	switch p.Header[36] {
	case 1:
		return errors.New("the target requests a logout")
	case 2, 3:
		return errors.New("the target closes the connection")
	case 4:
		return errors.New("the target requests a new negotiation, which is not supported")
	}
	return nil
}

// rejectReason describes byte 2 of a Reject (RFC 7143 11.17.1).
func rejectReason(reason byte) string {
	names := map[byte]string{
		0x02: "data digest error", 0x03: "SNACK not supported", 0x04: "protocol error", 0x05: "command not supported",
		0x06: "too many immediate commands", 0x07: "task in progress", 0x08: "invalid data acknowledgement",
		0x09: "invalid PDU field", 0x0A: "out of resources", 0x0B: "negotiation reset", 0x0C: "waiting for logout",
	}
	if n, ok := names[reason]; ok {
		return n
	}
	return fmt.Sprintf("reason %02Xh", reason)
}

// Close logs out and closes the connection. It waits for the end of a command that runs,
// at most until its timeout.
func (s *Session) Close() error {
	select {
	case <-s.turn:
	case <-s.dead:
		s.fail(errClosed)
		return nil
	}
	s.mu.Lock()
	s.closing = true
	s.mu.Unlock()
	s.logout()
	s.fail(errClosed)
	s.turn <- struct{}{}
	return nil
}

// logout sends a logout request (RFC 7143 11.14, reason 0: close the session), and waits
// for the reply up to logoutTimeout.
func (s *Session) logout() {
	ctx, cancel := context.WithTimeout(context.Background(), logoutTimeout)
	defer cancel()
	deadline, _ := ctx.Deadline()
	p := pdu.New(pdu.OpLogout|pdu.OpImmediate, pdu.FlagFinal)
	if s.send(p, deadline, func() { s.task++; p.Put32(16, s.task); p.Put32(24, s.cmdSN) }) != nil {
		return
	}
	for {
		select {
		case reply := <-s.replies:
			if reply.Opcode() == pdu.OpLogoutReply {
				return
			}
		case <-s.dead:
			return
		case <-ctx.Done():
			return
		}
	}
}
