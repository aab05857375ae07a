package scsi_test

import (
	"strings"
	"testing"

	"glassmaster/drive/scsi"
)

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		name, cdb string
		direction scsi.Direction
		data      int
		wrong     string // part of the error, "" for none
	}{
		{"write", "2A00 00000000 00 0010 00", scsi.Out, 16 * 2048, ""},
		{"short last write under a full CDB", "2A00 00000000 00 0010 00", scsi.Out, 5 * 2048, "16 blocks, the data have 10240 bytes"},
		{"write without data", "2A00 00000000 00 0010 00", scsi.Out, 0, "16 blocks"},
		{"data without blocks", "2A00 00000000 00 0000 00", scsi.Out, 2048, "0 blocks"},
		{"no blocks", "2A00 00000000 00 0000 00", scsi.None, 0, ""},
		{"audio", "2A00 00000000 00 000D 00", scsi.Out, 13 * 2352, ""},
		{"CD-TEXT into the lead-in", "2A00 FFFFD28D 00 0080 00", scsi.Out, 128 * 96, ""},
		{"read", "A800 00000000 00000020 00 00", scsi.In, 32 * 2048, ""},
		{"read CD with C2 and sub-channel", "BE00 00000000 000002 FC 01 00", scsi.In, 2 * 2742, ""},
		{"inquiry", "1200 00 0060 00", scsi.In, 96, ""},
		{"inquiry with another length", "1200 00 0024 00", scsi.In, 96, "the CDB has a length of 36 bytes"},
		{"mode select", "5510 00000000 00 003C 00", scsi.Out, 60, ""},
		{"data without a direction", "000000000000", scsi.None, 1, "without data"},
		{"format", "0411 00 0000 00", scsi.Out, 12, ""},
		{"unknown", "C10000000000", scsi.In, 7, ""},
		{"cut CDB", "2A00 00000000", scsi.Out, 2048, ""},
		{"odd CDB", "2A0000", scsi.Out, 2048, "CDB of 3 bytes"},
		{"no CDB", "", scsi.None, 0, "empty command"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := scsi.Check(scsi.Command{CDB: unhex(t, c.cdb), Direction: c.direction, Data: make([]byte, c.data)})
			switch {
			case c.wrong == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.wrong != "" && (err == nil || !strings.Contains(err.Error(), c.wrong)):
				t.Errorf("got %v, want %q", err, c.wrong)
			}
		})
	}
}
