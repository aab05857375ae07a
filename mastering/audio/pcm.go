package audio

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// pcm is samples of 16 bits that are stored in a part of a file.
type pcm struct {
	r      io.ReaderAt
	off    int64 // of the first sample
	stored int64 // bytes
	mono   bool
	swap   bool // big-endian
}

// newPCM returns samples that a file of size bytes contains at off. The header says that
// there are length bytes of them.
func newPCM(r io.ReaderAt, size, off, length int64, channels int, swap bool) *Sound {
	s := &Sound{}
	if have := size - off; length > have {
		s.Missing = fmt.Sprintf("the file contains %d of %d bytes of samples", have, length)
		length = have
	}
	step := int64(2 * channels)
	length = max(0, length/step*step)
	s.ReaderAt = &pcm{r, off, length, channels == 1, swap}
	s.size = length / step * sampleBytes
	return s
}

// ReadAt implements io.ReaderAt.
func (s *pcm) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("read at negative offset")
	}
	if !s.mono && (!s.swap || off%2 == 0 && len(p)%2 == 0) {
		return s.stereo(p, off)
	}
	return s.pieces(p, off)
}

// stereo reads stored samples of two channels. Of those to be swapped, off and len(p) are
// even.
func (s *pcm) stereo(p []byte, off int64) (int, error) {
	have := min(int64(len(p)), s.stored-off)
	if have <= 0 {
		return 0, io.EOF
	}
	n, err := s.r.ReadAt(p[:have], s.off+off)
	if s.swap {
		n &^= 1
		for i := 0; i < n; i += 2 {
			p[i], p[i+1] = p[i+1], p[i]
		}
	}
	switch {
	case n < int(have) && (err == nil || errors.Is(err, io.EOF)):
		return n, io.ErrUnexpectedEOF // the file became shorter
	case n == int(have) && n == len(p):
		return n, nil
	case n == int(have):
		return n, io.EOF
	}
	return n, err
}

// pieces reads samples through a buffer: those of one channel, or single bytes.
func (s *pcm) pieces(p []byte, off int64) (n int, err error) {
	width := int64(sampleBytes) // of a stored sample
	if s.mono {
		width = 2
	}
	var in [1 << 12]byte
	for n < len(p) {
		at := off + int64(n)
		first := at / sampleBytes
		count := min(int64(len(in))/width, (at%sampleBytes+int64(len(p)-n)+sampleBytes-1)/sampleBytes)
		k, e := s.stereo(in[:count*width], first*width)
		for i := range int64(k) / width {
			for b := range int64(sampleBytes) {
				if pos := (first+i)*sampleBytes + b; pos >= at && n < len(p) {
					p[n] = in[i*width+b%width]
					n++
				}
			}
		}
		if n < len(p) && e != nil {
			return n, e
		}
		if k == 0 {
			return n, io.ErrUnexpectedEOF
		}
	}
	return n, nil
}

// chunk is a chunk of a RIFF or IFF file.
type chunk struct {
	id     string
	off    int64 // of its contents
	length int64 // as the header says
}

// chunks calls f for each chunk from off on, until f returns true. A chunk begins with an
// identifier of 4 bytes and its length in 4, and is padded to an even length.
func chunks(r io.ReaderAt, size, off int64, order binary.ByteOrder, f func(chunk) (bool, error)) error {
	const most = 10000 // more than any file has
	for range most {
		var p [8]byte
		if n, err := r.ReadAt(p[:], off); n < len(p) {
			if err != nil && !errors.Is(err, io.EOF) {
				return err
			}
			return nil
		}
		c := chunk{string(p[:4]), off + 8, int64(order.Uint32(p[4:]))}
		if done, err := f(c); done || err != nil {
			return err
		}
		off = c.off + (c.length+1)&^1
		if off >= size {
			return nil
		}
	}
	return nil
}

// contents returns the first n bytes of a chunk.
func (c chunk) contents(r io.ReaderAt, n int64) ([]byte, error) {
	p := make([]byte, min(n, c.length))
	if k, err := r.ReadAt(p, c.off); k < len(p) {
		return nil, fmt.Errorf("read the %q chunk: %w", c.id, err)
	}
	return p, nil
}

func isWAV(head []byte) bool {
	return len(head) >= 12 && (string(head[:4]) == "RIFF" || string(head[:4]) == "RF64") && string(head[8:12]) == "WAVE"
}

// unknownLength is the length that programs write which do not know it, into a pipe, and
// that RF64 has if the length is in its chunk ds64 (EBU Tech 3306).
const unknownLength = math.MaxUint32

