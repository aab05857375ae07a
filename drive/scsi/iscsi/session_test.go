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
)

// The target requests the data in pieces, in reverse order, of up to 1024 bytes.
func TestWriteOnRequest(t *testing.T) {
	for _, immediate := range []string{"Yes", "No"} {
		c := write(4)
		got := make([]byte, len(c.Data))
		s := mustOpen(t, play(t, opened(func(x *target) {
			cmd := x.command()
			if n := int(cmd.u32(20)); n != len(got) || cmd.flags() != flagFinal|flagWrite|attrSimple {
				panic(broken{"wrong length or flags"})
			}
			if (immediate == "Yes") != (len(cmd.data) == 1024) {
				panic(broken{"wrong amount of immediate data"})
			}
			first := copy(got, cmd.data)
			for i, part := range []struct{ from, to int }{{6000, 8192}, {first, 6000}} {
				x.send(opR2T, flagFinal, cmd.taskTag(), func(p *pdu) {
					p.put32(20, uint32(70+i))
					p.put32(40, uint32(part.from))
					p.put32(44, uint32(part.to-part.from))
				})
				for at, sn := part.from, 0; at < part.to; sn++ {
					d := x.expect(opDataOut)
					last := at+len(d.data) == part.to
					if int(d.u32(40)) != at || int(d.u32(36)) != sn || d.targetTag() != uint32(70+i) || d.hasFlag(flagFinal) != last {
						panic(broken{"a Data-Out out of order"})
					}
					at += copy(got[at:], d.data)
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

// ping sends a NOP-In and waits for the reply.
func (x *target) ping() {
	x.send(opNopIn, flagFinal, reservedTag, func(p *pdu) { p.put32(20, 4711); p.header[9] = 3 })
	pong := x.expect(opNopOut)
	if pong.targetTag() != 4711 || pong.taskTag() != reservedTag || pong.header[9] != 3 || pong.u32(24) != x.cmdSN {
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
			x.send(opDataIn, 0, cmd.taskTag(), func(p *pdu) {
				p.put32(36, uint32(i))
				p.put32(40, uint32(i*1024))
				p.data = bytes.Repeat([]byte{byte(i + 1)}, 1024)
			})
			x.ping() // and while one is under way
		}
		x.good(cmd)
		// A reply shorter than asked for, its status with the data.
		cmd = x.command()
		x.send(opDataIn, flagFinal|flagStatus|flagUnderflow, cmd.taskTag(), func(p *pdu) { p.data = make([]byte, 20); p.put32(44, 12) })
		// One that ends with an error after some data.
		cmd = x.command()
		x.send(opDataIn, 0, cmd.taskTag(), func(p *pdu) { p.data = make([]byte, 2048) })
		x.send(opSCSIResponse, flagFinal|flagUnderflow, cmd.taskTag(), func(p *pdu) {
			p.header[3] = scsi.StatusCheckCondition
			p.put32(44, 2048)
			p.data = append([]byte{0, 18}, 0xF0, 0, 3, 0, 0, 0, 10, 10, 0, 0, 0, 0, 0x11, 5, 0, 0, 0, 0)
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
			x.send(opDataIn, 0, cmd.taskTag(), func(p *pdu) { p.put32(40, offset); p.data = make([]byte, n) })
		}
	}
	r2t := func(offset, n uint32) func(*target) {
		return func(x *target) {
			cmd := x.command()
			x.send(opR2T, flagFinal, cmd.taskTag(), func(p *pdu) { p.put32(40, offset); p.put32(44, n) })
		}
	}
	async := func(event byte) func(*target) {
		return func(x *target) {
			x.command()
			x.send(opAsync, flagFinal, reservedTag, func(p *pdu) { p.header[36] = event })
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
		{"another task", func(x *target) { x.command(); x.send(opSCSIResponse, flagFinal, 12345, nil) }, read(1), "task 12345"},
		{"unknown PDU", func(x *target) { x.send(0x3E, flagFinal, x.command().taskTag(), nil) }, read(1), "type 3Eh"},
		{"target failure", func(x *target) {
			x.send(opSCSIResponse, flagFinal, x.command().taskTag(), func(p *pdu) { p.header[2] = 1 })
		}, read(1), "response 01h"},
		{"reject", func(x *target) {
			x.command()
			x.send(opReject, flagFinal, reservedTag, func(p *pdu) { p.header[2] = 9 })
		}, read(1), "invalid PDU field"},
		{"logout requested", async(1), read(1), "requests a logout"},
		{"dropped", async(2), read(1), "closes the connection"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := mustOpen(t, play(t, opened(func(x *target) {
				c.script(x)
				if c.name != "closed" {
					_, _ = io.Copy(io.Discard, x.r) // the initiator closes the connection
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
		l, err := newLogin(ours)
		if err != nil {
			t.Fatal(err)
		}
		l.maxCmdSN = l.cmdSN - 1
		s := newSession(Address{}, l)
		done := make(chan string)
		go func() {
			done <- runScript(theirs, func(x *target) {
				if x.cmdSN = l.cmdSN; opens {
					x.send(opNopIn, flagFinal, reservedTag, nil)
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
		if _, err = s.Execute(context.Background(), c); opens != (err == nil) || !opens && !errors.Is(err, scsi.ErrTimeout) {
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
	} {
		a, err := ParseAddress(in)
		if err != nil || a.String() != want {
			t.Errorf("%s is %v, %v, want %s", in, a, err, want)
		}
	}
	for _, in := range []string{
		"", "http://h/t", "iscsi://", "iscsi:///t/1", "iscsi://h", "iscsi://h/", "iscsi://h/t/x", "iscsi://h/t/-1",
		"iscsi://h/t/16384", "iscsi://h/t/1/2", "iscsi://u:p@h/t/1", "iscsi://h/t/1?x=y", "iscsi://h/a%00b/1", "iscsi://h:p/t",
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

func FuzzReadPDU(f *testing.F) {
	seed := make([]byte, headerLen)
	seed[0], seed[4], seed[7] = opDataIn, 1, 3
	f.Add(append(seed, 1, 2, 3, 4, 5, 6, 7, 8))
	f.Fuzz(func(t *testing.T, raw []byte) {
		const limit = 4096
		p, err := readPDU(bytes.NewReader(raw), limit)
		if err != nil {
			return
		}
		if len(p.data) > limit {
			t.Fatalf("%d bytes of data, the limit is %d", len(p.data), limit)
		}
		var out bytes.Buffer
		if err := writePDU(&out, p); err != nil {
			t.Fatal(err)
		}
		again, err := readPDU(&out, limit)
		if err != nil || !bytes.Equal(again.data, p.data) || again.header[0] != p.header[0] {
			t.Fatalf("written and read again it differs: %v", err)
		}
	})
}

// Execute returns whatever a target sends for a command.
func FuzzExecute(f *testing.F) {
	reply := func(op, flags byte, data ...byte) []byte {
		p := &pdu{data: data}
		p.header[0], p.header[1] = op, flags
		p.put32(16, 1)
		p.put32(44, 2048)
		var b bytes.Buffer
		_ = writePDU(&b, p) // a Buffer takes everything
		return b.Bytes()
	}
	f.Add(true, reply(opDataIn, flagFinal|flagStatus, 1, 2, 3))
	f.Add(false, reply(opR2T, flagFinal))
	f.Add(false, append(reply(opNopIn, flagFinal), reply(opSCSIResponse, flagFinal, 0, 4, 0x70)...))
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
		l, err := newLogin(ours)
		if err != nil {
			t.Fatal(err)
		}
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
		pairs, err := splitText(text)
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
