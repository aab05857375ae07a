package iscsi

import (
	"bufio"
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"glassmaster/drive/scsi"
)

// target is the target of a connection in a test. Its methods panic with a value of type
// broken when the initiator does not follow the script.
type target struct {
	conn   net.Conn
	r      *bufio.Reader
	statSN uint32
	cmdSN  uint32 // expected next
	text   string // of the first login request of each stage
}

type broken struct{ why string }

// play runs the scripts, each for one connection, in order, and returns the address of the
// drive. The test fails when the initiator does not follow a script.
func play(t *testing.T, scripts ...func(*target)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, script := range scripts {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			if why := runScript(conn, script); why != "" {
				t.Errorf("the target: %s", why)
			}
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return "iscsi://" + l.Addr().String() + "/iqn.test:cd/3"
}

func runScript(conn net.Conn, script func(*target)) (why string) {
	defer conn.Close()
	defer func() {
		if b, ok := recover().(broken); ok {
			why = b.why
		}
	}()
	script(&target{conn: conn, r: bufio.NewReader(conn), statSN: 100})
	return ""
}

// expect reads the next PDU, which must be of this type.
func (x *target) expect(op byte) *pdu {
	p, err := readPDU(x.r, 1<<20)
	if err != nil {
		panic(broken{"waiting for a PDU: " + err.Error()})
	}
	if p.opcode() != op {
		panic(broken{"got a PDU of type " + string("0123456789ABCDEF"[p.opcode()>>4]) + string("0123456789ABCDEF"[p.opcode()&15])})
	}
	return p
}

// send sends a PDU. It fills in the sequence numbers, and counts those with a status.
func (x *target) send(op, flags byte, tag uint32, fill func(*pdu)) {
	p := &pdu{}
	p.header[0], p.header[1] = op, flags
	p.put32(16, tag)
	p.put32(20, reservedTag)
	p.put32(24, x.statSN)
	p.put32(28, x.cmdSN)
	p.put32(32, x.cmdSN+8)
	if fill != nil {
		fill(p)
	}
	if op != opR2T && (op != opDataIn || flags&flagStatus != 0) && (op != opNopIn || tag != reservedTag) {
		x.statSN++
	}
	if err := writePDU(x.conn, p); err != nil {
		panic(broken{"sending: " + err.Error()})
	}
}

// login accepts the login and answers its operational keys with these.
func (x *target) login(keys ...string) {
	for _, stage := range []byte{stageSecurity, stageOperational} {
		req := x.expect(opLogin)
		if got := req.flags() >> 2 & 3; got != stage {
			panic(broken{"login out of stage"})
		}
		x.cmdSN = req.u32(24)
		x.text += string(req.data)
		x.send(opLoginReply, req.flags()&^0x40, req.taskTag(), func(p *pdu) {
			if stage == stageOperational {
				p.data = joinText(keys)
			}
		})
	}
}

// command receives the next command and counts it.
func (x *target) command() *pdu {
	p := x.expect(opSCSICommand)
	if p.u32(24) != x.cmdSN {
		panic(broken{"CmdSN out of order"})
	}
	x.cmdSN++
	return p
}

func (x *target) good(p *pdu) { x.send(opSCSIResponse, flagFinal, p.taskTag(), nil) }

// ready answers the commands of Open: TEST UNIT READY with a unit attention, then INQUIRY.
func (x *target) ready() {
	p := x.command()
	x.send(opSCSIResponse, flagFinal, p.taskTag(), func(p *pdu) {
		p.header[3] = scsi.StatusCheckCondition
		p.data = append([]byte{0, 18}, 0x70, 0, 6, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x29, 0, 0, 0, 0, 0)
	})
	x.good(x.command())
	p = x.command()
	if p.header[32] != 0x12 || p.header[9] != 3 {
		panic(broken{"no INQUIRY for LUN 3"})
	}
	x.send(opDataIn, flagFinal|flagStatus, p.taskTag(), func(d *pdu) { d.data = make([]byte, p.u32(20)); d.data[0] = 5 })
}

func (x *target) logout() {
	p := x.expect(opLogout)
	x.send(opLogoutReply, flagFinal, p.taskTag(), nil)
}

// opened returns a script with a login before the given one.
func opened(script func(*target), keys ...string) func(*target) {
	return func(x *target) {
		x.login(keys...)
		x.ready()
		script(x)
	}
}

func mustOpen(t *testing.T, address string) *Session {
	t.Helper()
	s, err := Open(context.Background(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func write(blocks int) scsi.Command {
	data := make([]byte, blocks*2048)
	for i := range data {
		data[i] = byte(i / 512)
	}
	return scsi.Command{CDB: []byte{0x2A, 0, 0, 0, 0, 9, 0, 0, byte(blocks), 0}, Direction: scsi.Out, Data: data}
}

func read(blocks int) scsi.Command {
	return scsi.Command{
		CDB:       []byte{0x28, 0, 0, 0, 0, 9, 0, 0, byte(blocks), 0},
		Direction: scsi.In, Data: make([]byte, blocks*2048),
	}
}

// The initiator offers usual parameters, and accepts all valid replies.
func TestLoginNegotiation(t *testing.T) {
	s := mustOpen(t, play(t, func(x *target) {
		req := x.expect(opLogin)
		for _, key := range []string{"InitiatorName=iqn.", "TargetName=iqn.test:cd\x00", "SessionType=Normal\x00"} {
			if !strings.Contains(string(req.data), key) {
				panic(broken{"no " + key})
			}
		}
		x.cmdSN = req.u32(24)
		// The answer comes in two pieces, in the middle of a key.
		x.send(opLoginReply, flagContinue, req.taskTag(), func(p *pdu) { p.data = []byte("AuthMethod=No") })
		req = x.expect(opLogin)
		if len(req.data) != 0 {
			panic(broken{"text while the target has not ended"})
		}
		x.send(opLoginReply, flagTransit|stageOperational, req.taskTag(), func(p *pdu) { p.data = []byte("ne\x00TargetPortalGroupTag=1\x00") })
		req = x.expect(opLogin)
		x.send(opLoginReply, stageOperational<<2, req.taskTag(), func(p *pdu) {
			p.data = joinText([]string{
				"HeaderDigest=None", "ImmediateData=No", "MaxRecvDataSegmentLength=0x400", "MaxBurstLength=16776192",
				"X-com.example.Colour=blue", "OFMarker=Yes", "MaxConnections=1",
			})
		})
		req = x.expect(opLogin)
		if got := string(req.data); got != "X-com.example.Colour=NotUnderstood\x00OFMarker=No\x00" {
			panic(broken{"the answer is " + got})
		}
		x.send(opLoginReply, flagTransit|stageOperational<<2|stageFull, req.taskTag(), nil)
		x.ready()
		x.logout()
	}))
	want := params{immediateData: false, maxSend: 1024, maxBurst: offeredBurst, firstBurst: offeredFirst}
	if s.agreed != want {
		t.Errorf("agreed on %+v, want %+v", s.agreed, want)
	}
}

func TestLoginRefused(t *testing.T) {
	refuse := func(class, detail byte, text string) func(*target) {
		return func(x *target) {
			req := x.expect(opLogin)
			x.send(opLoginReply, 0, req.taskTag(), func(p *pdu) { p.header[36], p.header[37], p.data = class, detail, []byte(text) })
		}
	}
	for want, script := range map[string]func(*target){
		"requires authentication":  refuse(2, 1, ""),
		"access list":              refuse(2, 2, ""),
		"no target with that name": refuse(2, 3, ""),
		"status 0277h":             refuse(2, 0x77, ""),
		"requires AuthMethod=CHAP": refuse(0, 0, "AuthMethod=CHAP\x00"),
		"not KEY=VALUE":            refuse(0, 0, "nonsense\x00"),
		"not a number from 512":    refuse(0, 0, "MaxRecvDataSegmentLength=99999999999\x00"),
		"HeaderDigest=CRC32C":      refuse(0, 0, "HeaderDigest=CRC32C\x00"),
		"without an address":       refuse(1, 1, ""),
		"which is not an address":  refuse(1, 1, "TargetAddress=,1\x00"),
		"a PDU of type 21h":        func(x *target) { x.expect(opLogin); x.send(opSCSIResponse, 0, 0, nil) },
		"protocol error":           func(x *target) { x.expect(opLogin); x.send(opReject, 0, 0, func(p *pdu) { p.header[2] = 4 }) },
		"unexpected EOF":           func(x *target) { x.expect(opLogin) },
		"which is not allowed":     func(x *target) { x.expect(opLogin); x.send(opLoginReply, flagTransit|stageFull, 0, nil) },
		"the negotiated limit is 65536": func(x *target) {
			x.expect(opLogin)
			_, _ = x.conn.Write(append([]byte{0x23, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF}, make([]byte, 40)...))
		},
		"does not complete the login": func(x *target) {
			for range maxRounds {
				x.send(opLoginReply, 0, x.expect(opLogin).taskTag(), nil)
			}
		},
	} {
		t.Run(want, func(t *testing.T) {
			s, err := Open(context.Background(), play(t, script))
			if err == nil {
				s.Close()
				t.Fatal("opened")
			}
			if !strings.Contains(err.Error(), want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestLoginRedirected(t *testing.T) {
	there := play(t, opened((*target).logout))
	host, _, _ := strings.Cut(strings.TrimPrefix(there, "iscsi://"), "/")
	here := play(t, func(x *target) {
		req := x.expect(opLogin)
		x.send(opLoginReply, 0, req.taskTag(), func(p *pdu) {
			p.header[36], p.header[37], p.data = 1, 1, []byte("TargetAddress="+host+",1\x00")
		})
	})
	mustOpen(t, here)
}

func TestOpenGivesUp(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	hold := make(chan struct{})
	defer close(hold)
	_, err := Open(ctx, play(t, func(x *target) { x.expect(opLogin); <-hold }))
	if !errors.Is(err, scsi.ErrTimeout) {
		t.Errorf("a target that does not answer the login: %v", err)
	}
}
