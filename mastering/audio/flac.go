package audio

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/mewkiz/flac/frame"
)

// flacFile is a FLAC file (RFC 9639). Its frames have a number and checksums, so that a
// frame is found by bisection, and damage is noticed.
type flacFile struct {
	r     io.ReaderAt
	size  int64
	first int64 // offset of the first frame
	block int64 // samples of a frame, in a stream of fixed block size
	total int64 // samples

	channels, bits int
}

func isFLAC(head []byte) bool { return bytes.HasPrefix(head, []byte("fLaC")) }

// maxMetadata is more than the number of blocks of metadata of any file.
const maxMetadata = 1000

// openFLAC opens a FLAC file. After the signature of 4 bytes follow blocks of metadata with
// a header of 4: the last flag and the type, and the length in 3 bytes. The first is
// STREAMINFO: 0 smallest and 2 largest block size, 10 rate (20 bits), channels less 1 (3),
// bits less 1 (5), samples (36).
func openFLAC(r io.ReaderAt, size int64) (*Sound, error) {
	f := &flacFile{r: r, size: size}
	off := id3(r, size) + 4
	for n := 0; ; n++ {
		var p [4 + 18]byte
		if k, _ := r.ReadAt(p[:], off); k < 4 {
			return nil, errors.New("the file ends within its metadata")
		}
		if n == 0 {
			if p[0]&0x7F != 0 {
				return nil, errors.New("it is damaged: the STREAMINFO block is missing")
			}
			if err := f.info(p[4:]); err != nil {
				return nil, err
			}
		}
		if n == maxMetadata {
			return nil, fmt.Errorf("it is damaged: it has more than %d blocks of metadata", maxMetadata)
		}
		off += 4 + int64(p[1])<<16 + int64(p[2])<<8 + int64(p[3])
		if p[0]&0x80 != 0 {
			break
		}
	}
	if f.first = off; f.first >= size {
		return nil, errors.New("the file ends within its metadata")
	}
	end, err := f.end()
	if err != nil {
		return nil, err
	}
	missing := ""
	if f.total > end {
		missing = fmt.Sprintf("the file contains %d of %d samples", end, f.total)
	}
	if f.total == 0 || f.total > end {
		f.total = end
	}
	s := newStream(f, f.total)
	s.Missing = missing
	return s, nil
}

// info reads the block STREAMINFO.
func (f *flacFile) info(p []byte) error {
	f.block = int64(binary.BigEndian.Uint16(p[2:]))
	v := binary.BigEndian.Uint64(p[10:])
	f.channels, f.bits = int(v>>41&7)+1, int(v>>36&31)+1
	f.total = int64(v & (1<<36 - 1))
	return suits(int(v>>44), f.channels, f.bits)
}

// maxFrame is the most bytes that a frame can have: its samples without compression, and
// headers.
func (f *flacFile) maxFrame() int64 { return 65535*int64(f.channels)*3 + 64 }

// flacFrame is a frame that was decoded, and where it is in the file.
type flacFrame struct {
	*frame.Frame
	off, end int64
}

// end returns the number of samples before the end of the last frame.
func (f *flacFile) end() (int64, error) {
	for back := int64(32 << 10); ; back *= 2 {
		from := max(f.first, f.size-back)
		last := int64(-1)
		for at := from; ; {
			x, ok := f.find(at, f.size)
			if !ok {
				break
			}
			last, at = f.start(x)+int64(x.BlockSize), x.end
		}
		switch {
		case last >= 0:
			return last, nil
		case from == f.first:
			return 0, errors.New("it is damaged: it has no complete frame")
		case back > 2*f.maxFrame():
			return 0, errors.New("it is damaged: there is no complete frame near its end")
		}
	}
}

// start returns the number of the first sample of a frame.
func (f *flacFile) start(x flacFrame) int64 {
	if x.HasFixedBlockSize {
		return int64(x.Num) * f.block
	}
	return int64(x.Num)
}