// Kinds of samples in the chunk fmt of WAV.
const (
	wavePCM        = 1
	waveExtensible = 0xFFFE
)

// openWAV opens a WAV file. The chunk fmt has 0 kind, 2 channels, 4 rate (u32), 14 bits;
// in the extensible form the first two bytes of the GUID at 24 are the kind. The chunk ds64
// has the length of the samples at 8 (u64).
func openWAV(r io.ReaderAt, size int64) (*Sound, error) {
	le := binary.LittleEndian
	var form []byte
	var s *Sound
	long := int64(-1)
	err := chunks(r, size, 12, le, func(c chunk) (bool, error) {
		var err error
		switch c.id {
		case "ds64":
			var p []byte
			if p, err = c.contents(r, 16); err == nil && len(p) == 16 {
				long = int64(le.Uint64(p[8:]) & math.MaxInt64)
			}
		case "fmt ":
			form, err = c.contents(r, 40)
		case "data":
			s, err = wavData(r, size, c, form, long)
			return true, err
		}
		return false, err
	})
	if err == nil && s == nil {
		err = errors.New("it has no samples: the \"data\" chunk is missing")
	}
	return s, err
}

// wavData returns the samples of the chunk data.
func wavData(r io.ReaderAt, size int64, c chunk, form []byte, long int64) (*Sound, error) {
	le := binary.LittleEndian
	if len(form) < 16 {
		return nil, errors.New("it is damaged: the \"fmt \" chunk is missing or too short")
	}
	kind, channels := le.Uint16(form), int(le.Uint16(form[2:]))
	if kind == waveExtensible && len(form) >= 26 {
		kind = le.Uint16(form[24:])
	}
	if kind != wavePCM {
		return nil, fmt.Errorf("its samples are compressed or floating-point numbers (format %04Xh); convert it first, for example with SoX: sox FILE -e signed -b 16 OUT.wav", kind)
	}
	if err := suits(int(le.Uint32(form[4:])), channels, int(le.Uint16(form[14:]))); err != nil {
		return nil, err
	}
	length := c.length
	switch {
	case length == unknownLength && long >= 0:
		length = long
	case length == unknownLength, length == 0 && c.off < size:
		length = size - c.off
	}
	return newPCM(r, size, c.off, length, channels, false), nil
}

func isAIFF(head []byte) bool {
	return len(head) >= 12 && string(head[:4]) == "FORM" && (string(head[8:12]) == "AIFF" || string(head[8:12]) == "AIFC")
}

// openAIFF opens an AIFF file. The chunk COMM has 0 channels (u16), 2 samples (u32), 6 bits
// (u16), 8 rate (80-bit floating-point number), and in AIFF-C 18 compression; all are
// big-endian. The chunk SSND has 0 offset of the first sample, 4 block size, 8 samples.
func openAIFF(r io.ReaderAt, size int64) (*Sound, error) {
	be := binary.BigEndian
	var common, head []byte
	var sound chunk
	err := chunks(r, size, 12, be, func(c chunk) (bool, error) {
		var err error
		switch c.id {
		case "COMM":
			common, err = c.contents(r, 22)
		case "SSND":
			sound = c
			head, err = c.contents(r, 8)
		}
		return common != nil && head != nil, err
	})
	if err != nil {
		return nil, err
	}
	if len(common) < 18 || len(head) < 8 {
		return nil, errors.New("it is damaged: the \"COMM\" or \"SSND\" chunk is missing or too short")
	}
	swap := true
	if len(common) >= 22 {
		switch c := string(common[18:22]); c {
		case "NONE", "twos":
		case "sowt":
			swap = false
		default:
			return nil, fmt.Errorf("its samples are compressed (%q); convert it first, for example with SoX: sox FILE OUT.wav", c)
		}
	}
	channels := int(be.Uint16(common))
	if err := suits(extended(common[8:18]), channels, int(be.Uint16(common[6:]))); err != nil {
		return nil, err
	}
	length := int64(be.Uint32(common[2:])) * int64(2*channels)
	off := sound.off + 8 + int64(be.Uint32(head))
	if length == 0 && off < size { // written into a pipe
		length = size - off
	}
	return newPCM(r, size, off, length, channels, swap), nil
}

// extended returns a floating-point number of 80 bits: sign and exponent in 16, then the
// mantissa with its highest bit. One that is no integer of an int is 0.
func extended(p []byte) int {
	exponent := int(binary.BigEndian.Uint16(p)) - 16383
	mantissa := binary.BigEndian.Uint64(p[2:])
	if exponent < 0 || exponent > 31 {
		return 0
	}
	return int(mantissa >> (63 - exponent))
}
