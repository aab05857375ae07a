package iso9660

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"slices"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/iso9660/internal/format"
	"glassmaster/mastering/volume"
	"glassmaster/mastering/zisofs"
)

// Entries of the System Use Sharing Protocol (IEEE P1281 5) and of Rock Ridge (IEEE
// P1282 4.1) that are read.
const (
	sigCE = 'C'<<8 | 'E' // continuation area
	sigER = 'E'<<8 | 'R' // extension reference
	sigSP = 'S'<<8 | 'P' // sharing protocol indicator
	sigST = 'S'<<8 | 'T' // terminator
	sigPX = 'P'<<8 | 'X' // POSIX attributes
	sigPN = 'P'<<8 | 'N' // device numbers
	sigSL = 'S'<<8 | 'L' // symbolic link
	sigNM = 'N'<<8 | 'M' // alternate name
	sigCL = 'C'<<8 | 'L' // child link
	sigPL = 'P'<<8 | 'L' // parent link
	sigRE = 'R'<<8 | 'E' // relocated
	sigTF = 'T'<<8 | 'F' // time stamps
	sigRR = 'R'<<8 | 'R' // which entries there are (RRIP 1.09)
	sigSF = 'S'<<8 | 'F' // sparse file
	sigZF = 'Z'<<8 | 'F' // zisofs
	sigZ2 = 'Z'<<8 | '2' // zisofs version 2, ignored by readers that support only version 1
	sigAL = 'A'<<8 | 'L' // AAIP attribute list
)

// Limits of a chain of continuation areas, far above those of real discs.
const (
	maxContinuations = 256
	maxAreaBytes     = 64 << 10
	areaRoom         = 4 // times the size of the image
)

// Limits of the data in a chain: systems support names of up to 255 bytes or 255
// characters, targets of up to 4096 bytes, and seven dates.
const (
	maxName   = 1 << 10
	maxTarget = 8 << 10
	maxStamps = 1 << 10
)

var (
	errLoop = errors.New("the chain of continuation areas is a loop")
	errRoom = errors.New("the continuation areas are larger than the image: the volume is damaged")
)

// area is a continuation area, to which a CE entry points (IEEE P1281 5.1).
type area struct{ block, offset, length uint32 }

// window is a buffered part of the image, for continuation areas, which are close
// together.
type window struct {
	off   int64
	buf   []byte
	taken int64 // bytes of continuation areas that were read
}

const windowSize = 32 << 10

