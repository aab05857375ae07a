package session

import (
	"encoding/binary"
	"fmt"
	"io"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/patch"
	"glassmaster/mastering/volume"
)

const (
	// A session in an image begins at a multiple of this many sectors, as on media that are
	// overwritten in place: DVD+RW and others are written in blocks of 16 or 32 sectors.
	alignment = 32
	// firstDescriptor is where the volume descriptors of a session are, from its start on
	// (ECMA-119 6.2.1, ECMA-167 2/8.3).
	firstDescriptor = 16
	// firstAnchor is where the anchor of a UDF volume is, from the start of its session on
	// (ECMA-167 3/8.4.2.1, UDF 2.2.3).
	firstAnchor = 256
)

// NextStart returns the address at which the next session of an image begins: after the end of
// the image or, in a chain of sessions as xorriso makes it, after the volume of the newest
// session. xorriso finds the sessions of a chain by the sizes of their volumes, which do not
// count the padding after them.
func NextStart(set *patch.Set) disc.LBA {
	end := disc.LBA(set.Sectors())
	all, chained := chain(set)
	if !chained {
		return align(end)
	}
	newest := all[len(all)-1].Start
	var p [disc.SectorSize]byte
	if _, err := set.ReadAt(p[:], int64(newest+firstDescriptor)*disc.SectorSize); err != nil || string(p[1:6]) != "CD001" {
		return align(end)
	}
	next := align(newest + disc.LBA(binary.LittleEndian.Uint32(p[80:])))
	if next <= newest+firstDescriptor || next > end || !empty(set, next, end) {
		return align(end)
	}
	return next
}

// chain returns the sessions of an image. chained reports whether they form a chain that begins
// at sector 32.
func chain(set *patch.Set) (all []volume.Session, chained bool) {
	all = volume.FindSessions(set, set.Size(), false)
	return all, len(all) > 0 && all[0].Start == 2*firstDescriptor
}

func align(at disc.LBA) disc.LBA { return (at + alignment - 1) / alignment * alignment }

// mostPadding is how many sectors after a volume are looked at to find out whether they are
// empty.
const mostPadding = 1024

// empty reports whether sectors contain nothing but zeros.
func empty(r io.ReaderAt, from, to disc.LBA) bool {
	if to-from > mostPadding {
		return false
	}
	var p, zeros [disc.SectorSize]byte
	for at := from; at < to; at++ {
		if _, err := r.ReadAt(p[:], int64(at)*disc.SectorSize); err != nil || p != zeros {
			return false
		}
	}
	return true
}

// Planned is an image with a session that was planned, such as a layout.
type Planned interface {
	io.ReaderAt
	Size() int64 // bytes
}

// Append adds a session to an image. l is the image with it, planned with NextStart as its
// start.
//
// Then the volume descriptors at the beginning of the image are replaced by those of the
// session, with the size of the whole image, as growisofs and xorriso do it on media that are
// overwritten in place: what reads the image from its beginning shows the new session. The
// former session can be found afterwards if the image begins with a chain of sessions at sector
// 32, as those of xorriso do. With keepFirst, the descriptors stay as they are: what reads only
// the beginning of the image shows its first session, and all sessions can be found.
//
// The error is a *patch.UnsafeError if the image cannot show the session at its beginning.
// The set must not be used after an error.
func Append(set *patch.Set, l Planned, keepFirst bool) error {
	start := NextStart(set)
	end := disc.LBA(l.Size() / disc.SectorSize)
	if end <= start+firstDescriptor {
		return fmt.Errorf("add a session at sector %d: the layout ends at sector %d", start, end)
	}
	if !keepFirst {
		if t := boot.Tables(set.Base(), set.BaseSize()); len(t) > 0 {
			return &patch.UnsafeError{Why: fmt.Sprintf("it has a partition table (%s), which would not cover a further session", t[0].Kind)}
		}
	}
	h := head{set: set, start: start, end: end}
	if _, chained := chain(set); chained {
		h.room = firstDescriptor // nothing but the descriptors is before the first session
	}
	if err := add(set, l, start); err != nil || keepFirst {
		return err
	}
	if err := h.descriptors(); err != nil {
		return err
	}
	return h.anchor()
}

