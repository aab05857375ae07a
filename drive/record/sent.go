package record

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"

	"glassmaster/mastering/disc"
)

// pieceSectors is how many sectors share a checksum: 32 bytes for 128 KiB, 6 MB
// for a disc of 25 GB.
const pieceSectors = 64

// sent contains the checksums of what was sent to a drive: of everything, and of each
// piece. The disc is compared with them, so that a change of the source since then does
// not matter.
type sent struct {
	whole  hash.Hash
	piece  hash.Hash
	filled int // bytes in piece
	pieces [][sha256.Size]byte
}

func newSent() *sent { return &sent{whole: sha256.New(), piece: sha256.New()} }

// Write implements io.Writer and never fails.
func (s *sent) Write(p []byte) (int, error) {
	n := len(p)
	s.whole.Write(p)
	for len(p) > 0 {
		k := min(pieceSectors*disc.SectorSize-s.filled, len(p))
		s.piece.Write(p[:k])
		s.filled += k
		p = p[k:]
		if s.filled == pieceSectors*disc.SectorSize {
			s.endPiece()
		}
	}
	return n, nil
}

func (s *sent) endPiece() {
	var sum [sha256.Size]byte
	s.piece.Sum(sum[:0])
	s.pieces = append(s.pieces, sum)
	s.piece.Reset()
	s.filled = 0
}

// end completes the last piece and returns the checksum of everything in hex.
func (s *sent) end() string {
	if s.filled > 0 {
		s.endPiece()
	}
	return hex.EncodeToString(s.whole.Sum(nil))
}
