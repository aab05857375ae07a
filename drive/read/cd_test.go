package read_test

import (
	"context"
	"encoding/binary"
	"reflect"
	"strings"
	"testing"

	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/drive/scsi"
	"glassmaster/drive/trace"
	"glassmaster/drive/virtual"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
)

// Replies of CDEmu 3.3 with CD-Rs burned by cdrskin 1.5.4.
const (
	cdr = `   1 -      0  00 00 00 00 00 00                   TEST UNIT READY
   2 <      8  46 00 00 00 00 00 00 00 08 00       GET CONFIGURATION
      data< 0000: 00 00 00 dc 00 00 00 09
`
	mixed = cdr + ` 236 <      4  43 02 02 00 00 00 00 00 04 00       READ TOC/PMA/ATIP
      data< 0000: 00 39 01 01
 237 <     59  43 02 02 00 00 00 00 00 3b 00       READ TOC/PMA/ATIP
      data< 0000: 00 39 01 01 01 14 00 a0 00 00 00 00 01 00 00 01 10 00 a1 00 00 00 00 02 00 00 01 10 00 a2 00 00
      data< 0020: 00 00 00 20 49 01 14 00 01 00 00 00 00 00 02 00 01 10 00 02 00 00 00 00 00 1b 49
 238 <     34  52 01 00 00 00 01 00 00 22 00       READ TRACK INFORMATION
      data< 0000: 00 2e 01 01 00 04 01 00 ff ff ff 6a 00 00 00 00 00 00 00 00 00 00 00 00 00 00 07 9c 00 00 00 00
 239 <     34  52 01 00 00 00 02 00 00 22 00       READ TRACK INFORMATION
      data< 0000: 00 2e 02 01 00 00 01 00 00 00 07 06 00 00 00 00 00 00 00 00 00 00 00 00 00 00 02 0d 00 00 00 00
`
	twoSessions = cdr + ` 104 <      4  43 02 02 00 00 00 00 00 04 00       READ TOC/PMA/ATIP
      data< 0000: 00 7b 01 02
 105 <    125  43 02 02 00 00 00 00 00 7d 00       READ TOC/PMA/ATIP
      data< 0000: 00 7b 01 02 01 14 00 a0 00 00 00 00 01 00 00 01 14 00 a1 00 00 00 00 01 00 00 01 10 00 a2 00 00
      data< 0020: 00 00 00 19 49 01 14 00 01 00 00 00 00 00 02 00 01 50 00 b0 00 19 49 02 4f 3b 47 01 50 00 c0 00
      data< 0040: 00 00 00 95 00 00 02 14 00 a0 00 00 00 00 02 00 00 02 14 00 a1 00 00 00 00 02 00 00 02 10 00 a2
      data< 0060: 00 00 00 00 00 23 2d 02 14 00 02 00 00 00 00 00 1b 49 02 50 00 b0 ff ff ff 01 4f 3b 47
 106 <     34  52 01 00 00 00 01 00 00 22 00       READ TRACK INFORMATION
      data< 0000: 00 2e 01 01 00 04 01 00 ff ff ff 6a 00 00 00 00 00 00 00 00 00 00 00 00 00 00 07 9c 00 00 00 00
`
	// The reply of most drives that do not support the raw table of contents.
	plain = cdr + ` 104 <      4  43 02 02 00 00 00 00 00 04 00       READ TOC/PMA/ATIP
      CHECK CONDITION 5/24/00   (sense 70 00 05 00 00 00 00 0a 00 00 00 00 24 00 00 00 00 00)
 105 <     28  43 00 00 00 00 00 00 00 1c 00       READ TOC/PMA/ATIP
      data< 0000: 00 1a 01 02 00 10 01 00 00 00 00 00 00 14 02 00 00 00 10 00 00 14 aa 00 00 00 20 00
 106 <     34  52 01 00 00 00 02 00 00 22 00       READ TRACK INFORMATION
      data< 0000: 00 2e 02 01 00 04 02 00 00 00 10 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 10 00 00 00 00 00
`
	// A pressed disc: the same, in a drive that reports it as pressed.
	pressed = "   1 -      0  00 00 00 00 00 00                   TEST UNIT READY\n" +
		"   2 <      8  46 00 00 00 00 00 00 00 08 00       GET CONFIGURATION\n" +
		"      data< 0000: 00 00 00 dc 00 00 00 08\n"
	// The ATIP of a CD-R as reported by a drive that cannot write.
	groove = ` 300 <     28  43 02 04 00 00 00 00 00 1c 00       READ TOC/PMA/ATIP
      data< 0000: 00 1a 00 00 d0 00 48 00 61 1a 41 00 4f 3b 47 00 00 00 00 00 00 00 00 00 00 00 00 00
`
)

