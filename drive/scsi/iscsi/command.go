package iscsi

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"glassmaster/drive/scsi"
	"glassmaster/drive/scsi/iscsi/pdu"
)

// task is a command that is being executed.
type task struct {
	s        *Session
	c        scsi.Command
	tag      uint32
	deadline time.Time
	got      int // bytes of data received
	sent     int // bytes of data up to the last one that was sent
}

// Execute executes one command; see [scsi.Transport]. After a timeout the connection is
// closed, since its state is not known.
func (s *Session) Execute(ctx context.Context, c scsi.Command) (int, error) {
	if err := scsi.Check(c); err != nil {
		return 0, err
	}
	if len(c.Data) > maxTransfer {
		return 0, fmt.Errorf("%s: %d bytes of data, the largest transfer is %d", scsi.Describe(c.CDB), len(c.Data), maxTransfer)
	}
	select {
	case <-s.turn:
		defer func() { s.turn <- struct{}{} }()
	case <-s.dead:
		return 0, s.lost(c.CDB, s.cause())
	case <-ctx.Done():
		return 0, fmt.Errorf("%s: not sent: %w", scsi.Describe(c.CDB), ctx.Err())
	}
	if err := ctx.Err(); err != nil {
		return 0, fmt.Errorf("%s: not sent: %w", scsi.Describe(c.CDB), err)
	}
	timeout := c.Timeout
	if timeout <= 0 {
		timeout = scsi.DefaultTimeout
	}
	t := &task{s: s, c: c, deadline: time.Now().Add(timeout)}
	n, err := t.run(timeout)
	var refused *scsi.Error
	if err != nil && !errors.As(err, &refused) {
		s.fail(err)
		return n, s.lost(c.CDB, err)
	}
	return n, err
}

// run sends the command and handles the PDUs of the target until the status is received.
// An error other than an *scsi.Error is a violation of the protocol or a failure of the
// connection.
func (t *task) run(timeout time.Duration) (int, error) {
	expired := time.NewTimer(timeout)
	defer expired.Stop()
	if err := t.start(expired.C); err != nil {
		return 0, err
	}
	for {
		select {
		case p := <-t.s.replies:
			done, err := t.handle(p)
			if err != nil || done {
				return t.finish(p, err)
			}
		case <-t.s.dead:
			return t.got, t.s.cause()
		case <-expired.C:
			return t.got, fmt.Errorf("%w (%v)", scsi.ErrTimeout, timeout)
		}
	}
}

// start sends the command PDU: RFC 7143 11.3. LUN in bytes 8 to 15, task tag 16 to
// 19, expected data transfer length 20 to 23, CmdSN 24 to 27, CDB from byte 32.
func (t *task) start(expired <-chan time.Time) error {
	if err := t.awaitWindow(expired); err != nil {
		return err
	}
	p := pdu.New(pdu.OpSCSICommand, pdu.FlagFinal|pdu.AttrSimple)
	p.PutLUN(t.s.address.lun())
	p.Put32(20, uint32(len(t.c.Data)))
	copy(p.Header[32:], t.c.CDB)
	switch {
	case len(t.c.Data) == 0:
	case t.c.Direction == scsi.In:
		p.Header[1] |= pdu.FlagRead
	case t.c.Direction == scsi.Out:
		p.Header[1] |= pdu.FlagWrite
		if t.s.agreed.immediateData {
			p.Data = t.c.Data[:min(len(t.c.Data), t.s.agreed.firstBurst, t.s.agreed.maxSend)]
			t.sent = len(p.Data)
		}
	}
	return t.s.send(p, t.deadline, func() {
		s := t.s
		s.task++
		if s.task == pdu.NoTag {
			s.task = 0
		}
		t.tag = s.task
		p.Put32(16, t.tag)
		p.Put32(24, s.cmdSN)
		s.cmdSN++
	})
}

// awaitWindow waits until the target accepts another command (RFC 7143 4.2.2.1). With one
// command at a time it rarely has to wait.
func (t *task) awaitWindow(expired <-chan time.Time) error {
	open := func() bool {
		t.s.mu.Lock()
		defer t.s.mu.Unlock()
		return int32(t.s.maxCmdSN-t.s.cmdSN) >= 0
	}
	if open() {
		return nil
	}
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for !open() {
		select {
		case <-poll.C:
		case <-t.s.dead:
			return t.s.cause()
		case <-expired:
			return fmt.Errorf("%w: the target accepts no commands", scsi.ErrTimeout)
		}
	}
	return nil
}

