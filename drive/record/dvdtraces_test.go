package record_test

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/progress"
)

// sequence is what a program sends to burn a disc, in the order of the commands, without
// what only asks, sets a speed, or locks and opens the tray.
type sequence struct{ lines []string }

// add adds a command with the data that it sends.
func (s *sequence) add(cdb, data []byte) {
	line := ""
	switch cdb[0] {
	case scsi.OpModeSelect10:
		if len(data) < 24 || data[8]&0x3F != 5 {
			return
		}
		line = fmt.Sprintf("PAGE 05 write type %d, multi-session %d", data[10]&15, data[11]>>6)
		if n := len(s.lines); n > 0 && strings.HasPrefix(s.lines[n-1], "PAGE") {
			s.lines = s.lines[:n-1] // only the last of several counts: programs probe
		}
	case scsi.OpSendOPCInformation:
		line = "OPC"
	case scsi.OpReserveTrack:
		line = "RESERVE"
	case scsi.OpWrite10, scsi.OpWrite12:
		line = "WRITE"
	case scsi.OpSynchronizeCache:
		line = "SYNC"
	case scsi.OpCloseTrackSession:
		line = fmt.Sprintf("CLOSE %d", cdb[2])
	case scsi.OpFormatUnit:
		line = fmt.Sprintf("FORMAT %02X", data[8]>>2)
	case scsi.OpBlank:
		line = fmt.Sprintf("BLANK %d", cdb[1]&7)
	case scsi.OpSendDiscStructure:
		line = fmt.Sprintf("STRUCTURE %02X", cdb[7])
	}
	if line != "" && (len(s.lines) == 0 || s.lines[len(s.lines)-1] != line) {
		s.lines = append(s.lines, line)
	}
}

// readTrace returns what a program sent.
func readSequence(t *testing.T, path string) []string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var s sequence
	var cdb, data []byte
	unhex := func(text string) []byte {
		p, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if m := traceCommand.FindStringSubmatch(lines.Text()); m != nil {
			if cdb != nil {
				s.add(cdb, data)
			}
			cdb, data = unhex(m[1]), nil
		} else if m := traceOut.FindStringSubmatch(lines.Text()); m != nil {
			data = append(data, unhex(m[1])...)
		}
	}
	if cdb != nil {
		s.add(cdb, data)
	}
	return s.lines
}

// differences returns the lines that only one of two sequences has, in order: "+" those of
// ours, "-" those of theirs.
func differences(ours, theirs []string) []string {
	length := make([][]int, len(ours)+1) // of the longest common rest
	for i := range length {
		length[i] = make([]int, len(theirs)+1)
	}
	for i := len(ours) - 1; i >= 0; i-- {
		for j := len(theirs) - 1; j >= 0; j-- {
			if length[i][j] = max(length[i+1][j], length[i][j+1]); ours[i] == theirs[j] {
				length[i][j] = length[i+1][j+1] + 1
			}
		}
	}
	var d []string
	i, j := 0, 0
	for i < len(ours) || j < len(theirs) {
		switch {
		case i < len(ours) && j < len(theirs) && ours[i] == theirs[j]:
			i, j = i+1, j+1
		case j == len(theirs) || i < len(ours) && length[i+1][j] >= length[i][j+1]:
			d = append(d, "+"+ours[i])
			i++
		default:
			d = append(d, "-"+theirs[j])
			j++
		}
	}
	return d
}

// recorder adds what is sent to a drive to a sequence.
type traceRecorder struct {
	scsi.Transport
	sequence
}

func (r *traceRecorder) Execute(ctx context.Context, c scsi.Command) (int, error) {
	r.add(c.CDB, c.Data)
	return r.Transport.Execute(ctx, c)
}

