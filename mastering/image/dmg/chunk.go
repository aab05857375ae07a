package dmg

import (
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"sort"

	"github.com/klauspost/compress/zlib"
	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"

	"glassmaster/mastering/image/packed"
)

// kind is how a chunk is stored.
type kind uint32

// Kinds of chunks.
const (
	zero    kind = 0
	raw     kind = 1
	unused  kind = 2 // not recorded: zeros
	adcKind kind = 0x80000004
	zlKind  kind = 0x80000005
	bzKind  kind = 0x80000006
	fseKind kind = 0x80000007 // LZFSE
	xzKind  kind = 0x80000008 // LZMA, as an xz file
	comment kind = 0x7ffffffe
	end     kind = 0xffffffff
)

// chunk is a part of the contents.
type chunk struct {
	kind       kind
	start, end int64 // of the contents, in bytes
	at, length int64 // in the file
	unused     bool  // not recorded; zero is the kind
}

// maxChunk is more than a compressed chunk has, in bytes. Apple's have 256 KiB to 1 MiB.
const maxChunk = 64 << 20

// table is the table of a partition in the property list. Data begins with a header, whose
// numbers are big-endian:
//
//	  0  4  "mish"
//	  8  8  number of the first sector
//	 16  8  number of sectors
//	 24  8  offset of the data of the partition after that of the image
//	 64  4  kind of the checksum: 2: CRC-32; 72: the checksum
//	200  4  number of chunks
//
// Each chunk has 40 bytes: kind (4), a comment (4), its first sector, counted from that of
// the partition, its number of sectors, its offset and length in the file (8 each).
type table struct {
	Name string
	Data []byte
}

// parse returns the chunks of a partition, and its checksum if it has one. data is where
// the data of the image begins, size the size of the file.
func (t table) parse(data uint64, size int64) ([]chunk, *packed.Sum, error) {
	p := t.Data
	if len(p) < 204 || string(p[:4]) != "mish" {
		return nil, nil, errors.New("it does not begin with \"mish\"")
	}
	const limit = packed.MaxSize / sectorSize
	first, count := binary.BigEndian.Uint64(p[8:]), binary.BigEndian.Uint64(p[16:])
	offset := data + binary.BigEndian.Uint64(p[24:])
	if first > limit || count > limit {
		return nil, nil, packed.CheckSize(packed.MaxSize + 1)
	}
	n := binary.BigEndian.Uint32(p[200:])
	if uint64(n)*40 > uint64(len(p)-204) {
		return nil, nil, fmt.Errorf("it has %d bytes, too few for %d chunks", len(p), n)
	}
	var list []chunk
	for q := p[204:]; n > 0; n, q = n-1, q[40:] {
		k := kind(binary.BigEndian.Uint32(q))
		if k == comment {
			continue
		}
		if k == end {
			break
		}
		from, sectors := binary.BigEndian.Uint64(q[8:]), binary.BigEndian.Uint64(q[16:])
		if sectors == 0 {
			continue
		}
		if from > count || sectors > count-from {
			return nil, nil, fmt.Errorf("a chunk covers sectors %d to %d of %d", from, from+sectors-1, count)
		}
		c := chunk{kind: k, start: int64(first+from) * sectorSize}
		c.end = c.start + int64(sectors)*sectorSize
		at, length := offset+binary.BigEndian.Uint64(q[24:]), binary.BigEndian.Uint64(q[32:])
		if k == unused {
			c.kind, c.unused = zero, true
		}
		if c.kind != zero {
			if at > uint64(size) || length > uint64(size)-at {
				return nil, nil, fmt.Errorf("a chunk is at bytes %d to %d of the file, which has %d; the file is damaged or truncated", at, at+length, size)
			}
			c.at, c.length = int64(at), int64(length)
			if err := c.check(); err != nil {
				return nil, nil, err
			}
		}
		list = append(list, c)
	}
	return list, t.sum(int64(first), int64(count), list), nil
}

// check checks the kind and the sizes of a chunk.
func (c chunk) check() error {
	switch c.kind {
	case raw:
		if c.length != c.end-c.start {
			return fmt.Errorf("a chunk of %d bytes is stored in %d", c.end-c.start, c.length)
		}
	case adcKind, zlKind, bzKind, fseKind, xzKind:
		if c.end-c.start > maxChunk || c.length > 2*maxChunk {
			return fmt.Errorf("a compressed chunk has an invalid size of %d bytes", c.end-c.start)
		}
	default:
		return fmt.Errorf("unknown chunk type %#x", uint32(c.kind))
	}
	return nil
}

// sum returns the checksum of a partition. It does not cover parts that are not
// recorded.
func (t table) sum(first, count int64, list []chunk) *packed.Sum {
	covered := int64(0)
	var gaps []packed.Gap
	for _, c := range list {
		covered += c.end - c.start
		if c.unused {
			gaps = append(gaps, packed.Gap{Start: c.start, End: c.end})
		}
	}
	want, ok := crcOf(t.Data[64:])
	if !ok || covered != count*sectorSize || covered == 0 {
		return nil
	}
	sort.Slice(gaps, func(i, j int) bool { return gaps[i].Start < gaps[j].Start })
	return &packed.Sum{
		Kind: "CRC-32", Name: fmt.Sprintf("the partition %q", t.Name), Start: first * sectorSize, End: (first + count) * sectorSize,
		Gaps: gaps, Hash: crc32.NewIEEE(), Want: want,
	}
}

