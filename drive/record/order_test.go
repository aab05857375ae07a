package record_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"glassmaster/drive/mmc"
	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// journal records the commands that change the disc or the drive.
type journal struct {
	scsi.Transport
	lines []string
}

func (j *journal) Execute(ctx context.Context, c scsi.Command) (int, error) {
	n, err := j.Transport.Execute(ctx, c)
	line := ""
	switch op := c.CDB[0]; op {
	case scsi.OpModeSelect10:
		line = fmt.Sprintf("MODE SELECT % x", c.Data[8:14])
	case scsi.OpSetCDSpeed:
		line = "SET CD SPEED"
	case scsi.OpSetStreaming:
		line = "SET STREAMING"
		if c.Data[0] == 4 {
			line = "RESTORE STREAMING"
		}
	case scsi.OpSendOPCInformation:
		line = "OPC"
	case scsi.OpReserveTrack:
		line = "RESERVE"
	case scsi.OpWrite10:
		line = "WRITE"
	case scsi.OpWrite12:
		line = map[byte]string{0: "WRITE 12", 0x80: "STREAM"}[c.CDB[10]]
	case scsi.OpSendDiscStructure:
		line = fmt.Sprintf("STRUCTURE %02x", c.CDB[7])
	case scsi.OpSynchronizeCache:
		line = "SYNC"
		if c.CDB[1]&2 == 0 {
			line = "SYNC AND WAIT"
		}
	case scsi.OpCloseTrackSession:
		line = fmt.Sprintf("CLOSE %d", c.CDB[2])
	case scsi.OpFormatUnit:
		line = fmt.Sprintf("FORMAT %02x", c.Data[8]>>2)
	case scsi.OpBlank:
		line = fmt.Sprintf("BLANK %d", c.CDB[1]&7)
	case scsi.OpPreventAllowMediumRemoval:
		line = map[byte]string{0: "UNLOCK", 1: "LOCK"}[c.CDB[4]]
	case scsi.OpStartStopUnit:
		line = fmt.Sprintf("START STOP %d", c.CDB[4])
	}
	if line != "" && (len(j.lines) == 0 || j.lines[len(j.lines)-1] != line) {
		j.lines = append(j.lines, line)
	}
	return n, err
}

// The commands are sent in the order of cdrskin and growisofs, for each kind of medium.
func TestOrder(t *testing.T) {
	const (
		once = "WRITE; SYNC; SYNC AND WAIT; "
		// The mark, everything except the first sectors, then those. If they need more
		// than one WRITE, the one with the mark is last.
		over = once + once + once
	)
	const ends = "UNLOCK; START STOP 0; START STOP 1; "
	for _, c := range []struct {
		name, medium string
		o            record.Options
		want         string
	}{
		{"CD-R", "cd-r", record.Options{}, "LOCK; SET CD SPEED; MODE SELECT 05 32 41 04 08 00; OPC; WRITE; SYNC; CLOSE 2; " + ends + "UNLOCK"},
		{
			"CD-R left open", "cd-r",
			record.Options{Appendable: true},
			"LOCK; SET CD SPEED; MODE SELECT 05 32 41 c4 08 00; OPC; WRITE; SYNC; CLOSE 2; " + ends + "UNLOCK",
		},
		{
			"CD-R, simulation", "cd-r",
			record.Options{Simulate: true},
			"LOCK; SET CD SPEED; MODE SELECT 05 32 51 04 08 00; WRITE; SYNC; MODE SELECT 05 32 41 04 08 00; UNLOCK",
		},
		{
			"DVD-R", "dvd-r",
			record.Options{},
			"LOCK; SET STREAMING; MODE SELECT 05 32 60 25 08 10; OPC; WRITE; SYNC; SYNC AND WAIT; CLOSE 1; CLOSE 2; " + ends + "RESTORE STREAMING; UNLOCK",
		},
		{
			"DVD-R left open", "dvd-r",
			record.Options{Appendable: true},
			"LOCK; SET STREAMING; MODE SELECT 05 32 60 e5 08 10; OPC; WRITE; SYNC; SYNC AND WAIT; CLOSE 1; CLOSE 2; " + ends + "RESTORE STREAMING; UNLOCK",
		},
		{
			"DVD-R at once", "dvd-r",
			record.Options{Mode: record.DiscAtOnce},
			"LOCK; SET STREAMING; MODE SELECT 05 32 42 05 08 00; OPC; RESERVE; WRITE; SYNC; " + ends + "RESTORE STREAMING; UNLOCK",
		},
		{
			"DVD-R DL, layer jump", "dvd-r dl",
			record.Options{Appendable: true, Mode: record.LayerJump},
			"LOCK; SET STREAMING; MODE SELECT 05 32 64 e5 08 10; OPC; STRUCTURE 23; WRITE; SYNC; SYNC AND WAIT; CLOSE 1; CLOSE 2; " + ends + "RESTORE STREAMING; UNLOCK",
		},
		{
			"DVD-R DL, one session", "dvd-r dl",
			record.Options{},
			"LOCK; SET STREAMING; MODE SELECT 05 32 60 25 08 10; OPC; STRUCTURE 20; WRITE; SYNC; SYNC AND WAIT; CLOSE 1; CLOSE 2; " + ends + "RESTORE STREAMING; UNLOCK",
		},
		{
			"DVD-RAM", "dvd-ram",
			record.Options{},
			"LOCK; SET STREAMING; " + strings.ReplaceAll(over+once, "WRITE", "STREAM") + ends + "RESTORE STREAMING; UNLOCK",
		},
		{
			"DVD-RAM, verified by the drive", "dvd-ram",
			record.Options{DriveVerify: true},
			"LOCK; SET STREAMING; " + over + once + ends + "RESTORE STREAMING; UNLOCK",
		},
		{
			"BD-R XL", "bd-r xl",
			record.Options{},
			"LOCK; SET STREAMING; WRITE; SYNC; SYNC AND WAIT; CLOSE 1; CLOSE 6; " + ends + "RESTORE STREAMING; UNLOCK",
		},
		{
			"DVD+R", "dvd+r",
			record.Options{},
			"LOCK; SET STREAMING; WRITE; SYNC; SYNC AND WAIT; CLOSE 1; CLOSE 6; " + ends + "RESTORE STREAMING; UNLOCK",
		},
		{
			"DVD+R left open", "dvd+r",
			record.Options{Appendable: true},
			"LOCK; SET STREAMING; WRITE; SYNC; SYNC AND WAIT; CLOSE 1; CLOSE 2; " + ends + "RESTORE STREAMING; UNLOCK",
		},
		{
			"DVD+R DL", "dvd+r dl",
			record.Options{},
			"LOCK; SET STREAMING; STRUCTURE 20; WRITE; SYNC; SYNC AND WAIT; CLOSE 1; CLOSE 5; " + ends + "RESTORE STREAMING; UNLOCK",
		},
		{
			"BD-R", "bd-r",
			record.Options{},
			"LOCK; SET STREAMING; WRITE; SYNC; SYNC AND WAIT; CLOSE 1; CLOSE 6; " + ends + "RESTORE STREAMING; UNLOCK",
		},
		{
			"DVD+RW", "dvd+rw",
			record.Options{},
			"LOCK; FORMAT 26; SET STREAMING; " + over + once + "CLOSE 0; CLOSE 2; " + ends + "RESTORE STREAMING; UNLOCK",
		},
		{
			"BD-RE", "bd-re",
			record.Options{},
			"LOCK; FORMAT 00; SET STREAMING; " + over + ends + "RESTORE STREAMING; UNLOCK",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := &journal{Transport: virtualtest.Blank(t, c.medium, small)}
			if _, err := burn(t, j, virtualtest.DiscOf(virtualtest.Noise(500, 1)), c.o); err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(j.lines, "; "); got != c.want {
				t.Errorf("got\n%s, want\n%s", got, c.want)
			}
			if !slices.Contains(j.lines, "UNLOCK") {
				t.Error("the tray stays locked")
			}
		})
	}
}