// add adds the sectors of l from start on. Those of the padding at the end of the image are
// overwritten.
func add(set *patch.Set, l Planned, start disc.LBA) error {
	set.Allocate(max(int64(start)-set.Sectors(), 0), 1)
	from, end := int64(start)*disc.SectorSize, set.Sectors()*disc.SectorSize
	if from < end {
		p := make([]byte, min(end, l.Size())-from)
		if n, err := l.ReadAt(p, from); n < len(p) {
			return fmt.Errorf("read the session: %w", err)
		}
		if _, err := set.WriteAt(p, from); err != nil {
			return err
		}
	}
	if end < l.Size() {
		set.Add(patch.Reader{ReaderAt: io.NewSectionReader(l, end, l.Size()-end)}, l.Size()-end)
	}
	return nil
}

// head makes the beginning of an image show a session.
type head struct {
	set        *patch.Set
	start, end disc.LBA // of the session
	room       int      // for descriptors; 0: for as many as there are
}

// descriptors copies the descriptors of the session to the beginning of the image.
func (h head) descriptors() error {
	fresh, err := readDescriptors(h.set, h.start+firstDescriptor)
	if err != nil {
		return err
	}
	former, err := readDescriptors(h.set, firstDescriptor)
	if err != nil {
		return err
	}
	room := max(h.room, len(former))
	switch {
	case len(fresh) == 0:
		return fmt.Errorf("the session at sector %d has no volume descriptors", h.start)
	case len(fresh) > room:
		return &patch.UnsafeError{Why: fmt.Sprintf("the session has %d volume descriptors, and there is room for %d at the beginning", len(fresh), room)}
	}
	for i := range max(len(fresh), len(former)) {
		p := make([]byte, disc.SectorSize) // former ones that remain would still be recognized
		if i < len(fresh) {
			p = fresh[i]
			h.resize(p)
		}
		if _, err := h.set.WriteAt(p, int64(firstDescriptor+i)*disc.SectorSize); err != nil {
			return err
		}
	}
	return nil
}

// resize sets the size of the volume in a primary or supplementary descriptor (ECMA-119 8.4.8),
// which counts from address 0 then. It is in the byte orders of both kinds of processors.
func (h head) resize(p []byte) {
	if string(p[1:6]) != "CD001" || p[0] != 1 && p[0] != 2 {
		return
	}
	binary.LittleEndian.PutUint32(p[80:], uint32(h.end))
	binary.BigEndian.PutUint32(p[84:], uint32(h.end))
}

// readDescriptors returns the volume descriptors and those of the volume recognition sequence
// from an address on (ECMA-119 8.1.2, ECMA-167 2/9.1.2).
func readDescriptors(r io.ReaderAt, at disc.LBA) ([][]byte, error) {
	const most = 64
	var list [][]byte
	for len(list) < most {
		p := make([]byte, disc.SectorSize)
		if _, err := r.ReadAt(p, int64(at)*disc.SectorSize); err != nil {
			return nil, fmt.Errorf("read the volume descriptor at sector %d: %w", at, err)
		}
		switch string(p[1:6]) {
		case "CD001", "BEA01", "BOOT2", "CDW02", "NSR02", "NSR03", "TEA01":
		default:
			return list, nil
		}
		list = append(list, p)
		at++
	}
	return list, nil
}

// anchor copies the anchor of the UDF volume of the session, if it has one, to that of the
// image. It refers to the descriptors of the session, and contains its own address
// (ECMA-167 3/10.2, 3/7.2).
func (h head) anchor() error {
	fresh, ok := h.readAnchor(h.start + firstAnchor)
	if !ok {
		return nil
	}
	if _, ok := h.readAnchor(firstAnchor); !ok {
		return &patch.UnsafeError{Why: fmt.Sprintf("the session has a UDF volume, and there is no place for its anchor at sector %d", firstAnchor)}
	}
	const tagSize, checksumAt, locationAt = 16, 4, 12
	binary.LittleEndian.PutUint32(fresh[locationAt:], firstAnchor)
	fresh[checksumAt] = 0
	sum := byte(0)
	for _, b := range fresh[:tagSize] {
		sum += b
	}
	fresh[checksumAt] = sum
	_, err := h.set.WriteAt(fresh, firstAnchor*disc.SectorSize)
	return err
}

// readAnchor reads the sector at which an anchor can be. It returns false if there is none.
func (h head) readAnchor(at disc.LBA) ([]byte, bool) {
	const anchorTag = 2 // ECMA-167 3/7.2.1
	p := make([]byte, disc.SectorSize)
	if _, err := h.set.ReadAt(p, int64(at)*disc.SectorSize); err != nil {
		return nil, false
	}
	return p, binary.LittleEndian.Uint16(p) == anchorTag && binary.LittleEndian.Uint32(p[12:]) == uint32(at)
}
