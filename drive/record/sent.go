package record

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"hash"
)

// pieceSectors is how many sectors share a checksum: 32 bytes for 128 KiB, 6 MB
// for a disc of 25 GB.
const pieceSectors = 64

// sent contains the checksums of what was sent to a drive: of everything that was read from
// the source, and of each piece of each area. The disc is compared with them, so that a
// change of the source since then does not matter.
type sent struct {
	whole hash.Hash
	areas []*areaSums
}

// areaSums are the checksums of the pieces of an area.
type areaSums struct {
	source bool // the area is a track of the source
	block  block
	bytes  int // of a piece
	piece  hash.Hash
	filled int // bytes in piece
	pieces [][sha256.Size]byte
}

func newSent(areas []*area) *sent {
	s := &sent{whole: sha256.New()}
	for _, a := range areas {
		s.areas = append(s.areas, &areaSums{source: a.track > 0 && !a.gap, block: a.block, bytes: pieceSectors * a.block.main(), piece: sha256.New()})
	}
	return s
}

// add adds the next blocks of an area, without their sub-channels.
func (s *sent) add(a *areaSums, p []byte) {
	if a.block.extra > 0 {
		p = a.block.strip(bytes.Clone(p))
	}
	if a.source {
		s.whole.Write(p)
	}
	for len(p) > 0 {
		k := min(a.bytes-a.filled, len(p))
		a.piece.Write(p[:k])
		a.filled += k
		p = p[k:]
		if a.filled == a.bytes {
			a.endPiece()
		}
	}
}

func (a *areaSums) endPiece() {
	var sum [sha256.Size]byte
	a.piece.Sum(sum[:0])
	a.pieces = append(a.pieces, sum)
	a.piece.Reset()
	a.filled = 0
}

// end completes the last pieces and returns the checksum of the source in hex.
func (s *sent) end() string {
	for _, a := range s.areas {
		if a.filled > 0 {
			a.endPiece()
		}
	}
	return hex.EncodeToString(s.whole.Sum(nil))
}
