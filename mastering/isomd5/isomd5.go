// Package isomd5 computes and checks the MD5 checksum embedded in an ISO 9660 image, in
// the format of the programs implantisomd5 and checkisomd5 (package isomd5sum): text in
// the application use field of the primary volume descriptor (ECMA-119 8.4.32). With it,
// a disc can be checked without its source, also by installers that support this format.
//
// The MD5 sum covers the volume from its first byte, with the field itself taken as
// spaces, except for the last 15 sectors, which some drives cannot read. Fragment sums,
// taken at 20 points, show where damage is. MD5 finds accidental damage; it does not
// protect against forgery.
package isomd5

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"glassmaster/mastering/disc"
)

const (
	skipSectors   = 15       // at the end of the volume, not covered
	fragmentCount = 20       // fragment sums
	fragmentChars = 3        // hexadecimal digits of each
	blockSize     = 32 << 10 // fragments end where a block of this size does
	useOffset     = 883      // of the application use field in its descriptor
	useLength     = 512      // bytes of the field
	sizeOffset    = 84       // of the number of sectors, big-endian (ECMA-119 8.4.8)
	firstSector   = 16       // of the volume descriptors
	maxSearch     = 64       // descriptors that are searched
	sectorSize    = disc.SectorSize
	marker        = "ISO MD5SUM = "
	notice        = "THIS IS NOT THE SAME AS RUNNING MD5SUM ON THIS ISO!!"
)

// Sum is the embedded checksum of an image.
type Sum struct {
	MD5       [16]byte
	Fragments string // the fragment sums, one after another; may be empty
	Count     int    // number of fragment sums
	Skip      int64  // sectors at the end of the volume that are not covered
}

// ErrNone is returned for an image without an embedded checksum.
var ErrNone = errors.New("the image has no embedded MD5 checksum")

// String returns the MD5 sum in hexadecimal digits, as checkisomd5 shows it.
func (s Sum) String() string { return hex.EncodeToString(s.MD5[:]) }

// Put writes the sum into the application use field.
func (s Sum) Put(use *[useLength]byte) {
	text := fmt.Sprintf("%s%s;SKIPSECTORS = %d;%s;FRAGMENT SUMS = %s;FRAGMENT COUNT = %d;%s",
		marker, s, s.Skip, unsupported, s.Fragments, s.Count, notice)
	n := copy(use[:], text)
	fillSpaces(use[n:])
}

func fillSpaces(p []byte) {
	for i := range p {
		p[i] = ' '
	}
}

// parse reads an application use field. Its parts may come in any order; unknown
// ones are ignored.
func parse(use []byte) (Sum, error) {
	if !bytes.Contains(use, []byte(marker)) {
		return Sum{}, ErrNone
	}
	s := Sum{Skip: skipSectors, Count: fragmentCount}
	for part := range strings.SplitSeq(string(use), ";") {
		key, value, _ := strings.Cut(part, "=")
		value = strings.TrimSpace(value)
		var err error
		switch strings.TrimSpace(key) {
		case "ISO MD5SUM":
			var sum []byte
			if sum, err = hex.DecodeString(value); err == nil && copy(s.MD5[:], sum) != len(s.MD5) {
				err = errors.New("it is too short")
			}
		case "SKIPSECTORS":
			s.Skip, err = strconv.ParseInt(value, 10, 32)
		case "FRAGMENT SUMS":
			s.Fragments = value
		case "FRAGMENT COUNT":
			s.Count, err = strconv.Atoi(value)
		}
		if err != nil {
			return Sum{}, fmt.Errorf("the MD5 checksum in the image is damaged: %q: %w", part, err)
		}
	}
	if s.Skip < 0 || s.Count < 0 || s.Count > useLength {
		return Sum{}, fmt.Errorf("the MD5 checksum in the image is damaged: it skips %d sectors and has %d fragment sums", s.Skip, s.Count)
	}
	return s, nil
}

// target is the volume that a checksum covers.
type target struct {
	use  [useLength]byte
	at   int64 // offset of the application use field in the image
	size int64 // bytes of the volume
}

// find finds the primary volume descriptor of an image.
func find(r io.ReaderAt) (target, error) {
	var b [sectorSize]byte
	for i := int64(firstSector); i < firstSector+maxSearch; i++ {
		if n, err := r.ReadAt(b[:], i*sectorSize); n < len(b) {
			return target{}, fmt.Errorf("read the volume descriptor at sector %d: %w", i, noEOF(err))
		}
		if string(b[1:6]) != "CD001" || b[0] == 255 {
			break
		}
		if b[0] == 1 {
			t := target{at: i*sectorSize + useOffset, size: int64(binary.BigEndian.Uint32(b[sizeOffset:])) * sectorSize}
			copy(t.use[:], b[useOffset:])
			return t, nil
		}
	}
	return target{}, fmt.Errorf("%w: there is no ISO 9660 volume", ErrNone)
}

func noEOF(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
