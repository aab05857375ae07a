package serve

import (
	"encoding/binary"
	"errors"
	"net"
	"slices"
	"sync"
	"time"

	"glassmaster/drive/scsi"
	"glassmaster/drive/scsi/iscsi/pdu"
)

// session is a session in its full feature phase, with its only connection.
type session struct {
	server    *Server
	conn      *pdu.Conn
	params    params
	target    *target // nil for a discovery session
	initiator string
	account   string
	isid      [6]byte
	tsih, cid uint16
	since     time.Time
	nexuses   []*nexus // by LUN
	counters  counters

	sending sync.Mutex // guards writing and statSN; is locked before mu
	statSN  uint32
	until   time.Time // the deadline for writing that was set last

	dead   chan struct{} // closed when the session has ended
	ended  chan struct{} // closed when everything that it held is released
	runner sync.WaitGroup

	mu        sync.Mutex
	err       error // why it has ended
	logout    bool  // the initiator has logged out
	draining  bool  // no more commands are begun
	expCmdSN  uint32
	early     map[uint32]*arrival // commands that came before others
	tasks     map[uint32]*task    // by initiator task tag
	order     []*task             // that write, in the order of their arrival
	open      int                 // tasks that use the command window
	immediate int                 // tasks that do not
	memory    int                 // bytes of data that wait to be written
	lastTag   uint32              // target transfer tag
	heard     time.Time           // when the last PDU came
	pinged    bool                // a ping was not answered yet
	text      []byte              // of a text request that is not complete
	textReply []byte              // that is not sent yet
}

// errSilent is why a session ends that does not answer.
var errSilent = errors.New("the initiator does not answer")

// errReplaced is why a session ends that its initiator begins anew.
var errReplaced = errors.New("the initiator began the session anew")

// newTSIH returns an identifier for a new session.
func (s *Server) newTSIH() (uint16, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range 1 << 16 {
		s.lastTSIH++
		if s.lastTSIH != 0 && s.sessions[s.lastTSIH] == nil {
			return s.lastTSIH, nil
		}
	}
	return 0, errors.New("there are too many sessions")
}

// session returns the session with an identifier, or nil.
func (s *Server) session(tsih uint16) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions[tsih]
}

// begin makes the session of a login. An older session of the same initiator with the same
// identifier ends first (RFC 7143 6.3.5).
func (s *Server) begin(l *login) (*session, error) {
	x := &session{
		server: s, conn: l.conn, params: l.params, target: l.target, initiator: l.initiator, account: l.auth.account,
		isid: l.isid, tsih: l.tsih, cid: l.cid, since: time.Now(), statSN: l.statSN, expCmdSN: l.cmdSN, heard: time.Now(),
		dead: make(chan struct{}), ended: make(chan struct{}), early: map[uint32]*arrival{}, tasks: map[uint32]*task{},
	}
	for {
		s.mu.Lock()
		old := s.same(x)
		if old == nil {
			break
		}
		s.mu.Unlock()
		old.fail(errReplaced)
		<-old.ended
	}
	defer s.mu.Unlock()
	if s.closing {
		return nil, errors.New("the server ends")
	}
	if s.sessions[x.tsih] != nil {
		return nil, errors.New("there are too many sessions")
	}
	if _, ok := s.conns[l.conn.Conn]; !ok {
		return nil, errors.New("there are too many connections, and another one got its place")
	}
	s.conns[l.conn.Conn] = time.Time{}
	s.sessions[x.tsih] = x
	if x.target != nil {
		for _, u := range x.target.units {
			x.nexuses = append(x.nexuses, u.attach(x))
		}
	}
	return x, nil
}

// same returns the session that a new one replaces, or nil.
func (s *Server) same(x *session) *session {
	for _, o := range s.sessions {
		if o.initiator == x.initiator && o.isid == x.isid && o.target == x.target {
			return o
		}
	}
	return nil
}

// fail ends the session. Only the first reason is kept.
func (x *session) fail(why error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.err == nil {
		x.err = why
		close(x.dead)
		x.conn.Close()
	}
}

// loggedOut reports whether the initiator has logged out.
func (x *session) loggedOut() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.logout
}

// end releases what the session held. A drive may still execute a command of it.
func (x *session) end() {
	x.fail(net.ErrClosed)
	x.mu.Lock()
	for _, t := range x.tasks {
		if !t.aborted {
			t.abort()
		}
	}
	x.mu.Unlock()
	s := x.server
	for _, n := range x.nexuses {
		n.unit.detach(n) // before a command of an hour ends
	}
	s.mu.Lock()
	delete(s.sessions, x.tsih)
	s.mu.Unlock()
	close(x.ended)
}

// numbers puts ExpCmdSN and MaxCmdSN into a PDU (RFC 7143 4.2.2.1).
func (x *session) numbers(p *pdu.PDU) {
	x.mu.Lock()
	defer x.mu.Unlock()
	p.Put32(28, x.expCmdSN)
	p.Put32(32, x.expCmdSN+uint32(x.server.limits.Commands-x.open)-1)
}

