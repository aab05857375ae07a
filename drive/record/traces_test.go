package record_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/sector"
)

// traces may contain recorded commands of other burning programs.
const traces = "../../../shared/lab/traces"

// recorded is what a program sends that decides what is on the disc: for each run of WRITE
// commands the write parameters, the cue sheet, the addresses, and how it is ended.
type recorded struct {
	page   []byte // mode page 05h
	cue    []byte
	first  disc.LBA
	blocks int
	ends   []string // SYNC, CLOSE 1, CLOSE 2
}

// writes collects recorded runs.
type writes struct {
	runs []recorded
	now  recorded // what was sent since the last WRITE
	opc  bool
}

// add adds a command; blocks is the number of blocks of a run of WRITE commands.
func (w *writes) add(cdb, data []byte, blocks int) {
	switch cdb[0] {
	case scsi.OpModeSelect10:
		if len(data) >= 8+52 && data[8]&0x3F == 5 {
			w.now.page, w.now.cue = bytes.Clone(data[8:]), nil
		}
	case scsi.OpSendCueSheet:
		w.now.cue = bytes.Clone(data)
	case scsi.OpSendOPCInformation:
		w.opc = true
	case scsi.OpWrite10:
		at := disc.LBA(int32(binary.BigEndian.Uint32(cdb[2:])))
		if n := len(w.runs); n > 0 && len(w.runs[n-1].ends) == 0 && w.runs[n-1].first+disc.LBA(w.runs[n-1].blocks) == at {
			w.runs[n-1].blocks += blocks
			return
		}
		r := w.now
		r.first, r.blocks = at, blocks
		w.runs = append(w.runs, r)
		w.now.cue = nil
	case scsi.OpSynchronizeCache:
		w.end("SYNC")
	case scsi.OpCloseTrackSession:
		w.end(fmt.Sprintf("CLOSE %d", cdb[2]&7))
	}
}

func (w *writes) end(what string) {
	if n := len(w.runs); n > 0 {
		ends := &w.runs[n-1].ends
		if k := len(*ends); k == 0 || (*ends)[k-1] != what {
			*ends = append(*ends, what)
		}
	}
}

var (
	traceCommand = regexp.MustCompile(`^ *\d+ [<>-] +\d+  ((?:[0-9a-f]{2} )+)`)
	traceOut     = regexp.MustCompile(`^ +data> [0-9a-f]{4}: ([0-9a-f ]+)$`)
	traceMore    = regexp.MustCompile(`^ +\.\.\. and \d+ more WRITE\S+ up to lba -?\d+, (\d+) blocks in all`)
)

// readTrace reads what another program has sent.
func readTrace(t *testing.T, r io.Reader) writes {
	t.Helper()
	var w writes
	var cdb, data []byte
	blocks := 0
	flush := func() {
		if cdb != nil {
			w.add(cdb, data, blocks)
		}
		cdb, data, blocks = nil, nil, 0
	}
	s := bufio.NewScanner(r)
	for s.Scan() {
		if m := traceCommand.FindStringSubmatch(s.Text()); m != nil {
			flush()
			cdb = hexOf(t, m[1])
			if cdb[0] == scsi.OpWrite10 {
				blocks = int(binary.BigEndian.Uint16(cdb[7:]))
			}
		} else if m := traceOut.FindStringSubmatch(s.Text()); m != nil {
			data = append(data, hexOf(t, m[1])...)
		} else if m := traceMore.FindStringSubmatch(s.Text()); m != nil {
			blocks, _ = strconv.Atoi(m[1])
		}
	}
	flush()
	return w
}

