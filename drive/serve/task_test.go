package serve_test

import (
	"slices"
	"testing"

	"glassmaster/drive/scsi"
	"glassmaster/drive/scsi/iscsi/pdu"
	"glassmaster/drive/serve"
)

// slow is a drive whose commands other than TEST UNIT READY wait until they are released.
type slow struct {
	funcDrive
	began   chan byte // operation codes
	release chan struct{}
}

func newSlow(t *testing.T) *slow {
	s := &slow{began: make(chan byte, 64), release: make(chan struct{})}
	s.run = func(c scsi.Command) (int, error) {
		s.began <- c.CDB[0]
		select {
		case <-s.release:
		case <-t.Context().Done(): // the test has failed
		}
		return len(c.Data), nil
	}
	return s
}

// Commands are executed in the order of their CmdSN, whatever the order in which they come;
// what is outside of the window is ignored.
func TestOrder(t *testing.T) {
	d := &funcDrive{}
	h := login(t, serveDrives(t, d).addr)
	h.ready()
	var list []*pdu.PDU
	for i := range 6 {
		list = append(list, h.command(pdu.FlagRead, 2048, read10(uint32(i), 1)...))
	}
	far := h.command(pdu.FlagRead, 2048, read10(99, 1)...)
	far.Put32(24, far.U32(24)+1000)
	past := h.command(pdu.FlagRead, 2048, read10(98, 1)...)
	past.Put32(24, list[0].U32(24)-1)
	h.send(list[3], far, list[1], past, list[5], list[2], list[4], list[0])
	for i := range list {
		if r := h.finish(); r.status != 0 || h.last.Tag() != list[i].Tag() {
			t.Errorf("answer %d: %+v to task %d", i, r, h.last.Tag())
		}
	}
	if lbas := d.addresses(); !slices.Equal(lbas, []uint32{0, 1, 2, 3, 4, 5}) {
		t.Errorf("executed %v", lbas)
	}
}

// A WRITE that waits for its data keeps later commands of its initiator waiting, and no
// others.
func TestOrderOfData(t *testing.T) {
	d := &funcDrive{}
	x := serveDrives(t, d)
	a, b := two(t, x)
	first := a.command(pdu.FlagWrite, 2048, write10(0, 1)...)
	a.send(first)
	tag := a.tag
	a.send(a.command(0, 0, make10(scsi.OpSynchronizeCache)...))
	r := a.expect(pdu.OpR2T)
	b.wants(0, "", make10(scsi.OpReadTOC))
	if got := d.got(); !slices.Equal(got, []byte{scsi.OpReadTOC}) {
		t.Errorf("the drive got % X", got)
	}
	a.tag = tag
	a.send(a.dataOut(r.TargetTag(), 0, 0, true, make([]byte, 2048)))
	a.finish()
	a.finish()
	if got := d.got(); !slices.Equal(got, []byte{scsi.OpReadTOC, scsi.OpWrite10, scsi.OpSynchronizeCache}) {
		t.Errorf("the drive got % X", got)
	}
}

// The command window closes when the queue is full, and opens when commands end.
func TestWindow(t *testing.T) {
	d := newSlow(t)
	o := options(d)
	o.Limits.Commands = 4
	x := start(t, o)
	h := login(t, x.addr)
	h.ready()
	first := h.cmdSN
	for range 6 { // two more than the window has
		h.send(h.command(0, 0, make10(scsi.OpReadTOC)...))
	}
	p := pdu.New(pdu.OpNopOut|pdu.OpImmediate, pdu.FlagFinal)
	p.Put32(16, 0x900)
	p.Put32(20, pdu.NoTag)
	h.send(p)
	if r := h.expect(pdu.OpNopIn); r.U32(28) != first+4 || r.U32(32) != first+3 {
		t.Errorf("ExpCmdSN is %d and MaxCmdSN %d, want %d and %d", r.U32(28), r.U32(32), first+4, first+3)
	}
	close(d.release)
	for i := range uint32(4) {
		h.finish()
		if got := h.last.U32(32); got != first+4+i {
			t.Errorf("after %d commands MaxCmdSN is %d, want %d", i+1, got, first+4+i)
		}
	}
	if n := len(d.got()); n != 4 {
		t.Errorf("%d commands were executed", n)
	}
}