// send sends PDUs. Those with a status get the next StatSN, the others the current one.
func (x *session) send(pdus ...*pdu.PDU) error {
	x.sending.Lock()
	defer x.sending.Unlock()
	for _, p := range pdus {
		x.numbers(p)
		p.Put32(24, x.statSN)
		if counts(p) {
			x.statSN++
		} else if p.Opcode() == pdu.OpDataIn {
			p.Put32(24, 0)
		}
	}
	err := x.extend()
	if err == nil {
		err = x.conn.Send(pdus...)
	}
	if err != nil {
		x.fail(err)
	}
	return err
}

// extend sets a new deadline for writing, unless the last one is still almost as good: it
// costs more than a small PDU.
func (x *session) extend() error {
	now, limit := time.Now(), x.server.limits.Send
	if x.until.Sub(now) > limit-limit/8 {
		return nil
	}
	x.until = now.Add(limit)
	return x.conn.SetWriteDeadline(x.until)
}

// counts reports whether a PDU advances StatSN (RFC 7143 4.2.2.2).
func counts(p *pdu.PDU) bool {
	switch p.Opcode() {
	case pdu.OpR2T:
		return false
	case pdu.OpDataIn:
		return p.Has(pdu.FlagStatus)
	case pdu.OpNopIn:
		return p.Tag() != pdu.NoTag
	}
	return true
}

// check asks an initiator that was silent for some time whether it lives, and ends the
// session if it did not answer.
func (x *session) check(now time.Time) {
	x.mu.Lock()
	silent := now.Sub(x.heard) >= x.server.limits.Idle
	given := silent && x.pinged && now.Sub(x.heard) >= 2*x.server.limits.Idle
	ask := silent && !x.pinged
	if ask {
		x.pinged = true
		x.lastTag++
	}
	tag := x.lastTag
	x.mu.Unlock()
	switch {
	case given:
		x.fail(errSilent)
	case ask:
		go func() { // sending may take long
			p := pdu.New(pdu.OpNopIn, pdu.FlagFinal)
			p.Put32(16, pdu.NoTag)
			p.Put32(20, tag)
			_ = x.send(p) // the session has then ended
		}()
	}
}

// askLogout asks the initiator to log out within some time (RFC 7143 11.9.1).
func (x *session) askLogout(within time.Duration) {
	go func() {
		p := pdu.New(pdu.OpAsync, pdu.FlagFinal)
		p.Put32(16, pdu.NoTag)
		p.Header[36] = 1
		binary.BigEndian.PutUint16(p.Header[42:], uint16(max(within/time.Second, 1)))
		_ = x.send(p) // the session has then ended
	}()
}

// drain waits for the command that a drive executes for the session. No others are begun.
func (x *session) drain() {
	x.mu.Lock()
	var running []*task
	for _, t := range x.tasks {
		if t.running {
			running = append(running, t)
		}
	}
	x.mu.Unlock()
	for _, t := range running {
		<-t.ended
	}
}

// event describes what happened to the session.
func (x *session) event(k Kind, text string) Event {
	e := Event{Kind: k, Address: x.conn.RemoteAddr().String(), Initiator: x.initiator, Text: text}
	if x.target != nil {
		e.Target = x.target.Name
	}
	return e
}

func (x *session) info() Session {
	c := &x.counters
	i := Session{
		Initiator: x.initiator, Account: x.account, Address: x.conn.RemoteAddr().String(), Since: x.since,
		BytesIn: c.in.Load(), BytesOut: c.out.Load(), Commands: c.commands.Load(), Executing: c.executing.Load() > 0,
	}
	if x.target != nil {
		i.Target = x.target.Name
	}
	if t := c.last.Load(); t != nil {
		i.LastCommand = scsi.Describe(t.trimmed())
	}
	return i
}

// nexus returns the nexus with the unit of a LUN field, or nil (SAM-5 4.7.7: peripheral
// device and flat space addressing of one level).
func (x *session) nexus(lun uint64) *nexus {
	first, rest := lun>>48, lun&(1<<48-1)
	n := int(first & 0x3FFF)
	if method := first >> 14; method > 1 || method == 0 && first > 0xFF || rest != 0 {
		return nil
	}
	if n >= len(x.nexuses) {
		return nil
	}
	return x.nexuses[n]
}

// forget removes a task that has ended. The caller holds the mutex.
func (x *session) forget(t *task) {
	if x.tasks[t.tag] == t {
		delete(x.tasks, t.tag)
	}
	if i := slices.Index(x.order, t); i >= 0 {
		x.order = slices.Delete(x.order, i, i+1)
	}
	if t.immediate {
		x.immediate--
	} else {
		x.open--
	}
	x.memory -= cap(t.data)
	t.data = nil
}
