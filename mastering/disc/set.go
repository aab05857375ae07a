package disc

import "sync"

// Set is a set of addresses of sectors. It is safe for concurrent use.
type Set struct {
	mu    sync.Mutex
	bits  map[LBA]uint64 // by address / 64
	count int64
	first LBA
}

// Add adds an address. It returns false if the set has it already.
func (s *Set) Add(lba LBA) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	bit := uint64(1) << (lba & 63)
	if s.bits[lba>>6]&bit != 0 {
		return false
	}
	if s.bits == nil {
		s.bits = map[LBA]uint64{}
	}
	s.bits[lba>>6] |= bit
	if s.count++; s.count == 1 || lba < s.first {
		s.first = lba
	}
	return true
}

// First returns the number of addresses, and the smallest one.
func (s *Set) First() (count int64, first LBA) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count, s.first
}