// crcOf returns the CRC-32 in a field for a checksum: kind (4), number of bits (4), and the
// checksum. It returns false if the field has another kind, or none.
func crcOf(p []byte) ([]byte, bool) {
	return p[8:12], binary.BigEndian.Uint32(p) == 2 && binary.BigEndian.Uint32(p[4:]) == 32
}

// unpack fills p with the bytes of the chunk from start on: all of them if it is
// compressed.
func (c chunk) unpack(r io.ReaderAt, p []byte, start int64) error {
	switch c.kind {
	case zero:
		clear(p)
		return nil
	case raw:
		_, err := r.ReadAt(p, c.at+start-c.start)
		return packed.NoEOF(err)
	}
	src := make([]byte, c.length)
	if n, err := r.ReadAt(src, c.at); n < len(src) {
		return packed.NoEOF(err)
	}
	switch c.kind {
	case adcKind:
		return unADC(p, src)
	case fseKind:
		return unLZFSE(p, src)
	}
	var z io.Reader
	var err error
	switch c.kind {
	case zlKind:
		z, err = zlib.NewReader(bytes.NewReader(src))
	case bzKind:
		z = bzip2.NewReader(bytes.NewReader(src))
	case xzKind:
		if err = limitDict(src, len(p)); err == nil {
			z, err = xz.NewReader(bytes.NewReader(src))
		}
	}
	if err != nil {
		return packed.NoEOF(err)
	}
	if _, err := io.ReadFull(z, p); err != nil {
		return packed.NoEOF(err)
	}
	var more [1]byte
	if n, err := io.ReadFull(z, more[:]); n > 0 {
		return fmt.Errorf("it is longer than %d bytes", len(p))
	} else if !errors.Is(err, io.EOF) {
		return err // such as a wrong checksum
	}
	return nil
}

// limitDict makes the dictionary in the header of an xz file no larger than its contents:
// the library allocates it.
func limitDict(p []byte, size int) error {
	const head = 12
	bad := errors.New("its xz header is damaged")
	if len(p) < head+8 {
		return bad
	}
	h := p[head:]
	n := (int(h[0]) + 1) * 4
	if n > len(h) || h[1]&3 != 0 {
		return bad
	}
	q := h[2 : n-4]
	for _, bit := range []byte{0x40, 0x80} {
		if h[1]&bit != 0 {
			_, k := binary.Uvarint(q)
			if k <= 0 {
				return bad
			}
			q = q[k:]
		}
	}
	if len(q) < 3 || q[0] != 0x21 || q[1] != 1 || crc32.ChecksumIEEE(h[:n-4]) != binary.LittleEndian.Uint32(h[n-4:]) {
		return bad
	}
	q[2] = min(q[2], lzma.EncodeDictCap(int64(size)))
	binary.LittleEndian.PutUint32(h[n-4:], crc32.ChecksumIEEE(h[:n-4]))
	return nil
}

// unADC unpacks Apple Data Compression. A byte says what follows: 80h to FFh: 1 to 128
// bytes; 40h to 7Fh: 4 to 67 bytes again, from a distance of two bytes; 00h to 3Fh: 3 to 18
// bytes again, from a distance of 10 bits.
func unADC(dst, src []byte) error {
	n := 0
	for len(src) > 0 && n < len(dst) {
		b := src[0]
		if b >= 0x80 {
			k := int(b&0x7f) + 1
			if len(src) <= k || n+k > len(dst) {
				return io.ErrUnexpectedEOF
			}
			n += copy(dst[n:], src[1:1+k])
			src = src[1+k:]
			continue
		}
		length, distance, used := int(b>>2)+3, 0, 2
		if b >= 0x40 {
			length, used = int(b&0x3f)+4, 3
		}
		if len(src) < used {
			return io.ErrUnexpectedEOF
		}
		if used == 3 {
			distance = int(src[1])<<8 | int(src[2])
		} else {
			distance = int(b&3)<<8 | int(src[1])
		}
		src = src[used:]
		if err := again(dst, n, length, distance+1); err != nil {
			return err
		}
		n += length
	}
	if n < len(dst) {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// again copies bytes to dst[n:] from a distance before. They may overlap.
func again(dst []byte, n, length, distance int) error {
	if distance < 1 || distance > n || length > len(dst)-n {
		return fmt.Errorf("a match of %d bytes at distance %d is not possible at byte %d of %d", length, distance, n, len(dst))
	}
	if distance >= length {
		copy(dst[n:n+length], dst[n-distance:])
		return nil
	}
	for i := range length {
		dst[n+i] = dst[n+i-distance]
	}
	return nil
}
