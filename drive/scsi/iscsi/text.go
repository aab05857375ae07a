package iscsi

import (
	"fmt"

	"glassmaster/drive/scsi/iscsi/pdu"
)

// params are the negotiated parameters (RFC 7143 13).
type params struct {
	headerDigest, dataDigest bool
	immediateData            bool
	maxSend                  int // bytes of data in a PDU to the target
	maxBurst                 int // bytes of a sequence of data PDUs
	firstBurst               int // bytes of unsolicited data
}

// Parameters of the initiator.
const (
	maxReceive   = 256 << 10 // bytes of data in a PDU from the target
	offeredBurst = 256 << 10
	offeredFirst = 64 << 10
)

// defaultParams returns the parameters that apply if the target sends none.
func defaultParams() params {
	return params{immediateData: true, maxSend: 8192, maxBurst: offeredBurst, firstBurst: offeredFirst}
}

// operationalKeys returns the keys that the initiator offers. It prefers no digests: TCP
// has its own checksum, and a disc is verified after a burn. With digests set, it demands
// them.
func operationalKeys(digests bool) []string {
	offer := "None,CRC32C"
	if digests {
		offer = "CRC32C"
	}
	return []string{
		"HeaderDigest=" + offer,
		"DataDigest=" + offer,
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

// accept stores a value that the target negotiated or declared. It returns the reply that
// the key requires, "" for none.
func (p *params) accept(key, value string) (string, error) {
	switch key {
	case "HeaderDigest":
		return "", digest(key, value, &p.headerDigest)
	case "DataDigest":
		return "", digest(key, value, &p.dataDigest)
	case "DataPDUInOrder", "DataSequenceInOrder":
		return "", mustBe(key, value, "Yes")
	case "ErrorRecoveryLevel":
		return "", mustBe(key, value, "0")
	case "ImmediateData":
		p.immediateData = value == "Yes"
	case "MaxRecvDataSegmentLength":
		return "", bounded(key, value, &p.maxSend, pdu.MaxSegment)
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

// digest stores whether a digest is used. A target that does not know the key uses none.
func digest(key, value string, on *bool) error {
	*on = value == "CRC32C"
	if *on {
		return nil
	}
	return mustBe(key, value, "None")
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
	n, err := pdu.Number(value, 512, pdu.MaxSegment)
	if err != nil {
		return fmt.Errorf("the target sent %s=%w", key, err)
	}
	*to = min(n, limit)
	return nil
}
