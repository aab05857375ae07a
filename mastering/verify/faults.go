package verify

import (
	"fmt"
	"strings"
	"sync/atomic"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/sector"
	"glassmaster/mastering/units"
)

// Checks counts the sectors that Read has checked by what is stored with them, and those that
// could not be checked.
type Checks struct {
	Data    int64 // data sectors with an EDC: sync, header, EDC, and P and Q where the sector has them
	Q       int64 // sectors with a Q sub-channel
	Audio   int64 // audio sectors, which have no checksum
	Without int64 // data sectors without an EDC: the image does not store it, or the sector has none
	NoQ     int64 // sectors for which the image has sub-channels, but zeros as Q
	Synced  int64 // of Audio: sectors that look like data, outside of pre-gaps
}

func (c *Checks) add(o Checks) {
	c.Data += o.Data
	c.Q += o.Q
	c.Audio += o.Audio
	c.Without += o.Without
	c.NoQ += o.NoQ
	c.Synced += o.Synced
}

// Faulty is a damaged sector.
type Faulty struct {
	LBA         disc.LBA
	Fault       sector.Fault
	SubChannel  bool   // the CRC of its Q sub-channel is wrong
	Correctable bool   // its P and Q parity allow to correct the rest
	File        string // that it belongs to; empty: none, or unknown
}