// read returns n bytes at offset off, valid until the next call.
func (w *window) read(r io.ReaderAt, off int64, n int) ([]byte, error) {
	if off >= w.off && off+int64(n) <= w.off+int64(len(w.buf)) {
		return w.buf[off-w.off:][:n], nil
	}
	want := max(n, windowSize)
	if cap(w.buf) < want {
		w.buf = make([]byte, want)
	}
	got, err := r.ReadAt(w.buf[:want], off)
	w.off, w.buf = off, w.buf[:got]
	if got < n {
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return w.buf[:n], nil
}

// readSystemUse decodes the system use area p of a record into it. The first skip bytes
// do not belong to SUSP. After an error, the item has what was decoded before it.
func (v *FS) readSystemUse(it *item, p []byte, skip int, w *window) error {
	if len(p) < skip {
		return nil
	}
	next, more := it.takeEntries(p[skip:])
	if !more {
		return it.suspErr
	}
	return v.readContinuations(it, next, w)
}

// readContinuations reads the chain of continuation areas that begins at next.
func (v *FS) readContinuations(it *item, next area, w *window) error {
	var seen []area
	for more := true; more; {
		if slices.Contains(seen, next) {
			return errLoop
		}
		if len(seen) == maxContinuations {
			return fmt.Errorf("the chain of continuation areas is longer than %d", maxContinuations)
		}
		if next.length > maxAreaBytes {
			return fmt.Errorf("a continuation area should have %d bytes, which is too large", next.length)
		}
		// Areas of an intact volume do not overlap, so that all of them together are
		// smaller than the image. Areas after the first in a chain also count one sector,
		// since they may be short.
		w.taken += int64(next.length)
		if len(seen) > 0 {
			w.taken += disc.SectorSize
		}
		if w.taken > areaRoom*v.size+chunk {
			return errRoom
		}
		seen = append(seen, next)
		p, err := w.read(v.r, int64(next.block)*int64(v.blockSize)+int64(next.offset), int(next.length))
		if err != nil {
			return fmt.Errorf("read the continuation area at block %d: %w", next.block, err)
		}
		next, more = it.takeEntries(p)
	}
	return it.suspErr
}

// takeEntries decodes the entries of one area. It returns the next area, if there is a
// CE entry.
func (it *item) takeEntries(p []byte) (next area, more bool) {
	for len(p) >= 4 && p[0] != 0 {
		n := int(p[2])
		if n < 4 || n > len(p) {
			it.suspErr = fmt.Errorf("a system use entry %q should have %d bytes, but only %d are left", p[:2], n, len(p))
			return next, more
		}
		e := p[:n]
		p = p[n:]
		if it.inspect != nil {
			it.inspect(e)
		}
		switch sig := int(e[0])<<8 | int(e[1]); sig {
		case sigNM:
			it.takeName(e)
		case sigPX:
			it.takePosix(e)
		case sigTF:
			it.takeTimes(e)
		case sigSL:
			it.takeLink(e)
		case sigCE:
			if n >= 28 {
				next, more = area{format.Both32(e[4:]), format.Both32(e[12:]), format.Both32(e[20:])}, true
			}
		case sigST:
			return next, more
		default:
			it.takeRare(sig, e)
		}
	}
	return next, more
}

// takeRare decodes the entries that few records have.
func (it *item) takeRare(sig int, e []byte) {
	switch sig {
	case sigPN:
		if len(e) >= 20 {
			it.Device = deviceNumber(format.Both32(e[4:]), format.Both32(e[12:]))
		}
	case sigCL:
		if len(e) >= 12 {
			it.child, it.hasChild = format.Both32(e[4:]), true
		}
	case sigPL:
		it.hasParent = true
	case sigRE:
		it.relocated = true
	case sigER:
		if len(e) >= 8 && 8+int(e[4]) <= len(e) {
			it.extension = append(it.extension, string(e[8:8+int(e[4])]))
		}
	case sigSP:
		if len(e) >= 7 && e[4] == 0xBE && e[5] == 0xEF {
			it.hasSP, it.spSkip = true, int(e[6])
		}
	case sigRR:
		it.rock = true
	case sigSF:
		it.takeSparse(e)
	case sigZF, sigZ2:
		it.takeZisofs(e)
	case sigAL:
		it.takeAttributes(e)
	}
}

// takeName decodes NM (P1282 4.1.4): flags at 4 (1 continues, 2 current, 4 parent),
// then the name or a part of it.
func (it *item) takeName(e []byte) {
	if len(e) < 5 || e[4]&6 != 0 {
		return
	}
	it.rock = true
	if len(it.rockName)+len(e)-5 > maxName {
		it.suspErr = fmt.Errorf("its name is longer than %d bytes", maxName)
		return
	}
	it.rockName = append(it.rockName, e[5:]...)
}

// takePosix decodes PX (P1282 4.1.1): mode at 4, links at 12, user at 20, group at 28
// and, since version 1.12, the file serial number at 36.
func (it *item) takePosix(e []byte) {
	if len(e) < 20 {
		return
	}
	it.rock, it.posix = true, true
	it.Mode = format.FileMode(format.Both32(e[4:]))
	it.Links = format.Both32(e[12:])
	if len(e) >= 28 {
		it.UID = format.Both32(e[20:])
	}
	if len(e) >= 36 {
		it.GID = format.Both32(e[28:])
	}
	if len(e) >= 44 {
		it.serial = format.Both32(e[36:])
	}
}

// takeTimes keeps TF (P1282 4.1.6) and decodes the modification time. The other times
// are decoded on demand, since a listing does not need them.
func (it *item) takeTimes(e []byte) {
	if len(it.stamps)+len(e) <= maxStamps {
		it.stamps = append(it.stamps, e...)
	}
	if t := stampOf(e, 1); t != volume.NoTime {
		it.Modified = t
	}
}

// stamp returns a time of the item: bit 0 is creation, 1 modification, 2 access, 3
// change of attributes. If there are several, the last one counts.
func (it *item) stamp(bit int) int64 {
	found := int64(volume.NoTime)
	for p := it.stamps; len(p) > 0; p = p[p[2]:] {
		if t := stampOf(p[:p[2]], bit); t != volume.NoTime {
			found = t
		}
	}
	return found
}

// stampOf returns a time of a TF entry, volume.NoTime if it is missing: the flags at 4
// say which dates follow; bit 7 says that they have 17 bytes instead of 7.
func stampOf(e []byte, bit int) int64 {
	if len(e) < 5 || e[4]&(1<<bit) == 0 {
		return volume.NoTime
	}
	size := 7
	if e[4]&0x80 != 0 {
		size = 17
	}
	at := 5 + bits.OnesCount8(e[4]&(1<<bit-1))*size
	if at+size > len(e) {
		return volume.NoTime
	}
	if size == 7 {
		return time7(e[at:])
	}
	long := time17(e[at : at+17])
	if long.IsZero() {
		return volume.NoTime
	}
	return volume.Nanoseconds(long)
}

// takeLink decodes SL (P1282 4.1.3): flags at 4 (1 continues), then components of flags
// (1 continues, 2 current, 4 parent, 8 root), length and text. The root is treated as an
// empty component: writers use it for the first slash of a target, but also for the
// second of two slashes, where readers do not start at the root again.
func (it *item) takeLink(e []byte) {
	if len(e) < 5 {
		return
	}
	it.isLink = true
	for p := e[5:]; len(p) >= 2; {
		n := 2 + int(p[1])
		if n > len(p) {
			it.suspErr = fmt.Errorf("a component of its target should have %d bytes, but only %d are left", n, len(p))
			return
		}
		flags, text := p[0], p[2:n]
		p = p[n:]
		if len(it.Target)+n > maxTarget {
			it.suspErr = fmt.Errorf("its target is longer than %d bytes", maxTarget)
			return
		}
		if k := len(it.Target); k > 0 && !it.linkGoesOn && it.Target[k-1] != '/' {
			it.Target = append(it.Target, '/')
		}
		it.linkGoesOn = flags&1 != 0
		switch {
		case flags&2 != 0:
			it.Target = append(it.Target, '.')
		case flags&4 != 0:
			it.Target = append(it.Target, ".."...)
		case flags&(8|16) != 0:
			it.Target = append(it.Target, '/')
		default:
			it.Target = append(it.Target, text...)
		}
	}
}

// deviceNumber combines the two halves of PN (P1282 4.1.2). Writers with 32-bit device
// numbers, such as Solaris, store them in the low half.
func deviceNumber(high, low uint32) uint64 {
	if high == 0 && low&^0xff != 0 {
		return uint64(low>>8&0xfff)<<32 | uint64(low&0xff|low>>12&0xfff00)
	}
	return uint64(high)<<32 | uint64(low)
}

// takeZisofs decodes ZF (zisofs): algorithm at 4, header size in words at 6, logarithm
// of the block size at 7, size of the contents at 8.
func (it *item) takeZisofs(e []byte) {
	if len(e) < 16 {
		return
	}
	it.compressed = zisofs.Entry{
		Algorithm: string(e[4:6]), HeaderWords: e[6], BlockLog: e[7],
		Size: uint64(binary.LittleEndian.Uint32(e[8:])),
	}
	if it.compressed.Algorithm == "PZ" {
		it.compressed.Size = binary.LittleEndian.Uint64(e[8:])
	}
}

// takeSparse decodes SF (P1282 4.1.7): the size of the file with its holes, high half
// at 4 and low half at 12, and the depth of its tables at 20. In version 1.10, the size
// has 32 bits, at 4.
func (it *item) takeSparse(e []byte) {
	switch {
	case len(e) >= 21:
		it.sparse = true
		it.sparseSize = uint64(format.Both32(e[4:]))<<32 | uint64(format.Both32(e[12:]))
	case len(e) >= 12:
		it.sparse = true
		it.sparseSize = uint64(format.Both32(e[4:]))
	}
}

// takeAttributes keeps AL entries (AAIP) if they are wanted: flags at 4, then
// components that continue from entry to entry.
func (it *item) takeAttributes(e []byte) {
	if it.wantAttributes && len(e) >= 5 {
		it.attributes = append(it.attributes, e[5:]...)
	}
}