func hexOf(t *testing.T, s string) []byte {
	t.Helper()
	p, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// listening records what is sent to a drive.
type listening struct {
	scsi.Transport
	w writes
}

func (l *listening) Unwrap() scsi.Transport { return l.Transport }

func (l *listening) Execute(ctx context.Context, c scsi.Command) (int, error) {
	n, err := l.Transport.Execute(ctx, c)
	if err == nil {
		blocks := 0
		if c.CDB[0] == scsi.OpWrite10 {
			blocks = int(binary.BigEndian.Uint16(c.CDB[7:]))
		}
		l.w.add(c.CDB, c.Data, blocks)
	}
	return n, err
}

// silent is a disc with these tracks. Every sector of audio is silent.
type silent struct{ toc disc.TOC }

func (s silent) TOC() disc.TOC { return s.toc }
func (s silent) Close() error  { return nil }
func (s silent) ReadSectors(_ context.Context, p []byte, lba disc.LBA, f disc.Form) (int, error) {
	if t, ok := s.toc.TrackAt(lba); f == disc.RawSub || ok && (t.Mode == disc.Audio) != (f == disc.Raw) {
		return 0, disc.ErrForm
	}
	clear(p)
	return len(p) / f.Size(), nil
}

// sourceOf makes the source that another program had, out of what it sent.
func sourceOf(w writes) silent {
	s := disc.Session{Number: 1}
	toc := disc.TOC{}
	if cue := w.runs[0].cue; cue != nil {
		var isrc string
		var index0 disc.LBA
		for ; len(cue) >= 8; cue = cue[8:] {
			at := disc.MSF{M: int(cue[5]), S: int(cue[6]), F: int(cue[7])}.LBA()
			last := len(s.Tracks) - 1
			switch {
			case cue[0]&15 == 2 && cue[7] != 0:
				toc.Catalog += string(cue[1:8])
			case cue[0]&15 == 2:
				toc.Catalog += string(cue[1:7])
			case cue[0]&15 == 3:
				isrc += string(cue[2:8])
			case cue[1] == 0 && cue[3] == 0x41:
				s.Text = []disc.CDText{{Language: 9, Album: disc.Text{Title: "Album"}}}
			case cue[1] == 0:
			case cue[1] == sector.LeadOut:
				s.Tracks[last].Length = int64(at - s.Tracks[last].Start)
			case cue[2] == 0:
				index0 = at
			case cue[2] == 1:
				if last >= 0 {
					end := at
					if index0 > s.Tracks[last].Start {
						end = index0
					}
					s.Tracks[last].Length = int64(end - s.Tracks[last].Start)
				}
				t := disc.Track{Number: int(cue[1]), Start: at, ISRC: isrc, Control: disc.Control(cue[0] >> 4 &^ 4)}
				if cue[0]>>4&4 != 0 {
					t.Mode = disc.Mode1
				}
				if index0 > 0 {
					t.Pregap = int64(at - index0)
				}
				s.Tracks, isrc, index0 = append(s.Tracks, t), "", 0
			default:
				s.Tracks[last].Indexes = append(s.Tracks[last].Indexes, at)
			}
		}
	} else {
		at := disc.LBA(0)
		for i, r := range w.runs {
			t := disc.Track{Number: i + 1, Start: at, Length: int64(r.blocks)}
			if r.page[3]&4 != 0 {
				t.Mode = disc.Mode1
			}
			if r.page[2]&15 == 3 { // raw: without lead-in, pre-gap and lead-out
				t.Length -= int64(-r.first) + disc.FirstLeadOut
			}
			s.Tracks = append(s.Tracks, t)
			at = t.End() + 150
			if i > 0 {
				s.Tracks[i].Pregap = 150
			}
		}
	}
	toc.Sessions = []disc.Session{s}
	return silent{toc}
}

// TestAgainstTraces burns the source of each recorded burn of a CD, and compares what is sent with
// what the other program sent: page 05h, cue sheet, addresses and ends. The differences are
// listed in docs/media.md.
func TestAgainstTraces(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(traces, "*cdr-*.txt"))
	if err != nil || len(files) == 0 {
		t.Skip("there are no records of other programs here")
	}
	files = append(files, filepath.Join(traces, "cdrdao-raw-audio-cdtext.txt"))
	compared := 0
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		t.Run(name, func(t *testing.T) {
			f, err := os.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			theirs := readTrace(t, f)
			if len(theirs.runs) == 0 {
				return // it was refused
			}
			if theirs.runs[0].first > 0 {
				return // a second session, see TestSessions
			}
			compared++
			ours, o := burnLike(t, theirs)
			sameRuns(t, name, theirs, ours, o)
		})
	}
	if compared < 10 {
		t.Errorf("only %d burns were compared", compared)
	}
}