// A task tag that is in use is refused.
func TestTagInUse(t *testing.T) {
	d := newSlow(t)
	h := login(t, serveDrives(t, d).addr)
	h.ready()
	h.send(h.command(0, 0, make10(scsi.OpReadTOC)...))
	h.tag--
	h.send(h.command(0, 0, make10(scsi.OpReadTOC)...))
	if r := h.expect(pdu.OpReject); r.Header[2] != 7 {
		t.Errorf("reason %02X", r.Header[2])
	}
	close(d.release)
	h.finish()
}

// ABORT TASK ends a command that waits at once, and answers after the end of one that the
// drive executes. Neither gets a status.
func TestAbortTask(t *testing.T) {
	d := newSlow(t)
	h := login(t, serveDrives(t, d).addr)
	h.ready()
	h.send(h.command(0, 0, make10(scsi.OpReadTOC)...)) // executed
	running := h.tag
	h.send(h.command(0, 0, make10(scsi.OpReadDiscInformation)...)) // waits
	waiting := h.tag
	h.send(h.command(pdu.FlagWrite, 2048, write10(0, 1)...)) // waits for data
	r2t := h.expect(pdu.OpR2T)
	<-d.began
	for _, tag := range []uint32{waiting, h.tag} {
		if r := h.manage(1, tag); r != 0 {
			t.Errorf("ABORT TASK of a command that waits: response %d", r)
		}
	}
	h.send(h.dataOut(r2t.TargetTag(), 0, 0, true, make([]byte, 2048))) // was on its way
	if r := h.manage(1, 0x4711); r != 1 {
		t.Errorf("ABORT TASK of no command: response %d", r)
	}
	p := pdu.New(pdu.OpTaskManagement|pdu.OpImmediate, pdu.FlagFinal|1)
	p.Put32(16, 0x7001)
	p.Put32(20, running)
	h.send(p)
	h.ping()
	d.release <- struct{}{}
	if r := h.expect(pdu.OpTaskReply); r.Header[2] != 0 || r.Tag() != 0x7001 {
		t.Errorf("ABORT TASK of the command that runs: response %d", r.Header[2])
	}
	if got := d.got(); !slices.Equal(got, []byte{scsi.OpReadTOC}) {
		t.Errorf("the drive got % X", got)
	}
	close(d.release)
	h.wants(0, "", testUnitReady)
}

// A command that is aborted before it comes is skipped.
func TestAbortEarly(t *testing.T) {
	d := &funcDrive{}
	h := login(t, serveDrives(t, d).addr)
	h.ready()
	skipped := h.command(0, 0, make10(scsi.OpReadTOC)...)
	p := pdu.New(pdu.OpTaskManagement|pdu.OpImmediate, pdu.FlagFinal|1)
	p.Put32(16, 0x7001)
	p.Put32(20, skipped.Tag())
	p.Put32(32, skipped.U32(24))
	h.send(p)
	if r := h.expect(pdu.OpTaskReply); r.Header[2] != 0 {
		t.Errorf("response %d", r.Header[2])
	}
	h.send(skipped) // is now in the past
	h.wants(0, "", make10(scsi.OpReadDiscInformation))
	if got := d.got(); !slices.Equal(got, []byte{scsi.OpReadDiscInformation}) {
		t.Errorf("the drive got % X", got)
	}
}

