package audio

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/hajimehoshi/go-mp3"
)

// mp3File is an MP3 file (ISO/IEC 11172-3, layer III). It consists of frames of 1152
// samples, each of which has a header of 4 bytes, side information, and main data. The main
// data of a frame may begin in the frames before it (the bit reservoir), and the samples of
// a frame depend on the frame before.
type mp3File struct {
	r      io.ReaderAt
	frames []mp3Frame
	skip   int64 // samples before the first one of the sound
}

// mp3Frame is a frame in the file.
type mp3Frame struct {
	off  int64
	size uint16 // bytes
	side uint16 // offset of its main data
}

// Samples of a frame, and those by which a decoder delays the sound, of which the encoder
// does not know (as LAME documents it: 528 + 1).
const (
	mp3Samples = 1152
	mp3Delay   = 529
)

// The decoder go-mp3 differs from others by up to 100 of 32768 where a loud sound begins in
// a file of a very low bit rate: in short blocks with joint stereo, it does not convert all
// of the last band. Nothing else was found by which it differs by more than 2.

// maxReservoir is how far main data begins before its frame at most, in bytes: the number
// of them has 9 bits.
const maxReservoir = 511

// isMP3 reports whether a file begins with two frames of MP3, or with one and the end.
func isMP3(head []byte) bool {
	h, ok := parseMP3Header(head)
	if !ok {
		return false
	}
	if len(head) < int(h.size)+4 {
		return len(head) >= int(h.size)
	}
	next, ok := parseMP3Header(head[h.size:])
	return ok && next.rate == h.rate
}

// mp3Header is what the header of a frame says: 11 bits of synchronization, version (2
// bits), layer (2), no CRC (1), bit rate (4), samples a second (2), padding (1), private
// (1), channel mode (2).
type mp3Header struct {
	size, side uint16
	rate       int
	channels   int
}

// parseMP3Header parses the header of a frame of MPEG-1 layer III, or MPEG-2, whose sample
// rate does not suit.
func parseMP3Header(p []byte) (mp3Header, bool) {
	if len(p) < 4 || p[0] != 0xFF || p[1]&0xE6 != 0xE2 { // layer III
		return mp3Header{}, false
	}
	version, bits, rates, padding := p[1]>>3&3, p[2]>>4, p[2]>>2&3, int(p[2]>>1&1)
	if version == 1 || bits == 0 || bits == 15 || rates == 3 {
		return mp3Header{}, false
	}
	h := mp3Header{rate: [...]int{44100, 48000, 32000}[rates], channels: 2, side: 4 + 32}
	if p[3]>>6 == 3 {
		h.channels, h.side = 1, 4+17
	}
	kbits, perFrame := [...]int{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320}[bits], 144
	if version != 3 { // MPEG-2 and 2.5
		kbits, perFrame = [...]int{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160}[bits], 72
		h.rate /= 2
		if version == 0 {
			h.rate /= 2
		}
		h.side = 4 + 17
		if h.channels == 1 {
			h.side = 4 + 9
		}
	}
	if p[1]&1 == 0 { // CRC
		h.side += 2
	}
	h.size = uint16(perFrame*kbits*1000/h.rate + padding)
	return h, h.size > h.side
}

// openMP3 opens an MP3 file.
func openMP3(r io.ReaderAt, size int64) (*Sound, error) {
	off := id3(r, size)
	f := &mp3File{r: r}
	info, err := f.scan(off, mp3End(r, size))
	if err != nil {
		return nil, err
	}
	f.skip = info.delay + mp3Delay
	total := int64(len(f.frames))*mp3Samples - f.skip
	if info.known { // the padding contains what the decoder delays
		total = int64(len(f.frames))*mp3Samples - info.delay - info.padding
	}
	missing := ""
	if info.cut {
		missing = "the file ends within a frame"
	}
	if info.frames > int64(len(f.frames)) {
		missing = fmt.Sprintf("the file contains %d of %d frames", len(f.frames), info.frames)
		total = int64(len(f.frames))*mp3Samples - f.skip
	}
	// With a padding of less than the decoder delays, the last samples are not in the file.
	s := newStream(f, max(0, min(total, int64(len(f.frames))*mp3Samples-f.skip)))
	s.Missing = missing
	return s, nil
}

