package serve

import (
	"encoding/binary"
	"errors"
	"fmt"

	"glassmaster/drive/scsi/iscsi/pdu"
)

// portalGroup is the tag of the only portal group.
const portalGroup = 1

// Login statuses, with the class in the high byte: RFC 7143 11.13.5.
const (
	loginInvalid        = 0x0200
	loginUnauthorized   = 0x0201
	loginNoTarget       = 0x0203
	loginVersion        = 0x0205
	loginMissing        = 0x0207
	loginNotIncluded    = 0x0208
	loginNoSessionType  = 0x0209
	loginUnknownSession = 0x020A
	loginUnavailable    = 0x0301
)

// refusal is the error of a login that is answered with a status.
type refusal struct {
	status uint16
	why    string
}

func (r *refusal) Error() string { return r.why }

func refuse(status uint16, format string, args ...any) error {
	return &refusal{status, fmt.Sprintf(format, args...)}
}

// login is the login of a connection (RFC 7143 6.3 and 11.12).
type login struct {
	server *Server
	conn   *pdu.Conn
	params params

	initiator  string
	targetName string
	discovery  bool
	target     *target // nil for a discovery session
	isid       [6]byte
	cid, tsih  uint16
	cmdSN      uint32
	statSN     uint32

	stage    byte
	auth     authentication
	declared bool // our MaxRecvDataSegmentLength was sent
	reply    []string
}

// run answers the requests of the initiator until the full feature phase begins. It has
// answered a login that it refuses.
func (l *login) run() error {
	for round := range pdu.MaxRounds {
		first, text, err := l.receive(round == 0)
		if err == nil {
			var full bool
			full, err = l.answer(first, text, round == 0)
			if full && err == nil {
				l.params.ordered()
				l.conn.HeaderDigest, l.conn.DataDigest = l.params.headerDigest, l.params.dataDigest
				return nil
			}
		}
		if err != nil {
			l.refuse(first, err)
			return err
		}
	}
	return errors.New("the initiator does not complete the login")
}

// refuse answers with the status of a refusal. The connection is closed afterwards.
func (l *login) refuse(req *pdu.PDU, err error) {
	var r *refusal
	if req == nil || !errors.As(err, &r) {
		return
	}
	_ = l.send(req, 0, r.status) // the login fails in any case
}

// receive receives a request, which may consist of several PDUs. It returns the last one,
// and the text of all.
func (l *login) receive(first bool) (*pdu.PDU, []byte, error) {
	var text []byte
	for range pdu.MaxRounds {
		req, err := l.conn.Receive(pdu.MaxText)
		if err != nil {
			return nil, nil, fmt.Errorf("login: %w", err)
		}
		if req.Opcode() != pdu.OpLogin {
			return nil, nil, fmt.Errorf("login: the initiator sent a PDU of type %02Xh", req.Opcode())
		}
		if err := l.check(req, first && text == nil); err != nil {
			return req, nil, err
		}
		if text = append(text, req.Data...); len(text) > pdu.MaxText {
			return req, nil, refuse(loginInvalid, "the initiator sends too much text")
		}
		if !req.Has(pdu.FlagContinue) {
			return req, text, nil
		}
		if req.Has(pdu.FlagTransit) {
			return req, nil, refuse(loginInvalid, "the initiator ends a stage in the middle of its text")
		}
		if err := l.send(req, l.stage<<2, 0); err != nil {
			return nil, nil, err
		}
	}
	return nil, nil, errors.New("the initiator sends too much text")
}

// check checks the header of a login request: bytes 2 and 3 the versions, 8 to 13 the
// ISID, 14 and 15 the TSIH, 20 and 21 the CID, 24 to 27 CmdSN (RFC 7143 11.12).
func (l *login) check(req *pdu.PDU, first bool) error {
	stage := req.Flags() >> 2 & 3
	if !first {
		if stage != l.stage || [6]byte(req.Header[8:14]) != l.isid {
			return refuse(loginInvalid, "the initiator changes the stage or its identifier in the middle of the login")
		}
		return nil
	}
	l.stage, l.statSN, l.cmdSN = stage, 1, req.U32(24)
	l.isid = [6]byte(req.Header[8:14])
	l.cid = binary.BigEndian.Uint16(req.Header[20:])
	switch tsih := binary.BigEndian.Uint16(req.Header[14:]); {
	case req.Header[3] > 0:
		return refuse(loginVersion, "the initiator needs version %d of the protocol", req.Header[3])
	case stage > pdu.StageOperational:
		return refuse(loginInvalid, "the initiator begins the login in stage %d", stage)
	case tsih != 0 && l.server.session(tsih) == nil:
		return refuse(loginUnknownSession, "the initiator continues a session that does not exist")
	case tsih != 0: // MaxConnections is 1, and the state of a lost connection is not kept
		return refuse(loginNotIncluded, "the initiator adds a connection to a session")
	}
	return nil
}

