package serve

import (
	"context"
	"sync"
	"time"

	"glassmaster/drive/scsi"
)

// Sense data that package serve makes itself: key, ASC, ASCQ (SPC-4 annex D).
type sense [3]byte

var (
	senseOpcode        = sense{5, 0x20, 0x00}   // INVALID COMMAND OPERATION CODE
	senseNoUnit        = sense{5, 0x25, 0x00}   // LOGICAL UNIT NOT SUPPORTED
	senseField         = sense{5, 0x24, 0x00}   // INVALID FIELD IN CDB
	senseProtected     = sense{7, 0x27, 0x00}   // WRITE PROTECTED
	senseUnexpected    = sense{0xB, 0x0C, 0x0C} // UNEXPECTED UNSOLICITED DATA
	senseAmount        = sense{0xB, 0x0C, 0x0D} // NOT ENOUGH UNSOLICITED DATA
	sensePowerOn       = sense{6, 0x29, 0x00}   // POWER ON, RESET, OR BUS DEVICE RESET OCCURRED
	senseReset         = sense{6, 0x29, 0x03}   // BUS DEVICE RESET FUNCTION OCCURRED
	senseModeChanged   = sense{6, 0x2A, 0x01}   // MODE PARAMETERS CHANGED
	senseCleared       = sense{6, 0x2F, 0x00}   // COMMANDS CLEARED BY ANOTHER INITIATOR
	senseTimeout       = sense{4, 0x3E, 0x02}   // TIMEOUT ON LOGICAL UNIT
	senseCommunication = sense{4, 0x08, 0x00}   // LOGICAL UNIT COMMUNICATION FAILURE
	senseUnreadable    = sense{3, 0x11, 0x00}   // UNRECOVERED READ ERROR
	senseInternal      = sense{4, 0x44, 0x00}   // INTERNAL TARGET FAILURE
)

// fixed returns the sense data in the fixed format (SPC-4 4.5.3).
func (s sense) fixed() []byte {
	b := make([]byte, 18)
	b[0], b[2], b[7], b[12], b[13] = 0x70, s[0], 10, s[1], s[2]
	return b
}

// unit is a logical unit: a drive that is offered.
type unit struct {
	target *target
	lun    int
	drive  scsi.Transport
	turn   sync.Mutex // is held while the drive executes a command

	mu         sync.Mutex
	nexuses    map[*nexus]bool
	reservedBy *nexus // by RESERVE (SPC-2 5.5), or nil
	prevented  byte   // what the drive was told last with PREVENT ALLOW MEDIUM REMOVAL
}

// nexus is what an initiator and a unit have in common (I_T_L nexus, SAM-5 4.7).
type nexus struct {
	unit    *unit
	session *session
	queue   []*task // guarded by the mutex of the session
	wake    chan struct{}
	started bool // its goroutine runs; guarded by the mutex of the session

	attentions [][]byte // sense data, oldest first; guarded by the mutex of the unit
	prevents   byte     // Prevent and Persistent of the last PREVENT ALLOW MEDIUM REMOVAL
	media      byte     // media event that the drive reported to another initiator, 0: none
}

func newUnit(t *target, lun int, d scsi.Transport) *unit {
	return &unit{target: t, lun: lun, drive: d, nexuses: map[*nexus]bool{}}
}

// clearAttentions clears what the drive reports to a new initiator. Each session gets a
// unit attention of its own.
func (u *unit) clearAttentions(ctx context.Context) {
	const attempts = 8 // a drive may have queued several
	for range attempts {
		_, err := u.drive.Execute(ctx, scsi.Command{CDB: make([]byte, 6)})
		if key, _, _, ok := scsi.Code(err); !ok || key != scsi.KeyUnitAttention {
			return
		}
	}
}

// attach adds a session. Its first command gets a unit attention.
func (u *unit) attach(s *session) *nexus {
	n := &nexus{unit: u, session: s, wake: make(chan struct{}, 1), attentions: [][]byte{sensePowerOn.fixed()}}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.nexuses[n] = true
	return n
}

// detach removes a session and releases what it held.
func (u *unit) detach(n *nexus) {
	u.mu.Lock()
	delete(u.nexuses, n)
	if u.reservedBy == n {
		u.reservedBy = nil
	}
	n.prevents = 0
	u.mu.Unlock()
	u.settle()
}

// use calls f while no command of another initiator uses the drive.
func (u *unit) use(f func()) {
	u.turn.Lock()
	f()
	u.turn.Unlock()
	u.settle()
}

// settle tells the drive whether any initiator still prevents the removal of the medium.
// It does not wait for a drive that executes a command: use calls it again afterwards.
func (u *unit) settle() {
	for {
		want, told := u.wanted()
		if want == told {
			return
		}
		if !u.turn.TryLock() {
			return
		}
		_, _ = u.drive.Execute(context.Background(), preventAllow(want)) // it cannot be repeated usefully
		u.mu.Lock()
		u.prevented = want
		u.mu.Unlock()
		u.turn.Unlock()
	}
}

func preventAllow(prevent byte) scsi.Command {
	return scsi.Command{CDB: []byte{scsi.OpPreventAllowMediumRemoval, 0, 0, 0, prevent, 0}, Timeout: time.Minute}
}

// wanted returns what the drive has to be told, Prevent if any initiator prevents, and
// what it was told last.
func (u *unit) wanted() (want, told byte) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for n := range u.nexuses {
		want |= n.prevents
	}
	return want, u.prevented
}

// tellOthers queues a unit attention for all initiators but one.
func (u *unit) tellOthers(but *nexus, raw []byte) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for n := range u.nexuses {
		if n != but {
			n.attend(raw)
		}
	}
}

// attend queues a unit attention. The caller holds the mutex of the unit.
func (n *nexus) attend(raw []byte) {
	const most = 8
	for _, a := range n.attentions {
		if string(a) == string(raw) {
			return
		}
	}
	if len(n.attentions) < most {
		n.attentions = append(n.attentions, raw)
	}
}

// attention takes the oldest unit attention, or returns nil.
func (n *nexus) attention() []byte {
	n.unit.mu.Lock()
	defer n.unit.mu.Unlock()
	if len(n.attentions) == 0 {
		return nil
	}
	a := n.attentions[0]
	n.attentions = n.attentions[1:]
	return a
}

// reset resets the unit for all initiators: reservations end, the medium can be removed,
// and everyone gets a unit attention (SAM-5 6.3.3).
func (u *unit) reset() {
	u.mu.Lock()
	u.reservedBy = nil
	for n := range u.nexuses {
		n.prevents = 0
		n.attend(senseReset.fixed())
	}
	u.mu.Unlock()
	u.settle()
}
