package read

import (
	"context"
	"errors"
	"io"
	"sync"

	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
)

// Salvage is a disc that, once Start was called, has zeros in place of the sectors that
// cannot be read.
type Salvage struct {
	disc.Disc
	disc.Memo
	mu      sync.Mutex
	started bool
	bad     map[disc.LBA]uint64 // a bit for each sector that could not be read, by address / 64
	count   int64
	first   disc.LBA
	err     error
}

// NewSalvage returns d, which reads as before until Start is called.
func NewSalvage(d disc.Disc) *Salvage { return &Salvage{Disc: d, bad: map[disc.LBA]uint64{}} }

// Start makes zeros replace unreadable sectors from now on.
func (s *Salvage) Start() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.started = true
}

// Bad returns how many different sectors could not be read since Start, and the address
// of the first of them with its error.
func (s *Salvage) Bad() (count int64, first disc.LBA, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count, s.first, s.err
}

// ReadSectors implements disc.Disc. It fails only if nothing more can be read: at the
// end, after cancellation, and if the drive or its disc was removed.
func (s *Salvage) ReadSectors(ctx context.Context, p []byte, lba disc.LBA, f disc.Form) (int, error) {
	size := f.Size()
	for n := 0; n*size < len(p); {
		k, err := s.Disc.ReadSectors(ctx, p[n*size:], lba+disc.LBA(n), f)
		n += k
		if n*size >= len(p) || endsSalvage(err) || !s.active() {
			return n, err
		}
		if err == nil {
			err = io.ErrUnexpectedEOF
		}
		clear(p[n*size : (n+1)*size])
		s.replaced(lba+disc.LBA(n), err)
		n++
	}
	return len(p) / size, nil
}

// Notices implements disc.Noticer.
func (s *Salvage) Notices() []disc.Notice { return disc.Notices(s.Disc) }

// HasSubChannels implements disc.SubChanneler.
func (s *Salvage) HasSubChannels() bool { return disc.HasSubChannels(s.Disc) }

func (s *Salvage) active() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.started
}

// replaced counts a sector, once.
func (s *Salvage) replaced(lba disc.LBA, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	bit := uint64(1) << (lba & 63)
	if s.bad[lba>>6]&bit != 0 {
		return
	}
	s.bad[lba>>6] |= bit
	if s.count++; s.count == 1 || lba < s.first {
		s.first, s.err = lba, err
	}
}

// endsSalvage reports whether an error does not concern a single sector.
func endsSalvage(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, disc.ErrForm) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) ||
		scsi.Gone(err) || scsi.NotReady(err) || scsi.MediumChanged(err)
}
