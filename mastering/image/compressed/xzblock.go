package compressed

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"slices"
	"sync"

	"github.com/ulikunitz/xz/lzma"

	"glassmaster/mastering/image/packed"
)

// checkSizes are the sizes of the checksums of the 16 kinds, in bytes (2.1.1.2).
var checkSizes = [16]int64{0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64}

var ecma = sync.OnceValue(func() *crc64.Table { return crc64.MakeTable(crc64.ECMA) })

// maxDict is the largest dictionary, in bytes: that of xz -9 is 64 MiB.
const maxDict = 256 << 20

// mostPacked is more than LZMA can shrink anything: the contents of a few bytes are not
// large, whatever the file claims.
const mostPacked = 16384

// xzReader reads the contents of a block and verifies its checksum.
type xzReader struct {
	head    int64 // size of the header
	file    counter
	buf     *bufio.Reader
	lzma    io.Reader
	sum     hash.Hash
	check   byte
	size    int64 // of the block without its padding; 0: not known
	data    int64 // size of the compressed data; set at its end
	readErr error
}

// block opens the block at a place of the file. size is that of the block without its
// padding, contents that of its contents; both are 0 if they are not known.
func (x *xzFile) block(at, size, contents int64, check byte) (*xzReader, error) {
	h, err := readXZHeader(x.r, at)
	if err != nil {
		return nil, packed.NoEOF(err)
	}
	r := &xzReader{head: h.size, check: check, size: size}
	switch check {
	case 0:
	case 1:
		r.sum = crc32.NewIEEE()
	case 4:
		r.sum = crc64.New(ecma())
	case 10:
		r.sum = sha256.New()
	default:
		return nil, fmt.Errorf("unknown checksum type %d; decompress the file with xz", check)
	}
	left := int64(1 << 62)
	if size > 0 {
		left = (size+3)/4*4 - h.size
	}
	r.file.r = io.NewSectionReader(x.r, at+h.size, left)
	r.buf = bufio.NewReaderSize(&r.file, 64<<10)
	dict := h.dict
	if contents > 0 {
		dict = min(dict, contents)
	}
	if size > 0 {
		dict = min(dict, size*mostPacked)
	} else {
		dict = min(dict, x.size*mostPacked)
	}
	if dict > maxDict {
		return nil, fmt.Errorf("the block at byte %d needs %d MiB of memory to decompress, and the limit is %d MiB; decompress the file with xz", at, dict>>20, maxDict>>20)
	}
	r.lzma, err = lzma.Reader2Config{DictCap: int(max(dict, lzma.MinDictCap))}.NewReader2(r.buf)
	if err != nil {
		return nil, packed.NoEOF(err)
	}
	return r, nil
}

// packedSize returns the size of the block without its padding, after its end was read.
func (r *xzReader) packedSize() int64 { return r.head + r.data + checkSizes[r.check] }

// Read implements io.Reader.
func (r *xzReader) Read(p []byte) (int, error) {
	if r.readErr != nil {
		return 0, r.readErr
	}
	n, err := r.lzma.Read(p)
	if r.sum != nil {
		r.sum.Write(p[:n])
	}
	if err == io.EOF {
		err = r.finish()
	}
	r.readErr = err
	return n, err
}

// finish verifies the checksum. It returns io.EOF if it is right.
func (r *xzReader) finish() error {
	r.data = r.file.n - int64(r.buf.Buffered())
	for n := r.data; n%4 != 0; n++ {
		if c, err := r.buf.ReadByte(); err != nil {
			return packed.NoEOF(err)
		} else if c != 0 {
			return corrupt("invalid block padding")
		}
	}
	want := make([]byte, checkSizes[r.check])
	if _, err := io.ReadFull(r.buf, want); err != nil {
		return packed.NoEOF(err)
	}
	if r.size > 0 && r.packedSize() != r.size {
		return corrupt("the size of a block is wrong")
	}
	if r.sum == nil {
		return io.EOF
	}
	got := r.sum.Sum(nil)
	if r.check != 10 { // the CRCs are little-endian
		slices.Reverse(got)
	}
	if !bytes.Equal(got, want) {
		return corrupt("the checksum of a block is wrong")
	}
	return io.EOF
}

// Close implements io.Closer.
func (r *xzReader) Close() error { return nil }
