package serve

import (
	"slices"
	"sync/atomic"
	"time"
)

// Kind is the kind of an [Event].
type Kind string

// Kinds of events.
const (
	Listening Kind = "listening"
	Refused   Kind = "refused"    // a connection or login was refused; the text says why
	LoggedIn  Kind = "logged-in"  // a session begins
	LoggedOut Kind = "logged-out" // a session has ended
	Lost      Kind = "lost"       // a session has ended without a logout; the text says why
	Failed    Kind = "failed"     // a drive failed in a way that the initiator cannot be told in full
)

// Event is something that happened.
type Event struct {
	Kind      Kind
	Time      time.Time
	Address   string // of the initiator; of the listener for Listening
	Initiator string // its iSCSI name, empty before it is known
	Target    string // empty for a discovery session
	Text      string
}

// String describes the event.
func (e Event) String() string {
	who, what := e.Address, e.Target
	if e.Initiator != "" {
		who = e.Initiator + " (" + e.Address + ")"
	}
	if what == "" {
		what = "the list of targets"
	}
	switch e.Kind {
	case Listening:
		return "ready at " + e.Address
	case LoggedIn:
		return who + " uses " + what
	case LoggedOut:
		return who + " has logged out of " + what
	case Lost:
		return "the connection of " + who + " to " + what + " has ended: " + e.Text
	case Refused:
		return who + " was refused: " + e.Text
	}
	return what + ": " + e.Text
}

// tell reports an event.
func (s *Server) tell(e Event) {
	if s.events != nil {
		e.Time = time.Now()
		s.events(e)
	}
}

// Session describes a session.
type Session struct {
	Initiator   string // its iSCSI name
	Account     string // with which it logged in, empty without CHAP
	Address     string // HOST:PORT of the initiator
	Target      string // empty for a discovery session
	Since       time.Time
	BytesIn     int64  // of data that were written
	BytesOut    int64  // of data that were read
	Commands    int64  // how many SCSI commands were executed
	LastCommand string // "READ(10) at LBA 16", empty if there was none
	Executing   bool   // a drive executes LastCommand
}

// counters count what a session does.
type counters struct {
	in, out, commands atomic.Int64
	last              atomic.Pointer[task]
	executing         atomic.Int32
}

// Sessions returns the sessions, oldest first.
func (s *Server) Sessions() []Session {
	var list []Session
	for _, x := range s.all() {
		list = append(list, x.info())
	}
	slices.SortFunc(list, func(a, b Session) int { return a.Since.Compare(b.Since) })
	return list
}
