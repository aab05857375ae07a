package iscsi

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// params are the negotiated parameters (RFC 7143 13).
type params struct {
	immediateData bool
	maxSend       int // bytes of data in a PDU to the target
	maxBurst      int // bytes of a sequence of data PDUs
	firstBurst    int // bytes of unsolicited data
}

// Parameters of the initiator.
const (
	maxReceive   = 256 << 10 // bytes of data in a PDU from the target
	offeredBurst = 256 << 10
	offeredFirst = 64 << 10

	maxText = 64 << 10 // bytes of text from the target in one login
)

// defaultParams returns the parameters that apply if the target sends none.
func defaultParams() params {
	return params{immediateData: true, maxSend: 8192, maxBurst: offeredBurst, firstBurst: offeredFirst}
}

// operationalKeys returns the keys that the initiator offers. It offers no digests: TCP has
// its own checksum, and a disc is verified after a burn.
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

// joinText encodes the text of a login PDU.
func joinText(pairs []string) []byte {
	if len(pairs) == 0 {
		return nil
	}
	return []byte(strings.Join(pairs, "\x00") + "\x00")
}

// splitText decodes text into pairs of key and value.
func splitText(text []byte) ([][2]string, error) {
	var pairs [][2]string
	for part := range bytes.SplitSeq(text, []byte{0}) {
		if len(part) == 0 {
			continue
		}
		key, value, ok := strings.Cut(string(part), "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("the target sent %.60q, which is not KEY=VALUE", part)
		}
		pairs = append(pairs, [2]string{key, value})
	}
	return pairs, nil
}

// accept stores a value that the target negotiated or declared. It returns the reply that
// the key requires, "" for none.
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
	return fmt.Errorf("the target requires %s=%s, only %s is supported", key, value, want)
}

// bounded stores a number of at least 512, and at most limit (RFC 7143 13.12 to 13.14).
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
