package iscsi

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
)

// initiatorName is the iSCSI name of this program (RFC 7143 4.2.7). Sessions of several
// programs or computers differ in their session identifiers.
const initiatorName = "iqn.2026-01.local.glassmaster:initiator"

// Stages of a login: RFC 7143 11.12.3.
const (
	stageSecurity    = 0
	stageOperational = 1
	stageFull        = 3
)

const (
	flagTransit  = 0x80 // T: ready for the next stage
	flagContinue = 0x40 // C: the text continues in the next PDU

	// maxRounds is more exchanges than a login without authentication needs.
	maxRounds = 32
)

// redirect is the error of a target that redirects the login to another address.
type redirect struct{ address string }

func (r *redirect) Error() string { return "the target redirects to " + r.address }

// login is the state of a login phase (RFC 7143 6.3 and 11.12).
type login struct {
	conn      net.Conn
	r         *bufio.Reader
	isid      [6]byte
	cmdSN     uint32
	expStatSN uint32
	maxCmdSN  uint32
	agreed    params
}

// newLogin starts a login with a random session identifier (RFC 7143 11.12.5, type 10b).
func newLogin(conn net.Conn) (*login, error) {
	l := &login{conn: conn, r: bufio.NewReaderSize(conn, 64<<10), cmdSN: 1, agreed: defaultParams()}
	if _, err := rand.Read(l.isid[1:]); err != nil {
		return nil, err
	}
	l.isid[0] = 0x80
	return l, nil
}

// run runs the security stage, without authentication, and the operational stage.
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
			continue // the target has more keys, or needs an answer
		}
		switch nsg := reply.flags() & 3; {
		case nsg == stageFull && stage == stageOperational:
			return nil
		case nsg == stageOperational && stage == stageSecurity:
			stage, next = stageOperational, stageFull
			keys = append(keys, operationalKeys()...)
		default:
			return fmt.Errorf("the target changes from login stage %d to %d, which is not allowed", stage, nsg)
		}
	}
	return errors.New("the target does not complete the login")
}

// exchange sends text and collects the reply, which may consist of several PDUs.
func (l *login) exchange(stage, next byte, keys []string) (*pdu, error) {
	var text []byte
	for range maxRounds {
		req := &pdu{data: joinText(keys)}
		req.header[0] = opLogin | opImmediate
		req.header[1] = flagTransit | stage<<2 | next
		copy(req.header[8:], l.isid[:]) // the TSIH after it is 0: a new session
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
			return nil, errors.New("the target sends too much text")
		}
		if reply.flags()&flagContinue == 0 {
			reply.data = text
			return reply, nil
		}
		keys = nil
	}
	return nil, errors.New("the target sends too much text")
}

// check checks the header of a login response (RFC 7143 11.13): bytes 24 to 35 sequence
// numbers, 36 and 37 the status.
func (l *login) check(reply *pdu) error {
	if reply.opcode() == opReject {
		return fmt.Errorf("the target rejected the login: %s", rejectReason(reply.header[2]))
	}
	if reply.opcode() != opLoginReply {
		return fmt.Errorf("the target replied to the login with a PDU of type %02Xh", reply.opcode())
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
		return errors.New("the target redirects the login without an address")
	}
	if text := loginFailure(uint16(class)<<8 | uint16(detail)); text != "" {
		return errors.New(text)
	}
	return fmt.Errorf("the target rejected the login with status %02X%02Xh", class, detail)
}

// loginFailure describes a login status, with the class in the high byte (RFC 7143
// 11.13.5). It returns "" for unknown statuses.
func loginFailure(status uint16) string {
	switch status {
	case 0x0200:
		return "the target rejected the login as invalid"
	case 0x0201:
		return "the target requires authentication (CHAP), which is not supported; allow access without it"
	case 0x0202:
		return "the target denies access; add the initiator " + initiatorName + " to its access list"
	case 0x0203:
		return "the host has no target with that name; check the name"
	case 0x0204:
		return "the target was removed from the host"
	case 0x0205:
		return "the target does not support this version of iSCSI"
	case 0x0206:
		return "the target has too many connections"
	case 0x0207:
		return "a parameter is missing from the login request"
	case 0x0208:
		return "the target cannot add this connection to a session"
	case 0x0209:
		return "the target does not support sessions of this type"
	case 0x020A:
		return "the target does not know the session"
	case 0x020B:
		return "the target rejected the login as invalid at this time"
	case 0x0300:
		return "the target has an internal error"
	case 0x0301:
		return "the target is out of service; try again later"
	case 0x0302:
		return "the target is out of resources; try again later"
	}
	return ""
}
