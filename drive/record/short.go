package record

import (
	"errors"

	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/mastering/disc"
)

// short handles a WRITE that succeeded although the transport reports that it transferred
// less than was sent. Some USB bridges and drivers count wrongly, which must not ruin a
// disc: the next writable address is read, or the sectors are sent again if they can be
// overwritten. If doubt remains, the disc is compared after the burn even with NoVerify.
func (r *burning) short(lba disc.LBA, p []byte, size int, e *mmc.ShortWrite) error {
	switch {
	case r.o.Simulate:
	case !r.medium.sequential():
		var again *mmc.ShortWrite
		err := retryWhileBusy(r.ctx, busyTimeout, func() error { return r.put(lba, p, size) })
		if err != nil && !errors.As(err, &again) {
			return err
		}
		r.mustCompare = r.mustCompare || err != nil
	default:
		ti, err := read.NextTrack(r.work, r.t, r.medium.profile, r.medium.info)
		switch at := disc.LBA(ti.NextWritable); {
		case err != nil || !ti.Writable:
			r.mustCompare = true
		case at == lba+disc.LBA(len(p)/size):
		case at == lba+disc.LBA(e.Taken/size) && at > lba:
			return r.sendBlocks(at, p[e.Taken/size*size:], size)
		default:
			return e
		}
	}
	if !r.countsWrongly {
		r.countsWrongly = true
		r.warn("the connection to the drive reported a short transfer, %d of %d bytes at LBA %d, although the drive received all of them", e.Taken, e.Given, lba)
	}
	return nil
}