// Kinds returns the names of what is wrong with the sector.
func (f Faulty) Kinds() []string {
	var names []string
	for i, name := range kindNames {
		if f.kinds()&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// kinds are the bits of Fault and one for the sub-channel.
func (f Faulty) kinds() uint {
	bits := uint(f.Fault)
	if f.SubChannel {
		bits |= 1 << (len(kindNames) - 1)
	}
	return bits
}

// kindNames are the names of the bits of sector.Fault, and of the sub-channel.
var kindNames = [...]string{"sync", "header", "sub-header", "EDC", "P parity", "Q parity", "zeros", "Q sub-channel"}

// maxFaults is how many damaged sectors are listed.
const maxFaults = 1000

// maxFailed is how many sectors may turn out not to be correctable before no more are tried,
// which takes long.
const maxFailed = 2000

// FaultError is the error of a disc with damaged sectors.
type FaultError struct {
	Count       int64    // damaged sectors
	Correctable int64    // of them
	Untried     int64    // of them: after thousands that cannot be corrected, no more are tried
	First       []Faulty // at most a thousand
	counts      [len(kindNames)]int64
}

// KindCount is the number of sectors with a kind of fault.
type KindCount struct {
	Name  string
	Count int64
}

// Kinds returns how many sectors have each kind of fault.
func (e *FaultError) Kinds() []KindCount {
	var list []KindCount
	for i, n := range e.counts {
		if n > 0 {
			list = append(list, KindCount{kindNames[i], n})
		}
	}
	return list
}

func (e *FaultError) Error() string {
	first := e.First[0]
	where := fmt.Sprintf("sector %d", first.LBA)
	if first.File != "" {
		where += fmt.Sprintf(" (%s)", first.File)
	}
	var kinds []string
	for _, k := range e.Kinds() {
		kinds = append(kinds, fmt.Sprintf("%s of %d", k.Name, k.Count))
	}
	text := fmt.Sprintf("%s damaged, from %s on (wrong %s)", units.Count(e.Count, "sector is", "sectors are"), where, strings.Join(kinds, ", "))
	switch {
	case e.Correctable == 1 && e.Count == 1:
		text += "; it can be corrected by its ECC"
	case e.Correctable == e.Count:
		text += "; all of them can be corrected by their ECC"
	case e.Correctable > 0:
		text += fmt.Sprintf("; %d of them can be corrected by their ECC", e.Correctable)
	}
	if e.Untried > 0 {
		text += fmt.Sprintf("; %d of them were not tried", e.Untried)
	}
	return text
}

// locate adds the names of the files, which a function that may be nil returns.
func (e *FaultError) locate(at func(disc.LBA) string) {
	for i := range e.First {
		if f := &e.First[i]; at != nil {
			f.File = at(f.LBA)
		}
	}
}

// add adds the damaged sectors of a batch.
func (e *FaultError) add(f faults) {
	e.Untried += f.untried
	for _, one := range f.list {
		e.Count++
		if one.Correctable {
			e.Correctable++
		}
		for i := range e.counts {
			if one.kinds()&(1<<i) != 0 {
				e.counts[i]++
			}
		}
		if len(e.First) < maxFaults {
			e.First = append(e.First, one)
		}
	}
}

// faults are the damaged sectors of a batch.
type faults struct {
	checks  Checks
	list    []Faulty
	untried int64 // of list: whether they can be corrected was not tried
}

// checker checks the sectors of a disc.
type checker struct {
	d      disc.Disc
	failed *atomic.Int64 // sectors that cannot be corrected
}

// check checks the sectors of a batch.
func (r checker) check(p []byte, at disc.LBA, s part) faults {
	var f faults
	size := s.form.Size()
	found := make([]sector.Fault, len(p)/size)
	if s.mode != disc.Audio && s.form != disc.User {
		sector.CheckAll(found, withoutSub(p, s.form), at)
	}
	for i := range found {
		p, at := p[i*size:(i+1)*size], at+disc.LBA(i)
		one := Faulty{LBA: at}
		switch {
		case s.mode == disc.Audio:
			f.checks.Audio++
			if _, ok := sector.Identify(p); ok && !s.gap {
				f.checks.Synced++
			}
		case s.form == disc.User || !disc.StoresRaw(r.d, at):
			if !s.pregap {
				f.checks.Without++
			}
		default:
			one.Fault = found[i]
			f.data(p[:sector.Size], s, &one, r.failed)
		}
		if s.form == disc.RawSub {
			f.subChannel(p[sector.Size:], &one)
		}
		if one.kinds() != 0 {
			f.list = append(f.list, one)
		}
	}
	return f
}

// withoutSub returns whole sectors without their sub-channels.
func withoutSub(p []byte, f disc.Form) []byte {
	if f == disc.Raw {
		return p
	}
	size := f.Size()
	whole := make([]byte, 0, len(p)/size*sector.Size)
	for ; len(p) > 0; p = p[size:] {
		whole = append(whole, p[:sector.Size]...)
	}
	return whole
}

// data counts a data sector that is stored as a whole, and what was found wrong with it.
func (f *faults) data(p []byte, s part, one *Faulty, failed *atomic.Int64) {
	kind, ok := sector.Identify(p)
	if s.pregap && !ok {
		one.Fault = 0
		return // the pre-gap of a data track can begin with that of the track before it
	}
	if ok && (kind == sector.Mode1) != (s.mode == disc.Mode1) && !s.pregap {
		one.Fault |= sector.BadHeader // another mode than the track
	}
	switch {
	case ok && (kind == sector.Mode2 || kind == sector.Mode0 || kind == sector.Form2 && noEDC(p)):
		if one.Fault == 0 {
			f.checks.Without++
			return
		}
		fallthrough
	default:
		f.checks.Data++
	}
	if one.Fault == 0 || one.Fault == sector.BadHeader { // the parity does not cover the address
		return
	}
	if failed.Load() > maxFailed {
		f.untried++
		return
	}
	fixed := [sector.Size]byte(p)
	if one.Correctable = Repair(fixed[:], one.LBA); !one.Correctable {
		failed.Add(1)
	}
}

// noEDC reports whether the EDC of a sector of form 2 is not recorded.
func noEDC(p []byte) bool { return string(p[sector.Size-4:sector.Size]) == "\x00\x00\x00\x00" }

// Repair corrects a damaged sector that belongs to an address, as far as its P and Q parity
// allow that. It returns false if the sector is still damaged, and leaves it unchanged then.
func Repair(p []byte, lba disc.LBA) bool {
	if sector.Check(p, lba) == sector.BadHeader {
		return false // its parity is that of another address
	}
	fixed := [sector.Size]byte(p)
	if sector.Check(fixed[:], lba)&sector.BadSync != 0 {
		header := [4]byte(p[sector.HeaderAt:])
		sector.PutHeader(fixed[:], lba, header[3])
		copy(fixed[sector.HeaderAt:], header[:])
	}
	if f := sector.Check(fixed[:], lba); f != 0 && !sector.Correct(fixed[:]) && !regenerate(fixed[:], lba, f) {
		return false
	}
	if sector.Check(fixed[:], lba) != 0 {
		return false
	}
	copy(p, fixed[:])
	return true
}

// regenerate replaces the parity of a sector in which nothing else is damaged.
func regenerate(p []byte, lba disc.LBA, f sector.Fault) bool {
	k, ok := sector.Identify(p)
	const parity = sector.BadP | sector.BadQ
	if !ok || f&parity == 0 || f&^(parity|sector.BadZeros) != 0 || k != sector.Mode1 && k != sector.Form1 {
		return false
	}
	sector.Generate(p, lba, k)
	return true
}

// subChannel checks the Q sub-channel of a sector. P has no checksum, and R to W have one only
// for graphics.
func (f *faults) subChannel(sub []byte, one *Faulty) {
	q := sector.ReadQ(sub)
	if q == [sector.QSize]byte{} {
		f.checks.NoQ++
		return
	}
	f.checks.Q++
	_, ok := sector.DecodeQ(q[:])
	one.SubChannel = !ok
}
