package format

import (
	"fmt"

	"glassmaster/mastering/disc"
)

// PositionsNotice says that an image contains the physical positions of sectors (data position
// measurement).
func PositionsNotice() disc.Notice {
	return disc.Notice{Severity: disc.Info, Text: "The image contains a data position measurement (DPM), which is ignored. A program whose copy protection checks it will reject a copy."}
}

// LeadInNotices returns what an image records about the lead-in of a DVD and a disc.TOC
// cannot express: the physical format information (MMC-6 table 412), of which pfi has the
// first 16 bytes or more, or nil, and the burst cutting area, which has bca bytes.
func LeadInNotices(pfi []byte, bca int) []disc.Notice {
	var list []disc.Notice
	say := func(format string, a ...any) {
		list = append(list, disc.Notice{Severity: disc.Info, Text: fmt.Sprintf(format, a...)})
	}
	if len(pfi) >= 16 {
		first, end := long24(pfi[5:]), long24(pfi[13:]) // of the data area, and of layer 0
		if pfi[2]>>5&3 == 1 && end >= first {
			say("The image is of a dual-layer DVD whose first layer has %d sectors. The position of the layer break is not kept.", end-first+1)
		} else {
			say("The image records the lead-in of the DVD (manufacturer, kind of disc), which is ignored.")
		}
	}
	if bca > 0 {
		say("The image records the burst cutting area of the DVD (%d bytes), which is ignored.", bca)
	}
	return list
}

// long24 returns the big-endian 24-bit number at the beginning of p.
func long24(p []byte) int64 { return int64(p[0])<<16 | int64(p[1])<<8 | int64(p[2]) }
