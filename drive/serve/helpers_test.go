package serve_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"glassmaster/drive/scsi"
	"glassmaster/drive/scsi/iscsi/pdu"
	"glassmaster/drive/serve"
	"glassmaster/drive/virtual"
)

const (
	targetName = "iqn.2026-01.local.glassmaster:test"
	hostName   = "iqn.2026-01.local.glassmaster:host"
)

// funcDrive is a drive that executes commands with a function.
type funcDrive struct {
	run func(scsi.Command) (int, error)

	mu   sync.Mutex
	ops  []byte   // operation codes of the commands that came, without TEST UNIT READY
	lbas []uint32 // bytes 2 to 5 of their CDBs
	data []byte   // that came with them
}

func (s *funcDrive) Execute(_ context.Context, c scsi.Command) (int, error) {
	if c.CDB[0] == 0 {
		return 0, nil
	}
	s.mu.Lock()
	s.ops, s.lbas = append(s.ops, c.CDB[0]), append(s.lbas, binary.BigEndian.Uint32(c.CDB[2:]))
	if c.Direction == scsi.Out {
		s.data = append(s.data, c.Data...)
	}
	s.mu.Unlock()
	if s.run == nil {
		return len(c.Data), nil
	}
	return s.run(c)
}

func (s *funcDrive) MaxTransfer() int { return 64 << 10 }
func (s *funcDrive) Close() error     { return nil }

// got returns the operation codes of the commands that came.
func (s *funcDrive) got() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.ops)
}

// addresses returns the addresses of the commands that came since it was called last.
func (s *funcDrive) addresses() []uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.lbas
	s.lbas = nil
	return list
}

// written returns the data that came.
func (s *funcDrive) written() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.data)
}

// wrote reports whether the drive got a WRITE.
func (s *funcDrive) wrote() bool { return bytes.IndexByte(s.got(), scsi.OpWrite10) >= 0 }

// recorder returns a virtual recorder with a new disc.
func recorder(t testing.TB, options string) *virtual.Drive {
	t.Helper()
	d, err := virtual.OpenName("virtual:" + filepath.Join(t.TempDir(), "disc") + "?" + options)
	if err != nil {
		t.Fatal(err)
	}
	d.SetNoSync()
	t.Cleanup(func() { d.Close() })
	return d
}

// pressed returns a drive with a pressed disc.
func pressed(t testing.TB, content []byte) *virtual.Drive {
	t.Helper()
	path := filepath.Join(t.TempDir(), "disc.iso")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := virtual.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func pattern(n int) []byte {
	b := make([]byte, n)
	for i := 0; i+4 <= n; i += 4 {
		binary.BigEndian.PutUint32(b[i:], uint32(i)*2654435761)
	}
	return b
}

// served is a server in a test.
type served struct {
	*serve.Server
	addr string
	stop func() // ends the server and waits for that

	mu     sync.Mutex
	events []serve.Event
	told   chan struct{} // gets a value after an event
}

// start serves until the end of the test.
func start(t testing.TB, o serve.Options) *served {
	t.Helper()
	x := &served{told: make(chan struct{}, 1)}
	o.Events = func(e serve.Event) {
		x.mu.Lock()
		x.events = append(x.events, e)
		x.mu.Unlock()
		select {
		case x.told <- struct{}{}:
		default:
		}
	}
	if o.Limits.Logout == 0 {
		o.Limits.Logout = time.Millisecond
	}
	s, err := serve.New(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, l) }()
	x.Server, x.addr = s, l.Addr().String()
	x.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(x.stop)
	return x
}

// serveDrives serves drives as the logical units of one target.
func serveDrives(t testing.TB, drives ...scsi.Transport) *served {
	t.Helper()
	return start(t, options(drives...))
}

// await waits for an event whose kind and text match.
func (x *served) await(t testing.TB, kind serve.Kind, text string) {
	t.Helper()
	limit := time.After(10 * time.Second)
	for {
		x.mu.Lock()
		found := slices.ContainsFunc(x.events, func(e serve.Event) bool { return e.Kind == kind && strings.Contains(e.Text, text) })
		all := slices.Clone(x.events)
		x.mu.Unlock()
		if found {
			return
		}
		select {
		case <-x.told:
		case <-limit:
			t.Fatalf("no event %q with the text %q: %+v", kind, text, all)
		}
	}
}

// host is an initiator that a test scripts.
type host struct {
	t     testing.TB
	conn  *pdu.Conn
	cmdSN uint32
	tag   uint32
	last  *pdu.PDU // that came
	keys  map[string]string
	isid  byte
}

// dial connects.
func dial(t testing.TB, addr string) *host {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(20 * time.Second)) // a test that waits longer has failed
	return &host{t: t, conn: pdu.NewConn(c), cmdSN: 1, keys: map[string]string{}, isid: 1}
}

// login logs in without authentication, with more operational keys.
func login(t testing.TB, addr string, keys ...string) *host {
	t.Helper()
	h := dial(t, addr)
	h.login(keys...)
	return h
}

func (h *host) login(keys ...string) {
	h.t.Helper()
	r := h.request(pdu.FlagTransit|pdu.StageOperational<<2|pdu.StageFull,
		append([]string{"InitiatorName=" + hostName, "TargetName=" + targetName, "SessionType=Normal"}, keys...)...)
	if status := r.U32(36) >> 16; status != 0 || !r.Has(pdu.FlagTransit|pdu.StageFull) {
		h.t.Fatalf("the login was answered with status %04X and flags %02X", status, r.Flags())
	}
	h.cmdSN = r.U32(28)
}

