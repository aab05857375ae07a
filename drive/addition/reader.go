package addition

import (
	"context"
	"errors"
	"sync"

	"glassmaster/mastering/disc"
)

// discReader is the disc in a drive that is not open all the time: a compilation that
// continues it can be edited for hours. Sectors that are needed meanwhile are kept.
type discReader struct {
	toc disc.TOC

	mu   sync.Mutex
	disc disc.Disc // nil while the drive is closed
	keep bool      // what is read now
	kept map[disc.LBA][]byte
}

// errDriveClosed is the error of reading contents that are on the disc while its drive is not
// open.
var errDriveClosed = errors.New("the disc can be read only while it is burned")

// use sets where sectors are read, nil: nowhere.
func (r *discReader) use(d disc.Disc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.disc = d
}

// keeping sets whether sectors that are read are kept.
func (r *discReader) keeping(on bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keep = on
}

// forget frees what was kept, and keeps no more.
func (r *discReader) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keep, r.kept = false, map[disc.LBA][]byte{}
}

// TOC implements disc.Disc.
func (r *discReader) TOC() disc.TOC { return r.toc }

// Close implements disc.Disc.
func (r *discReader) Close() error { return nil }

// ReadSectors implements disc.Disc.
func (r *discReader) ReadSectors(ctx context.Context, p []byte, lba disc.LBA, f disc.Form) (int, error) {
	r.mu.Lock()
	d, keep := r.disc, r.keep
	if b := r.kept[lba]; f == disc.User && b != nil && (d == nil || len(p) <= disc.SectorSize) {
		r.mu.Unlock()
		return copy(p, b) / disc.SectorSize, nil
	}
	r.mu.Unlock()
	if d == nil {
		return 0, errDriveClosed
	}
	n, err := d.ReadSectors(ctx, p, lba, f)
	if keep && f == disc.User {
		r.mu.Lock()
		defer r.mu.Unlock()
		for i := range n {
			r.kept[lba+disc.LBA(i)] = append([]byte(nil), p[i*disc.SectorSize:(i+1)*disc.SectorSize]...)
		}
	}
	return n, err
}
