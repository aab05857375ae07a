package serve

import (
	"fmt"
	"net"
	"strings"

	"glassmaster/drive/scsi/iscsi/pdu"
)

// textRequest answers a text request (RFC 7143 11.10): SendTargets, and operational keys.
// A long answer is sent in pieces, which the initiator asks for with the target transfer
// tag of the piece before.
func (x *session) textRequest(p *pdu.PDU) error {
	if p.Tag() == pdu.NoTag {
		return violation("the initiator sent a text request without a task tag")
	}
	if p.TargetTag() != pdu.NoTag && len(x.textReply) > 0 {
		return x.textPiece(p)
	}
	x.textReply = nil
	if x.text = append(x.text, p.Data...); len(x.text) > pdu.MaxText {
		return violation("the initiator sends too much text")
	}
	if p.Has(pdu.FlagContinue) {
		return x.textPiece(p)
	}
	pairs, err := pdu.Split(x.text)
	x.text = nil
	if err != nil {
		return x.reject(p, rejectField)
	}
	var reply []string
	for _, kv := range pairs {
		switch {
		case kv[0] == "SendTargets":
			reply = append(reply, x.sendTargets(kv[1])...)
		case kv[0] == "MaxRecvDataSegmentLength":
			n, err := pdu.Number(kv[1], 512, pdu.MaxSegment)
			if err != nil {
				return x.reject(p, rejectField)
			}
			x.sending.Lock()
			x.params.maxSend = n
			x.sending.Unlock()
		case len(kv[0]) <= 63: // nothing else can be changed now
			reply = append(reply, kv[0]+"=Reject")
		}
	}
	x.textReply = pdu.Join(reply)
	return x.textPiece(p)
}

// textPiece sends the next piece of an answer.
func (x *session) textPiece(p *pdu.PDU) error {
	r := pdu.New(pdu.OpTextReply, 0)
	r.PutLUN(p.LUN())
	r.Put32(16, p.Tag())
	r.Put32(20, pdu.NoTag)
	n := min(len(x.textReply), x.params.maxSend)
	r.Data, x.textReply = x.textReply[:n], x.textReply[n:]
	switch {
	case len(x.textReply) > 0:
		r.Header[1] = pdu.FlagContinue
		r.Put32(20, 1)
	case p.Has(pdu.FlagContinue):
		r.Put32(20, 1)
	default:
		r.Header[1] = pdu.FlagFinal
	}
	return x.send(r)
}

// sendTargets answers SendTargets (RFC 7143 appendix C): All, the name of a target, or
// nothing for the target of this session.
func (x *session) sendTargets(which string) []string {
	var reply []string
	for _, t := range x.server.targets {
		switch {
		case which == "All" && x.target == nil:
		case which == "" && x.target == t:
		case which != "" && strings.EqualFold(which, t.Name) && (x.target == nil || x.target == t):
		default:
			continue
		}
		reply = append(reply, "TargetName="+t.Name, fmt.Sprintf("TargetAddress=%s,%d", portal(x.conn.LocalAddr()), portalGroup))
	}
	return reply
}

// portal returns the address of the listener in the form of TargetAddress: without the zone
// of an IPv6 address, which is that of this computer.
func portal(a net.Addr) string {
	if t, ok := a.(*net.TCPAddr); ok {
		return net.JoinHostPort(t.IP.String(), fmt.Sprint(t.Port))
	}
	return a.String()
}
