package virtual_test

import (
	"bufio"
	"encoding/hex"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/discfile"
)

// traces is where records of the commands of other burning programs may lie.
const traces = "../../../shared/lab/traces"

// step is one command of a record, or a run of WRITE or READ commands.
type step struct {
	line    int
	cdb     []byte
	dir     scsi.Direction
	length  int
	out     []byte
	refused bool // the drive of the record refused it
	blocks  int  // of all commands of a run
}

var (
	lineCommand = regexp.MustCompile(`^ *(\d+) ([<>-]) +(\d+)  ((?:[0-9a-f]{2} )+)`)
	lineOut     = regexp.MustCompile(`^ +data> [0-9a-f]{4}: ([0-9a-f ]+)$`)
	lineMore    = regexp.MustCompile(`^ +\.\.\. and \d+ more \S+ up to lba -?\d+, (\d+) blocks in all`)
)

// readRecord reads a record. fake says that the program was told that commands
// went well which the drive had refused; ok that the program ended well.
func readRecord(t *testing.T, path string) (steps []step, fake, ok bool) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	for n := 1; s.Scan(); n++ {
		line := s.Text()
		last := len(steps) - 1
		if m := lineCommand.FindStringSubmatch(line); m != nil {
			length, _ := strconv.Atoi(m[3])
			dir := map[string]scsi.Direction{"<": scsi.In, ">": scsi.Out, "-": scsi.None}[m[2]]
			steps = append(steps, step{line: n, cdb: bytesOf(m[4]), dir: dir, length: length})
			continue
		}
		switch {
		case strings.HasPrefix(line, "# fake:"):
			fake = true
		case strings.HasPrefix(line, "# ended:"):
			ok = strings.HasSuffix(line, "exit status 0")
		case last < 0:
		case strings.Contains(line, "CHECK CONDITION"):
			steps[last].refused = true
		case lineOut.MatchString(line):
			steps[last].out = append(steps[last].out, bytesOf(lineOut.FindStringSubmatch(line)[1])...)
		case lineMore.MatchString(line):
			steps[last].blocks, _ = strconv.Atoi(lineMore.FindStringSubmatch(line)[1])
		}
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	return steps, fake, ok
}

// mediumOf tells from the name of a record what was burned.
func mediumOf(name string) string {
	for _, c := range []struct{ part, medium string }{
		{"raw", ""}, // raw writing is refused
		{"dvdram", ""},
		{"kernel", ""},
		{"cdrw-", "cd-rw"},
		{"cdr-", "cd-r"},
		{"dvdminusrw", "dvd-rw"},
		{"dvdminusr", "dvd-r"},
		{"dvdplusrw", "dvd+rw"},
		{"dvdplusr", "dvd+r"},
		{"bd-re", "bd-re"},
		{"bdr", "bd-r"},
		{"bd-r", "bd-r"},
	} {
		if strings.Contains(name, c.part) {
			return c.medium
		}
	}
	return ""
}

// player sends the commands of a record to a drive.
type player struct {
	*bench
	minus bool
	next  int64 // in the record: the address behind the last run
	to    int64 // on the disc
	wrote int
	first int64 // on the disc: the last run of data sectors, and its length
	data  int
}

// must lists the operation codes that have to succeed where the program was told
// that they did.
var must = map[byte]bool{
	0x04: true, 0x1B: true, 0x1E: true, 0x2A: true, 0x35: true, 0x53: true, 0x55: true,
	0x5B: true, 0x5D: true, 0xA1: true, 0xB6: true, 0xBB: true,
}

func (p *player) play(s step, fake bool) {
	p.Helper()
	op := s.cdb[0]
	if op == scsi.OpWrite10 {
		p.writeRun(s)
		return
	}
	c := scsi.Command{CDB: s.cdb, Direction: s.dir, Data: s.out}
	if s.dir == scsi.In {
		c.Data = make([]byte, s.length)
	}
	_, err := p.execute(c)
	if strings.HasPrefix(code(err), "6/") { // a unit attention is reported once
		_, err = p.execute(c)
	}
	if err == nil || s.refused && !(fake && must[op] && op != scsi.OpModeSelect10) {
		return
	}
	if fake && !must[op] {
		return // the reply was of a drive with another disc
	}
	p.Fatalf("line %d: % x: %v", s.line, s.cdb, err)
}

