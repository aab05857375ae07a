package iscsi

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// params are what initiator and target agree on: RFC 7143 13.
type params struct {
	immediateData bool
	maxSend       int // bytes of data in a PDU that the target takes
	maxBurst      int // bytes of a sequence of data PDUs
	firstBurst    int // bytes that may be sent without being asked for
}

// Our side of the agreement.
const (
	maxReceive   = 256 << 10 // bytes of data in a PDU that we take
	offeredBurst = 256 << 10
	offeredFirst = 64 << 10

	maxText = 64 << 10 // bytes of text that a target may send in one login
)

// defaultParams hold where the target says nothing.
func defaultParams() params {
	return params{immediateData: true, maxSend: 8192, maxBurst: offeredBurst, firstBurst: offeredFirst}
}

// operationalKeys are what we offer. No digests: TCP has its own checksum, and a
// disc is read back after it is burned.
func operationalKeys() []string {
	return []string{
		"HeaderDigest=None",
		"DataDigest=None",
		"MaxConnections=1",
		"InitialR2T=Yes",
		"ImmediateData=Yes",
		fmt.Sprintf("MaxRecvDataSegmentLength=%d", maxReceive),
		fmt.Sprintf("MaxBurstLength=%d", offeredBurst),
		fmt.Sprintf("FirstBurstLength=%d", offeredFirst),
		"DefaultTime2Wait=2",
		"DefaultTime2Retain=0",
		"MaxOutstandingR2T=1",
		"DataPDUInOrder=Yes",
		"DataSequenceInOrder=Yes",
		"ErrorRecoveryLevel=0",
	}
}

// joinText makes the text of a login PDU.
func joinText(pairs []string) []byte {
	if len(pairs) == 0 {
		return nil
	}
	return []byte(strings.Join(pairs, "\x00") + "\x00")
}

// splitText takes text apart into pairs of key and value.
func splitText(text []byte) ([][2]string, error) {
	var pairs [][2]string
	for part := range bytes.SplitSeq(text, []byte{0}) {
		if len(part) == 0 {
			continue
		}
		key, value, ok := strings.Cut(string(part), "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("the target sent %.60q, which is no KEY=VALUE", part)
		}
		pairs = append(pairs, [2]string{key, value})
	}
	return pairs, nil
}

// accept takes over what the target answered or declared. It returns the answer
// that the key calls for, "" for none.
func (p *params) accept(key, value string) (string, error) {
	switch key {
	case "HeaderDigest", "DataDigest", "AuthMethod":
		return "", mustBe(key, value, "None")
	case "DataPDUInOrder", "DataSequenceInOrder":
		return "", mustBe(key, value, "Yes")
	case "ErrorRecoveryLevel":
		return "", mustBe(key, value, "0")
	case "ImmediateData":
		p.immediateData = value == "Yes"
	case "MaxRecvDataSegmentLength":
		return "", bounded(key, value, &p.maxSend, 1<<24-1)
	case "MaxBurstLength":
		return "", bounded(key, value, &p.maxBurst, offeredBurst)
	case "FirstBurstLength":
		return "", bounded(key, value, &p.firstBurst, offeredFirst)
	case "InitialR2T", "MaxConnections", "MaxOutstandingR2T", "DefaultTime2Wait", "DefaultTime2Retain",
		"TargetAlias", "TargetAddress", "TargetPortalGroupTag":
	case "IFMarker", "OFMarker":
		return key + "=No", nil
	default:
		if value != "NotUnderstood" && value != "Irrelevant" && value != "Reject" {
			return key + "=NotUnderstood", nil
		}
	}
	return "", nil
}

func mustBe(key, value, want string) error {
	if value == want || value == "Irrelevant" || value == "NotUnderstood" && want == "None" {
		return nil
	}
	return fmt.Errorf("the target insists on %s=%s, only %s is supported", key, value, want)
}

// bounded takes a number over: at least 512, at most limit, as RFC 7143 13.12 to 13.14 have it.
func bounded(key, value string, to *int, limit int) error {
	if value == "Irrelevant" {
		return nil
	}
	n, err := strconv.ParseUint(value, 0, 32)
	if err != nil || n < 512 || n > 1<<24-1 {
		return fmt.Errorf("the target sent %s=%.20q, not a number from 512 to 16777215", key, value)
	}
	*to = min(int(n), limit)
	return nil
}