// traced are what other programs do to DVD and BD, how we do the same, and where we differ.
// docs/media.md says why.
var traced = []struct {
	trace, medium string
	do            func(*testing.T, scsi.Transport)
	differs       string
}{
	{"growisofs-dvdminusr-dao.fake", "dvd-r", burning(record.Options{Mode: record.DiscAtOnce}), ""},
	{"growisofs-dvdminusr.fake", "dvd-r", burning(record.Options{}), "+PAGE 05 write type 0, multi-session 0; -PAGE 05 write type 2, multi-session 0; -RESERVE; +CLOSE 1; +CLOSE 2"},
	{"cdrskin-dvdminusr-dao.fake", "dvd-r", burning(record.Options{Mode: record.DiscAtOnce}), "+OPC; -PAGE 05 write type 2, multi-session 0"},
	{"wodim-dvdminusr-dao.fake", "dvd-r", burning(record.Options{Mode: record.DiscAtOnce}), "+OPC; -OPC"},
	{"growisofs-dvdminusrw-seq-dao.fake", "dvd-rw", burning(record.Options{Mode: record.DiscAtOnce}), ""},
	{"growisofs-dvdplusr-single.tgtd", "dvd+r", burning(record.Options{}), "-PAGE 05 write type 2, multi-session 0"},
	{"growisofs-dvdplusr-multi1.tgtd", "dvd+r", burning(record.Options{Appendable: true}), "-PAGE 05 write type 0, multi-session 3"},
	{"cdrskin-dvdplusr-tao.tgtd", "dvd+r", burning(record.Options{}), "+CLOSE 6; -CLOSE 5"},
	{"cdrskin-dvdplusr-multi.tgtd", "dvd+r", burning(record.Options{Appendable: true}), ""},
	{"cdrskin-dvdplusr-sao.cdemu", "dvd+r", burning(record.Options{}), "-RESERVE; +CLOSE 6; -CLOSE 5"},
	{"wodim-dvdplusr-sao.cdemu", "dvd+r", burning(record.Options{}), "-PAGE 05 write type 2, multi-session 0; -RESERVE; -OPC; +CLOSE 1; +CLOSE 6; -CLOSE 2; -SYNC"},
	{"xorriso-dvdplusr-tao.tgtd", "dvd+r", burning(record.Options{}), "+CLOSE 6; -CLOSE 5"},
	{"xorriso-dvdplusr-multi1.cdemu", "dvd+r", burning(record.Options{Appendable: true}), "-RESERVE"},
	{"growisofs-dvdplusrw-single.fake", "dvd+rw", burning(record.Options{}), "+WRITE; +WRITE; +SYNC; +WRITE; +SYNC"},
	{"cdrskin-dvdplusrw.fake", "dvd+rw", burning(record.Options{}), "+WRITE; +WRITE; +SYNC; +WRITE; +SYNC; +CLOSE 0"},
	{"growisofs-bd-r.fake", "bd-r", burning(record.Options{}), "-FORMAT 32; -SYNC; +CLOSE 6"},
	{"growisofs-bd-r.fake", "bd-r", burning(record.Options{Spare: new(record.Spare)}), "-SYNC; +CLOSE 6"},
	{"growisofs-bd-r-nospare.fake", "bd-r", burning(record.Options{Appendable: true}), ""},
	{"cdrskin-bdr-tao", "bd-r", burning(record.Options{}), ""},
	{"cdrskin-bdr-sao", "bd-r", burning(record.Options{}), "-RESERVE"},
	{"cdrskin-bdr-multi1", "bd-r", burning(record.Options{Appendable: true}), ""},
	{"wodim-bdr-tao", "bd-r", burning(record.Options{}), "-PAGE 05 write type 1, multi-session 0; -OPC; -PAGE 05 write type 1, multi-session 0; +CLOSE 1; +CLOSE 6; -CLOSE 2; -SYNC"},
	{"xorriso-bdr", "bd-r", burning(record.Options{}), "-RESERVE"},
	{"xorriso-bdr-multi1", "bd-r", burning(record.Options{Appendable: true}), "-RESERVE"},
	{"growisofs-bd-re.fake", "bd-re", burning(record.Options{}), "+FORMAT 00; +WRITE; +SYNC; +WRITE; -FORMAT 30"},
	{"dvdrwformat-bd-re.fake", "bd-re", formatting(record.FormatOptions{Spare: record.SpareMost}), "+WRITE; +SYNC; +WRITE; +SYNC"},
	{"dvdrwformat-dvdplusrw.fake", "dvd+rw", formatting(record.FormatOptions{}), "+WRITE; +SYNC; +WRITE; +SYNC"},
	{"dvdrwformat-dvdminusrw-seq-format.fake", "dvd-rw", formatting(record.FormatOptions{}), "-PAGE 05 write type 0, multi-session 3; -OPC; +PAGE 05 write type 0, multi-session 0; +WRITE; +CLOSE 2"},
	{"cdrskin-dvdminusrw-format.fake", "dvd-rw", formatting(record.FormatOptions{}), "-PAGE 05 write type 2, multi-session 0; +PAGE 05 write type 0, multi-session 0; -SYNC; -PAGE 05 write type 2, multi-session 0; +CLOSE 2"},
	{"dvdrwformat-dvdminusrw-seq-blank.fake", "dvd-rw", blanking(false), "-PAGE 05 write type 0, multi-session 3; -OPC"},
	{"cdrskin-dvdminusrw-blank-all.fake", "dvd-rw", blanking(true), "-PAGE 05 write type 2, multi-session 0; -PAGE 05 write type 2, multi-session 0"},
}

// burning burns 1648 sectors, as many as the other programs did.
func burning(o record.Options) func(*testing.T, scsi.Transport) {
	return func(t *testing.T, d scsi.Transport) {
		t.Helper()
		if _, err := burn(t, d, virtualtest.DiscOf(virtualtest.Noise(1648, 1)), o); err != nil {
			t.Fatal(err)
		}
	}
}

func formatting(o record.FormatOptions) func(*testing.T, scsi.Transport) {
	return func(t *testing.T, d scsi.Transport) {
		t.Helper()
		if _, _, err := formatDisc(t, d, o); err != nil {
			t.Fatal(err)
		}
	}
}

func blanking(full bool) func(*testing.T, scsi.Transport) {
	return func(t *testing.T, d scsi.Transport) {
		t.Helper()
		if err := record.Blank(t.Context(), d, full, progress.Discard); err != nil {
			t.Fatal(err)
		}
	}
}

// What other programs send judges what we send: the differences are known and explained.
func TestDVDTraces(t *testing.T) {
	if _, err := os.Stat(traces); errors.Is(err, os.ErrNotExist) {
		return // the recordings are not part of the project
	}
	for _, c := range traced {
		r := &traceRecorder{Transport: virtualtest.Blank(t, c.medium, large)}
		c.do(t, r)
		theirs := readSequence(t, filepath.Join(traces, c.trace+".txt"))
		if got := strings.Join(differences(r.lines, theirs), "; "); got != c.differs || len(theirs) == 0 {
			t.Errorf("%s\nours   %s\ntheirs %s\nDIFF %s|%s", c.trace, strings.Join(r.lines, "; "), strings.Join(theirs, "; "), c.trace, got)
		}
	}
}