// writeRun writes a run of the record where this disc wants it.
func (p *player) writeRun(s step) {
	p.Helper()
	lba, n := writeRange(s.cdb)
	blocks := max(s.blocks, int(n))
	if lba != p.next {
		p.to = lba
		if lba > 0 {
			p.to = p.nextAddress()
		}
	}
	p.next = lba + int64(blocks)
	p.wrote += blocks
	if size := s.length / int(n); size == disc.SectorSize && p.to >= 0 {
		p.first, p.data = p.to, blocks
	}
	for blocks > 0 {
		k := min(blocks, 16)
		size := s.length / int(n)
		if p.to < -discfile.Pregap {
			k = min(blocks, 100, int(-discfile.Pregap-p.to))
		} else if size == discfile.LeadInBytes {
			size = disc.RawSectorSize
		}
		if err := p.bench.write(p.to, k, size); err != nil {
			p.Fatalf("line %d: WRITE of %d blocks at %d: %v", s.line, k, p.to, err)
		}
		p.to += int64(k)
		blocks -= k
	}
}

func (p *player) nextAddress() int64 {
	p.Helper()
	if p.minus {
		return p.nwa(p.info()[4])
	}
	return p.nwa(0xFF)
}

// TestReplay sends to a virtual drive what other programs sent for a burn that
// went well. Everything has to be accepted.
func TestReplay(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(traces, "*.txt"))
	if err != nil || len(files) == 0 {
		t.Skip("there are no records of other programs here")
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		medium := mediumOf(name)
		steps, fake, ok := readRecord(t, file)
		if medium == "" || !ok {
			continue
		}
		t.Run(name, func(t *testing.T) {
			p := &player{bench: insertBlank(t, medium, 0), minus: strings.HasPrefix(medium, "dvd-r"), next: -1 << 40}
			if before := strings.Replace(name, "multi2", "multi1", 1); before != name {
				first, fake, _ := readRecord(t, filepath.Join(traces, before+".txt"))
				p.playAll(first, fake)
				p.next = -1 << 40
			}
			if lenient[name] {
				p.refusesOpenTrack(steps, fake)
				return
			}
			p.playAll(steps, fake)
			if p.wrote == 0 {
				return
			}
			p.send("1b 00 00 00 03 00", nil)
			p.send("00 00 00 00 00 00", nil)
			if status := p.info()[0]; status == 0 {
				t.Errorf("%d blocks were written and the disc is blank", p.wrote)
			}
			p.same(p.first, p.data)
		})
	}
}

// lenient are records of a drive in software that closed a session over a track
// that was open, which the standard forbids: wodim burns a BD-R like a CD.
var lenient = map[string]bool{"wodim-bdr-tao": true}

// refusesOpenTrack plays a record up to that CLOSE.
func (p *player) refusesOpenTrack(steps []step, fake bool) {
	p.Helper()
	for i, s := range steps {
		if s.cdb[0] == 0x5B {
			p.playAll(steps[:i], fake)
			p.fails("5/72/03", hex.EncodeToString(s.cdb))
			return
		}
	}
	p.Fatal("the record has no CLOSE TRACK/SESSION")
}

func (p *player) playAll(steps []step, fake bool) {
	p.Helper()
	for i, s := range steps {
		if probes(steps[i:]) {
			p.execute(scsi.Command{CDB: s.cdb, Direction: s.dir, Data: s.out})
			continue
		}
		p.play(s, fake)
	}
}

// probes reports whether the first step is only tried: a MODE SELECT that another
// one replaces before anything is written, or a question that no disc but a CD
// answers.
func probes(steps []step) bool {
	if steps[0].cdb[0] == 0x43 && steps[0].cdb[2]&15 == 4 {
		return true
	}
	if steps[0].cdb[0] != 0x55 {
		return false
	}
	for _, s := range steps[1:] {
		switch s.cdb[0] {
		case scsi.OpModeSelect10:
			return true
		case scsi.OpWrite10, scsi.OpSendCueSheet, scsi.OpReserveTrack:
			return false
		}
	}
	return true
}
