package record

import (
	"context"
	"encoding/binary"
	"errors"

	"glassmaster/drive/mmc"
	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
)

// readback is the transport for reading a disc back after the burn. It makes the drive
// bypass its buffer (FUA) for sectors that may still be in it, and counts the sectors
// that needed more than one attempt.
type readback struct {
	scsi.Transport
	cached func(lba disc.LBA) bool // the drive's buffer may hold that sector; nil: none
	noFUA  bool                    // the drive does not support the FUA bit

	counts  bool
	failed  map[disc.LBA]bool // sectors that were not read at first
	unnamed *unnamedRead
}

// unnamedRead is a read of several sectors that failed without stating the sector.
type unnamedRead struct{ from, end disc.LBA }

// Unwrap returns the transport itself; see [scsi.Transport].
func (b *readback) Unwrap() scsi.Transport { return b.Transport }

// Execute implements [scsi.Transport].
func (b *readback) Execute(ctx context.Context, c scsi.Command) (int, error) {
	lba := disc.LBA(0)
	if len(c.CDB) >= 10 {
		lba = disc.LBA(int32(binary.BigEndian.Uint32(c.CDB[2:])))
	}
	sectors := disc.LBA(0)
	var n int
	var err error
	switch c.CDB[0] {
	case scsi.OpRead10, scsi.OpRead12:
		sectors = disc.LBA(len(c.Data) / disc.SectorSize)
		n, err = b.read(ctx, c, lba)
	case scsi.OpReadCD: // which has no FUA
		sectors = disc.LBA(c.CDB[6])<<16 | disc.LBA(c.CDB[7])<<8 | disc.LBA(c.CDB[8])
		b.noFUA = b.noFUA || b.counts && b.cached != nil && b.cached(lba)
		n, err = b.Transport.Execute(ctx, c)
	default:
		return b.Transport.Execute(ctx, c)
	}
	if b.counts && sectors > 0 {
		b.count(lba, sectors, n == len(c.Data), err)
	}
	return n, err
}

// read sends a READ, with FUA (MMC-6 6.14, byte 1 bit 3) if the drive's buffer may
// contain the sectors.
func (b *readback) read(ctx context.Context, c scsi.Command, lba disc.LBA) (int, error) {
	if b.cached == nil || b.noFUA || !b.cached(lba) {
		return b.Transport.Execute(ctx, c)
	}
	with := c
	with.CDB = append([]byte(nil), c.CDB...)
	with.CDB[1] |= 8
	n, err := b.Transport.Execute(ctx, with)
	if scsi.InvalidField(err) {
		b.noFUA = true
		return b.Transport.Execute(ctx, c)
	}
	return n, err
}

// count counts sectors that needed more than one attempt.
func (b *readback) count(lba, sectors disc.LBA, complete bool, err error) {
	if b.unnamed != nil && (lba < b.unnamed.from || lba >= b.unnamed.end) {
		b.countUnnamed()
	}
	key, _, _, ok := scsi.Code(err)
	switch {
	case err == nil && complete, ok && !repeated(key), err != nil && !ok:
		return
	}
	at := lba
	var e *scsi.Error
	if errors.As(err, &e) && e.InformationValid && e.Information >= uint64(lba) && e.Information < uint64(lba+sectors) {
		at = disc.LBA(e.Information)
	} else if sectors > 1 {
		b.unnamed = &unnamedRead{lba, lba + sectors}
		return
	}
	b.unnamed = nil
	if b.failed == nil {
		b.failed = map[disc.LBA]bool{}
	}
	b.failed[at] = true
}

// repeated reports whether a READ that fails with this sense key shows that the sector
// is hard to read.
func repeated(key scsi.Key) bool {
	switch key {
	case scsi.KeyRecoveredError, scsi.KeyMediumError, scsi.KeyHardwareError, scsi.KeyBlankCheck, scsi.KeyAbortedCommand:
		return true
	}
	return false
}

// countUnnamed counts one sector for a read of several that failed, and succeeded
// sector by sector.
func (b *readback) countUnnamed() {
	if b.unnamed == nil {
		return
	}
	if b.failed == nil {
		b.failed = map[disc.LBA]bool{}
	}
	b.failed[b.unnamed.from] = true
	b.unnamed = nil
}

// usualBuffer is the assumed size in bytes of a drive's buffer that is not reported.
const usualBuffer = 8 << 20

// bufferBytes returns the size of the drive's buffer.
func (r *burning) bufferBytes() int64 {
	b, err := mmc.ReadBufferCapacity(r.work, r.t)
	if err != nil || b.Size <= 0 {
		return usualBuffer
	}
	return min(b.Size, 64<<20)
}

// otherSectors returns the runs of sectors that can be read apart from those that were
// written last: what was written before them, earlier sessions, and on a medium that is
// overwritten in place what follows.
func (r *burning) otherSectors(size int64) []span {
	from := int64(r.next) + headSectors
	all := []span{{from, int64(r.position) - 2*size/disc.SectorSize - from}, {0, int64(r.next)}}
	if last, _, err := mmc.ReadCapacity(r.work, r.t); err == nil && !r.medium.sequential() {
		end := int64(r.position)
		all = append(all, span{end, last + 1 - end})
	}
	return all
}

// flushReadCache fills the drive's buffer of size bytes with sectors of these runs, and
// reports whether there were enough of them.
func (r *burning) flushReadCache(size int64, from []span) bool {
	n := 2 * size / disc.SectorSize
	p := make([]byte, max(r.chunk(), 1)*disc.SectorSize)
	for _, s := range from {
		for at := s.start; at < s.start+s.count && n > 0; {
			q := p[:min(int64(len(p)), (s.start+s.count-at)*disc.SectorSize)]
			k, err := r.readAny(disc.LBA(at), q)
			if scsi.Gone(err) {
				return false
			}
			if err != nil || k == 0 {
				break // the comparison reports it, or there is nothing
			}
			at, n = at+int64(k), n-int64(k)
		}
	}
	return n <= 0
}

// readAny reads sectors of any kind, to fill the drive's buffer with them. The contents of p do
// not matter.
func (r *burning) readAny(lba disc.LBA, p []byte) (int, error) {
	n, err := mmc.Read10(r.ctx, r.t, lba, p)
	if err == nil || !r.medium.profile.IsCD() || scsi.Gone(err) {
		return n, err
	}
	count := len(p) / disc.RawSectorSize
	if count == 0 {
		return n, err
	}
	return mmc.ReadCD(r.ctx, r.t, lba, p[:count*disc.RawSectorSize], disc.Raw)
}