// surface answers reads, which a recording does not contain. Sectors are zeros.
type surface struct {
	scsi.Transport
	bad, good uint32         // sectors from bad up to good cannot be read
	fails     map[uint32]int // and these this many times
	link      bool           // the block before the pre-gap of the first track can be read
	gap       uint32         // where index 0 of the second track begins, 0: not reported
	audio     uint32         // where audio begins, 0: not reported
}

func (r surface) Execute(ctx context.Context, c scsi.Command) (int, error) {
	refuse := func(key, asc byte) (int, error) {
		return 0, scsi.NewError(c.CDB, scsi.StatusCheckCondition, sense(key, asc, 0))
	}
	if c.CDB[0] != scsi.OpRead10 && c.CDB[0] != scsi.OpReadCD {
		return r.Transport.Execute(ctx, c)
	}
	at := binary.BigEndian.Uint32(c.CDB[2:])
	switch {
	case c.CDB[0] == scsi.OpRead10:
		end := at + uint32(len(c.Data)/disc.SectorSize)
		if at < r.good && end > r.bad || r.audio > 0 && end > r.audio {
			return refuse(3, 0x11)
		}
		for lba, left := range r.fails {
			if at <= lba && end > lba && left > 0 {
				r.fails[lba]--
				return refuse(3, 0x11)
			}
		}
		return len(c.Data), nil
	case c.CDB[10] == 2: // Q sub-channel
		if r.gap == 0 {
			return refuse(5, 0x24)
		}
		clear(c.Data)
		c.Data[0], c.Data[2] = 0x41, 1
		if at >= r.gap {
			c.Data[2] = 0
		}
		if at%100 == 47 {
			c.Data[0] = 0x42 // the catalogue number
		}
		return len(c.Data), nil
	case c.CDB[1]>>2 == 1:
		if r.audio == 0 || at < r.audio {
			return refuse(5, 0x64)
		}
		return len(c.Data), nil
	}
	if int32(at) != -150 || !r.link {
		return refuse(5, 0x21)
	}
	return len(c.Data), nil
}

// The pre-gap of the next track and two run-out sectors, which the table of contents
// includes in a track, are left out, with a notice. Nothing else is, whether or not it
// can be read.
func TestTableOfContents(t *testing.T) {
	onCD := func(record string) string { return strings.Replace(record, cdr, pressed, 1) }
	two := func(first int64) []disc.Session {
		return []disc.Session{{Number: 1, Tracks: []disc.Track{
			{Number: 1, Mode: disc.Mode1, Start: 0, Length: first},
			{Number: 2, Mode: disc.Audio, Start: 1948, Length: 375},
		}}}
	}
	withGap := func(first int64) []disc.Session { // which is read as audio
		all := two(first)
		all[0].Tracks[1].Pregap = 1948 - first
		return all
	}
	sessions := func(first int64) []disc.Session {
		return []disc.Session{
			{Number: 1, Tracks: []disc.Track{{Number: 1, Mode: disc.Mode1, Start: 0, Length: first}}},
			{Number: 2, Tracks: []disc.Track{{Number: 2, Mode: disc.Mode1, Start: 1948, Length: 572}}},
		}
	}
	for _, c := range []struct {
		name, record string
		surface
		want []disc.Session
		said int
	}{
		{"mixed, all of it readable", mixed, surface{}, two(1948), 0},
		{"mixed, by the sub-channel", mixed, surface{gap: 1798}, two(1798), 0},
		{"mixed, a long pre-gap", mixed, surface{gap: 1648}, two(1648), 0},
		{"mixed, the catalogue number where the pre-gap begins", mixed, surface{gap: 1947}, two(1948), 0},
		{"mixed, by reading audio", mixed, surface{audio: 1798}, withGap(1798), 0},
		{"mixed, by reading audio, after a link", mixed, surface{audio: 1803, bad: 1796, good: 1803}, two(1796), 1},
		{"mixed, pressed, by reading audio", onCD(mixed), surface{audio: 1773}, withGap(1773), 0},
		{"mixed, pre-gap and run-out", mixed, surface{gap: 1798, bad: 1796, good: 1798}, two(1796), 1},
		{"mixed, pre-gap and damage", onCD(mixed), surface{gap: 1798, bad: 1796, good: 1798}, two(1798), 0},
		{"mixed, damage before the next track", mixed, surface{bad: 1798, good: 1948}, two(1948), 0},
		{"written at once", twoSessions, surface{bad: 1796, good: 1798}, sessions(1796), 1},
		{"one sector of run-out", twoSessions, surface{bad: 1797, good: 1798}, sessions(1797), 1},
		{"in a drive that only reads", onCD(twoSessions) + groove, surface{bad: 1796, good: 1798}, sessions(1796), 1},
		{"pressed", onCD(twoSessions), surface{bad: 1796, good: 1798}, sessions(1798), 0},
		{"session at once", twoSessions, surface{bad: 1796, good: 1798, link: true}, sessions(1798), 0},
		{"more than run-out", twoSessions, surface{bad: 1795, good: 1798}, sessions(1798), 0},
		{"all of the track", twoSessions, surface{bad: 0, good: 1798}, sessions(1798), 0},
		{"a good sector that fails once", twoSessions, surface{fails: map[uint32]int{1797: 1}}, sessions(1798), 0},
		{"a good sector that fails three times", twoSessions, surface{fails: map[uint32]int{1797: 3, 1796: 3}}, sessions(1798), 0},
		{"plain table", plain, surface{}, []disc.Session{{Number: 1, Tracks: []disc.Track{
			{Number: 1, Mode: disc.Audio, Start: 0, Length: 4096},
			{Number: 2, Mode: disc.Mode2, Start: 4096, Length: 4096},
		}}}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			all, err := trace.Parse(strings.NewReader(c.record))
			if err != nil {
				t.Fatal(err)
			}
			c.Transport = trace.NewReplay(all)
			d, err := read.Open(t.Context(), c.surface)
			if err != nil {
				t.Fatal(err)
			}
			if got := d.TOC().Sessions; !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
			said := read.Notices(d)
			if len(said) != c.said || c.said > 0 && !strings.Contains(said[0].Text, "Track 1") {
				t.Errorf("said: %q", said)
			}
		})
	}
}

