package raw

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/runs"
	"glassmaster/mastering/sector"
)

// Dumps of scrambled sectors.
const (
	// dumpLeadIn is the number of sectors before address 0 in the dumps of redumper: 10 minutes
	// and the pre-gap.
	dumpLeadIn = 45150
	// dumpShift is more sectors than drives and recorders shift the data by.
	dumpShift = 100
	// addresses is the number of addresses in a header: 100 minutes. Those of the lead-in are
	// before address -150, and end at 99:59:74.
	addresses = 450000
	// pairSize is the size of a piece of a file in which there are two whole headers, one sector
	// apart, wherever the sectors begin.
	pairSize = 3*sector.Size + sector.DataAt
	// agreeing is how many places of a dump are compared with the first header.
	agreeing = 64
)

// scrambledAddress returns the address in the header of the scrambled sector that p begins
// with. It returns false if p does not begin with one.
func scrambledAddress(p []byte) (disc.LBA, bool) {
	if len(p) < sector.DataAt || !hasSyncPattern(p) {
		return 0, false
	}
	var head [sector.DataAt]byte
	copy(head[:], p)
	sector.Scramble(head[:])
	at, ok := sector.Address(head[:])
	if at >= addresses*9/10-disc.Pregap {
		at -= addresses // in the lead-in
	}
	return at, ok && head[sector.HeaderAt+3] <= 2
}

func hasSyncPattern(p []byte) bool { return bytes.HasPrefix(p, []byte(sector.Sync)) }

// sameAddress reports whether two addresses are the same in a header.
func sameAddress(a, b disc.LBA) bool { return (a-b)%addresses == 0 }

// pair reports whether p begins with a scrambled sector, and the one that follows it begins
// after stride bytes. It returns the address of the first one.
func pair(p []byte, stride int) (disc.LBA, bool) {
	if len(p) < stride {
		return 0, false
	}
	at, ok := scrambledAddress(p)
	next, also := scrambledAddress(p[stride:])
	return at, ok && also && sameAddress(next, at+1)
}

// findPair returns the offset in p of the first two scrambled sectors whose addresses are at
// least a given one, and the address of the first one.
func findPair(p []byte, least disc.LBA) (off int, at disc.LBA, ok bool) {
	for ; ; off++ {
		n := bytes.Index(p[off:], []byte(sector.Sync))
		if n < 0 {
			return 0, 0, false
		}
		off += n
		if at, ok := pair(p[off:], sector.Size); ok && at >= least {
			return off, at, true
		}
	}
}

// findScrambled returns how the sectors of a dump are stored that are scrambled and begin at
// any byte. Programs dump a CD with its data sectors read as audio, shifted by what the drive
// and the recorder shift them. It returns false if the file is no such dump, and an error if
// it is one that cannot be read.
func findScrambled(f *format.Files, head []byte) (stored, bool, error) {
	if volume(head, 16*disc.SectorSize) || bytes.HasPrefix(head[min(16*disc.SectorSize+1, len(head)):], []byte("BEA01")) {
		return stored{}, false, nil // an image of ISO 9660 or UDF, in which a dump may be a file
	}
	pos, at, ok := firstPair(f, head)
	if !ok {
		return stored{}, false, nil
	}
	l := whole(sector.Size, runs.NoSub)
	l.Scrambled, l.placed = true, true
	l.from, l.start = pos%sector.Size, at-disc.LBA(pos/sector.Size)
	l.skip(-disc.Pregap - l.start)
	l.skip(missingPregap(f, l))
	if l.from+sector.Size > f.Size || l.start < 0 && l.from-int64(l.start)*sector.Size >= f.Size {
		return stored{}, false, fmt.Errorf("it is a dump of scrambled sectors that ends before address 0: only the pre-gap, or a part of it, was stored; dump the disc again")
	}
	return l, true, l.agree(f, pos)
}

// skip leaves out a number of sectors at the beginning, if it is positive.
func (l *stored) skip(count disc.LBA) {
	if count > 0 {
		l.from += int64(count) * sector.Size
		l.start += count
	}
}

