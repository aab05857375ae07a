package serve_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"runtime"
	"sync"
	"testing"

	"glassmaster/drive/scsi"
	"glassmaster/drive/scsi/iscsi/pdu"
	"glassmaster/drive/serve"
)

// encode returns the bytes of PDUs.
func encode(list ...*pdu.PDU) []byte {
	m := &memory{}
	_ = pdu.NewConn(m).Send(list...) // memory takes everything
	return m.Bytes()
}

// memory is a connection that stores what is written.
type memory struct {
	net.Conn
	bytes.Buffer
}

func (m *memory) Write(p []byte) (int, error) { return m.Buffer.Write(p) }
func (m *memory) Read(p []byte) (int, error)  { return m.Buffer.Read(p) }

const names = "InitiatorName=" + hostName + "\x00TargetName=" + targetName + "\x00"

// begin returns the only request of a simple login.
func begin() *pdu.PDU {
	p := pdu.New(pdu.OpLogin|pdu.OpImmediate, pdu.FlagTransit|pdu.StageOperational<<2|pdu.StageFull)
	p.Put32(24, 1)
	p.Data = []byte(names + "InitialR2T=No\x00")
	return p
}

// Whatever an initiator sends for a login, its connection ends when it goes.
func FuzzLogin(f *testing.F) {
	secure := pdu.New(pdu.OpLogin|pdu.OpImmediate, pdu.StageSecurity)
	secure.Data = []byte(names + "AuthMethod=CHAP\x00")
	algorithm := pdu.New(pdu.OpLogin|pdu.OpImmediate, pdu.StageSecurity)
	algorithm.Data = []byte("CHAP_A=7,5\x00")
	response := pdu.New(pdu.OpLogin|pdu.OpImmediate, toOperational)
	response.Data = []byte("CHAP_N=anna\x00CHAP_R=0x12\x00CHAP_I=1\x00CHAP_C=0b12==\x00")
	f.Add(encode(secure, algorithm, response, begin()))
	f.Add(encode(begin()))
	send := fuzzed(f, accounts(options(&funcDrive{run: func(scsi.Command) (int, error) { panic("a command without a login") }})))
	f.Fuzz(func(_ *testing.T, raw []byte) { send(raw) })
}

// Whatever an initiator sends after its login, the server ends its session when it goes,
// and its commands come to the drive with data that match their CDBs.
func FuzzSession(f *testing.F) {
	h := &host{cmdSN: 1}
	ready := h.command(0, 0, make([]byte, 6)...)
	inquiry := h.command(pdu.FlagRead, 36, 0x12, 0, 0, 0, 36, 0)
	read := h.command(pdu.FlagRead, 4096, read10(0, 2)...)
	write := h.command(pdu.FlagWrite, 4096, write10(0, 2)...)
	write.Header[1] &^= pdu.FlagFinal
	data := h.dataOut(pdu.NoTag, 0, 0, true, make([]byte, 4096))
	abort := pdu.New(pdu.OpTaskManagement|pdu.OpImmediate, pdu.FlagFinal|1)
	abort.Put32(20, h.tag)
	text := pdu.New(pdu.OpText|pdu.OpImmediate, pdu.FlagFinal)
	text.Put32(20, pdu.NoTag)
	text.Data = []byte("SendTargets=\x00")
	logout := pdu.New(pdu.OpLogout|pdu.OpImmediate, pdu.FlagFinal)
	for _, p := range []*pdu.PDU{ready, inquiry, read, write, data, abort, text, logout} {
		f.Add(encode(p))
	}
	f.Add(encode(ready, inquiry, read, write, data, logout))
	f.Add(encode(ready, write, abort, text, logout))
	d := &funcDrive{run: func(c scsi.Command) (int, error) {
		if err := scsi.Check(c); err != nil {
			panic(err)
		}
		return len(c.Data), nil
	}}
	send := fuzzed(f, options(d))
	login := encode(begin())
	f.Fuzz(func(_ *testing.T, raw []byte) { send(append(login[:len(login):len(login)], raw...)) })
}

// fuzzed serves, and returns a function that sends bytes over a connection of its own and
// waits until the server has ended it.
func fuzzed(f *testing.F, o serve.Options) func(raw []byte) {
	s, err := serve.New(context.Background(), o)
	if err != nil {
		f.Fatal(err)
	}
	p := newPipes()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- s.Serve(ctx, p) }()
	f.Cleanup(func() { cancel(); <-done })
	return func(raw []byte) {
		ours, theirs := net.Pipe()
		c := &watched{Conn: theirs, closed: make(chan struct{})}
		p.conns <- c
		go func() { _, _ = io.Copy(io.Discard, ours) }()
		_, _ = ours.Write(raw) // the server may end the session before it has read all
		ours.Close()
		<-c.closed
		for len(s.Sessions()) > 0 {
			runtime.Gosched()
		}
	}
}

// watched is a connection whose end can be waited for.
type watched struct {
	net.Conn
	once   sync.Once
	closed chan struct{}
}

func (w *watched) Close() error {
	w.once.Do(func() { close(w.closed) })
	return w.Conn.Close()
}