// find returns the first frame that begins at or after off, and before limit.
func (f *flacFile) find(off, limit int64) (flacFrame, bool) {
	const step = 16 << 10
	p := make([]byte, step+1)
	tried := 0
	for off < limit {
		n, _ := f.r.ReadAt(p[:min(step+1, f.size-off)], off)
		for i := 0; i+1 < n && off+int64(i) < limit; i++ {
			if p[i] != 0xFF || p[i+1]&^1 != 0xF8 {
				continue
			}
			at := off + int64(i)
			if x, err := f.parse(bufio.NewReader(io.NewSectionReader(f.r, at, f.size-at)), at); err == nil {
				return x, true
			} else if !errors.Is(err, errNoHeader) {
				if tried++; tried > maxFalse {
					return flacFrame{}, false
				}
			}
		}
		off += step
		if n < step+1 {
			break
		}
	}
	return flacFrame{}, false
}

// errNoHeader is in the chain of the error of parse if a frame header is missing.
var errNoHeader = errors.New("there is no frame")

// maxFalse is how many headers find tries to decode of which none begins a frame that is not
// damaged. In samples hardly anything looks like a header, whose checksum is right.
const maxFalse = 64

// parse decodes the frame at off, where r is, and checks its checksums.
func (f *flacFile) parse(r *bufio.Reader, off int64) (flacFrame, error) {
	c := &counter{r: r}
	x, err := frame.New(c)
	if err != nil {
		return flacFrame{}, fmt.Errorf("%w: %w", errNoHeader, err)
	}
	if x.BitsPerSample == 0 { // as STREAMINFO says
		x.BitsPerSample = uint8(f.bits)
	}
	if x.Channels.Count() != f.channels || int(x.BitsPerSample) != f.bits || x.SampleRate != 0 && x.SampleRate != rate {
		return flacFrame{}, errors.New("the channels, sample size or sample rate of the frame are not those of the file")
	}
	if err := x.Parse(); err != nil {
		return flacFrame{}, err
	}
	for _, sub := range x.Subframes {
		if len(sub.Samples) != int(x.BlockSize) {
			return flacFrame{}, errors.New("the frame does not have the number of samples that its header states")
		}
	}
	return flacFrame{x, off, off + c.n}, nil
}

// counter counts the bytes that are read.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// begin implements codec.
func (f *flacFile) begin(pos int64) (decoder, int64, error) {
	low, high := f.first, f.size // low is before the frame of pos, high after it
	at := int64(0)
	const near = 64 << 10 // bytes that are decoded forwards instead
	for high-low > near {
		middle := low + (high-low)/2
		x, ok := f.find(middle, high)
		if !ok || f.start(x) > pos {
			high = middle
			continue
		}
		low, at = x.off, f.start(x)
		if pos < at+int64(x.BlockSize) {
			break
		}
		if high <= x.end {
			break
		}
	}
	if low == f.first {
		at = 0
	}
	return &flacDecoder{flacFile: f, r: bufio.NewReaderSize(io.NewSectionReader(f.r, low, f.size-low), 32<<10), off: low, at: at}, at, nil
}

// flacDecoder decodes a FLAC file forwards.
type flacDecoder struct {
	*flacFile
	r   *bufio.Reader
	off int64 // of the next frame
	at  int64 // number of its first sample
	out []byte
}

// next implements decoder.
func (d *flacDecoder) next() ([]byte, error) {
	if d.at >= d.total {
		return nil, io.EOF
	}
	x, err := d.parse(d.r, d.off)
	if err == nil && d.start(x) != d.at {
		err = fmt.Errorf("the frame begins at sample %d instead of %d", d.start(x), d.at)
	}
	if err != nil {
		return nil, fmt.Errorf("the FLAC file is damaged at %s (byte %d): %w", place(d.at), d.off, err)
	}
	d.off, d.at = x.end, d.at+int64(x.BlockSize)
	left := x.Subframes[0].Samples
	right := x.Subframes[len(x.Subframes)-1].Samples
	d.out = d.out[:0]
	for i := range left {
		d.out = append(d.out, byte(left[i]), byte(left[i]>>8), byte(right[i]), byte(right[i]>>8))
	}
	return d.out, nil
}
