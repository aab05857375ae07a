package plan

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"glassmaster/mastering/iso9660/internal/format"
	"glassmaster/mastering/iso9660/internal/ident"
)

// sectorSize is the logical sector and block size of every planned volume (ECMA-119
// 6.1.2, 6.2.2).
const sectorSize = 2048

// descriptor writes a primary or supplementary volume descriptor (ECMA-119 8.4,
// 8.5).
func (p *Planner) descriptor(b []byte, v view) {
	text := ident.PadASCII
	b[0], b[6] = 1, 1
	switch v {
	case joliet:
		b[0] = 2
		copy(b[88:], "%/E") // UCS-2 level 3 (Joliet specification)
		text = ident.PadUTF16
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
	format.PutLongDate(b[813:], o.Time)
	format.PutLongDate(b[830:], o.Time)
	format.PutLongDate(b[847:], time.Time{})
	format.PutLongDate(b[864:], time.Time{})
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