// firstPair returns the place of two scrambled sectors after the lead-in, in bytes, and the
// address of the first one. They are at the beginning, or where redumper stores address 0;
// files with the names of dumps are searched to their end.
func firstPair(f *format.Files, head []byte) (int64, disc.LBA, bool) {
	if off, at, ok := findPair(head, -disc.Pregap); ok {
		return int64(off), at, true
	}
	const zero = (dumpLeadIn - 2*dumpShift) * sector.Size
	if pos, at, ok := pairAt(f, zero, 3*dumpShift*sector.Size); ok {
		shift := pos/sector.Size - dumpLeadIn - int64(at)
		if max(shift, -shift) <= dumpShift { // otherwise a dump in another file, such as an archive
			return pos, at, true
		}
	}
	switch strings.ToLower(filepath.Ext(f.Name())) {
	case ".scram", ".scm":
	default:
		return 0, 0, false
	}
	const step = minTrack / 2 * sector.Size
	for from := int64(0); from < min(f.Size, (dumpLeadIn+format.MaxCDSectors)*sector.Size); from += step {
		if pos, at, ok := pairAt(f, from, pairSize); ok {
			return pos, at, true
		}
	}
	return 0, 0, false
}

// pairAt searches some bytes of a file as findPair does. The place is that in the file.
func pairAt(f *format.Files, from int64, size int) (int64, disc.LBA, bool) {
	if from >= f.Size {
		return 0, 0, false
	}
	p := make([]byte, min(int64(size), f.Size-from))
	n, _ := f.ReadAt(p, from)
	off, at, ok := findPair(p[:n], -disc.Pregap)
	return from + int64(off), at, ok
}

// missingPregap returns how many of the first sectors of a dump, before address 0, are not
// to be used: drives cannot read all sectors before the first track, and not those of audio.
func missingPregap(f *format.Files, l stored) disc.LBA {
	count := max(-l.start, 0)
	p := make([]byte, count*sector.Size)
	n, _ := f.ReadAt(p, l.from)
	for i := count; i > 0; i-- {
		at, ok := scrambledAddress(p[min(int(i-1)*sector.Size, n):n])
		if !ok || !sameAddress(at, l.start+i-1) {
			return i
		}
	}
	return 0
}

// agree returns an error if sectors in other places of a dump do not begin where those at pos
// let expect, or have other addresses. Single headers may be damaged, and those between
// sessions may have any address.
func (l *stored) agree(f *format.Files, pos int64) error {
	count := (f.Size - l.from) / sector.Size
	p := make([]byte, pairSize)
	right, wrong := 0, 0
	for i := range int64(agreeing) {
		first := (count - 1) * i / (agreeing - 1)
		from := l.from + first*sector.Size
		n, err := f.ReadAt(p, from)
		if err != nil && err != io.EOF {
			return fmt.Errorf("read the scrambled sectors: %w", err)
		}
		off, at, ok := findPair(p[:n], -addresses) // 90 minutes and more are no lead-in here
		switch {
		case !ok && hasSyncPattern(p[:n]) && hasSyncPattern(p[min(sector.Size, n):n]): // not scrambled, or damaged
			wrong++
		case !ok: // audio, or not read
		case off%sector.Size != 0:
			return fmt.Errorf("its scrambled sectors are shifted by different numbers of bytes: one begins at byte %d, and another one at byte %d, which is not a multiple of %d bytes later; "+
				"split the dump with the program that wrote it (redumper split), and open the CUE sheet", pos, from+int64(off), sector.Size)
		case sameAddress(at, l.start+disc.LBA(first)+disc.LBA(off/sector.Size)):
			right++
		default:
			wrong++
		}
	}
	if wrong > 0 && 2*wrong >= right {
		return fmt.Errorf("its scrambled sectors do not agree: in %d of the %d places that were compared, the header does not have the address that follows from the one at byte %d; "+
			"the file is damaged, or consists of parts of several discs; dump the disc again", wrong, right+wrong, pos)
	}
	return nil
}

// descrambled returns what is assumed about a dump of scrambled sectors without sub-channels.
func (l *stored) descrambled(toc disc.TOC) []disc.Notice {
	list := []disc.Notice{{Severity: disc.Info, Text: fmt.Sprintf(
		"The data sectors of the dump are scrambled, as on the disc, and are descrambled when they are read. The sector of address %d begins at byte %d. "+
			"The dump has no table of contents; if it contains the lead-out, that counts as a part of the last track.", l.start, l.from)}}
	for _, s := range toc.Sessions {
		for _, k := range s.Tracks {
			if k.Mode == disc.Audio {
				list = append(list, disc.Notice{
					Severity: disc.Warning, Advice: "open the CUE sheet of the dump if there is one",
					Text: fmt.Sprintf("Track %d is assumed to be audio, because its sectors have no sync pattern. It may be several tracks, the gap between two sessions, or sectors that were not read. "+
						"A pre-gap cannot be told from the track.", k.Number),
				})
			}
		}
	}
	return list
}
