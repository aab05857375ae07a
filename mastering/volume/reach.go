package volume

import (
	"errors"
	"hash/maphash"
)

// Reach limits how often folders of a volume are read again. A folder may have several
// names, as some programs write it that follow symbolic links; its entries are then
// listed under each name. On a hostile disc, folders that share folders would multiply
// without end: Reach keeps what is read again in proportion to the size of all folders.
// It does not detect a folder that contains itself.
type Reach struct {
	size  int64               // of the volume, bytes
	first map[uint64]uint64   // folder -> the way by which it was reached first
	more  map[uint64]struct{} // all further ways
	read  int64               // bytes of folders, each counted once
	again int64               // bytes of folders and paths that were read again
}

// How much may be read again: againRoom times the bytes of all folders found, and
// againSpare bytes more. A further way costs at least a sector.
const (
	againRoom  = 16
	againSpare = 1 << 20
	againLeast = 2048
	claimSpare = 64 << 10
)

// Reasons not to read a folder.
var (
	ErrAgain = errors.New("too many folders have several names, so that not all paths are followed: the volume is damaged or malicious")
	ErrClaim = errors.New("the directories are larger than the image: the volume is damaged")
)

// waySeed makes ways unpredictable.
var waySeed = maphash.MakeSeed()

// Way returns the hash of a path: of the way of the parent folder, and of the place of
// the entry, a number that no other entry of the volume has.
func Way(way, place uint64) uint64 {
	return maphash.Comparable(waySeed, [2]uint64{way, place})
}

// NewReach returns a Reach for a volume of size bytes.
func NewReach(size int64) *Reach {
	return &Reach{size: size, first: map[uint64]uint64{}, more: map[uint64]struct{}{}}
}

// Known reports whether a folder was reached before, by another way.
func (r *Reach) Known(folder, way uint64) bool {
	first, known := r.first[folder]
	return known && first != way
}

// Admit records that a folder of n bytes, identified by a number, is reached by a way.
// It reports whether the folder was reached by another way before.
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

// Charge counts bytes that are read again.
func (r *Reach) Charge(n int64) error {
	if r.again+n > againRoom*r.read+againSpare {
		return ErrAgain
	}
	r.again += n
	return nil
}
