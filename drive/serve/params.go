package serve

import (
	"fmt"

	"glassmaster/drive/scsi/iscsi/pdu"
)

// What the target accepts at most.
const (
	maxReceive = 256 << 10 // bytes of data in a PDU of the initiator
	maxBurst   = 1 << 20   // bytes of a sequence of data PDUs
	maxFirst   = 64 << 10  // bytes of data that are not asked for
)

// params are the negotiated parameters of a session (RFC 7143 13).
type params struct {
	headerDigest, dataDigest bool
	initialR2T               bool // data beyond those with the command are only sent on request
	immediateData            bool
	maxSend                  int // bytes of data in a PDU to the initiator
	burst, first             int
}

func defaultParams() params {
	return params{initialR2T: true, immediateData: true, maxSend: 8192, burst: 256 << 10, first: maxFirst}
}

// operational negotiates an operational key. It returns the value of the answer, "" if
// the key needs none (RFC 7143 6.2 and 13).
func (p *params) operational(key, value string) (string, error) {
	switch key {
	case "HeaderDigest":
		return digest(value, &p.headerDigest)
	case "DataDigest":
		return digest(value, &p.dataDigest)
	case "MaxRecvDataSegmentLength":
		n, err := pdu.Number(value, 512, pdu.MaxSegment)
		p.maxSend = n
		return "", keyError(key, err)
	case "MaxBurstLength":
		return atMost(key, value, 512, pdu.MaxSegment, maxBurst, &p.burst)
	case "FirstBurstLength":
		return atMost(key, value, 512, pdu.MaxSegment, maxFirst, &p.first)
	case "InitialR2T": // the result is an OR, and we allow No
		p.initialR2T = value != "No"
		return yesNo(p.initialR2T), nil
	case "ImmediateData": // AND, and we allow Yes
		p.immediateData = value == "Yes"
		return yesNo(p.immediateData), nil
	case "DataPDUInOrder", "DataSequenceInOrder": // OR, and we demand Yes
		return "Yes", nil
	case "MaxConnections", "MaxOutstandingR2T":
		return atMost(key, value, 1, 65535, 1, nil)
	case "ErrorRecoveryLevel":
		return atMost(key, value, 0, 2, 0, nil)
	case "DefaultTime2Wait": // the larger one; we need none
		n, err := pdu.Number(value, 0, 3600)
		return fmt.Sprint(n), keyError(key, err)
	case "DefaultTime2Retain":
		return atMost(key, value, 0, 3600, 0, nil)
	case "IFMarker", "OFMarker":
		return "No", nil
	case "TaskReporting":
		return pickOr(value, "Reject", "RFC3720"), nil
	}
	if value == "NotUnderstood" || value == "Irrelevant" || value == "Reject" {
		return "", nil
	}
	return "NotUnderstood", nil
}

// ordered makes the parameters consistent when the negotiation has ended.
func (p *params) ordered() { p.first = min(p.first, p.burst) }

func digest(value string, on *bool) (string, error) {
	chosen := pickOr(value, "Reject", "CRC32C", "None")
	*on = chosen == "CRC32C"
	return chosen, nil
}

func pickOr(list, otherwise string, allowed ...string) string {
	if c := pdu.Choose(list, allowed...); c != "" {
		return c
	}
	return otherwise
}

// atMost answers with the smaller of the number of the initiator and ours.
func atMost(key, value string, least, most, ours int, to *int) (string, error) {
	n, err := pdu.Number(value, least, most)
	if err != nil {
		return "", keyError(key, err)
	}
	n = min(n, ours)
	if to != nil {
		*to = n
	}
	return fmt.Sprint(n), nil
}

func keyError(key string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("the initiator sent %s=%w", key, err)
}

func yesNo(b bool) string {
	if b {
		return "Yes"
	}
	return "No"
}