// trayed is a drive that can close its own tray, the given number of times.
type trayed struct {
	scsi.Transport
	closes int
}

func (d *trayed) Execute(ctx context.Context, c scsi.Command) (int, error) {
	if c.CDB[0] == scsi.OpStartStopUnit && c.CDB[4] == 3 {
		if d.closes--; d.closes < 0 {
			return 0, scsi.NewError(c.CDB, scsi.StatusCheckCondition, []byte{0x70, 0, 4, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x53, 0, 0, 0, 0, 0})
		}
	}
	n, err := d.Transport.Execute(ctx, c)
	if at := bytes.Index(c.Data, []byte{0, 3, 3, 4}); c.CDB[0] == scsi.OpGetConfiguration && err == nil && at >= 0 && at+4 < n {
		c.Data[at+4] = 0x39
	}
	return n, err
}

// A drive that can close its tray opens and closes it before the disc is checked. If the
// tray stays open, the user is asked to close it.
func TestTray(t *testing.T) {
	d := virtualtest.Blank(t, "dvd+r", small)
	j := &journal{Transport: &trayed{d, 1}}
	r, err := burn(t, j, virtualtest.DiscOf(virtualtest.Noise(500, 1)), record.Options{})
	if err != nil || !r.Verified || len(r.Notices) > 0 {
		t.Errorf("%+v, %v", r, err)
	}
	if got := strings.Join(j.lines, "; "); !strings.Contains(got, "CLOSE 6; UNLOCK; START STOP 2; START STOP 3; RESTORE") {
		t.Errorf("got %s", got)
	}

	d = virtualtest.Blank(t, "dvd+r", small)
	b, err := record.NewPlan(context.Background(), &trayed{d, 0}, virtualtest.DiscOf(virtualtest.Noise(500, 1)), record.Options{})
	if err != nil {
		t.Fatal(err)
	}
	hand := &hand{Reporter: progress.Discard, d: d}
	r, err = virtualtest.Burn(context.Background(), b, hand)
	if err != nil || !r.Verified || len(r.Notices) != 2 || !hand.asked {
		t.Errorf("%+v, %v", r, err)
	}
}

// hand closes the tray when asked to.
type hand struct {
	progress.Reporter
	d     scsi.Transport
	asked bool
}

func (h *hand) Notice(n disc.Notice) {
	if strings.Contains(n.Text, "close it") {
		h.asked = true
		_ = mmc.StartStop(context.Background(), h.d, mmc.Load)
	}
}
