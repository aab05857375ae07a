package update

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"unicode/utf8"

	"glassmaster/mastering/iso9660"
	"glassmaster/mastering/iso9660/internal/format"
	"glassmaster/mastering/iso9660/internal/ident"
)

// Types of volume descriptors (ECMA-119 8.1.1).
const (
	typePrimary       = 1
	typeSupplementary = 2
	typePartition     = 3
	typeTerminator    = 255
)

// maxDescriptors is the maximum number of descriptors in a set that are read.
const maxDescriptors = 64

// descriptor is a primary or supplementary volume descriptor (ECMA-119 8.4, 8.5).
type descriptor struct {
	lba  int64
	data []byte // one sector
	size int64  // sectors of the volume before the update
}

func (d *descriptor) kind() byte    { return d.data[0] }
func (d *descriptor) version() byte { return d.data[6] }
func (d *descriptor) root() []byte  { return d.data[156:190] }

// block returns the logical block size in bytes (ECMA-119 8.4.12).
func (d *descriptor) block() int64 {
	switch n := format.Both16(d.data[128:]); n {
	case 512, 1024:
		return int64(n)
	}
	return sectorSize
}

// joliet reports whether the descriptor is that of Joliet: it has the escape sequence of
// UCS-2.
func (d *descriptor) joliet() bool {
	if d.kind() != typeSupplementary || d.version() == 2 {
		return false
	}
	for _, esc := range []string{"%/@", "%/C", "%/E"} {
		if bytes.Contains(d.data[88:120], []byte(esc)) {
			return true
		}
	}
	return false
}

// descriptorSet is a volume descriptor set.
type descriptorSet struct {
	u     *Updater
	lba   int64 // of its first descriptor
	start int64 // first sector of the session, from which the size of the volume counts
	base  int64 // sector from which addresses count: where the partition begins
	list  []*descriptor
}

// findDescriptors reads the descriptors of the session, the copies of them, and those of a
// partition.
func (u *Updater) findDescriptors(v *iso9660.FS) error {
	chosen := u.options.Chosen()
	at, start := int64(chosen.Descriptors), int64(chosen.Start)
	if at < start || at-start != format.SystemArea {
		start = at - format.SystemArea // a copy counts from its own place
	}
	first, err := u.readSet(at, start, 0)
	if err != nil {
		return err
	}
	if first == nil {
		return unsafef("it is a High Sierra volume, or its primary volume descriptor is damaged")
	}
	u.sets = append(u.sets, first)
	places := []int64{format.SystemArea, int64(chosen.Start) + format.SystemArea}
	places = append(places, first.before()...)
	for _, at := range places {
		if err := u.addCopy(first, at); err != nil {
			return err
		}
	}
	if chosen.Start != 0 {
		return nil
	}
	base := int64(v.PartitionOffset())
	if base == 0 {
		return nil
	}
	second, err := u.readSet(base+format.SystemArea, base, base)
	if second != nil {
		u.sets = append(u.sets, second)
	}
	return err
}

// addCopy adds the set at a sector if it has the root directory of the first one.
func (u *Updater) addCopy(first *descriptorSet, at int64) error {
	for _, s := range u.sets {
		if s.lba == at {
			return nil
		}
	}
	s, err := u.readSet(at, at-format.SystemArea, 0)
	if s == nil || err != nil {
		return err
	}
	if bytes.Equal(s.primary().root()[:18], first.primary().root()[:18]) {
		u.sets = append(u.sets, s)
	}
	return nil
}

// lookBack is how many sectors before the path table the descriptors of the session are
// searched for, if those at sector 16 are a copy.
const lookBack = 64

// before returns the sectors near the path table at which a primary descriptor begins:
// programs that grow a disc copy the descriptors of the newest session to sector 16.
func (s *descriptorSet) before() (list []int64) {
	p := s.primary()
	table := int64(binary.LittleEndian.Uint32(p.data[140:])) * p.block() / sectorSize
	if s.lba != format.SystemArea || table <= s.lba+lookBack {
		return nil
	}
	var head [7]byte
	for at := table - lookBack; at < table; at++ {
		if n, _ := s.u.set.ReadAt(head[:], at*sectorSize); n == len(head) && head[0] == typePrimary && string(head[1:6]) == "CD001" {
			list = append(list, at)
		}
	}
	return list
}