// mp3End returns the offset after the last frame, where tags may begin: one of ID3 version
// 1, which has 128 bytes, and one of APE with a footer of 32 bytes, of which byte 12 is the
// size without a header, and bit 31 of the flags at 20 says that there is a header.
func mp3End(r io.ReaderAt, size int64) int64 {
	var p [128]byte
	if n, _ := r.ReadAt(p[:], max(0, size-128)); n == 128 && string(p[:3]) == "TAG" {
		size -= 128
	}
	if n, _ := r.ReadAt(p[:32], max(0, size-32)); n == 32 && string(p[:8]) == "APETAGEX" {
		length := int64(binary.LittleEndian.Uint32(p[12:]))
		if p[23]&0x80 != 0 {
			length += 32
		}
		size -= min(size, length)
	}
	return size
}

// mp3Info is the tag of Xing and LAME in the first frame.
type mp3Info struct {
	tag            bool  // the first frame is the tag
	frames         int64 // 0: not known
	delay, padding int64 // samples that the encoder added
	known          bool  // whether it says so
	cut            bool  // the file ends within a frame
}

// scan finds all frames. The first one may be a tag.
func (f *mp3File) scan(off, end int64) (mp3Info, error) {
	var info mp3Info
	r := bufio.NewReaderSize(io.NewSectionReader(f.r, off, end-off), 64<<10)
	var last mp3Header
	for off+4 <= end {
		p, err := r.Peek(4)
		if err != nil && !errors.Is(err, io.EOF) {
			return info, err
		}
		h, ok := parseMP3Header(p)
		if ok && last.rate != 0 && h.rate != last.rate {
			ok = false
		}
		if !ok {
			if trailing(r) {
				return info, nil
			}
			return info, fmt.Errorf("it is damaged at %s (byte %d): a frame header is missing", place(int64(len(f.frames))*mp3Samples), off)
		}
		if off+int64(h.size) > end {
			break
		}
		if last.rate == 0 {
			if err := suits(h.rate, h.channels, 16); err != nil {
				return info, err
			}
			p, _ := r.Peek(int(h.size))
			info = parseMP3Info(p, h)
		}
		if last.rate != 0 || !info.tag {
			f.frames = append(f.frames, mp3Frame{off, h.size, h.side})
		}
		last = h
		if _, err := r.Discard(int(h.size)); err != nil {
			return info, err
		}
		off += int64(h.size)
	}
	info.cut = off < end
	return info, nil
}

// trailing reports whether nothing but zeros, or a tag, follows to the end of a file.
func trailing(r *bufio.Reader) bool {
	if p, _ := r.Peek(8); bytes.HasPrefix(p, []byte("TAG")) || bytes.HasPrefix(p, []byte("APETAGEX")) || bytes.HasPrefix(p, []byte("LYRICSBE")) || bytes.HasPrefix(p, []byte("ID3")) {
		return true
	}
	for {
		b, err := r.ReadByte()
		if err != nil {
			return true
		}
		if b != 0 {
			return false
		}
	}
}

