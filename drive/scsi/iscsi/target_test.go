package iscsi

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"glassmaster/drive/scsi"
	"glassmaster/drive/scsi/iscsi/pdu"
)

// target is the target of a connection in a test. Its methods panic with a value of type
// broken when the initiator does not follow the script.
type target struct {
	conn   *pdu.Conn
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
	script(&target{conn: pdu.NewConn(conn), statSN: 100})
	return ""
}

// expect reads the next PDU, which must be of this type.
func (x *target) expect(op byte) *pdu.PDU {
	p, err := x.conn.Receive(1 << 20)
	if err != nil {
		panic(broken{"waiting for a PDU: " + err.Error()})
	}
	if p.Opcode() != op {
		panic(broken{"got a PDU of type " + string("0123456789ABCDEF"[p.Opcode()>>4]) + string("0123456789ABCDEF"[p.Opcode()&15])})
	}
	return p
}

// send sends a PDU. It fills in the sequence numbers, and counts those with a status.
func (x *target) send(op, flags byte, tag uint32, fill func(*pdu.PDU)) {
	p := &pdu.PDU{}
	p.Header[0], p.Header[1] = op, flags
	p.Put32(16, tag)
	p.Put32(20, pdu.NoTag)
	p.Put32(24, x.statSN)
	p.Put32(28, x.cmdSN)
	p.Put32(32, x.cmdSN+8)
	if fill != nil {
		fill(p)
	}
	if op != pdu.OpR2T && (op != pdu.OpDataIn || flags&pdu.FlagStatus != 0) && (op != pdu.OpNopIn || tag != pdu.NoTag) {
		x.statSN++
	}
	if err := x.conn.Send(p); err != nil {
		panic(broken{"sending: " + err.Error()})
	}
}

// login accepts the login and answers its operational keys with these.
func (x *target) login(keys ...string) {
	for _, stage := range []byte{pdu.StageSecurity, pdu.StageOperational} {
		req := x.expect(pdu.OpLogin)
		if got := req.Flags() >> 2 & 3; got != stage {
			panic(broken{"login out of stage"})
		}
		x.cmdSN = req.U32(24)
		x.text += string(req.Data)
		x.send(pdu.OpLoginReply, req.Flags()&^0x40, req.Tag(), func(p *pdu.PDU) {
			if stage == pdu.StageOperational {
				p.Data = pdu.Join(keys)
			}
		})
	}
}

// command receives the next command and counts it.
func (x *target) command() *pdu.PDU {
	p := x.expect(pdu.OpSCSICommand)
	if p.U32(24) != x.cmdSN {
		panic(broken{"CmdSN out of order"})
	}
	x.cmdSN++
	return p
}

func (x *target) good(p *pdu.PDU) { x.send(pdu.OpSCSIResponse, pdu.FlagFinal, p.Tag(), nil) }

// ready answers the commands of Open: TEST UNIT READY with a unit attention, then INQUIRY.
func (x *target) ready() {
	p := x.command()
	x.send(pdu.OpSCSIResponse, pdu.FlagFinal, p.Tag(), func(p *pdu.PDU) {
		p.Header[3] = scsi.StatusCheckCondition
		p.Data = append([]byte{0, 18}, 0x70, 0, 6, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x29, 0, 0, 0, 0, 0)
	})
	x.good(x.command())
	p = x.command()
	if p.Header[32] != 0x12 || p.Header[9] != 3 {
		panic(broken{"no INQUIRY for LUN 3"})
	}
	x.send(pdu.OpDataIn, pdu.FlagFinal|pdu.FlagStatus, p.Tag(), func(d *pdu.PDU) { d.Data = make([]byte, p.U32(20)); d.Data[0] = 5 })
}

