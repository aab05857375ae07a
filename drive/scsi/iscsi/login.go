package iscsi

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"

	"glassmaster/drive/scsi/iscsi/chap"
	"glassmaster/drive/scsi/iscsi/pdu"
)

// initiatorName is the iSCSI name of this program (RFC 7143 4.2.7). Sessions of several
// programs or computers differ in their session identifiers.
const initiatorName = "iqn.2026-01.local.glassmaster:initiator"

// redirect is the error of a target that redirects the login to another address.
type redirect struct{ address string }

func (r *redirect) Error() string { return "the target redirects to " + r.address }

// login is the state of a login phase (RFC 7143 6.3 and 11.12).
type login struct {
	conn      *pdu.Conn
	isid      [6]byte
	cmdSN     uint32
	expStatSN uint32
	maxCmdSN  uint32
	auth      authentication
	agreed    params
}

// newLogin starts a login with a random session identifier (RFC 7143 11.12.5, type 10b).
func newLogin(conn net.Conn) *login {
	l := &login{conn: pdu.NewConn(conn), cmdSN: 1, agreed: defaultParams()}
	_, _ = rand.Read(l.isid[1:]) // never fails
	l.isid[0] = 0x80
	return l
}

// run runs the security stage and the operational stage.
func (l *login) run(a Address) error {
	keys := []string{
		"InitiatorName=" + initiatorName, "TargetName=" + a.Target, "SessionType=Normal", "AuthMethod=" + l.auth.offer(),
	}
	stage, next := byte(pdu.StageSecurity), byte(pdu.StageOperational)
	for range pdu.MaxRounds {
		reply, err := l.exchange(stage, next, keys)
		if err != nil {
			return err
		}
		if keys, err = l.accept(reply.Data); err != nil {
			return err
		}
		if reply.Flags()&pdu.FlagTransit == 0 { // the target has more keys, or needs an answer
			if stage == pdu.StageSecurity {
				keys = append(keys, l.auth.next()...)
			}
			continue
		}
		switch to := reply.Flags() & 3; {
		case to == pdu.StageFull && stage == pdu.StageOperational:
			l.conn.HeaderDigest, l.conn.DataDigest = l.agreed.headerDigest, l.agreed.dataDigest
			return nil
		case to == pdu.StageOperational && stage == pdu.StageSecurity:
			if err := l.auth.check(); err != nil {
				return err
			}
			stage, next = pdu.StageOperational, pdu.StageFull
			keys = append(keys, operationalKeys(a.Digests)...)
		default:
			return fmt.Errorf("the target changes from login stage %d to %d, which is not allowed", stage, to)
		}
	}
	return errors.New("the target does not complete the login")
}

// accept takes the text of a reply, and returns the answers that it needs.
func (l *login) accept(text []byte) ([]string, error) {
	pairs, err := pdu.Split(text)
	if err != nil {
		return nil, fmt.Errorf("the target does not follow the protocol: %w", err)
	}
	var keys []string
	for _, kv := range pairs {
		known, err := l.auth.accept(kv[0], kv[1])
		if err != nil {
			return nil, err
		}
		if known {
			continue
		}
		answer, err := l.agreed.accept(kv[0], kv[1])
		if err != nil {
			return nil, err
		}
		if answer != "" {
			keys = append(keys, answer)
		}
	}
	return keys, nil
}

// exchange sends text and collects the reply, which may consist of several PDUs. The target
// may end the stage when the initiator has nothing left to say.
func (l *login) exchange(stage, next byte, keys []string) (*pdu.PDU, error) {
	flags := stage << 2
	if stage != pdu.StageSecurity || l.auth.complete() {
		flags |= pdu.FlagTransit | next
	}
	var text []byte
	for range pdu.MaxRounds {
		req := pdu.New(pdu.OpLogin|pdu.OpImmediate, flags)
		req.Data = pdu.Join(keys)
		copy(req.Header[8:], l.isid[:]) // the TSIH after it is 0: a new session
		req.Put32(24, l.cmdSN)
		req.Put32(28, l.expStatSN)
		if err := l.conn.Send(req); err != nil {
			return nil, err
		}
		reply, err := l.conn.Receive(pdu.MaxText)
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, err
		}
		if err := l.check(reply); err != nil {
			return nil, err
		}
		text = append(text, reply.Data...)
		if len(text) > pdu.MaxText {
			return nil, errors.New("the target sends too much text")
		}
		if reply.Flags()&pdu.FlagContinue == 0 {
			reply.Data = text
			return reply, nil
		}
		keys = nil
	}
	return nil, errors.New("the target sends too much text")
}

// check checks the header of a login response (RFC 7143 11.13): bytes 24 to 35 sequence
// numbers, 36 and 37 the status.
func (l *login) check(reply *pdu.PDU) error {
	if reply.Opcode() == pdu.OpReject {
		return fmt.Errorf("the target rejected the login: %s", rejectReason(reply.Header[2]))
	}
	if reply.Opcode() != pdu.OpLoginReply {
		return fmt.Errorf("the target replied to the login with a PDU of type %02Xh", reply.Opcode())
	}
	l.expStatSN = reply.U32(24) + 1
	l.maxCmdSN = reply.U32(32)
	class, detail := reply.Header[36], reply.Header[37]
	switch class {
	case 0:
		return nil
	case 1:
		pairs, err := pdu.Split(reply.Data)
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
	if class == 2 && detail == 1 && l.auth.account.Name == "" {
		return errUserNeeded
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
		return "the target refuses the user or its secret (CHAP); check the name in the address, and the variable " + chap.SecretVariable
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