// readSet reads the volume descriptor set that begins at a sector. It returns nil if there
// is no primary descriptor of ISO 9660.
func (u *Updater) readSet(lba, start, base int64) (*descriptorSet, error) {
	s := &descriptorSet{u: u, lba: lba, start: start, base: base}
	for i := int64(0); i < maxDescriptors; i++ {
		p := make([]byte, sectorSize)
		if n, _ := u.set.ReadAt(p, (lba+i)*sectorSize); n < len(p) || string(p[1:6]) != "CD001" || p[0] == typeTerminator {
			break
		}
		d := &descriptor{lba: lba + i, data: p}
		d.size = int64(format.Both32(p[80:])) * d.block() / sectorSize
		switch {
		case p[0] == typePartition:
			return nil, unsafef("it has a volume partition descriptor (ECMA-119 8.6), which is not supported")
		case p[0] == typePrimary, p[0] == typeSupplementary:
			s.list = append(s.list, d)
		}
	}
	if s.primary() == nil {
		return nil, nil
	}
	return s, nil
}

// primary returns the primary volume descriptor, nil if there is none.
func (s *descriptorSet) primary() *descriptor {
	for _, d := range s.list {
		if d.kind() == typePrimary {
			return d
		}
	}
	return nil
}

// resize sets the size of the volume in all descriptors (ECMA-119 8.4.8). end is the
// sector after the volume. A size that counts from address 0, as some programs record it
// for a later session, still does; a partition keeps its distance from the end.
func (s *descriptorSet) resize(end int64) {
	from := s.start
	have := s.u.set.BaseSectors()
	if n := s.primary().size; s.base == 0 && s.start > 0 && s.start+n > have && n > s.start {
		from = 0
	}
	if s.base > 0 {
		main := s.u.sets[0]
		oldEnd := main.start + main.primary().size
		from = s.base + max(oldEnd-s.base-s.primary().size, 0)
	}
	for _, d := range s.list {
		format.PutBoth32(d.data[80:], uint32((end-from)*sectorSize/d.block()))
	}
}

// setLabel sets the volume identifier of all descriptors (ECMA-119 8.4.7).
func (u *Updater) setLabel(label string) error {
	if n := utf8.RuneCountInString(label); n > 32 {
		return fmt.Errorf("the volume label has %d characters; the limit of ISO 9660 is 32", n)
	}
	for _, s := range u.sets {
		for _, d := range s.list {
			if d.joliet() {
				ident.PadUTF16(d.data[40:72], label)
			} else {
				ident.PadASCII(d.data[40:72], label)
			}
		}
	}
	return nil
}

// writeDescriptors writes the descriptors that have changed.
func (u *Updater) writeDescriptors() error {
	old := make([]byte, sectorSize)
	for _, s := range u.sets {
		for _, d := range s.list {
			if err := u.overwrite(d.data, old, d.lba*sectorSize, owner{off: descriptors}); err != nil {
				return err
			}
		}
	}
	return nil
}

// overwrite writes the sectors of b that differ from what the Set has at an offset. room
// is memory for as many bytes, and o the structure.
func (u *Updater) overwrite(b, room []byte, off int64, o owner) error {
	old := room[:len(b)]
	if n, err := u.set.ReadAt(old, off); n < len(old) {
		return fmt.Errorf("read sector %d: %w", off/sectorSize, err)
	}
	for at := 0; at < len(b); at += sectorSize {
		end := min(at+sectorSize, len(b))
		if bytes.Equal(b[at:end], old[at:end]) {
			continue
		}
		if err := u.put(b[at:end], off+int64(at), o); err != nil {
			return err
		}
	}
	return nil
}
