package iso9660

import (
	"bytes"
	"hash/maphash"
	"strconv"
)

// nameSet is the set of names in a directory. It stores hashes, so that large
// directories need only 8 to 16 bytes for each name. It is reused for the next
// directory.
type nameSet struct {
	slots []uint64 // hash table with linear probing; 0 is free
	other []uint64 // memory for the next larger table
	used  int
	next  map[uint64]int // hash of a name that occurs twice -> next number to try
}

// Initial sizes of a set: for few names, or by the size of the directory, up to a
// maximum.
const (
	fewNames  = 64
	manyNames = 1 << 15
	nameBytes = 64 // bytes of the directory for each slot
)

// nameSeed makes hashes unpredictable.
var nameSeed = maphash.MakeSeed()

// hashOf returns the hash of a name, never 0.
func hashOf(name []byte) uint64 { return maphash.Bytes(nameSeed, name) | 1 }

// reset empties the set for a directory of size bytes.
func (s *nameSet) reset(bytes int64) {
	n := fewNames
	for n < manyNames && int64(n) < bytes/nameBytes {
		n *= 2
	}
	if cap(s.slots) < n {
		s.slots = make([]uint64, n)
	}
	s.slots = s.slots[:n]
	clear(s.slots)
	s.used, s.next = 0, nil
}

// add adds a name, and reports whether it is new.
func (s *nameSet) add(name []byte) bool {
	if 4*s.used >= 3*len(s.slots) {
		s.grow()
	}
	if !s.put(hashOf(name)) {
		return false
	}
	s.used++
	return true
}

func (s *nameSet) put(h uint64) bool {
	mask := uint64(len(s.slots) - 1)
	for i := h >> 1; ; i++ {
		switch s.slots[i&mask] {
		case 0:
			s.slots[i&mask] = h
			return true
		case h:
			return false
		}
	}
}

func (s *nameSet) grow() {
	old, n := s.slots, 2*len(s.slots)
	if cap(s.other) < n {
		s.other = make([]uint64, n)
	}
	s.slots, s.other = s.other[:n], old
	clear(s.slots)
	for _, h := range old {
		if h != 0 {
			s.put(h)
		}
	}
}

// another returns a new name in place of one that is in the set already, such as
// "name~2", and adds it. A later entry with that name gets another one in turn.
func (s *nameSet) another(name []byte) []byte {
	if s.next == nil {
		s.next = map[uint64]int{}
	}
	h := hashOf(name)
	for n := max(s.next[h], 2); ; n++ {
		try := strconv.AppendInt(append(bytes.Clone(name), '~'), int64(n), 10)
		if s.add(try) {
			s.next[h] = n + 1
			return try
		}
	}
}
