package plan

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"glassmaster/mastering/iso9660/internal/format"
)

// sectorSize is the logical sector and block size of every planned volume (ECMA-119
// 6.1.2, 6.2.2).
const sectorSize = 2048

// descriptor writes a primary or supplementary volume descriptor (ECMA-119 8.4,
// 8.5).
func (p *Planner) descriptor(b []byte, v view) {
	text := padASCII
	b[0], b[6] = 1, 1
	switch v {
	case joliet:
		b[0] = 2
		copy(b[88:], "%/E") // UCS-2 level 3 (Joliet specification)
		text = padUTF16
	case enhanced: // version 2 (ISO 9660:1999 8.5.3)
		b[0], b[6] = 2, 2
	}
	copy(b[1:6], "CD001")
	o := p.o
	text(b[8:40], o.System)
	text(b[40:72], o.Label)
	format.PutBoth32(b[80:], uint32(p.at.End-p.session))
	format.PutBoth16(b[120:], 1)
	format.PutBoth16(b[124:], 1)
	format.PutBoth16(b[128:], sectorSize)
	t := p.tables[v]
	format.PutBoth32(b[132:], t.size)
	binary.LittleEndian.PutUint32(b[140:], t.lba)
	binary.BigEndian.PutUint32(b[148:], t.lba+t.sectors())
	root := &p.dirs[0].place[v]
	putRecord(b[156:190], root.lba, root.size, format.FlagDirectory, seconds(p.dirs[0].node.Modified), []byte{0})
	text(b[190:318], o.Set)
	text(b[318:446], o.Publisher)
	text(b[446:574], o.Preparer)
	text(b[574:702], o.Application)
	for _, at := range []int{702, 739, 776} { // copyright, abstract, bibliographic files
		text(b[at:at+37], "")
	}
	putLongDate(b[813:], o.Time)
	putLongDate(b[830:], o.Time)
	putLongDate(b[847:], time.Time{})
	putLongDate(b[864:], time.Time{})
	b[881] = 1
	if v == enhanced {
		b[881] = 2 // file structure version (ISO 9660:1999 8.5.20)
	}
	if v == primary {
		p.applicationUse(b[883:1395])
	}
}

// applicationUse writes the application use field (ECMA-119 8.4.32). An unused field
// holds spaces, as programs expect that write checksums to it.
func (p *Planner) applicationUse(b []byte) {
	if p.o.Use != nil {
		copy(b, p.o.Use[:])
		return
	}
	blankUse(b)
}

func blankUse(b []byte) {
	for i := range b {
		b[i] = ' '
	}
}

// terminator writes the volume descriptor set terminator (ECMA-119 8.3).
func terminator(b []byte) {
	b[0], b[6] = 255, 1
	copy(b[1:6], "CD001")
}

// padASCII writes text padded with spaces. Characters outside of ASCII become
// underscores, since the descriptor cannot hold them.
func padASCII(b []byte, s string) {
	i := 0
	for _, r := range s {
		if i == len(b) {
			return
		}
		if r < 0x20 || r >= 0x7F {
			r = '_'
		}
		b[i] = byte(r)
		i++
	}
	for ; i < len(b); i++ {
		b[i] = ' '
	}
}

// padUTF16 writes text in big-endian UTF-16, padded with spaces.
func padUTF16(b []byte, s string) {
	n := copy(b, appendJoliet(nil, s, len(b)/2))
	for ; n+1 < len(b); n += 2 {
		b[n], b[n+1] = 0, ' '
	}
}

// putLongDate writes a date of 17 bytes (ECMA-119 8.4.26.1): zeros if t is the zero
// time.
func putLongDate(b []byte, t time.Time) {
	if t.IsZero() {
		copy(b, "0000000000000000")
		b[16] = 0
		return
	}
	t = t.UTC()
	copy(b, t.Format("20060102150405")+fmt.Sprintf("%02d", t.Nanosecond()/1e7))
	b[16] = 0
}

// putShortDate writes a date of 7 bytes in UTC (ECMA-119 9.1.5). Times out of range
// become the nearest one in range.
func putShortDate(b []byte, unix int64) {
	t := time.Unix(unix, 0).UTC()
	switch y := t.Year(); {
	case y < 1900:
		t = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)
	case y > 2155:
		t = time.Date(2155, 12, 31, 23, 59, 59, 0, time.UTC)
	}
	y, m, d := t.Date()
	hh, mm, ss := t.Clock()
	b[0], b[1], b[2], b[3], b[4], b[5], b[6] = byte(y-1900), byte(m), byte(d), byte(hh), byte(mm), byte(ss), 0
}

// check returns an error if the options are invalid.
func (o *Options) check() error {
	for _, f := range []struct {
		name, value string
		limit       int
	}{
		{"volume label", o.Label, 32},
		{"volume set", o.Set, 128},
		{"publisher", o.Publisher, 128},
		{"preparer", o.Preparer, 128},
		{"application", o.Application, 128},
		{"system", o.System, 32},
	} {
		if n := utf8.RuneCountInString(f.value); n > f.limit {
			return fmt.Errorf("the %s has %d characters; the limit of ISO 9660 is %d", f.name, n, f.limit)
		}
		if strings.ContainsRune(f.value, 0) {
			return fmt.Errorf("the %s contains a NUL character", f.name)
		}
	}
	if o.Level < 0 || o.Level > 4 {
		return fmt.Errorf("interchange level %d does not exist: use 1 to 4", o.Level)
	}
	if o.NoRockRidge && (o.Stamps || o.Attributes || o.RockRidge112) {
		return errors.New("additional times, extended attributes and Rock Ridge 1.12 need Rock Ridge: do not turn it off")
	}
	return nil
}
