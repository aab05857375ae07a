package read

import (
	"bytes"
	"context"
	"fmt"

	"glassmaster/drive/mmc"
	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
)

// A DVD-R DL that is written with layer jumps (MMC-6 4.3.6) has sessions on both layers. The
// sector below address x of layer 0 has the address 2M-1-x, where M is where the middle area
// begins. So a track consists of two parts, with a gap of addresses between them that cannot
// be read, or that belong to later sessions.

// gap is a run of addresses within a track that has no sectors.
type gap struct{ start, end disc.LBA }

// splitLayers finds the gaps in the tracks of such a disc; other media have none. The part of a track on layer 1
// that is empty, because its session fits on layer 0, is left out of its track. If both
// parts hold data, the gap is returned; it is read as zeros. Only one session can have that,
// since the parts of a later one are within its gap.
func splitLayers(ctx context.Context, t scsi.Transport, p mmc.Profile, all []disc.Session) (*gap, []disc.Notice) {
	if p != mmc.DVDRDLJ {
		return nil, nil
	}
	var notices []disc.Notice
	for i := range all {
		for k := range all[i].Tracks {
			tr := &all[i].Tracks[k]
			end := tr.End()
			if i+1 < len(all) {
				end = min(end, all[i+1].Tracks[0].Start)
			}
			g, ok := findGap(ctx, t, *tr, end)
			if !ok {
				continue
			}
			if !emptyAt(ctx, t, g.end) {
				if len(all) == 1 {
					return &g, append(notices, disc.Notice{Severity: disc.Info, Text: fmt.Sprintf(
						"The disc is recorded with layer jumps: the addresses %d to %d do not exist, and are read as zeros.", g.start, g.end-1)})
				}
				notices = append(notices, disc.Notice{Severity: disc.Warning, Text: fmt.Sprintf(
					"Session %d has data on the second layer, from address %d on, which is left out because other sessions are before it.", all[i].Number, g.end)})
			}
			tr.Length = int64(g.start - tr.Start)
		}
	}
	return nil, notices
}

// findGap returns the gap of a track, whose first part is before end, and false if it has
// none. The gap is in the middle of the addresses of the track: its part on layer 1 is as
// long as the one on layer 0.
func findGap(ctx context.Context, t scsi.Transport, tr disc.Track, end disc.LBA) (gap, bool) {
	in, out := tr.Start, min(tr.Start+disc.LBA(tr.Length/2), end-1)
	if out <= in || !outOfRange(ctx, t, out) || outOfRange(ctx, t, in) {
		return gap{}, false
	}
	for out-in > 1 {
		if at := in + (out-in)/2; outOfRange(ctx, t, at) {
			out = at
		} else {
			in = at
		}
	}
	return gap{out, tr.Start + tr.End() - out}, true
}

// outOfRange reports whether the drive says that an address does not exist. That differs
// from a sector that cannot be read.
func outOfRange(ctx context.Context, t scsi.Transport, lba disc.LBA) bool {
	var p [disc.SectorSize]byte
	err := mmc.RetryUnitAttention(func() error { _, err := mmc.Read10(ctx, t, lba, p[:]); return err })
	return scsi.Is(err, scsi.KeyIllegalRequest, 0x21, 0x00)
}

// emptyAt reports whether a part of a track begins with zeros only, which a drive writes
// below a session that is on layer 0.
func emptyAt(ctx context.Context, t scsi.Transport, lba disc.LBA) bool {
	p := make([]byte, 16*disc.SectorSize)
	n, err := mmc.Read10(ctx, t, lba, p)
	return err == nil && n == 16 && bytes.Count(p, []byte{0}) == len(p)
}

// inGap returns how many of n sectors from an address on are in the gap, or else how many
// come before it.
func (d *medium) inGap(lba disc.LBA, n int) (zeros, before int) {
	if d.gap == nil || lba >= d.gap.end {
		return 0, n
	}
	if lba < d.gap.start {
		return 0, int(min(int64(n), int64(d.gap.start-lba)))
	}
	return int(min(int64(n), int64(d.gap.end-lba))), 0
}
