package serve_test

import (
	"context"
	"io"
	"net"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"glassmaster/drive/scsi"
	"glassmaster/drive/scsi/iscsi/pdu"
	"glassmaster/drive/serve"
)

// pipes is a listener whose connections are made with dial.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func newPipes() *pipes { return &pipes{make(chan net.Conn), make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	select {
	case <-p.closed:
	default:
		close(p.closed)
	}
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 3260} }

func (p *pipes) dial(t testing.TB) *host {
	ours, theirs := net.Pipe()
	p.conns <- theirs
	return &host{t: t, conn: pdu.NewConn(ours), cmdSN: 1, keys: map[string]string{}, isid: 1}
}

// overPipes runs a server in a bubble of package synctest, whose time only passes when
// everything waits.
func overPipes(t *testing.T, test func(t *testing.T, p *pipes, s *serve.Server)) {
	synctest.Test(t, func(t *testing.T) {
		s, err := serve.New(t.Context(), options(&funcDrive{}))
		if err != nil {
			t.Fatal(err)
		}
		p := newPipes()
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error)
		go func() { done <- s.Serve(ctx, p) }()
		test(t, p, s)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// lasts returns how long a connection takes to end. What it sends is thrown away.
func (h *host) lasts() time.Duration {
	start := time.Now()
	_, _ = io.Copy(io.Discard, h.conn.Conn)
	return time.Since(start).Round(time.Second)
}

func TestSilentLogin(t *testing.T) {
	overPipes(t, func(t *testing.T, p *pipes, _ *serve.Server) {
		h := p.dial(t)
		if d := h.lasts(); d != 15*time.Second {
			t.Errorf("a silent connection lasts %v", d)
		}
		h = p.dial(t)
		sent := make(chan struct{})
		go func() { // a byte now and then does not help
			defer close(sent)
			for {
				if _, err := h.conn.Conn.Write([]byte{pdu.OpLogin}); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		}()
		if d := h.lasts(); d != 15*time.Second {
			t.Errorf("a slow login lasts %v", d)
		}
		<-sent
	})
}

func TestSilentSession(t *testing.T) {
	overPipes(t, func(t *testing.T, p *pipes, s *serve.Server) {
		h := p.dial(t)
		h.login()
		if d := h.lasts(); d < 60*time.Second || d > 90*time.Second {
			t.Errorf("a session that does not answer lasts %v", d)
		}
		h = p.dial(t)
		h.login()
		for range 20 {
			r := h.expect(pdu.OpNopIn)
			if r.Tag() != pdu.NoTag || r.TargetTag() == pdu.NoTag {
				t.Errorf("a ping with the tags %X and %X", r.Tag(), r.TargetTag())
			}
			a := pdu.New(pdu.OpNopOut|pdu.OpImmediate, pdu.FlagFinal)
			a.Put32(16, pdu.NoTag)
			a.Put32(20, r.TargetTag())
			h.send(a)
		}
		if n := len(s.Sessions()); n != 1 {
			t.Errorf("%d sessions", n)
		}
		h.conn.Close()
	})
}

// A connection that takes no data is given up.
func TestStuckSession(t *testing.T) {
	overPipes(t, func(t *testing.T, p *pipes, s *serve.Server) {
		h := p.dial(t)
		h.login()
		h.ready()
		h.send(h.command(pdu.FlagRead, 64<<10, read10(0, 32)...))
		start := time.Now()
		for len(s.Sessions()) > 0 {
			time.Sleep(time.Second)
		}
		if d := time.Since(start); d > 31*time.Second {
			t.Errorf("it lasted %v", d)
		}
		h.conn.Close()
	})
}

// Connections beyond the limit are refused, and those within go on.
func TestTooManyConnections(t *testing.T) {
	o := options(&funcDrive{})
	o.Limits.Connections = 2
	x := start(t, o)
	a, b := two(t, x)
	c := dial(t, x.addr)
	c.ended()
	x.await(t, serve.Refused, "too many connections")
	a.wants(0, "", testUnitReady)
	b.wants(0, "", testUnitReady)
}

// Silent connections do not keep others out.
func TestHalfOpen(t *testing.T) {
	o := options(&funcDrive{})
	o.Limits.Connections = 3
	x := start(t, o)
	a := login(t, x.addr)
	a.ready()
	for range 50 {
		for range 3 {
			dial(t, x.addr)
		}
		b := dial(t, x.addr)
		b.isid = 2
		b.login()
		b.ready()
		b.conn.Close()
		for len(x.Sessions()) > 1 {
			time.Sleep(time.Millisecond)
		}
	}
	a.wants(0, "", testUnitReady)
}

// Data that wait to be written have a limit per session.
func TestWriteMemory(t *testing.T) {
	o := options(&funcDrive{})
	o.Limits.WriteMemory = 128 << 10
	x := start(t, o)
	h := login(t, x.addr)
	h.ready()
	var asked []*pdu.PDU
	for range 4 {
		h.send(h.command(pdu.FlagWrite, 64<<10, write10(0, 32)...))
	}
	last := h.tag
	for range 2 {
		asked = append(asked, h.expect(pdu.OpR2T))
	}
	h.ping() // there is no third R2T
	for i := range 4 {
		r := asked[i]
		h.tag = r.Tag()
		h.send(h.dataOut(r.TargetTag(), 0, 0, true, make([]byte, 64<<10)))
		for range 2 {
			if len(asked) < 4 && i < 2 {
				p, err := h.conn.Receive(1 << 20)
				if err != nil {
					t.Fatal(err)
				}
				if p.Opcode() == pdu.OpR2T {
					asked = append(asked, p)
				}
			}
		}
	}
	if asked[3].Tag() != last {
		t.Errorf("the last R2T is for task %d", asked[3].Tag())
	}
}

// Logins that succeed, fail, or are lost leave nothing behind.
func TestNothingLeaks(t *testing.T) {
	x := start(t, accounts(options(&funcDrive{})))
	open := serveDrives(t, &funcDrive{})
	once := func(i int) {
		h := dial(t, x.addr)
		defer h.conn.Close()
		switch i % 3 {
		case 0:
			h.request(toOperational, "InitiatorName="+hostName, "TargetName="+targetName, "AuthMethod=None")
		case 1:
			h.challenged([]string{"InitiatorName=" + hostName, "TargetName=" + targetName}, "5")
		}
		o := dial(t, open.addr)
		defer o.conn.Close()
		o.isid = byte(i)
		o.login()
		o.ready()
		if i%2 == 0 { // in the middle of a WRITE
			o.send(o.command(pdu.FlagWrite, 1<<20, write10(0, 512)...))
			o.expect(pdu.OpR2T)
		}
	}
	settled := func(most int) (int, uint64) {
		n := 0
		for range 500 {
			if n = runtime.NumGoroutine(); n <= most && len(open.Sessions()) == 0 {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return n, m.HeapAlloc
	}
	x.await(t, serve.Listening, "")
	open.await(t, serve.Listening, "")
	before := runtime.NumGoroutine()
	once(0)
	_, memory := settled(before)
	for i := range 100 {
		once(i)
	}
	n, after := settled(before)
	if n > before {
		stacks := make([]byte, 1<<20)
		t.Errorf("%d goroutines, before %d:\n%s", n, before, stacks[:runtime.Stack(stacks, true)])
	}
	if after > memory+4<<20 {
		t.Errorf("%d bytes of memory, before %d", after, memory)
	}
}

// At the end the command that the drive executes is completed and answered, those that wait
// are not begun, and the initiator is asked to log out.
func TestShutdown(t *testing.T) {
	d := newSlow(t)
	o := options(d)
	o.Limits.Logout = 10 * time.Second
	x := start(t, o)
	h := login(t, x.addr)
	h.ready()
	h.send(h.command(0, 0, make10(scsi.OpCloseTrackSession)...))
	<-d.began
	h.send(h.command(0, 0, make10(scsi.OpReadTOC)...))
	h.ping()
	stopped := make(chan struct{})
	go func() { x.stop(); close(stopped) }()
	for { // until it accepts no more
		c, err := net.Dial("tcp", x.addr)
		if err != nil {
			break
		}
		c.Close()
	}
	if s := x.Sessions(); len(s) != 1 || !s[0].Executing || s[0].LastCommand != "CLOSE TRACK/SESSION" {
		t.Errorf("connected: %+v", s)
	}
	close(d.release)
	if r := h.finish(); r.status != 0 {
		t.Errorf("the command that was executed: %+v", r)
	}
	if r := h.expect(pdu.OpAsync); r.Header[36] != 1 {
		t.Errorf("event %d", r.Header[36])
	}
	p := pdu.New(pdu.OpLogout|pdu.OpImmediate, pdu.FlagFinal)
	h.send(p)
	h.expect(pdu.OpLogoutReply)
	<-stopped
	if got := d.got(); !slices.Equal(got, []byte{scsi.OpCloseTrackSession}) {
		t.Errorf("the drive got % X", got)
	}
}

// Without accounts the server listens on the loopback interface only.
func TestListensOnLoopback(t *testing.T) {
	for address, loopback := range map[string]bool{"127.0.0.1:0": true, "0.0.0.0:0": false} {
		for _, anyone := range []bool{false, true} {
			o := options(&funcDrive{})
			o.WithoutAuthentication = anyone
			s, err := serve.New(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			l, err := net.Listen("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if err := s.Serve(ctx, l); (err == nil) != (loopback || anyone) {
				t.Errorf("%s, without authentication %v: %v", address, anyone, err)
			}
		}
	}
}

func TestTargetName(t *testing.T) {
	used := map[string]bool{}
	for _, c := range [][2]string{
		{"/dev/sr0", "sr0"},
		{"virtual:/a/My Disc.img?medium=cd-r", "my-disc"},
		{"/b/my disc.iso", "my-disc-2"},
		{"Ünïcode.iso", "n-code"},
		{"/", "drive"},
		{"x.tar.iso", "x.tar"},
	} {
		got := serve.TargetName(c[0], used)
		used[got] = true
		if got != serve.TargetPrefix+c[1] || serve.CheckName(got) != nil {
			t.Errorf("%s: %q, want %q", c[0], got, c[1])
		}
	}
}
