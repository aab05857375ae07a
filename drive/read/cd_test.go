package read_test

import (
	"context"
	"encoding/binary"
	"reflect"
	"strings"
	"testing"

	"glassmaster/drive/read"
	"glassmaster/drive/scsi"
	"glassmaster/drive/trace"
	"glassmaster/mastering/disc"
)

// The answers of CDEmu 3.3 with CD-Rs that cdrskin 1.5.4 burned.
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
	// What most drives answer where the raw table is not offered.
	plain = cdr + ` 104 <      4  43 02 02 00 00 00 00 00 04 00       READ TOC/PMA/ATIP
      CHECK CONDITION 5/24/00   (sense 70 00 05 00 00 00 00 0a 00 00 00 00 24 00 00 00 00 00)
 105 <     28  43 00 00 00 00 00 00 00 1c 00       READ TOC/PMA/ATIP
      data< 0000: 00 1a 01 02 00 10 01 00 00 00 00 00 00 14 02 00 00 00 10 00 00 14 aa 00 00 00 20 00
 106 <     34  52 01 00 00 00 02 00 00 22 00       READ TRACK INFORMATION
      data< 0000: 00 2e 02 01 00 04 02 00 00 00 10 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 10 00 00 00 00 00
`
)

// reads answers READ(10), of which a record has nothing: with zeros, and with an
// error from bad to good.
type reads struct {
	scsi.Transport
	bad, good uint32
}

func (r reads) Execute(ctx context.Context, c scsi.Command) (int, error) {
	if c.CDB[0] != 0x28 {
		return r.Transport.Execute(ctx, c)
	}
	at := binary.BigEndian.Uint32(c.CDB[2:])
	if at < r.good && at+uint32(len(c.Data)/disc.SectorSize) > r.bad {
		return 0, scsi.NewError(c.CDB, scsi.StatusCheckCondition, sense(3, 0x11, 0))
	}
	return len(c.Data), nil
}

func TestTableOfContents(t *testing.T) {
	for _, c := range []struct {
		name, record string
		bad, good    uint32 // sectors that cannot be read, and where they end
		want         []disc.Session
	}{
		{"mixed, all of it readable", mixed, 0, 0, []disc.Session{{Number: 1, Tracks: []disc.Track{
			{Number: 1, Mode: disc.Mode1, Start: 0, Length: 1948},
			{Number: 2, Mode: disc.Audio, Start: 1948, Length: 375},
		}}}},
		{"mixed, pre-gap", mixed, 1798, 1948, []disc.Session{{Number: 1, Tracks: []disc.Track{
			{Number: 1, Mode: disc.Mode1, Start: 0, Length: 1798},
			{Number: 2, Mode: disc.Audio, Start: 1948, Length: 375},
		}}}},
		{"mixed, pre-gap and run-out", mixed, 1796, 1948, []disc.Session{{Number: 1, Tracks: []disc.Track{
			{Number: 1, Mode: disc.Mode1, Start: 0, Length: 1796},
			{Number: 2, Mode: disc.Audio, Start: 1948, Length: 375},
		}}}},
		{"two sessions", twoSessions, 1796, 1798, []disc.Session{
			{Number: 1, Tracks: []disc.Track{{Number: 1, Mode: disc.Mode1, Start: 0, Length: 1796}}},
			{Number: 2, Tracks: []disc.Track{{Number: 2, Mode: disc.Mode1, Start: 1948, Length: 572}}},
		}},
		{"plain table", plain, 0, 0, []disc.Session{{Number: 1, Tracks: []disc.Track{
			{Number: 1, Mode: disc.Audio, Start: 0, Length: 4096},
			{Number: 2, Mode: disc.Mode2, Start: 4096, Length: 4096},
		}}}},
	} {
		all, err := trace.Parse(strings.NewReader(c.record))
		if err != nil {
			t.Fatal(err)
		}
		d, err := read.Open(context.Background(), reads{trace.NewReplay(all), c.bad, c.good})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := d.Sessions(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
	}
}
