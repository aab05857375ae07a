package volume

import (
	"errors"
	"hash/maphash"
)

// Reach keeps account of the folders of a volume that were reached, and on which
// ways. A folder may have several names, as writers make it that follow symbolic
// links; what it holds is then listed under each. On a hostile disc folders that
// share folders would multiply without end: so what is read again stays in
// proportion to what there is. A folder that contains itself is not its business.
type Reach struct {
	size  int64               // of the volume, bytes
	first map[uint64]uint64   // folder -> the way on which it was reached first
	more  map[uint64]struct{} // all further ways
	read  int64               // bytes of folders, each once
	again int64               // bytes that were read of them, and of paths that were told, on further ways
}

// How much may be read again: so many times the bytes of all folders that were
// met, and so many bytes more. A further way costs a sector at least.
const (
	againRoom  = 16
	againSpare = 1 << 20
	againLeast = 2048
	claimSpare = 64 << 10
)

// Why a folder is not read.
var (
	ErrAgain = errors.New("folders that have several names lead to each other so often that not all ways are followed: the volume is damaged, or made to keep readers busy")
	ErrClaim = errors.New("the directories claim more room than the image has: the volume is damaged")
)

// waySeed makes ways that nobody can foresee.
var waySeed = maphash.MakeSeed()

// Way returns the way that leads on from another by the entry at a place, which is
// a number that no other entry of the volume has.
func Way(way, place uint64) uint64 {
	return maphash.Comparable(waySeed, [2]uint64{way, place})
}

// NewReach returns the account of a volume of so many bytes.
func NewReach(size int64) *Reach {
	return &Reach{size: size, first: map[uint64]uint64{}, more: map[uint64]struct{}{}}
}

// Known reports whether a folder was reached, on another way than this.
func (r *Reach) Known(folder, way uint64) bool {
	first, known := r.first[folder]
	return known && first != way
}

// Admit takes up a folder of n bytes, which has a number of its own, that is
// reached on a way. It reports whether it was reached on another before.
func (r *Reach) Admit(folder, way uint64, n int64) (again bool, err error) {
	first, known := r.first[folder]
	switch {
	case !known:
		// Folders do not overlap, so all of them are smaller than the volume.
		if n > r.size+claimSpare-r.read {
			return false, ErrClaim
		}
		r.read += n
		r.first[folder] = way
		return false, nil
	case first == way:
		return false, nil
	}
	if _, ok := r.more[way]; ok {
		return true, nil
	}
	if err := r.Charge(max(n, againLeast)); err != nil {
		return true, err
	}
	r.more[way] = struct{}{}
	return true, nil
}

// Charge counts bytes that are read, or told, again.
func (r *Reach) Charge(n int64) error {
	if r.again+n > againRoom*r.read+againSpare {
		return ErrAgain
	}
	r.again += n
	return nil
}
