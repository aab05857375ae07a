package record

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/volume"
)

// ErrOtherAddress is in the chain of the error of a source whose volume was made for
// another address than the next writable address (NWA) of the disc: its files could
// not be found there, although all of its sectors would be on the disc.
var ErrOtherAddress = errors.New("the source was made for another address of the disc")

// ErrUnknownAddress is in the chain of the error of a source that does not show for
// which address it was made. Options.Force burns it nevertheless.
var ErrUnknownAddress = errors.New("the source does not show for which address it was made")

// checkAddress checks that the source was made for the next writable address of the
// disc.
func (b *Burn) checkAddress(ctx context.Context, tr disc.Track) error {
	if tr.Start != 0 { // the source is a session that states its address
		if tr.Start == b.next || b.closeFirst {
			return nil
		}
		return refuse(fmt.Sprintf("the source is a session that was made for address %d, but the next writable address of this disc is %d; make the session for this disc", tr.Start, b.next), ErrOtherAddress)
	}
	at, known := addressOf(ctx, b.src, tr.Length, b.next)
	switch {
	case known && b.closeFirst && at != 0: // checked when the disc is closed
		b.sourceAddress = at
		return nil
	case known && b.closeFirst && b.medium.erasable():
		return refuse("an earlier burn of this disc was interrupted, and address 0, for which the source was made, is already written; the disc must be erased before it can be burned again",
			ErrUnfinished, ErrOtherAddress, ErrEraseFirst)
	case known && b.closeFirst:
		return refuse("an earlier burn of this disc was interrupted, and address 0, for which the source was made, is already written; insert a blank disc, or close this one and burn an image that was made for its next writable address",
			ErrUnfinished, ErrOtherAddress)
	case known && at == b.next:
		return nil
	case known && b.next == 0:
		return refuse(fmt.Sprintf("the source is a session that was made for address %d, but this disc begins at address 0, where its files could not be found; insert the disc that it was made for", at), ErrOtherAddress)
	case known && b.medium.erasable():
		return refuse(fmt.Sprintf("the source was made for address %d, but the next writable address of this disc is %d, where its files could not be found; erase the disc first", at, b.next),
			ErrNotWritable, ErrOtherAddress, ErrEraseFirst)
	case known:
		return refuse(fmt.Sprintf("the source was made for address %d, but the next writable address of this disc is %d, where its files could not be found; insert a blank disc, or burn an image that was made for this address", at, b.next),
			ErrNotWritable, ErrOtherAddress)
	case b.closeFirst && !b.o.Force:
		return refuse("an earlier burn of this disc was interrupted, and the source does not show for which address it was made; close the disc first; then its next writable address is known", ErrUnfinished, ErrUnknownAddress)
	case b.next > 0 && !b.o.Force:
		return refuse(fmt.Sprintf("the source does not show for which address it was made, and the next writable address of this disc is %d; insert a blank disc", b.next), ErrUnknownAddress)
	case b.next > 0 || b.closeFirst:
		b.warn("the source does not show for which address it was made: its files can be found only if it was made for the address at which it is written")
	}
	return nil
}

// searched is the number of sectors of a volume that are searched for its root directory.
// Folders come before the files, the root first.
const searched = 1 << 12

// addressOf finds the address that a source was made for whose own sectors are numbered
// from 0; next is the address where it would be written. The descriptors of a volume
// contain addresses on the disc: the position of a structure in the source, and the
// address recorded in it, give the difference.
func addressOf(ctx context.Context, d disc.Disc, sectors int64, next disc.LBA) (disc.LBA, bool) {
	if at, ok := anchorAddress(ctx, d); ok {
		return at, true
	}
	root, ok := rootOf(ctx, d)
	if !ok {
		if next == 0 {
			return 0, false // the caller ignores this address
		}
		// Another file system, or a damaged volume: ask its reader.
		if _, err := volume.OpenDisc(ctx, d, volume.Options{}); err == nil {
			return 0, true
		}
		if _, err := volume.OpenDisc(ctx, shifted{d, next}, volume.Options{}); err == nil {
			return next, true
		}
		return 0, false
	}
	for _, at := range []disc.LBA{next, 0} {
		if root.isAt(ctx, d, root.lba-at) {
			return at, true
		}
	}
	for s := disc.LBA(17); s < disc.LBA(min(sectors, searched)); s++ {
		if root.lba >= s && root.isAt(ctx, d, s) {
			return root.lba - s, true
		}
	}
	return 0, false
}

// anchorAddress reads the anchor volume descriptor pointer of UDF, sector 256 of a
// session: its tag has the address of the sector (ECMA-167 part 3, 7.2 and 10.2).
func anchorAddress(ctx context.Context, d disc.Disc) (disc.LBA, bool) {
	const anchor = 256
	var p [disc.SectorSize]byte
	if !readOne(ctx, d, p[:], anchor) || !isAnchor(p[:]) {
		return 0, false
	}
	at := disc.LBA(binary.LittleEndian.Uint32(p[12:])) - anchor
	return at, at >= 0
}

// root is the root directory of an ISO 9660 volume: its address and its size as
// its record contains them, 4 bytes each, little-endian (ECMA-119 9.1).
type root struct {
	lba  disc.LBA
	size uint32
}

// rootOf reads the primary volume descriptor, sector 16 of a session (ECMA-119
// 8.4: 128 block size, 156 the record of the root directory).
func rootOf(ctx context.Context, d disc.Disc) (root, bool) {
	var p [disc.SectorSize]byte
	if !readOne(ctx, d, p[:], 16) || string(p[:6]) != "\x01CD001" || binary.LittleEndian.Uint16(p[128:]) != disc.SectorSize {
		return root{}, false
	}
	return rootRecord(p[156:]), true
}

func rootRecord(p []byte) root {
	return root{disc.LBA(binary.LittleEndian.Uint32(p[2:])), binary.LittleEndian.Uint32(p[10:])}
}

// isAt reports whether the root directory begins in that sector of the source:
// its first record, whose name is a single zero, is that of itself.
func (r root) isAt(ctx context.Context, d disc.Disc, lba disc.LBA) bool {
	var p [disc.SectorSize]byte
	return lba > 16 && readOne(ctx, d, p[:], lba) && p[0] >= 34 && p[32] == 1 && p[33] == 0 && rootRecord(p[:]) == r
}

func readOne(ctx context.Context, d disc.Disc, p []byte, lba disc.LBA) bool {
	n, _ := d.ReadSectors(ctx, p[:disc.SectorSize], lba, disc.User)
	return n == 1
}

// shifted is a source as a session that begins at an address.
type shifted struct {
	disc.Disc
	start disc.LBA
}

func (s shifted) TOC() disc.TOC {
	var t disc.Track
	for _, x := range s.Disc.TOC().Sessions {
		for _, tr := range x.Tracks {
			t = tr
		}
	}
	t.Start = s.start
	return disc.TOC{Sessions: []disc.Session{{Number: 1, Tracks: []disc.Track{t}}}}
}

func (s shifted) ReadSectors(ctx context.Context, p []byte, lba disc.LBA, f disc.Form) (int, error) {
	if lba < s.start {
		return 0, io.EOF // on the disc, not in the source
	}
	return s.Disc.ReadSectors(ctx, p, lba-s.start, f)
}