// The functions that abort all commands of an initiator, or of all.
func TestAbortMany(t *testing.T) {
	for _, c := range []struct {
		function     byte
		response     byte
		own, other   string // unit attentions afterwards
		otherGoes    bool   // the commands of the other initiator are executed
		waitForOther bool
	}{
		{function: 2, otherGoes: true},                       // ABORT TASK SET
		{function: 4, other: "6/2F/00"},                      // CLEAR TASK SET
		{function: 5, own: "6/29/03", other: "6/29/03"},      // LOGICAL UNIT RESET
		{function: 6, own: "6/29/03", other: "6/29/03"},      // TARGET WARM RESET
		{function: 3, response: 5, otherGoes: true},          // CLEAR ACA
		{function: 8, response: 4, otherGoes: true},          // TASK REASSIGN
		{function: 9, response: 255, otherGoes: true},        // unknown
		{function: 0x7F, response: 255, otherGoes: true},     // unknown
		{function: 5 | 0x40, response: 255, otherGoes: true}, // unknown
	} {
		d := newSlow(t)
		x := serveDrives(t, d)
		a, b := two(t, x)
		holder := dial(t, x.addr)
		holder.isid = 3
		holder.login()
		holder.ready()
		holder.send(holder.command(0, 0, make10(scsi.OpReadTOC)...))
		<-d.began // the drive is busy
		a.send(a.command(0, 0, make10(scsi.OpReadDiscInformation)...))
		b.send(b.command(0, 0, make10(scsi.OpGetConfiguration)...))
		b.ping()
		p := pdu.New(pdu.OpTaskManagement|pdu.OpImmediate, pdu.FlagFinal|c.function)
		p.Put32(16, 0x7001)
		q := pdu.New(pdu.OpNopOut|pdu.OpImmediate, pdu.FlagFinal)
		q.Put32(16, 0x900)
		q.Put32(20, pdu.NoTag)
		a.send(p, q)
		for answered, replied := false, false; !answered || !replied; {
			r, err := a.conn.Receive(1 << 20)
			if err != nil {
				t.Fatal(err)
			}
			switch r.Opcode() {
			case pdu.OpNopIn:
				answered = true
				close(d.release)
			case pdu.OpTaskReply:
				replied = true
				if r.Header[2] != c.response {
					t.Errorf("function %d: response %d", c.function, r.Header[2])
				}
			case pdu.OpSCSIResponse:
				if c.response == 0 {
					t.Errorf("function %d: an aborted command was answered", c.function)
				}
			}
		}
		if c.otherGoes {
			if r := b.finish(); r.status != 0 {
				t.Errorf("function %d: the other: %+v", c.function, r)
			}
		}
		if c.response != 0 {
			continue
		}
		for h, want := range map[*host]string{a: c.own, b: c.other} {
			if want != "" {
				h.wants(2, want, testUnitReady)
			}
			h.wants(0, "", testUnitReady)
		}
	}
}

// ping waits until the target has handled what was sent before.
func (h *host) ping() {
	h.t.Helper()
	p := pdu.New(pdu.OpNopOut|pdu.OpImmediate, pdu.FlagFinal)
	p.Put32(16, 0x900)
	p.Put32(20, pdu.NoTag)
	h.send(p)
	h.expect(pdu.OpNopIn)
}

// TARGET COLD RESET ends all sessions.
func TestColdReset(t *testing.T) {
	x := serveDrives(t, &funcDrive{})
	a, b := two(t, x)
	if r := a.manage(7, 0); r != 0 {
		t.Errorf("response %d", r)
	}
	a.ended()
	b.ended()
}

// An initiator that begins its session anew ends the old one, whose WRITE without its data
// is not executed, and which keeps no reservation (RFC 7143 6.3.5).
func TestReinstatement(t *testing.T) {
	d := &funcDrive{}
	x := serveDrives(t, d)
	old := login(t, x.addr)
	old.ready()
	old.wants(0, "", make10(0x56))
	old.send(old.command(pdu.FlagWrite, 2048, write10(0, 1)...))
	old.expect(pdu.OpR2T)
	again := login(t, x.addr)
	old.ended()
	again.ready()
	other := dial(t, x.addr)
	other.isid = 2
	other.login()
	other.ready()
	x.await(t, serve.Lost, "anew")
	if len(x.Sessions()) != 2 || d.wrote() {
		t.Errorf("sessions %+v, the drive got % X", x.Sessions(), d.got())
	}
}

// A lost connection: the command that the drive executes ends, those that wait are not
// executed.
func TestLostConnection(t *testing.T) {
	d := newSlow(t)
	x := serveDrives(t, d)
	a, b := two(t, x)
	a.send(a.command(0, 0, make10(scsi.OpReadTOC)...))
	<-d.began
	for range 3 {
		a.send(a.command(0, 0, make10(scsi.OpCloseTrackSession)...))
	}
	a.ping()
	a.conn.Close()
	for len(x.Sessions()) > 1 {
		<-x.told
	}
	close(d.release)
	b.wants(0, "", make10(scsi.OpReadDiscInformation))
	if got := d.got(); !slices.Equal(got, []byte{scsi.OpReadTOC, scsi.OpReadDiscInformation}) {
		t.Errorf("the drive got % X", got)
	}
}
