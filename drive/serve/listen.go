package serve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"glassmaster/drive/scsi/iscsi/pdu"
)

// Loopback reports whether a listener can only be reached from this computer.
func Loopback(a net.Addr) bool {
	t, ok := a.(*net.TCPAddr)
	return ok && t.IP.IsLoopback()
}

// Serve accepts connections until the context ends. Then it asks the initiators to log
// out, lets the commands end that drives execute, and closes all connections. It closes
// the listener, and returns nil after the end of the context. It can be called for several
// listeners, whose contexts end together. A listener that other computers can reach is
// refused if there are no accounts, unless Options.WithoutAuthentication allows it.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	defer l.Close()
	if len(s.accounts) == 0 && !s.anyone && !Loopback(l.Addr()) {
		return fmt.Errorf("serve: at %s other computers could use the drives without a password; set an account for CHAP", l.Addr())
	}
	stop := context.AfterFunc(ctx, func() {
		s.close()
		l.Close()
	})
	defer stop()
	watching, cancel := context.WithCancel(ctx)
	watched := make(chan struct{})
	go s.watch(watching, watched)
	defer func() {
		cancel()
		<-watched
	}()
	s.tell(Event{Kind: Listening, Address: l.Addr().String()})
	for {
		c, err := l.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				c.Close()
			}
			s.shutdown()
			return nil
		case err != nil && !temporary(err):
			s.shutdown()
			return fmt.Errorf("serve: accept connections at %s: %w", l.Addr(), err)
		case err != nil: // too many open files: connections will end
			s.tell(Event{Kind: Refused, Address: l.Addr().String(), Text: err.Error()})
			time.Sleep(100 * time.Millisecond)
		default:
			s.accept(c)
		}
	}
}

// temporary reports whether accepting may succeed later.
func temporary(err error) bool {
	return !errors.Is(err, net.ErrClosed)
}

// accept begins the login of a connection, unless there are too many. One that has not logged
// in yet gives its place to a new one, so that silent connections do not keep others out.
func (s *Server) accept(c net.Conn) {
	s.mu.Lock()
	var ended net.Conn
	if len(s.conns) >= s.limits.Connections {
		if ended = s.oldestLogin(); ended != nil {
			delete(s.conns, ended)
		}
	}
	refused := s.closing || len(s.conns) >= s.limits.Connections
	if !refused {
		s.conns[c] = time.Now()
		s.running.Add(1)
	}
	s.mu.Unlock()
	if ended != nil {
		ended.Close()
	}
	if refused {
		c.Close()
		s.tell(Event{Kind: Refused, Address: c.RemoteAddr().String(), Text: "there are too many connections"})
		return
	}
	go func() {
		defer s.running.Done()
		s.connection(c)
		c.Close()
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
	}()
}

// oldestLogin returns the connection that has been logging in for the longest time, or nil. The
// caller holds the mutex.
func (s *Server) oldestLogin() (oldest net.Conn) {
	for c, began := range s.conns {
		if !began.IsZero() && (oldest == nil || began.Before(s.conns[oldest])) {
			oldest = c
		}
	}
	return oldest
}

// connection runs a connection from the login to its end.
func (s *Server) connection(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetNoDelay(true)   // which is the default
		_ = tcp.SetKeepAlive(true) // so that it is noticed when the other computer is gone
	}
	_ = c.SetDeadline(time.Now().Add(s.limits.Login)) // fails only when the connection has ended
	l := &login{server: s, conn: pdu.NewConn(c), params: defaultParams()}
	if err := l.run(); err != nil {
		s.tell(Event{Kind: Refused, Address: c.RemoteAddr().String(), Initiator: l.initiator, Text: err.Error()})
		return
	}
	_ = c.SetDeadline(time.Time{})
	x, err := s.begin(l)
	if err != nil {
		s.tell(Event{Kind: Refused, Address: c.RemoteAddr().String(), Initiator: l.initiator, Text: err.Error()})
		return
	}
	s.tell(x.event(LoggedIn, ""))
	err = x.run()
	x.end()
	switch {
	case x.loggedOut():
		s.tell(x.event(LoggedOut, ""))
	default:
		s.tell(x.event(Lost, err.Error()))
	}
	x.runner.Wait()
}

// watch asks silent connections whether they live, and ends those that do not answer.
func (s *Server) watch(ctx context.Context, done chan<- struct{}) {
	defer close(done)
	tick := time.NewTicker(s.limits.Idle / 2)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			for _, x := range s.all() {
				x.check(now)
			}
		}
	}
}

// all returns the sessions.
func (s *Server) all() []*session {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]*session, 0, len(s.sessions))
	for _, x := range s.sessions {
		list = append(list, x)
	}
	return list
}

// close makes the server begin no more logins and commands.
func (s *Server) close() {
	s.mu.Lock()
	s.closing = true
	s.mu.Unlock()
	for _, x := range s.all() {
		x.mu.Lock()
		x.draining = true
		x.mu.Unlock()
	}
}

// shutdown ends all connections: those that log in at once, the others after their
// commands that drives execute, and after they had time to log out.
func (s *Server) shutdown() {
	s.close()
	s.mu.Lock()
	active := map[net.Conn]bool{}
	for _, x := range s.sessions {
		active[x.conn.Conn] = true
	}
	for c := range s.conns {
		if !active[c] {
			c.Close()
		}
	}
	s.mu.Unlock()
	list := s.all()
	for _, x := range list {
		x.drain()
		x.askLogout(s.limits.Logout)
	}
	gone := make(chan struct{})
	go func() { s.running.Wait(); close(gone) }()
	select {
	case <-gone:
		return
	case <-time.After(s.limits.Logout):
	}
	for _, x := range list {
		x.fail(errors.New("the server ended"))
	}
	<-gone
}
