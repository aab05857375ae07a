package disc

import (
	"bytes"
	"context"
)

// unfinishedMark is at the beginning of sector 0 of a disc that is overwritten in place,
// until the burn is completed. Such a medium has no state that shows that a burn was
// interrupted. The text after the first line is informative.
const unfinishedMark = "GLASSMASTER: BURN NOT COMPLETED\n"

const unfinishedText = unfinishedMark + `
The last burn of this disc was interrupted. The previous contents are lost, and the
new contents are incomplete: burn the disc again.
`

// Unfinished reports whether the disc has the mark of a burn that was not completed.
func Unfinished(ctx context.Context, d Disc) bool {
	t, ok := DataTrack(d)
	if !ok || t.Start != 0 {
		return false
	}
	p := make([]byte, SectorSize)
	n, _ := d.ReadSectors(ctx, p, 0, User) // an unreadable sector has no mark
	return n == 1 && bytes.HasPrefix(p, []byte(unfinishedMark))
}

// MarkUnfinished fills p, the first sectors of a disc, with the mark that Unfinished looks
// for, followed by zeros.
func MarkUnfinished(p []byte) { clear(p[copy(p, unfinishedText):]) }

// missingMark is at the beginning of each sector that was written in place of data after a
// burn was interrupted: a DVD-R that is written disc at once must get the reserved
// number of sectors.
const missingMark = "GLASSMASTER: SECTOR NOT WRITTEN\n"

const missingText = missingMark + `
The burn of this disc was interrupted. The rest of the disc was filled so that it can be
read.
`

// FilledUp reports whether the last sector of the disc is one of MarkMissing.
func FilledUp(ctx context.Context, d Disc) bool {
	t, ok := DataTrack(d)
	if !ok || t.Length == 0 {
		return false
	}
	p := make([]byte, SectorSize)
	n, _ := d.ReadSectors(ctx, p, t.Start+LBA(t.Length)-1, User) // an unreadable sector has no mark
	return n == 1 && bytes.HasPrefix(p, []byte(missingMark))
}

// MarkMissing fills each sector of p with the mark that FilledUp looks for.
func MarkMissing(p []byte) {
	clear(p)
	for ; len(p) >= SectorSize; p = p[SectorSize:] {
		copy(p, missingText)
	}
}
