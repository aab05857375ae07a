package iscsi

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"glassmaster/drive/scsi"
	"glassmaster/drive/scsi/iscsi/chap"
	"glassmaster/drive/scsi/iscsi/pdu"
)

// The target requests the data in pieces, in reverse order, of up to 1024 bytes.
func TestWriteOnRequest(t *testing.T) {
	for _, immediate := range []string{"Yes", "No"} {
		c := write(4)
		got := make([]byte, len(c.Data))
		s := mustOpen(t, play(t, opened(func(x *target) {
			cmd := x.command()
			if n := int(cmd.U32(20)); n != len(got) || cmd.Flags() != pdu.FlagFinal|pdu.FlagWrite|pdu.AttrSimple {
				panic(broken{"wrong length or flags"})
			}
			if (immediate == "Yes") != (len(cmd.Data) == 1024) {
				panic(broken{"wrong amount of immediate data"})
			}
			first := copy(got, cmd.Data)
			for i, part := range []struct{ from, to int }{{6000, 8192}, {first, 6000}} {
				x.send(pdu.OpR2T, pdu.FlagFinal, cmd.Tag(), func(p *pdu.PDU) {
					p.Put32(20, uint32(70+i))
					p.Put32(40, uint32(part.from))
					p.Put32(44, uint32(part.to-part.from))
				})
				for at, sn := part.from, 0; at < part.to; sn++ {
					d := x.expect(pdu.OpDataOut)
					last := at+len(d.Data) == part.to
					if int(d.U32(40)) != at || int(d.U32(36)) != sn || d.TargetTag() != uint32(70+i) || d.Has(pdu.FlagFinal) != last {
						panic(broken{"a Data-Out out of order"})
					}
					at += copy(got[at:], d.Data)
				}
			}
			x.good(cmd)
			x.logout()
		}, "ImmediateData="+immediate, "MaxRecvDataSegmentLength=1024")))
		n, err := s.Execute(context.Background(), c)
		if err != nil || n != len(c.Data) || !bytes.Equal(got, c.Data) {
			t.Errorf("ImmediateData=%s: %d bytes, %v, equal %v", immediate, n, err, bytes.Equal(got, c.Data))
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A target that reports success without having asked for all data has not got all data.
func TestWriteNotRequested(t *testing.T) {
	s := mustOpen(t, play(t, opened(func(x *target) {
		x.good(x.command())
		x.logout()
	}, "ImmediateData=Yes", "MaxRecvDataSegmentLength=1024")))
	if n, err := s.Execute(context.Background(), write(4)); err != nil || n != 1024 {
		t.Errorf("%d bytes, %v", n, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// ping sends a NOP-In and waits for the reply.
func (x *target) ping() {
	x.send(pdu.OpNopIn, pdu.FlagFinal, pdu.NoTag, func(p *pdu.PDU) { p.Put32(20, 4711); p.Header[9] = 3 })
	pong := x.expect(pdu.OpNopOut)
	if pong.TargetTag() != 4711 || pong.Tag() != pdu.NoTag || pong.Header[9] != 3 || pong.U32(24) != x.cmdSN {
		panic(broken{"a wrong answer to a ping"})
	}
}

func TestReadInPieces(t *testing.T) {
	answered := make(chan struct{})
	s := mustOpen(t, play(t, opened(func(x *target) {
		x.ping() // between commands
		close(answered)
		cmd := x.command()
		for i := range 4 {
			x.send(pdu.OpDataIn, 0, cmd.Tag(), func(p *pdu.PDU) {
				p.Put32(36, uint32(i))
				p.Put32(40, uint32(i*1024))
				p.Data = bytes.Repeat([]byte{byte(i + 1)}, 1024)
			})
			x.ping() // and while one is under way
		}
		x.good(cmd)
		// A reply shorter than asked for, its status with the data.
		cmd = x.command()
		x.send(pdu.OpDataIn, pdu.FlagFinal|pdu.FlagStatus|pdu.FlagUnderflow, cmd.Tag(), func(p *pdu.PDU) { p.Data = make([]byte, 20); p.Put32(44, 12) })
		// One that ends with an error after some data.
		cmd = x.command()
		x.send(pdu.OpDataIn, 0, cmd.Tag(), func(p *pdu.PDU) { p.Data = make([]byte, 2048) })
		x.send(pdu.OpSCSIResponse, pdu.FlagFinal|pdu.FlagUnderflow, cmd.Tag(), func(p *pdu.PDU) {
			p.Header[3] = scsi.StatusCheckCondition
			p.Put32(44, 2048)
			p.Data = append([]byte{0, 18}, 0xF0, 0, 3, 0, 0, 0, 10, 10, 0, 0, 0, 0, 0x11, 5, 0, 0, 0, 0)
		})
		x.good(x.command())
		x.logout()
	})))
	<-answered
	ctx := context.Background()
	c := read(2)
	n, err := s.Execute(ctx, c)
	if err != nil || n != 4096 || c.Data[1023] != 1 || c.Data[1024] != 2 || c.Data[4095] != 4 {
		t.Errorf("%d bytes, %v", n, err)
	}
	n, err = s.Execute(ctx, scsi.Command{CDB: []byte{0x43, 0, 0, 0, 0, 0, 0, 0, 32, 0}, Direction: scsi.In, Data: make([]byte, 32)})
	if err != nil || n != 20 {
		t.Errorf("a short reply: %d bytes, %v", n, err)
	}
	n, err = s.Execute(ctx, read(2))
	var e *scsi.Error
	if n != 2048 || !errors.As(err, &e) || e.Information != 10 || !scsi.Is(err, scsi.KeyMediumError, 0x11, 5) {
		t.Errorf("a bad sector: %d bytes, %v", n, err)
	}
	if _, err := s.Execute(ctx, scsi.Command{CDB: make([]byte, 6)}); err != nil {
		t.Errorf("after an error of the drive: %v", err)
	}
}

// After a violation of the protocol the connection is closed, and later commands return
// the same error.
func TestConnectionLost(t *testing.T) {
	dataIn := func(offset uint32, n int) func(*target) {
		return func(x *target) {
			cmd := x.command()
			x.send(pdu.OpDataIn, 0, cmd.Tag(), func(p *pdu.PDU) { p.Put32(40, offset); p.Data = make([]byte, n) })
		}
	}
	r2t := func(offset, n uint32) func(*target) {
		return func(x *target) {
			cmd := x.command()
			x.send(pdu.OpR2T, pdu.FlagFinal, cmd.Tag(), func(p *pdu.PDU) { p.Put32(40, offset); p.Put32(44, n) })
		}
	}
	async := func(event byte) func(*target) {
		return func(x *target) {
			x.command()
			x.send(pdu.OpAsync, pdu.FlagFinal, pdu.NoTag, func(p *pdu.PDU) { p.Header[36] = event })
		}
	}
	for _, c := range []struct {
		name    string
		script  func(*target)
		command scsi.Command
		want    string
	}{
		{"closed", func(x *target) { x.command() }, read(1), "EOF"},
		{"too much data", dataIn(0, 4096), read(1), "the command reads 2048"},
		{"data elsewhere", dataIn(0xFFFFFFF0, 16), read(1), "offset 4294967280"},
		{"data for a write", dataIn(0, 16), write(1), "reads none"},
		{"requests too much", r2t(2000, 100), write(1), "requests 100 bytes at offset 2000"},
		{"requests far beyond", r2t(0xFFFFFFFF, 0xFFFFFFFF), write(1), "a command with 2048"},
		{"requests nothing", r2t(0, 0), write(1), "requests 0 bytes"},
		{"requests on a read", r2t(0, 2048), read(1), "requests 2048"},
		{"another task", func(x *target) { x.command(); x.send(pdu.OpSCSIResponse, pdu.FlagFinal, 12345, nil) }, read(1), "task 12345"},
		{"unknown PDU", func(x *target) { x.send(0x3E, pdu.FlagFinal, x.command().Tag(), nil) }, read(1), "type 3Eh"},
		{"target failure", func(x *target) {
			x.send(pdu.OpSCSIResponse, pdu.FlagFinal, x.command().Tag(), func(p *pdu.PDU) { p.Header[2] = 1 })
		}, read(1), "response 01h"},
		{"reject", func(x *target) {
			x.command()
			x.send(pdu.OpReject, pdu.FlagFinal, pdu.NoTag, func(p *pdu.PDU) { p.Header[2] = 9 })
		}, read(1), "invalid PDU field"},
		{"logout requested", async(1), read(1), "requests a logout"},
		{"dropped", async(2), read(1), "closes the connection"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := mustOpen(t, play(t, opened(func(x *target) {
				c.script(x)
				if c.name != "closed" {
					_, _ = io.Copy(io.Discard, x.conn.Conn) // the initiator closes the connection
				}
			})))
			_, err := s.Execute(context.Background(), c.command)
			if !errors.Is(err, scsi.ErrConnection) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "at LBA 9") {
				t.Errorf("got %v, want %q", err, c.want)
			}
			again, err := s.Execute(context.Background(), scsi.Command{CDB: make([]byte, 6)})
			if again != 0 || !errors.Is(err, scsi.ErrConnection) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the next command: %v", err)
			}
		})
	}
}

func TestTimeout(t *testing.T) {
	hold := make(chan struct{})
	defer close(hold)
	s := mustOpen(t, play(t, opened(func(x *target) { x.command(); <-hold })))
	c := write(1)
	c.Timeout = 20 * time.Millisecond
	_, err := s.Execute(context.Background(), c)
	if !errors.Is(err, scsi.ErrTimeout) || !errors.Is(err, scsi.ErrConnection) || !strings.Contains(err.Error(), "20ms") {
		t.Errorf("a target that is silent: %v", err)
	}
}

// A target gets no command while its command window is closed.
func TestCommandWindow(t *testing.T) {
	for _, opens := range []bool{false, true} {
		ours, theirs := net.Pipe()
		l := newLogin(ours)
		l.maxCmdSN = l.cmdSN - 1
		s := newSession(Address{}, l)
		done := make(chan string)
		go func() {
			done <- runScript(theirs, func(x *target) {
				if x.cmdSN = l.cmdSN; opens {
					x.send(pdu.OpNopIn, pdu.FlagFinal, pdu.NoTag, nil)
					x.good(x.command())
				} else if n, _ := theirs.Read(make([]byte, 1)); n > 0 {
					panic(broken{"a command came through the shut window"})
				}
			})
		}()
		c := scsi.Command{CDB: make([]byte, 6), Timeout: 50 * time.Millisecond}
		if opens {
			c.Timeout = 0
		}
		if _, err := s.Execute(context.Background(), c); opens != (err == nil) || !opens && !errors.Is(err, scsi.ErrTimeout) {
			t.Errorf("the window opens: %v; got %v", opens, err)
		}
		if why := <-done; why != "" {
			t.Error(why)
		}
		s.fail(errClosed)
	}
}

func TestNotBegun(t *testing.T) {
	s := mustOpen(t, play(t, opened((*target).logout)))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.Execute(ctx, read(1)); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled command: %v", err)
	}
	wrong := read(2)
	wrong.Data = wrong.Data[:2048+1]
	if _, err := s.Execute(context.Background(), wrong); err == nil || errors.Is(err, scsi.ErrConnection) {
		t.Errorf("data that do not fit the CDB: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := s.Execute(context.Background(), read(1)); !errors.Is(err, errClosed) {
		t.Errorf("after Close: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
}

func TestParseAddress(t *testing.T) {
	for in, want := range map[string]string{
		"iscsi://host/iqn.x:cd":              "iscsi://host:3260/iqn.x:cd/0",
		"iscsi://[::1]:99/iqn.x:cd/7":        "iscsi://[::1]:99/iqn.x:cd/7",
		"iscsi://10.0.0.1:3260/eui.02/16383": "iscsi://10.0.0.1:3260/eui.02/16383",
		"iscsi://a%40b@h/iqn.x":              "iscsi://a%40b@h:3260/iqn.x/0",
		"iscsi://h/iqn.x?digests=crc32c":     "iscsi://h:3260/iqn.x/0?digests=crc32c",
	} {
		a, err := ParseAddress(in)
		if err != nil || a.String() != want {
			t.Errorf("%s is %v, %v, want %s", in, a, err, want)
		}
	}
	for _, in := range []string{
		"", "http://h/t", "iscsi://", "iscsi:///t/1", "iscsi://h", "iscsi://h/", "iscsi://h/t/x", "iscsi://h/t/-1",
		"iscsi://h/t/16384", "iscsi://h/t/1/2", "iscsi://u:p@h/t/1", "iscsi://@h/t/1", "iscsi://h/t/1?x=y", "iscsi://h/a%00b/1", "iscsi://h:p/t",
	} {
		if a, err := ParseAddress(in); err == nil {
			t.Errorf("%q is taken for %v", in, a)
		}
	}
	if got := (Address{LUN: 3}).lun(); got != 0x0003<<48 {
		t.Errorf("LUN 3 is %016X", got)
	}
	if got := (Address{LUN: 300}).lun(); got != 0x412C<<48 {
		t.Errorf("LUN 300 is %016X", got)
	}
}

// memory is a connection that stores what is written.
type memory struct {
	net.Conn
	bytes.Buffer
}

func (m *memory) Write(p []byte) (int, error) { return m.Buffer.Write(p) }
func (m *memory) Read(p []byte) (int, error)  { return m.Buffer.Read(p) }

// Execute returns whatever a target sends for a command.
func FuzzExecute(f *testing.F) {
	reply := func(op, flags byte, data ...byte) []byte {
		p := &pdu.PDU{Data: data}
		p.Header[0], p.Header[1] = op, flags
		p.Put32(16, 1)
		p.Put32(44, 2048)
		c := &memory{}
		_ = pdu.NewConn(c).Send(p) // memory takes everything
		return c.Bytes()
	}
	f.Add(true, reply(pdu.OpDataIn, pdu.FlagFinal|pdu.FlagStatus, 1, 2, 3))
	f.Add(false, reply(pdu.OpR2T, pdu.FlagFinal))
	f.Add(false, append(reply(pdu.OpNopIn, pdu.FlagFinal), reply(pdu.OpSCSIResponse, pdu.FlagFinal, 0, 4, 0x70)...))
	f.Fuzz(func(t *testing.T, in bool, raw []byte) {
		ours, theirs := net.Pipe()
		go func() {
			buf := make([]byte, 1<<16)
			for {
				if _, err := theirs.Read(buf); err != nil {
					return
				}
			}
		}()
		l := newLogin(ours)
		l.maxCmdSN = 9
		s := newSession(Address{Host: "fuzz"}, l)
		c := write(1)
		if in {
			c = read(1)
		}
		c.Timeout = 5 * time.Second
		go func() {
			_, _ = theirs.Write(raw) // the session may end before it has read all
			theirs.Close()
		}()
		n, err := s.Execute(context.Background(), c)
		if n < 0 || n > len(c.Data) {
			t.Fatalf("%d bytes of %d, %v", n, len(c.Data), err)
		}
		if errors.Is(err, scsi.ErrTimeout) {
			t.Fatal("it hung")
		}
		s.fail(errClosed)
	})
}

func FuzzLogin(f *testing.F) {
	f.Add([]byte("HeaderDigest=None\x00MaxBurstLength=1024\x00"))
	f.Fuzz(func(t *testing.T, text []byte) {
		pairs, err := pdu.Split(text)
		if err != nil {
			return
		}
		p := defaultParams()
		for _, kv := range pairs {
			if _, err := p.accept(kv[0], kv[1]); err != nil {
				return
			}
		}
		if p.maxSend < 512 || p.maxBurst < 512 || p.firstBurst < 512 || p.maxBurst > offeredBurst {
			t.Fatalf("agreed on %+v", p)
		}
	})
}

// Whatever a target answers to a login, the login ends.
func FuzzLoginReplies(f *testing.F) {
	reply := func(flags byte, text string) []byte {
		p := pdu.New(pdu.OpLoginReply, flags)
		p.Data = []byte(text)
		c := &memory{}
		_ = pdu.NewConn(c).Send(p) // memory takes everything
		return c.Bytes()
	}
	f.Add(true, append(reply(0, "AuthMethod=CHAP\x00"), append(reply(0, "CHAP_A=5\x00CHAP_I=1\x00CHAP_C=0x1234\x00"),
		reply(pdu.FlagTransit|pdu.StageOperational, "CHAP_N=t\x00CHAP_R=0x00\x00")...)...))
	f.Add(false, append(reply(pdu.FlagTransit|pdu.StageOperational, "AuthMethod=None\x00"),
		reply(pdu.FlagTransit|pdu.StageOperational<<2|pdu.StageFull, "MaxBurstLength=1024\x00HeaderDigest=None\x00")...))
	f.Fuzz(func(t *testing.T, secure bool, raw []byte) {
		ours, theirs := net.Pipe()
		go func() { _, _ = io.Copy(io.Discard, theirs) }()
		go func() {
			_, _ = theirs.Write(raw) // the login may end before it has read all
			theirs.Close()
		}()
		l := newLogin(ours)
		if secure {
			l.auth = authentication{account: chap.Account{Name: "anna", Secret: []byte("a-long-secret-1")}, mutual: []byte("a-long-secret-2")}
		}
		err := l.run(Address{Target: "iqn.x:y"})
		ours.Close()
		if err == nil && secure {
			t.Fatal("a target that does not know the secret got through")
		}
	})
}
