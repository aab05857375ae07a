package compressed

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"glassmaster/mastering/image/packed"
)

// NewReader returns the contents of a stream that can only be read forward, and the name of
// the format it is compressed with. If it is not compressed, it returns the stream itself,
// and no name.
func NewReader(r io.Reader) (io.Reader, string, error) {
	b := bufio.NewReaderSize(r, 1<<20)
	p, err := b.Peek(10)
	if err != nil && err != io.EOF {
		return nil, "", err
	}
	has := func(text string) bool { return bytes.HasPrefix(p, []byte(text)) }
	var z io.Reader
	var name string
	switch {
	case has("\x1f\x8b\x08"):
		name = Gzip.Name
		z, err = gzip.NewReader(b)
	case has(xzMagic):
		name = XZ.Name
		z, err = xzStream(b)
	case has("\x28\xb5\x2f\xfd"):
		name = Zstandard.Name
		z, err = zstd.NewReader(b, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
	case has("BZh") && len(p) == 10 && (string(p[4:]) == "1AY&SY" || string(p[4:]) == "\x17\x72\x45\x38\x50\x90"):
		name = Bzip2.Name
		z = bzip2.NewReader(b)
	default:
		return b, "", nil
	}
	if err != nil {
		return nil, name, fmt.Errorf("decompress it as %s: %w", name, packed.NoEOF(err))
	}
	return z, name, nil
}

// xzStream reads an xz stream if its dictionary is not too large: the library allocates it.
func xzStream(b *bufio.Reader) (io.Reader, error) {
	p, err := b.Peek(xzHeadSize + 1024)
	if err != nil && err != io.EOF {
		return nil, err
	}
	if len(p) > xzHeadSize && p[xzHeadSize] != 0 {
		h, err := readXZHeader(bytes.NewReader(p), xzHeadSize)
		if err != nil {
			return nil, err
		}
		if h.dict > maxDict {
			return nil, fmt.Errorf("it needs %d MiB of memory to decompress, and the limit is %d MiB; decompress it with xz", h.dict>>20, maxDict>>20)
		}
	}
	return xz.NewReader(b)
}