func (x *target) logout() {
	p := x.expect(pdu.OpLogout)
	x.send(pdu.OpLogoutReply, pdu.FlagFinal, p.Tag(), nil)
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
		req := x.expect(pdu.OpLogin)
		for _, key := range []string{"InitiatorName=iqn.", "TargetName=iqn.test:cd\x00", "SessionType=Normal\x00"} {
			if !strings.Contains(string(req.Data), key) {
				panic(broken{"no " + key})
			}
		}
		x.cmdSN = req.U32(24)
		// The answer comes in two pieces, in the middle of a key.
		x.send(pdu.OpLoginReply, pdu.FlagContinue, req.Tag(), func(p *pdu.PDU) { p.Data = []byte("AuthMethod=No") })
		req = x.expect(pdu.OpLogin)
		if len(req.Data) != 0 {
			panic(broken{"text while the target has not ended"})
		}
		x.send(pdu.OpLoginReply, pdu.FlagTransit|pdu.StageOperational, req.Tag(), func(p *pdu.PDU) { p.Data = []byte("ne\x00TargetPortalGroupTag=1\x00") })
		req = x.expect(pdu.OpLogin)
		x.send(pdu.OpLoginReply, pdu.StageOperational<<2, req.Tag(), func(p *pdu.PDU) {
			p.Data = pdu.Join([]string{
				"HeaderDigest=None", "ImmediateData=No", "MaxRecvDataSegmentLength=0x400", "MaxBurstLength=16776192",
				"X-com.example.Colour=blue", "OFMarker=Yes", "MaxConnections=1",
			})
		})
		req = x.expect(pdu.OpLogin)
		if got := string(req.Data); got != "X-com.example.Colour=NotUnderstood\x00OFMarker=No\x00" {
			panic(broken{"the answer is " + got})
		}
		x.send(pdu.OpLoginReply, pdu.FlagTransit|pdu.StageOperational<<2|pdu.StageFull, req.Tag(), nil)
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
			req := x.expect(pdu.OpLogin)
			x.send(pdu.OpLoginReply, 0, req.Tag(), func(p *pdu.PDU) { p.Header[36], p.Header[37], p.Data = class, detail, []byte(text) })
		}
	}
	for want, script := range map[string]func(*target){
		"requires a user (CHAP)":   refuse(2, 1, ""),
		"access list":              refuse(2, 2, ""),
		"no target with that name": refuse(2, 3, ""),
		"status 0277h":             refuse(2, 0x77, ""),
		"put its name into":        refuse(0, 0, "AuthMethod=CHAP\x00"),
		"not KEY=VALUE":            refuse(0, 0, "nonsense\x00"),
		"not a number from 512":    refuse(0, 0, "MaxRecvDataSegmentLength=99999999999\x00"),
		"HeaderDigest=MD5":         refuse(0, 0, "HeaderDigest=MD5\x00"),
		"without an address":       refuse(1, 1, ""),
		"which is not an address":  refuse(1, 1, "TargetAddress=,1\x00"),
		"a PDU of type 21h":        func(x *target) { x.expect(pdu.OpLogin); x.send(pdu.OpSCSIResponse, 0, 0, nil) },
		"protocol error": func(x *target) {
			x.expect(pdu.OpLogin)
			x.send(pdu.OpReject, 0, 0, func(p *pdu.PDU) { p.Header[2] = 4 })
		},
		"unexpected EOF": func(x *target) { x.expect(pdu.OpLogin) },
		"which is not allowed": func(x *target) {
			x.expect(pdu.OpLogin)
			x.send(pdu.OpLoginReply, pdu.FlagTransit|pdu.StageFull, 0, nil)
		},
		"the negotiated limit is 65536": func(x *target) {
			x.expect(pdu.OpLogin)
			_, _ = x.conn.Conn.Write(append([]byte{0x23, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF}, make([]byte, 40)...))
		},
		"does not complete the login": func(x *target) {
			for range pdu.MaxRounds {
				x.send(pdu.OpLoginReply, 0, x.expect(pdu.OpLogin).Tag(), nil)
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
		req := x.expect(pdu.OpLogin)
		x.send(pdu.OpLoginReply, 0, req.Tag(), func(p *pdu.PDU) {
			p.Header[36], p.Header[37], p.Data = 1, 1, []byte("TargetAddress="+host+",1\x00")
		})
	})
	mustOpen(t, here)
}

func TestOpenGivesUp(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	hold := make(chan struct{})
	defer close(hold)
	_, err := Open(ctx, play(t, func(x *target) { x.expect(pdu.OpLogin); <-hold }))
	if !errors.Is(err, scsi.ErrTimeout) {
		t.Errorf("a target that does not answer the login: %v", err)
	}
}
