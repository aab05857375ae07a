package model

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/sector"
)

// Part is a part of a sector; each is shown in its own colour.
type Part uint8

// Parts of a sector.
const (
	PartData      Part = iota // user data, or samples
	PartSync                  // sync pattern
	PartHeader                // address and mode
	PartSubheader             // of mode 2 XA
	PartEDC                   // error detection code
	PartP                     // P parity
	PartQ                     // Q parity
	PartUnused                // zeros between EDC and parity
	PartSub                   // sub-channels P to W
)

func (p Part) String() string {
	return [...]string{"Data", "Sync", "Header", "Sub-header", "EDC", "P parity", "Q parity", "Unused", "Sub-channels"}[p]
}

// Field is a run of bytes of a sector.
type Field struct {
	Part     Part
	From, To int
	Bad      bool // it does not match the rest of the sector
}

// SectorFact is something that is known about a sector.
type SectorFact struct {
	Name, Value string
	Bad         bool
}

// Sector is a sector as the sector view shows it.
type Sector struct {
	LBA    disc.LBA
	Bytes  []byte // 2048, 2352 or 2448
	Fields []Field
	Facts  []SectorFact
}

// ReadSector reads a sector with everything that the disc stores of it: the whole sector of
// a CD, with its sub-channels if they are stored, or else the user data. What a disc would
// generate, because only the user data is stored, is left out.
func ReadSector(ctx context.Context, d disc.Disc, lba disc.LBA) (Sector, error) {
	forms := []disc.Form{disc.Raw, disc.User}
	t, _ := d.TOC().TrackAt(lba)
	_, known := disc.Unwrap(d).(disc.Storer)
	switch {
	case known && t.Mode != disc.Audio && !disc.StoresRaw(d, lba):
		forms = []disc.Form{disc.User, disc.Raw}
	case disc.HasSubChannels(d):
		forms = []disc.Form{disc.RawSub, disc.Raw, disc.User}
	}
	var err error
	for _, f := range forms {
		p := make([]byte, f.Size())
		var n int
		if n, err = d.ReadSectors(ctx, p, lba, f); n == 1 {
			return describeSector(d.TOC(), lba, p, disc.StoresRaw(d, lba)), nil
		}
		if !errors.Is(err, disc.ErrForm) {
			break
		}
	}
	return Sector{LBA: lba}, err
}

// describeSector names the parts of a sector and checks them. Codes that are not known to be
// stored may have been generated from the data, so that they prove nothing.
func describeSector(toc disc.TOC, lba disc.LBA, p []byte, stored bool) Sector {
	s := Sector{LBA: lba, Bytes: p}
	s.fact("LBA", fmt.Sprint(lba))
	s.fact("MSF", lba.MSF().String())
	t, inTrack := toc.TrackAt(lba)
	if inTrack {
		place := fmt.Sprintf("%d, %s", t.Number, t.Mode)
		if lba < t.Start {
			place += ", pre-gap"
		}
		s.fact("Track", place)
	}
	if len(p) < sector.Size {
		s.Fields = []Field{{PartData, 0, len(p), false}}
		s.fact("Stored", "user data only")
		return s
	}
	if inTrack && t.Mode == disc.Audio {
		s.Fields = []Field{{PartData, 0, sector.Size, false}}
		s.fact("Contents", "588 stereo samples of 16 bits")
	} else {
		s.dataSector(p[:sector.Size], lba, stored)
	}
	if len(p) > sector.Size {
		s.subChannels(p[sector.Size:])
	}
	return s
}

func (s *Sector) fact(name, value string) {
	s.Facts = append(s.Facts, SectorFact{Name: name, Value: value})
}

// check adds the result of a check.
func (s *Sector) check(name string, bad bool) {
	value := "correct"
	if bad {
		value = "wrong"
	}
	s.Facts = append(s.Facts, SectorFact{name, value, bad})
}

// dataSector describes a data sector of 2352 bytes.
func (s *Sector) dataSector(p []byte, lba disc.LBA, stored bool) {
	kind, ok := sector.Identify(p)
	faults := sector.Check(p, lba)
	if !ok {
		s.Fields = []Field{{PartData, 0, sector.Size, false}}
		s.Facts = append(s.Facts, SectorFact{"Contents", "no data sector: the sync pattern or the mode is wrong", true})
		return
	}
	s.fact("Kind", Capital(kind.String()))
	minute, second, frame := p[sector.HeaderAt], p[sector.HeaderAt+1], p[sector.HeaderAt+2]
	s.Facts = append(s.Facts, SectorFact{"Address in header", fmt.Sprintf("%02x:%02x:%02x", minute, second, frame), faults&sector.BadHeader != 0})
	s.Fields = fieldsOf(kind, faults)
	if kind == sector.Form1 || kind == sector.Form2 {
		s.fact("Sub-header", subheader(p[sector.SubheadAt:]))
	}
	if !stored && faults == 0 {
		s.fact("EDC and ECC", "generated from the data, or not known to be stored: they are not checked")
		return
	}
	switch kind {
	case sector.Mode1, sector.Form1:
		s.check("EDC", faults&sector.BadEDC != 0)
		s.check("P parity", faults&sector.BadP != 0)
		s.check("Q parity", faults&sector.BadQ != 0)
	case sector.Form2:
		if p[2348]|p[2349]|p[2350]|p[2351] == 0 {
			s.fact("EDC", "not recorded")
		} else {
			s.check("EDC", faults&sector.BadEDC != 0)
		}
	}
}