// request sends a login request and returns the answer. Its keys are stored.
func (h *host) request(flags byte, keys ...string) *pdu.PDU {
	h.t.Helper()
	p := pdu.New(pdu.OpLogin|pdu.OpImmediate, flags)
	p.Header[8], p.Header[13] = 0x80, h.isid
	p.Put32(24, h.cmdSN)
	p.Data = pdu.Join(keys)
	h.send(p)
	r := h.expect(pdu.OpLoginReply)
	pairs, err := pdu.Split(r.Data)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, kv := range pairs {
		h.keys[kv[0]] = kv[1]
	}
	return r
}

func (h *host) send(list ...*pdu.PDU) {
	h.t.Helper()
	if err := h.conn.Send(list...); err != nil {
		h.t.Fatal(err)
	}
}

// expect receives a PDU of this type.
func (h *host) expect(op byte) *pdu.PDU {
	h.t.Helper()
	p, err := h.conn.Receive(1 << 20)
	if err != nil {
		h.t.Fatalf("waiting for a PDU of type %02Xh: %v", op, err)
	}
	if p.Opcode() != op {
		h.t.Fatalf("got a PDU of type %02Xh, flags %02X, response % X instead of %02Xh", p.Opcode(), p.Flags(), p.Header[2:4], op)
	}
	h.last = p
	return p
}

// command returns a command with the next CmdSN and task tag.
func (h *host) command(flags byte, length int, cdb ...byte) *pdu.PDU {
	p := pdu.New(pdu.OpSCSICommand, pdu.FlagFinal|pdu.AttrSimple|flags)
	h.tag++
	p.Put32(16, h.tag)
	p.Put32(20, uint32(length))
	p.Put32(24, h.cmdSN)
	copy(p.Header[32:], cdb)
	h.cmdSN++
	return p
}

// result is how a command ended.
type result struct {
	status   byte
	sense    string // "5/24/00"
	data     []byte
	overflow int // negative: underflow
}

// finish receives the data and the status of a command.
func (h *host) finish() result {
	h.t.Helper()
	var r result
	for {
		p, err := h.conn.Receive(1 << 20)
		if err != nil {
			h.t.Fatalf("waiting for a status: %v", err)
		}
		switch p.Opcode() {
		case pdu.OpDataIn:
			if int(p.U32(40)) != len(r.data) {
				h.t.Fatalf("data at offset %d after %d bytes", p.U32(40), len(r.data))
			}
			r.data = append(r.data, p.Data...)
			if !p.Has(pdu.FlagStatus) {
				continue
			}
		case pdu.OpSCSIResponse:
			if len(p.Data) > 15 {
				r.sense = code(scsi.DecodeSense(p.Data[2:]))
			}
		default:
			h.t.Fatalf("got a PDU of type %02Xh (% X)", p.Opcode(), p.Header[:4])
		}
		h.last = p
		r.status = p.Header[3]
		if p.Has(pdu.FlagOverflow) {
			r.overflow = int(p.U32(44))
		}
		if p.Has(pdu.FlagUnderflow) {
			r.overflow = -int(p.U32(44))
		}
		return r
	}
}

func code(s scsi.Sense) string {
	const hex = "0123456789ABCDEF"
	two := func(b byte) string { return string(hex[b>>4]) + string(hex[b&15]) }
	return string(hex[s.Key]) + "/" + two(s.ASC) + "/" + two(s.ASCQ)
}

// run executes a command without data, or one that reads.
func (h *host) run(length int, cdb ...byte) result {
	h.t.Helper()
	flags := byte(0)
	if length > 0 {
		flags = pdu.FlagRead
	}
	h.send(h.command(flags, length, cdb...))
	return h.finish()
}

// ready clears the unit attentions.
func (h *host) ready() {
	h.t.Helper()
	for range 8 {
		if r := h.run(0, 0, 0, 0, 0, 0, 0); r.status == 0 {
			return
		}
	}
	h.t.Fatal("the unit is not ready")
}

// ended checks that the target has closed the connection, after any number of PDUs.
func (h *host) ended() {
	h.t.Helper()
	for {
		_, err := h.conn.Receive(1 << 20)
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() {
			h.t.Fatal("the target keeps the connection")
		}
		if err != nil {
			return
		}
	}
}

// write10 returns a WRITE(10) of blocks at an address, without its data.
func write10(lba uint32, blocks int) []byte {
	cdb := make([]byte, 10)
	cdb[0] = scsi.OpWrite10
	binary.BigEndian.PutUint32(cdb[2:], lba)
	binary.BigEndian.PutUint16(cdb[7:], uint16(blocks))
	return cdb
}

func read10(lba uint32, blocks int) []byte {
	cdb := write10(lba, blocks)
	cdb[0] = scsi.OpRead10
	return cdb
}

// dataOut returns a Data-Out for the last command.
func (h *host) dataOut(ttt, sn uint32, offset int, final bool, data []byte) *pdu.PDU {
	p := pdu.New(pdu.OpDataOut, 0)
	if final {
		p.Header[1] = pdu.FlagFinal
	}
	p.Put32(16, h.tag)
	p.Put32(20, ttt)
	p.Put32(36, sn)
	p.Put32(40, uint32(offset))
	p.Data = data
	return p
}

func writeFile(t testing.TB, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// options offer drives as the logical units of one target.
func options(drives ...scsi.Transport) serve.Options {
	return serve.Options{Targets: []serve.Target{{Name: targetName, LUNs: drives}}}
}