// burnLike burns what another program has burned, in the same mode.
func burnLike(t *testing.T, theirs writes) (writes, record.Options) {
	t.Helper()
	page := theirs.runs[0].page
	o := record.Options{
		Mode:       [...]record.Mode{1: record.TrackAtOnce, 2: record.SessionAtOnce, 3: record.Raw}[page[2]&15],
		Appendable: page[3]>>6 == 3, AcceptLoss: true, Force: true,
	}
	ctx := context.Background()
	d := &listening{Transport: cdDrive(t, 0)}
	b, err := record.NewPlan(ctx, d, sourceOf(theirs), o)
	if err != nil {
		t.Fatal(err)
	}
	d.w = writes{}
	if _, err := virtualtest.Burn(ctx, b, progress.Discard); err != nil {
		t.Fatal(err)
	}
	return d.w, o
}

// sameRuns compares the runs of another program with ours, except for the differences that
// docs/media.md explains.
func sameRuns(t *testing.T, name string, theirs, ours writes, o record.Options) {
	t.Helper()
	if len(theirs.runs) != len(ours.runs) {
		t.Fatalf("%d runs of WRITE, and theirs are %d", len(ours.runs), len(theirs.runs))
	}
	if !ours.opc {
		t.Error("the laser was not calibrated")
	}
	for i, want := range theirs.runs {
		got := ours.runs[i]
		if i > 0 && o.Mode == record.TrackAtOnce { // the run-out of CDEmu has no sectors
			got.first = want.first
		}
		if got.first != want.first || got.blocks != want.blocks {
			t.Errorf("run %d: %d blocks from %d, and theirs are %d from %d", i, got.blocks, got.first, want.blocks, want.first)
		}
		if w, g := pageFields(name, want.page), pageFields(name, got.page); !bytes.Equal(w, g) {
			t.Errorf("run %d: page 05h\n% X, theirs\n% X", i, g, w)
		}
		if w := cueOf(name, want.cue); !bytes.Equal(w, got.cue) {
			t.Errorf("run %d: cue sheet\n% X, theirs\n% X", i, got.cue, w)
		}
		if w, g := strings.Join(want.ends, " "), strings.Join(got.ends, " "); w != g && w != g+" SYNC" {
			t.Errorf("run %d ends with %s, and theirs with %s", i, g, w)
		}
	}
}

// pageFields returns the fields of page 05h that are compared: not the buffer underrun
// protection, which CDEmu does not offer, and not the codes, which cue sheets have too.
func pageFields(name string, p []byte) []byte {
	q := bytes.Clone(p[2:16])
	q[0] &^= 0x40
	switch {
	case strings.HasPrefix(name, "wodim-cdr-multi"): // form 1 of mode 2, and we keep mode 1
		q[2], q[6] = 8, 0
	case strings.HasPrefix(name, "cdrdao-cdr-sao"): // block type 3 for CD-TEXT
		q[2] = 0
	}
	return q
}

// cueOf returns the cue sheet of another program without what is known to differ: cdrdao says
// where the lead-in begins; wodim has entries for pre-gaps without sectors, and leaves out the
// control bits of the lead-in and of ISRCs.
func cueOf(name string, p []byte) []byte {
	var q []byte
	control := byte(0)
	for i := 0; i+8 <= len(p); i += 8 {
		e := bytes.Clone(p[i : i+8])
		lead := e[0]&15 == 1 && e[1] == 0
		if strings.HasPrefix(name, "cdrdao") && lead {
			clear(e[4:])
		}
		if strings.HasPrefix(name, "wodim") && i+16 <= len(p) {
			next := p[i+8:]
			if e[0]&15 == 1 && e[1] > 0 && e[2] == 0 && e[1] == next[1] && bytes.Equal(e[5:], next[5:8]) {
				continue
			}
		}
		if e[0]&15 == 1 && e[1] > 0 {
			control = e[0] & 0xF0
		}
		q = append(q, e...)
	}
	if strings.HasPrefix(name, "wodim") {
		for i := 0; i+8 <= len(q); i += 8 { // all tracks of its cases have the same
			if q[i]&15 == 3 || q[i]&15 == 1 && q[i+1] == 0 {
				q[i] |= control
			}
		}
	}
	return q
}