// fieldsOf returns the parts of a sector of this kind.
func fieldsOf(kind sector.Kind, f sector.Fault) []Field {
	head := []Field{{PartSync, 0, 12, f&sector.BadSync != 0}, {PartHeader, 12, 16, f&sector.BadHeader != 0}}
	parity := []Field{{PartP, 2076, 2248, f&sector.BadP != 0}, {PartQ, 2248, 2352, f&sector.BadQ != 0}}
	edc := f&sector.BadEDC != 0
	switch kind {
	case sector.Mode1:
		return append(append(head, Field{PartData, 16, 2064, edc}, Field{PartEDC, 2064, 2068, edc}, Field{PartUnused, 2068, 2076, f&sector.BadZeros != 0}), parity...)
	case sector.Form1:
		return append(append(head, Field{PartSubheader, 16, 24, edc}, Field{PartData, 24, 2072, edc}, Field{PartEDC, 2072, 2076, edc}), parity...)
	case sector.Form2:
		return append(head, Field{PartSubheader, 16, 24, edc}, Field{PartData, 24, 2348, edc}, Field{PartEDC, 2348, 2352, edc})
	case sector.Mode0:
		return append(head, Field{PartUnused, 16, 2352, f&sector.BadZeros != 0})
	}
	return append(head, Field{PartData, 16, 2352, false})
}

// subheader describes a sub-header of mode 2: file, channel, submode and coding.
func subheader(p []byte) string {
	var names []string
	for i, name := range []string{"end of record", "video", "audio", "data", "trigger", "form 2", "real time", "end of file"} {
		if p[2]>>i&1 != 0 {
			names = append(names, name)
		}
	}
	return fmt.Sprintf("file %d, channel %d, submode %02Xh (%s), coding %02Xh", p[0], p[1], p[2], strings.Join(names, ", "), p[3])
}

// subChannels describes the stored sub-channels.
func (s *Sector) subChannels(p []byte) {
	raw := sector.ReadQ(p)
	q, ok := sector.DecodeQ(raw[:])
	s.Fields = append(s.Fields, Field{PartSub, sector.Size, sector.Size + sector.SubSize, !ok})
	if !ok {
		s.Facts = append(s.Facts, SectorFact{"Q sub-channel", "wrong CRC or contents: " + fmt.Sprintf("% x", raw), true})
		return
	}
	s.fact("Q sub-channel", describeQ(q))
}

// describeQ describes a Q sub-channel of the program area.
func describeQ(q sector.Q) string {
	switch q.Mode {
	case sector.QPosition:
		if q.Track == sector.LeadOut {
			return fmt.Sprintf("lead-out, relative %v, absolute %v", q.Relative, q.Absolute)
		}
		return fmt.Sprintf("track %d, index %d, relative %v, absolute %v", q.Track, q.Index, q.Relative, q.Absolute)
	case sector.QCatalog:
		return "catalogue number " + q.Code
	case sector.QISRC:
		return "ISRC " + q.Code
	}
	return fmt.Sprintf("mode %d", q.Mode)
}

// ungrouped removes what separates the thousands of a number.
func ungrouped(text string) string {
	return strings.Map(func(r rune) rune {
		if r == ',' || unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)
}

// ParseAddress reads an address that the user typed: a number (LBA, also 0x hexadecimal) or
// minutes, seconds and frames.
func ParseAddress(text string) (disc.LBA, error) {
	text = strings.TrimSpace(text)
	if parts := strings.Split(text, ":"); len(parts) == 3 {
		var n [3]int
		for i, most := range []int{99, 59, 74} {
			var err error
			if n[i], err = strconv.Atoi(parts[i]); err != nil || n[i] < 0 || n[i] > most {
				return 0, fmt.Errorf("%q is not an address: minutes are below 100, seconds below 60, frames below 75", text)
			}
		}
		return disc.MSF{M: n[0], S: n[1], F: n[2]}.LBA(), nil
	}
	n, err := strconv.ParseInt(ungrouped(text), 0, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not an address: enter an LBA such as 16, or minutes, seconds and frames such as 00:02:16", text)
	}
	return disc.LBA(n), nil
}