// In a session written disc at once, unreadable sectors at the end are damage, not
// run-out.
func TestSessionAtOnce(t *testing.T) {
	ctx := t.Context()
	v := virtualtest.Blank(t, "cd-r", 4096)
	if err := read.Ready(ctx, v); err != nil {
		t.Fatal(err)
	}
	if err := mmc.SetWriteParameters(ctx, v, mmc.WriteParameters{Type: mmc.DiscAtOnce, DataBlock: 8}); err != nil {
		t.Fatal(err)
	}
	const sectors = 600 // up to 00:10:00
	cue := []byte{
		0x41, 0, 0, 0x14, 0, 0, 0, 0, 0x41, 1, 0, 0x10, 0, 0, 0, 0,
		0x41, 1, 1, 0x10, 0, 0, 2, 0, 0x41, 0xAA, 1, 0x14, 0, 0, 10, 0,
	}
	if _, err := v.Execute(ctx, scsi.Command{CDB: []byte{0x5D, 0, 0, 0, 0, 0, 0, 0, byte(len(cue)), 0}, Direction: scsi.Out, Data: cue}); err != nil {
		t.Fatal(err)
	}
	want := append(make([]byte, 150*disc.SectorSize), virtualtest.Noise(sectors, 5)...)
	for at := 0; at < len(want); at += 30 * disc.SectorSize {
		if err := mmc.WriteBlocks(ctx, v, disc.LBA(at/disc.SectorSize-150), want[at:at+30*disc.SectorSize], disc.SectorSize); err != nil {
			t.Fatal(err)
		}
	}
	if err := mmc.SynchronizeCache(ctx, v, false); err != nil {
		t.Fatal(err)
	}
	for _, bad := range [][]int64{nil, {sectors - 1}, {sectors - 2, sectors - 1}} {
		v.SetFaults(virtual.Faults{ReadErrors: bad})
		d := open(t, v)
		if n := disc.Sectors(d); n != sectors || len(read.Notices(d)) != 0 {
			t.Errorf("%v: %d sectors, %q", bad, n, read.Notices(d))
		}
		p := make([]byte, sectors*disc.SectorSize)
		if n, err := d.ReadSectors(context.Background(), p, 0, disc.User); n != sectors-len(bad) || (err == nil) != (bad == nil) {
			t.Errorf("%v: %d sectors are read, %v", bad, n, err)
		}
	}
}