// handle handles a PDU of the target and reports whether it was the last.
func (t *task) handle(p *pdu.PDU) (bool, error) {
	if p.Tag() != t.tag {
		return false, fmt.Errorf("the target sent a PDU of type %02Xh for task %d during task %d",
			p.Opcode(), p.Tag(), t.tag)
	}
	switch p.Opcode() {
	case pdu.OpDataIn:
		if err := t.receiveData(p); err != nil {
			return false, err
		}
		return p.Has(pdu.FlagStatus), nil
	case pdu.OpR2T:
		return false, t.sendData(p)
	case pdu.OpSCSIResponse:
		if p.Header[2] != 0 { // response: RFC 7143 11.4.3
			return false, fmt.Errorf("the target could not execute the command (response %02Xh)", p.Header[2])
		}
		return true, nil
	}
	return false, fmt.Errorf("the target sent an unexpected PDU of type %02Xh", p.Opcode())
}

// receiveData stores the data of a Data-In (RFC 7143 11.7, buffer offset in bytes 40 to
// 43). As negotiated, they are in order.
func (t *task) receiveData(p *pdu.PDU) error {
	offset := p.U32(40)
	switch {
	case len(p.Data) == 0:
		return nil
	case t.c.Direction != scsi.In:
		return errors.New("the target sent data for a command that reads none")
	case uint64(offset) != uint64(t.got):
		return fmt.Errorf("the target sent data at offset %d instead of %d", offset, t.got)
	case len(p.Data) > len(t.c.Data)-t.got:
		return fmt.Errorf("the target sent %d bytes at offset %d, the command reads %d",
			len(p.Data), offset, len(t.c.Data))
	}
	t.got += copy(t.c.Data[t.got:], p.Data)
	return nil
}

// sendData sends the data that a Ready To Transfer requests (RFC 7143 11.8, buffer offset
// in bytes 40 to 43, length in 44 to 47) in Data-Out PDUs (11.7).
func (t *task) sendData(r2t *pdu.PDU) error {
	offset, length := uint64(r2t.U32(40)), uint64(r2t.U32(44))
	if t.c.Direction != scsi.Out || length == 0 || offset+length > uint64(len(t.c.Data)) {
		return fmt.Errorf("the target requests %d bytes at offset %d of a command with %d bytes", length, offset, len(t.c.Data))
	}
	for sn := uint32(0); length > 0; sn++ {
		n := min(length, uint64(t.s.agreed.maxSend))
		p := pdu.New(pdu.OpDataOut, 0)
		if n == length {
			p.Header[1] = pdu.FlagFinal
		}
		p.Data = t.c.Data[offset : offset+n]
		p.PutLUN(r2t.LUN()) // it belongs to the target transfer tag
		p.Put32(16, t.tag)
		p.Put32(20, r2t.TargetTag())
		p.Put32(36, sn)
		p.Put32(40, uint32(offset))
		if err := t.s.send(p, t.deadline, nil); err != nil {
			return err
		}
		offset, length = offset+n, length-n
	}
	t.sent = max(t.sent, int(offset))
	return nil
}

// finish returns the result from the PDU with the status: byte 3 the status, bytes 44 to
// 47 the residual count, and in a Response the sense data after their length (RFC 7143
// 11.4.7).
func (t *task) finish(p *pdu.PDU, err error) (int, error) {
	if err != nil {
		return t.got, err
	}
	n := t.sent // the target can report success without asking for all data
	if t.c.Direction == scsi.In {
		n = t.got
	}
	if p.Has(pdu.FlagUnderflow) {
		n = min(n, max(0, len(t.c.Data)-int(p.U32(44))))
	}
	status := p.Header[3]
	if status == scsi.StatusGood {
		return n, nil
	}
	var sense []byte
	if p.Opcode() == pdu.OpSCSIResponse && len(p.Data) >= 2 {
		length := int(binary.BigEndian.Uint16(p.Data))
		sense = p.Data[2:min(len(p.Data), 2+length)]
	}
	return n, scsi.NewError(t.c.CDB, status, sense)
}
