package virtual_test

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"testing"

	"glassmaster/drive/read"
	"glassmaster/drive/scsi"
	"glassmaster/drive/virtual"
	"glassmaster/mastering/image/discfile"
)

// FuzzState puts a disc into the drive whose file has any state, and sends a command of
// each kind: the drive answers, with an error at worst.
func FuzzState(f *testing.F) {
	for _, st := range []discfile.State{
		{Medium: "cd-rw", MCN: "4006381333931", CDText: make([]byte, 36), Sessions: []discfile.Session{
			{Closed: true, LeadOut: 400, Tracks: []discfile.Track{{Size: 200, Next: 200, Closed: true, Pregap: 150}, {Start: 200, Size: 150, Next: 350, Closed: true, Control: 4}}},
			{Tracks: []discfile.Track{{Start: 500, Next: 602, RunOut: 2, Control: 4, Packet: true}}},
		}},
		{Medium: "cd-r", Sessions: []discfile.Session{{AtOnce: true, Next: -150, Spans: []discfile.Span{{Start: -150, Bytes: 2048}}, Tracks: []discfile.Track{{Size: 9, Control: 4}}}}},
		{Medium: "dvd-r", LayerBreak: 16, Sessions: []discfile.Session{{Tracks: []discfile.Track{{Size: 32, Reserved: true, Control: 4}, {Start: 64, Next: 64, Control: 4}}}}},
		{Medium: "dvd+rw", Format: discfile.Formatting{Blocks: 960, Reached: 64, Background: 2}},
		{Medium: "dvd-rw", Format: discfile.Formatting{Blocks: 960, Reached: 64, Restricted: true, Growing: true, Target: 70}},
		{Medium: "dvd-r dl", Jump: &discfile.Jump{Layer0: 480, On: true, Interval: 16, Begin: 16, Last: 31}, Sessions: []discfile.Session{{Tracks: []discfile.Track{{Next: 930, Control: 5}}}}},
		{Medium: "dvd-r dl", Jump: &discfile.Jump{Layer0: 480, On: true}, Sessions: []discfile.Session{{Closed: true, LeadOut: 960, Tracks: []discfile.Track{{Size: 960, Next: 960, Closed: true, Control: 5, Hole: &discfile.Run{Start: 32, End: 928}}}}}},
		{Medium: "bd-r", Format: discfile.Formatting{Limit: 896, Blocks: 896, Spare: true, Random: true, Written: []discfile.Run{{Start: 32, End: 64}}, Replaced: []int64{32}}},
		{Medium: "dvd-ram", Protected: true, Format: discfile.Formatting{Blocks: 928, Reached: 928, Spare: true}},
		{Medium: "bd-r", Format: discfile.Formatting{Limit: 900, Spare: true, POW: true}, Final: true},
	} {
		st.Sectors = 960
		text, err := json.Marshal(st)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	ops := []byte{
		scsi.OpTestUnitReady, scsi.OpInquiry, scsi.OpReadFormatCapacities, scsi.OpReadTOC, scsi.OpGetConfiguration, scsi.OpGetEventStatus,
		scsi.OpReadDiscInformation, scsi.OpReadTrackInformation, scsi.OpModeSense10, scsi.OpReadBufferCapacity, scsi.OpGetPerformance,
		scsi.OpReadDiscStructure, scsi.OpRead10, scsi.OpReadCD, scsi.OpWrite10, 0x25, 0x35, 0x42, 0x53, 0x5B, 0xA1,
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var st discfile.State
		if json.Unmarshal(text, &st) != nil || st.Sectors < 64 || st.Sectors > 4096 {
			return
		}
		m, err := virtual.ParseMedium(st.Medium)
		if err != nil {
			return
		}
		path := filepath.Join(t.TempDir(), "disc")
		err = discfile.Create(path, m.Name[:2] == "CD", &st, true)
		if errors.Is(err, discfile.ErrState) { // such a state is never written
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		d, err := virtual.Open(path)
		if err != nil {
			return
		}
		defer d.Close()
		d.SetNoSync()
		_, _ = read.Media(t.Context(), d)
		_, _ = read.Open(t.Context(), d)
		for _, op := range ops {
			for variant := range byte(8) {
				cdb := make([]byte, cdbLength(op))
				cdb[0] = op
				switch { // a format, track or address, and a length
				case len(cdb) >= 10:
					cdb[2], cdb[5], cdb[7], cdb[8] = variant&3, variant, 1, 1
				default:
					cdb[4] = 64
				}
				c := scsi.Command{CDB: cdb, Data: make([]byte, 65536), Direction: scsi.In}
				if op == scsi.OpWrite10 {
					cdb[2], cdb[4], cdb[5], cdb[7], cdb[8] = 0, variant, 0, 0, 32
					c.Direction = scsi.Out
				}
				if op == 0x35 || op == 0x5B || op == 0x53 || op == 0xA1 {
					c.Direction, c.Data = scsi.None, nil
				}
				_, _ = d.Execute(context.Background(), c)
			}
		}
	})
}
