package isomd5

import (
	"bytes"
	"crypto/md5"
	"hash"
)

// Hash computes the sum of an image that is written to it from its first byte on.
// It is an io.Writer.
type Hash struct {
	md5       hash.Hash
	use       int64 // offset of the application use field
	total     int64 // bytes that are covered
	fragment  int64 // bytes of a fragment
	skip      int64 // sectors that are not covered
	at        int64
	last      int64 // fragment that contains the start of the last whole block
	fragments []byte
	ends      []int64 // offsets at which the fragment sums were taken
	chars     int     // digits of each fragment sum
}

// NewHash returns the hash of a volume of size bytes whose primary volume
// descriptor is at sector 16, as ECMA-119 requires. Whatever follows the volume is
// not covered.
func NewHash(size int64) *Hash {
	return newHash(size, firstSector*sectorSize+useOffset, skipSectors, fragmentCount)
}

func newHash(size, use, skip int64, count int) *Hash {
	h := &Hash{md5: md5.New(), use: use, skip: skip, total: max(size-skip*sectorSize, 0)}
	h.fragment = h.total / int64(count+1)
	if count > 0 {
		h.chars = fragmentCount * fragmentChars / count
	}
	h.fragments = bytes.Repeat([]byte{'0'}, count*h.chars)
	h.ends = make([]int64, count)
	return h
}

// Write implements io.Writer; it never fails.
func (h *Hash) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 && h.at < h.total {
		k := min(int64(len(p)), blockSize-h.at%blockSize, h.total-h.at)
		h.add(p[:k])
		p = p[k:]
		h.at += k
		if h.at%blockSize == 0 || h.at == h.total {
			h.endBlock((h.at - 1) / blockSize * blockSize)
		}
	}
	return n, nil
}

// add hashes bytes within one block, with spaces in place of the field.
func (h *Hash) add(p []byte) {
	from, to := max(h.use-h.at, 0), min(h.use+useLength-h.at, int64(len(p)))
	if from >= to {
		h.md5.Write(p)
		return
	}
	var spaces [useLength]byte
	fillSpaces(spaces[:])
	h.md5.Write(p[:from])
	h.md5.Write(spaces[:to-from])
	h.md5.Write(p[to:])
}

// endBlock takes a fragment sum if the block that has just ended, at offset start,
// is the first that starts in another fragment than the one before it. In images so
// small that a block spans several fragments, only some fragments have sums.
func (h *Hash) endBlock(start int64) {
	if h.fragment == 0 || h.chars == 0 {
		return
	}
	k := start / h.fragment
	if k == h.last || k > int64(len(h.ends)) {
		return
	}
	h.last = k
	h.ends[k-1] = h.at
	sum := h.md5.Sum(nil)
	for i := range min(h.chars, len(sum)) {
		// The first hexadecimal digit, without a leading zero.
		c := sum[i]
		if c >= 16 {
			c >>= 4
		}
		h.fragments[(k-1)*int64(h.chars)+int64(i)] = "0123456789abcdef"[c]
	}
}

// Sum returns the sum of what was written.
func (h *Hash) Sum() Sum {
	s := Sum{Fragments: string(h.fragments), Count: len(h.ends), Skip: h.skip}
	h.md5.Sum(s.MD5[:0])
	return s
}

// damage returns the offsets between which the first damage is, according to the fragment
// sums.
func (h *Hash) damage(want Sum) (from, to int64) {
	if len(want.Fragments) != len(h.fragments) {
		return 0, h.total
	}
	for k, end := range h.ends {
		if end == 0 {
			continue
		}
		at := k * h.chars
		if string(h.fragments[at:at+h.chars]) != want.Fragments[at:at+h.chars] {
			return from, end
		}
		from = end
	}
	return from, h.total
}