// answer handles the text of a request and answers it. It reports whether the login has
// ended.
func (l *login) answer(req *pdu.PDU, text []byte, first bool) (bool, error) {
	pairs, err := pdu.Split(text)
	if err != nil {
		return false, refuse(loginInvalid, "login: %v", err)
	}
	l.reply = nil
	if first {
		if err := l.names(pairs); err != nil {
			return false, err
		}
	}
	seen := map[string]bool{}
	for _, kv := range pairs {
		if seen[kv[0]] {
			return false, refuse(loginInvalid, "the initiator sent %.40q twice", kv[0])
		}
		seen[kv[0]] = true
		if err := l.key(kv[0], kv[1]); err != nil {
			return false, err
		}
	}
	if l.stage == pdu.StageSecurity {
		if err := l.auth.step(l); err != nil {
			return false, err
		}
	}
	return l.transit(req)
}

// transit ends the stage if the initiator wants it and its authentication is complete, and
// sends the answer.
func (l *login) transit(req *pdu.PDU) (bool, error) {
	flags, next := l.stage<<2, req.Flags()&3
	if req.Has(pdu.FlagTransit) {
		if next <= l.stage || next == 2 {
			return false, refuse(loginInvalid, "the initiator changes from login stage %d to %d", l.stage, next)
		}
		if len(l.server.accounts) > 0 && !l.auth.done && (l.stage != pdu.StageSecurity || !l.auth.begun()) {
			return false, refuse(loginUnauthorized, "the initiator did not prove who it is (CHAP)")
		}
	}
	if l.stage == pdu.StageOperational && !l.declared {
		l.declared = true
		l.reply = append(l.reply, fmt.Sprintf("MaxRecvDataSegmentLength=%d", maxReceive))
	}
	if !req.Has(pdu.FlagTransit) || l.stage == pdu.StageSecurity && l.auth.begun() && !l.auth.done {
		return false, l.send(req, flags, 0)
	}
	if err := l.findTarget(); err != nil {
		return false, err
	}
	l.stage = next
	full := next == pdu.StageFull
	return full, l.send(req, flags|pdu.FlagTransit|next, 0)
}

// names takes the keys that the first request must have (RFC 7143 6.3.1).
func (l *login) names(pairs [][2]string) error {
	for _, kv := range pairs {
		switch kv[0] {
		case "InitiatorName":
			l.initiator = kv[1]
		case "TargetName":
			l.targetName = kv[1]
		case "SessionType":
			switch kv[1] {
			case "Discovery":
				l.discovery = true
			case "Normal":
			default:
				return refuse(loginNoSessionType, "the initiator wants a session of type %.40q", kv[1])
			}
		}
	}
	switch {
	case l.initiator == "" || len(l.initiator) > 223:
		return refuse(loginMissing, "the initiator did not tell its name")
	case l.targetName == "" && !l.discovery:
		return refuse(loginMissing, "the initiator did not name a target")
	}
	if !l.discovery {
		l.reply = append(l.reply, fmt.Sprintf("TargetPortalGroupTag=%d", portalGroup))
	}
	return nil
}

// findTarget finds the target, after the initiator has proved who it is.
func (l *login) findTarget() error {
	if l.discovery || l.target != nil {
		return nil
	}
	if l.target = l.server.target(l.targetName); l.target == nil {
		return refuse(loginNoTarget, "there is no target %.80q", l.targetName)
	}
	return nil
}

// key handles one key.
func (l *login) key(key, value string) error {
	switch key {
	case "InitiatorName", "InitiatorAlias", "TargetName", "SessionType":
		return nil
	}
	if l.auth.takes(key) {
		if l.stage != pdu.StageSecurity {
			return refuse(loginInvalid, "the initiator sent %s outside of the security stage", key)
		}
		return l.auth.key(l, key, value)
	}
	answer, err := l.params.operational(key, value)
	if err != nil {
		return refuse(loginInvalid, "login: %v", err)
	}
	if answer != "" {
		l.reply = append(l.reply, fmt.Sprintf("%.63s=%s", key, answer))
	}
	return nil
}

// send sends a login response: RFC 7143 11.13.
func (l *login) send(req *pdu.PDU, flags byte, status uint16) error {
	p := pdu.New(pdu.OpLoginReply, flags)
	copy(p.Header[8:14], l.isid[:])
	if flags&3 == pdu.StageFull && flags&pdu.FlagTransit != 0 {
		tsih, err := l.server.newTSIH()
		if err != nil {
			return err
		}
		binary.BigEndian.PutUint16(p.Header[14:], tsih)
		l.tsih = tsih
	}
	p.Put32(16, req.Tag())
	p.Put32(24, l.statSN)
	p.Put32(28, l.cmdSN)
	p.Put32(32, l.cmdSN+uint32(l.server.limits.Commands)-1)
	binary.BigEndian.PutUint16(p.Header[36:], status)
	if status == 0 {
		p.Data = pdu.Join(l.reply)
	}
	l.reply = nil
	l.statSN++
	if len(p.Data) > 8192 {
		return errors.New("login: the initiator sent too many keys")
	}
	return l.conn.Send(p)
}
