package disc

import (
	"bytes"
	"context"
)

// unfinishedMark begins sector 0 of a disc that is overwritten in place for as
// long as the burn goes on: such a medium has no state that tells of a burn that
// was broken off. Nobody but a person reads what follows the first line.
const unfinishedMark = "GLASSMASTER: BURN NOT COMPLETED\n"

const unfinishedText = unfinishedMark + `
A burn was begun on this disc and has not come to its end. What the disc held
before is gone, and what was burned is not whole: burn the disc again.
`

// Unfinished reports whether the disc says that a burn of it was begun by this
// program and not completed.
func Unfinished(ctx context.Context, d Disc) bool {
	t, ok := DataTrack(d)
	if !ok || t.Start != 0 {
		return false
	}
	p := make([]byte, SectorSize)
	n, _ := d.ReadSectors(ctx, p, 0, User) // what cannot be read says nothing
	return n == 1 && bytes.HasPrefix(p, []byte(unfinishedMark))
}

// MarkUnfinished fills the first sectors of a disc with the mark that Unfinished
// looks for, and with zeros behind it.
func MarkUnfinished(p []byte) { clear(p[copy(p, unfinishedText):]) }

// missingMark begins each sector that a disc was filled up with in place of data: a
// DVD-R that is written at once takes as many sectors as were announced.
const missingMark = "GLASSMASTER: SECTOR NOT WRITTEN\n"

const missingText = missingMark + `
The burn of this disc was broken off. It was filled up so that it can be read.
`

// FilledUp reports whether the disc ends in sectors that MarkMissing has made.
func FilledUp(ctx context.Context, d Disc) bool {
	t, ok := DataTrack(d)
	if !ok || t.Length == 0 {
		return false
	}
	p := make([]byte, SectorSize)
	n, _ := d.ReadSectors(ctx, p, t.Start+LBA(t.Length)-1, User) // what cannot be read says nothing
	return n == 1 && bytes.HasPrefix(p, []byte(missingMark))
}

// MarkMissing fills each sector of p with the mark that FilledUp looks for.
func MarkMissing(p []byte) {
	clear(p)
	for ; len(p) >= SectorSize; p = p[SectorSize:] {
		copy(p, missingText)
	}
}
