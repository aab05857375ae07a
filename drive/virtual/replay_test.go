package virtual_test

import (
	"bufio"
	"encoding/hex"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/discfile"
	"glassmaster/mastering/image/runs"
	"glassmaster/mastering/sector"
)

// traces may contain recorded commands of other burning programs.
const traces = "../../../shared/lab/traces"

// step is a recorded command, or a run of WRITE or READ commands.
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

// readRecord reads a recording. fake: commands that the drive had refused were reported to
// the program as successful. ok: the program succeeded.
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

// mediumOf returns the medium of a recording, from its name.
func mediumOf(name string) string {
	for _, c := range []struct{ part, medium string }{
		{"raw", "cd-r"},
		{"dvdram", "dvd-ram"},
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

// player sends recorded commands to a drive.
type player struct {
	*bench
	minus bool
	next  int64 // in the record: the address behind the last run
	to    int64 // on the disc
	wrote int
	first int64 // on the disc: the last run of data sectors, and its length
	data  int
	raw   *source // what is written raw
}

// must contains the operation codes that must succeed if they were reported to the program
// as successful.
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

// writeRun writes a recorded run at the next writable address of this disc.
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
	if p.raw != nil && s.length == int(n)*disc.RawSub.Size() {
		p.blocks(disc.LBA(p.to), blocks, disc.RawSub.Size(), func(lba disc.LBA) []byte {
			return append(p.raw.whole(p, lba), p.raw.sub(p, lba)...)
		})
		return
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

// TestReplay sends the commands of successful burns of other programs to a virtual drive,
// which must accept all of them.
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
			if toc, ok := rawDiscs()[name]; ok {
				s := sourceOf(runs.Blank(toc, disc.Audio))
				s.toc = toc
				s.texts, _ = sector.EncodeCDText(toc.Sessions[0])
				p.raw = &s
			}
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
			if p.raw != nil {
				p.sameTOC()
			}
		})
	}
}

// rawDiscs returns the discs that the recordings of raw writing meant, by their names.
func rawDiscs() map[string]disc.TOC {
	return map[string]disc.TOC{
		"wodim-cdr-raw96r-audio": {Sessions: []disc.Session{{Number: 1, Tracks: []disc.Track{
			{Number: 1, Length: 375, Pregap: 150},
			{Number: 2, Start: 375, Length: 451},
		}}}},
		"cdrdao-raw-audio-cdtext": {Catalog: "4006381333931", Sessions: []disc.Session{{Number: 1, Tracks: []disc.Track{
			{Number: 1, Length: 375, Pregap: 150, ISRC: "DEABC2400001"},
			{Number: 2, Start: 525, Pregap: 150, Length: 451},
		}, Text: []disc.CDText{{
			Language: 9, Album: disc.Text{Title: "An album"}, Tracks: map[int]disc.Text{1: {Title: "One"}, 2: {Title: "Two"}},
		}}}}},
	}
}

// sameTOC compares what can be read of a disc that was written raw with what was meant.
func (p *player) sameTOC() {
	p.Helper()
	got := opened(p.bench).TOC()
	if !reflect.DeepEqual(got, p.raw.toc) {
		p.Errorf("the disc is\n%+v\nand was meant to be\n%+v", got, p.raw.toc)
	}
}

// lenient are recordings of an emulated drive that closed a session with an open track,
// which the standard forbids: wodim burns a BD-R like a CD.
var lenient = map[string]bool{"wodim-bdr-tao": true}

// refusesOpenTrack plays a recording up to that CLOSE TRACK/SESSION, which must fail.
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

// probes reports whether the first step may fail: a MODE SELECT that another one replaces
// before anything is written, or the ATIP of a disc that is not a CD.
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
