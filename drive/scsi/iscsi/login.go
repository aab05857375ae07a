package iscsi

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
)

// initiatorName is ours: RFC 7143 4.2.7. Sessions of several programs, or
// computers, are told apart by their session identifiers.
const initiatorName = "iqn.2026-01.local.glassmaster:initiator"

// Stages of a login: RFC 7143 11.12.3.
const (
	stageSecurity    = 0
	stageOperational = 1
	stageFull        = 3
)

const (
	flagTransit  = 0x80 // T: ready for the next stage
	flagContinue = 0x40 // C: the text goes on in the next PDU

	// maxRounds is more exchanges than a login without passwords needs.
	maxRounds = 32
)

// redirect is the error of a target that sends us elsewhere.
type redirect struct{ address string }

func (r *redirect) Error() string { return "the target has moved to " + r.address }

// login is a login phase under way: RFC 7143 6.3 and 11.12.
type login struct {
	conn      net.Conn
	r         *bufio.Reader
	isid      [6]byte
	cmdSN     uint32
	expStatSN uint32
	maxCmdSN  uint32
	agreed    params
}

// newLogin begins with a session identifier at random: RFC 7143 11.12.5, type 10b.
func newLogin(conn net.Conn) (*login, error) {
	l := &login{conn: conn, r: bufio.NewReaderSize(conn, 64<<10), cmdSN: 1, agreed: defaultParams()}
	if _, err := rand.Read(l.isid[1:]); err != nil {
		return nil, err
	}
	l.isid[0] = 0x80
	return l, nil
}

// run goes through security, without any, and the operational parameters.
func (l *login) run(target string) error {
	keys := []string{
		"InitiatorName=" + initiatorName, "TargetName=" + target, "SessionType=Normal", "AuthMethod=None",
	}
	stage, next := byte(stageSecurity), byte(stageOperational)
	for range maxRounds {
		reply, err := l.exchange(stage, next, keys)
		if err != nil {
			return err
		}
		pairs, err := splitText(reply.data)
		if err != nil {
			return err
		}
		keys = nil
		for _, kv := range pairs {
			answer, err := l.agreed.accept(kv[0], kv[1])
			if err != nil {
				return err
			}
			if answer != "" {
				keys = append(keys, answer)
			}
		}
		if reply.flags()&flagTransit == 0 {
			continue // the target has more to say, or wants an answer
		}
		switch nsg := reply.flags() & 3; {
		case nsg == stageFull && stage == stageOperational:
			return nil
		case nsg == stageOperational && stage == stageSecurity:
			stage, next = stageOperational, stageFull
			keys = append(keys, operationalKeys()...)
		default:
			return fmt.Errorf("the target goes from login stage %d to %d, which it may not", stage, nsg)
		}
	}
	return errors.New("the target does not come to an end with the login")
}

// exchange sends text and collects the reply, which may come in pieces.
func (l *login) exchange(stage, next byte, keys []string) (*pdu, error) {
	var text []byte
	for range maxRounds {
		req := &pdu{data: joinText(keys)}
		req.header[0] = opLogin | opImmediate
		req.header[1] = flagTransit | stage<<2 | next
		copy(req.header[8:], l.isid[:]) // the TSIH behind it is 0: a new session
		req.put32(24, l.cmdSN)
		req.put32(28, l.expStatSN)
		if err := writePDU(l.conn, req); err != nil {
			return nil, err
		}
		reply, err := readPDU(l.r, maxText)
		if err != nil {
			return nil, noEOF(err)
		}
		if err := l.check(reply); err != nil {
			return nil, err
		}
		text = append(text, reply.data...)
		if len(text) > maxText {
			return nil, errors.New("the target sends text without end")
		}
		if reply.flags()&flagContinue == 0 {
			reply.data = text
			return reply, nil
		}
		keys = nil
	}
	return nil, errors.New("the target sends text without end")
}

// check looks at the head of a login response: RFC 7143 11.13. Bytes 24 to 35 are
// sequence numbers, 36 and 37 the status.
func (l *login) check(reply *pdu) error {
	if reply.opcode() == opReject {
		return fmt.Errorf("the target rejected the login: %s", rejectReason(reply.header[2]))
	}
	if reply.opcode() != opLoginReply {
		return fmt.Errorf("the target answered the login with a PDU of type %02Xh", reply.opcode())
	}
	l.expStatSN = reply.statSN() + 1
	l.maxCmdSN = reply.u32(32)
	class, detail := reply.header[36], reply.header[37]
	switch class {
	case 0:
		return nil
	case 1:
		pairs, err := splitText(reply.data)
		if err != nil {
			return err
		}
		for _, kv := range pairs {
			if kv[0] == "TargetAddress" {
				return &redirect{address: kv[1]}
			}
		}
		return errors.New("the target has moved, it does not say where to")
	}
	if text := loginFailure(uint16(class)<<8 | uint16(detail)); text != "" {
		return errors.New(text)
	}
	return fmt.Errorf("the target refused the login with status %02X%02Xh", class, detail)
}

// loginFailure describes a login status, class in the high byte (RFC 7143 11.13.5); ""
// for unknown ones.
func loginFailure(status uint16) string {
	switch status {
	case 0x0200:
		return "the target refused the login as faulty"
	case 0x0201:
		return "the target wants a name and password (CHAP), which is not supported; allow access without"
	case 0x0202:
		return "the target does not allow this computer; add initiator " + initiatorName + " to its access list"
	case 0x0203:
		return "there is no such target on that host; check the target's name"
	case 0x0204:
		return "the target was there once, and is gone"
	case 0x0205:
		return "the target does not speak our version of iSCSI"
	case 0x0206:
		return "the target has too many connections"
	case 0x0207:
		return "the target misses a parameter of the login"
	case 0x0208:
		return "the target cannot add this connection to a session"
	case 0x0209:
		return "the target does not serve sessions of this type"
	case 0x020A:
		return "the target does not know the session"
	case 0x020B:
		return "the target refused the login as out of order"
	case 0x0300:
		return "the target has failed"
	case 0x0301:
		return "the target is out of service; try again later"
	case 0x0302:
		return "the target is out of resources; try again later"
	}
	return ""
}
