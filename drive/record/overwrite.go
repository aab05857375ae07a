package record

import (
	"encoding/binary"
	"fmt"

	"glassmaster/drive/mmc"
	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
)

// headSectors is the number of sectors at the beginning of a disc that is overwritten in
// place which are written last. Every file system except UDF is found by them, and UDF by
// them and its anchors.
const headSectors = 32

// headLength returns how many sectors of the source are written last: none on sequential
// media, whose state shows that a burn was interrupted.
func (r *burning) headLength() int64 {
	if r.medium.sequential() {
		return 0
	}
	return min(headSectors, r.plan.Padded)
}

// invalidate overwrites what identifies the old volume of a disc that is overwritten in
// place, before the new one is written; a volume to which a session is added is kept. The
// first sectors are marked as not completed. They are written, and not left out, because
// some media must be written from the beginning.
func (r *burning) invalidate() error {
	if r.grows() {
		return r.clearStart()
	}
	p := make([]byte, min(headSectors, max(r.medium.freeSectors(), r.plan.Padded))*disc.SectorSize)
	disc.MarkUnfinished(p)
	anchors := r.anchors()
	if err := r.sendAll(0, p); err != nil {
		return err
	}
	clear(p)
	for _, at := range anchors {
		if err := r.sendAll(at, p[:min(r.recipe.unit*disc.SectorSize, int64(len(p)))]); err != nil {
			return err
		}
	}
	if err := r.flush(); err != nil {
		return r.failure("mark the disc as not completed", 0, err)
	}
	return nil
}

// anchors returns the first sectors of the units that hold anchors of the old UDF
// volume: at 256 or 512, and at the end of the disc or 256 before it (ECMA-167
// 3/8.4.2.1, UDF 2.2.3). Sectors that cannot be read hold none.
func (r *burning) anchors() []disc.LBA {
	probes := []int64{256, 512}
	if last, _, err := mmc.ReadCapacity(r.work, r.t); err == nil {
		probes = append(probes, last-256, last-255, last)
	}
	var found []disc.LBA
	p := make([]byte, disc.SectorSize)
	for _, at := range probes {
		unit := disc.LBA(at / r.recipe.unit * r.recipe.unit)
		if at < headSectors || len(found) > 0 && found[len(found)-1] == unit {
			continue
		}
		if n, err := mmc.Read10(r.work, r.t, disc.LBA(at), p); err == nil && n == 1 && isAnchor(p) {
			found = append(found, unit)
		}
	}
	return found
}

// isAnchor reports whether a sector begins with the tag of an anchor volume descriptor
// pointer.
func isAnchor(p []byte) bool { return isTag(p, 2) }

// isTag reports whether a sector begins with the tag of a descriptor: its identifier, and a
// checksum over the tag (ECMA-167 3/7.2).
func isTag(p []byte, id uint16) bool {
	var sum byte
	for i, b := range p[:16] {
		if i != 4 {
			sum += b
		}
	}
	return binary.LittleEndian.Uint16(p) == id && sum == p[4]
}

// holdBack stores the part of a chunk that is written last, and returns the rest with its
// address.
func (r *burning) holdBack(at disc.LBA, p []byte) (disc.LBA, []byte) {
	n := min(max(r.headLength()-r.result.Written, 0)*disc.SectorSize, int64(len(p)))
	r.head = append(r.head, p[:n]...)
	return at + disc.LBA(n/disc.SectorSize), p[n:]
}

// writeHead writes the sectors that holdBack stored, after everything else is on the
// disc.
func (r *burning) writeHead() error {
	if r.headLength() == 0 {
		return nil
	}
	r.inform("everything but the first sectors is written")
	if err := r.flush(); err != nil {
		return r.failure("flush the drive's buffer", -1, err)
	}
	if err := r.lostSectors("write"); err != nil {
		return err
	}
	// The chunk with the mark is replaced after all others are on the disc.
	first := min(int(r.recipe.unit)*disc.SectorSize, len(r.head))
	if rest := r.head[first:]; len(rest) > 0 {
		if err := r.sendAll(r.next+disc.LBA(r.recipe.unit), rest); err != nil {
			return err
		}
		if err := r.flush(); err != nil {
			return r.failure("flush the drive's buffer", -1, err)
		}
	}
	err := r.sendAll(r.next, r.head[:first])
	r.completed = err == nil && !r.grows()
	return err
}

// markAgain marks a disc as not completed again: all sectors were sent, but some are
// missing, so it would look like a good one.
func (r *burning) markAgain() error {
	if r.grows() {
		return r.switchBack()
	}
	if !r.completed {
		return nil
	}
	p := make([]byte, min(int(r.recipe.unit)*disc.SectorSize, len(r.head)))
	disc.MarkUnfinished(p)
	if err := retryWhileBusy(r.work, busyTimeout, func() error { return r.put(r.next, p, disc.SectorSize) }); err != nil && !scsi.Recovered(err) {
		return fmt.Errorf("mark the disc as not completed: %w", err)
	}
	r.completed = false
	return nil
}

// sendAll writes sectors in the chunks of the recipe.
func (r *burning) sendAll(at disc.LBA, p []byte) error {
	size := r.chunk() * disc.SectorSize
	for len(p) > 0 {
		n := min(size, len(p))
		if err := r.send(at, p[:n]); err != nil {
			return r.failure("write", at, err)
		}
		if err := r.lostSectors("write"); err != nil {
			return err
		}
		r.marked = true
		at, p = at+disc.LBA(n/disc.SectorSize), p[n:]
	}
	return nil
}
