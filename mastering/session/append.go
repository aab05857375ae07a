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

// A session in an image begins at a multiple of this many sectors, as on media that are
// overwritten in place: DVD+RW and others are written in blocks of 16 or 32 sectors.
const alignment = 32

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
	if _, err := set.ReadAt(p[:], int64(newest+FirstDescriptor)*disc.SectorSize); err != nil || string(p[1:6]) != "CD001" {
		return align(end)
	}
	next := align(newest + disc.LBA(binary.LittleEndian.Uint32(p[80:])))
	if next <= newest+FirstDescriptor || next > end || !empty(set, next, end) {
		return align(end)
	}
	return next
}

// chain returns the sessions of an image. chained reports whether they form a chain that begins
// at sector 32.
func chain(set *patch.Set) (all []volume.Session, chained bool) {
	all = volume.FindSessions(set, set.Size(), false)
	return all, len(all) > 0 && all[0].Start == 2*FirstDescriptor
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
	if end <= start+FirstDescriptor {
		return fmt.Errorf("add a session at sector %d: the layout ends at sector %d", start, end)
	}
	if !keepFirst {
		if t := boot.Tables(set.Base(), set.BaseSize()); len(t) > 0 {
			return &patch.UnsafeError{Why: fmt.Sprintf("it has a partition table (%s), which would not cover a further session", t[0].Kind)}
		}
	}
	_, chained := chain(set)
	if err := add(set, l, start); err != nil || keepFirst {
		return err
	}
	return show(set, start, chained)
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

// show makes the beginning of an image show a session.
func show(set *patch.Set, start disc.LBA, chained bool) error {
	h, err := ReadHead(set, set, start)
	if err != nil {
		return err
	}
	room := h.Former
	if chained { // nothing but the descriptors is before the first session
		room = max(room, FirstDescriptor)
	}
	if h.Fresh > room {
		return &patch.UnsafeError{Why: fmt.Sprintf("the session has %d volume descriptors, and there is room for %d at the beginning", h.Fresh, room)}
	}
	if _, err := set.WriteAt(h.Descriptors, FirstDescriptor*disc.SectorSize); err != nil || h.Anchor == nil {
		return err
	}
	if _, ok := readAnchor(set, FirstAnchor); !ok {
		return &patch.UnsafeError{Why: fmt.Sprintf("the session has a UDF volume, and there is no place for its anchor at sector %d", FirstAnchor)}
	}
	_, err = set.WriteAt(h.Anchor, FirstAnchor*disc.SectorSize)
	return err
}