// parseMP3Info parses the tag in a frame whose side information is zero: "Xing" or "Info",
// flags (u32); then frames (u32) if flag 1 is set, bytes (u32) if 2 is, a table of 100 bytes
// if 4 is, quality (u32) if 8 is. Then follows the tag of LAME and other encoders, with
// delay and padding in 12 bits each at 21.
func parseMP3Info(p []byte, h mp3Header) (info mp3Info) {
	at := int(h.side)
	if p[1]&1 == 0 { // the tag is where it is without a CRC
		at -= 2
	}
	if len(p) < at+8 || string(p[at:at+4]) != "Xing" && string(p[at:at+4]) != "Info" {
		return info
	}
	info.tag = true
	flags := binary.BigEndian.Uint32(p[at+4:])
	q := p[at+8:]
	for _, x := range []struct {
		flag uint32
		size int
	}{{1, 4}, {2, 4}, {4, 100}, {8, 4}} {
		if flags&x.flag == 0 {
			continue
		}
		if len(q) < x.size {
			return info
		}
		if x.flag == 1 {
			info.frames = int64(binary.BigEndian.Uint32(q))
		}
		q = q[x.size:]
	}
	if len(q) >= 24 && (string(q[:4]) == "LAME" || string(q[:4]) == "Lavf" || string(q[:4]) == "Lavc") {
		info.delay, info.padding = int64(q[21])<<4|int64(q[22])>>4, int64(q[22]&15)<<8|int64(q[23])
		info.known = true
	}
	return info
}

// begin implements codec. Before the frame with the sample, one frame is decoded for what
// it contributes. The frames before that only fill the bit reservoir.
func (f *mp3File) begin(pos int64) (decoder, int64, error) {
	n := int((pos + f.skip) / mp3Samples)
	decoded := max(0, n-1)
	first, reservoir := decoded, 0
	for first > 0 && reservoir < maxReservoir {
		first--
		reservoir += int(f.frames[first].size - f.frames[first].side)
	}
	d := &mp3Decoder{mp3File: f, from: &mp3Reader{mp3File: f, frame: first, silent: decoded}}
	d.at = int64(first)*mp3Samples - f.skip
	return d, max(d.at, 0), nil
}

// mp3Decoder decodes an MP3 file forwards.
type mp3Decoder struct {
	*mp3File
	from *mp3Reader
	mp3  *mp3.Decoder
	at   int64 // number of the next sample
	out  [mp3Samples * sampleBytes]byte
}

// next implements decoder.
func (d *mp3Decoder) next() ([]byte, error) {
	if d.mp3 == nil {
		var err error
		if d.mp3, err = mp3.NewDecoder(d.from); err != nil {
			return nil, d.damaged(err)
		}
	}
	if _, err := io.ReadFull(d.mp3, d.out[:]); err != nil {
		if errors.Is(err, io.EOF) && d.from.frame >= len(d.frames) {
			return nil, io.EOF
		}
		return nil, d.damaged(err)
	}
	p := d.out[:]
	if d.at < 0 { // before the sound
		p = p[min(int64(len(p)), -d.at*sampleBytes):]
	}
	d.at += mp3Samples
	return p, nil
}

func (d *mp3Decoder) damaged(err error) error {
	return fmt.Errorf("the MP3 file is damaged at %s: %w", place(max(0, d.at)), err)
}

// mp3Reader reads frames one after the other. Those before silent are changed so that they
// have no sound: their main data goes into the bit reservoir only.
type mp3Reader struct {
	*mp3File
	frame     int
	silent    int
	reservoir int
	buf       []byte
	rest      []byte
}

func (r *mp3Reader) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		if r.frame >= len(r.frames) {
			return 0, io.EOF
		}
		if err := r.load(r.frames[r.frame]); err != nil {
			return 0, err
		}
		r.frame++
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// load reads a frame. The side information begins with 9 bits that say how many bytes of
// the reservoir its main data begins with; zeros after that mean that it has no main data.
func (r *mp3Reader) load(x mp3Frame) error {
	if cap(r.buf) < int(x.size) {
		r.buf = make([]byte, 2048)
	}
	r.rest = r.buf[:x.size]
	if n, err := r.r.ReadAt(r.rest, x.off); n < len(r.rest) {
		return fmt.Errorf("read byte %d: %w", x.off+int64(n), err)
	}
	if r.frame >= r.silent {
		return nil
	}
	at := 4
	if r.rest[1]&1 == 0 {
		at = 6
	}
	side := r.rest[at:x.side]
	clear(side)
	side[0], side[1] = byte(r.reservoir>>1), byte(r.reservoir<<7)
	r.reservoir = min(maxReservoir, r.reservoir+int(x.size-x.side))
	return nil
}
