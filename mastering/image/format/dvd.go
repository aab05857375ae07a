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
	switch at := LayerBreak(pfi); {
	case at > 0:
		say("The image is of a dual-layer DVD whose first layer has %d sectors. A burn to a dual-layer disc changes the layer there; images in other formats do not record it.", at)
	case len(pfi) >= 16:
		say("The image records the lead-in of the DVD (manufacturer, kind of disc), which is ignored.")
	}
	if bca > 0 {
		say("The image records the burst cutting area of the DVD (%d bytes), which is ignored.", bca)
	}
	return list
}

// LayerBreak returns the number of sectors on the first layer of a dual-layer DVD with this
// physical format information (MMC-6 table 412): byte 2 bits 5-6 number of layers - 1, 4
// opposite track path; 5-7 first sector of the data area, 13-15 last sector of layer 0. It
// returns 0 for a DVD with one layer, and for one whose layers have the same direction: a
// recordable disc cannot have that.
func LayerBreak(pfi []byte) int64 {
	if len(pfi) < 16 || pfi[2]>>5&3 != 1 || pfi[2]&0x10 == 0 {
		return 0
	}
	return max(long24(pfi[13:])-long24(pfi[5:])+1, 0)
}

// long24 returns the big-endian 24-bit number at the beginning of p.
func long24(p []byte) int64 { return int64(p[0])<<16 | int64(p[1])<<8 | int64(p[2]) }
