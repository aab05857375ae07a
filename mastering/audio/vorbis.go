package audio

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/jfreymuth/vorbis"
)

// vorbisFile is an Ogg Vorbis file (Vorbis I, annex A). The granule position of a page is
// the number of samples before the end of the last packet that ends on it. The first packet
// that is decoded delivers no samples.
type vorbisFile struct {
	r       io.ReaderAt
	size    int64
	serial  uint32
	headers [2][]byte // identification and setup
	pages   []vorbisPage
	skip    int64 // samples before the first one of the sound
	total   int64
}

// vorbisPage is a page with the end of a packet of samples.
type vorbisPage struct{ off, granule int64 }

func isOgg(head []byte) bool { return bytes.HasPrefix(head, []byte("OggS")) }

// openVorbis opens an Ogg Vorbis file.
func openVorbis(r io.ReaderAt, size int64) (*Sound, error) {
	f := &vorbisFile{r: r, size: size}
	audio, err := f.readHeaders()
	if err != nil {
		return nil, err
	}
	d, err := f.decoder()
	if err != nil {
		return nil, err
	}
	if err := suits(d.SampleRate(), d.Channels(), 16); err != nil {
		return nil, err
	}
	last, err := f.scan(audio)
	if err != nil {
		return nil, err
	}
	if err := f.first(d, audio, last); err != nil {
		return nil, fmt.Errorf("it is damaged at its beginning: %w", err)
	}
	s := newStream(f, f.total)
	if last.flags&oggLast == 0 {
		s.Missing = "the file ends at " + place(f.total) + ", before its last page"
	}
	return s, nil
}

// readHeaders reads the three header packets, and returns the offset of the first page with
// samples. The second one has comments, and is not needed.
func (f *vorbisFile) readHeaders() (int64, error) {
	g, err := readPage(f.r, f.size, 0)
	if err != nil {
		return 0, fmt.Errorf("it is damaged: %w", err)
	}
	f.serial = g.serial
	s := packets{r: f.r, size: f.size, serial: f.serial}
	for i := range 3 {
		p, last, err := s.next()
		switch {
		case err != nil:
			return 0, fmt.Errorf("it is damaged: %w", err)
		case i == 0 && !vorbis.IsHeader(p):
			return 0, fmt.Errorf("its contents are not Vorbis, but %s; convert it first, for example with ffmpeg -i FILE OUT.wav", oggContents(p))
		case i == 0:
			f.headers[0] = p
		case i == 2:
			f.headers[1] = p
			if !last || s.segment != len(s.page.sizes) {
				return 0, errors.New("it is damaged: samples begin on a page with headers")
			}
		}
	}
	return s.off, nil
}

// oggContents returns what a logical stream contains, by its first packet.
func oggContents(p []byte) string {
	for _, k := range []struct{ start, name string }{
		{"OpusHead", "Opus"}, {"\x7fFLAC", "FLAC"}, {"Speex", "Speex"}, {"\x80theora", "video (Theora)"}, {"fishead", "several streams"},
	} {
		if bytes.HasPrefix(p, []byte(k.start)) {
			return k.name
		}
	}
	return "an unknown codec"
}

// decoder returns a decoder that has read the headers.
func (f *vorbisFile) decoder() (d *vorbis.Decoder, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("its headers are damaged (%v)", r)
		}
	}()
	h := f.headers[0]
	if len(h) < 30 || h[11] == 0 || h[28]>>4 < h[28]&15 || h[28]&15 < 6 || h[28]>>4 > 13 {
		return nil, errors.New("its identification header is damaged")
	}
	if err := checkCodebooks(f.headers[1]); err != nil {
		return nil, err
	}
	d = &vorbis.Decoder{}
	for _, h := range f.headers {
		if err := d.ReadHeader(h); err != nil {
			return nil, fmt.Errorf("its headers are damaged: %w", err)
		}
	}
	if !d.HeadersRead() {
		return nil, errors.New("its headers are damaged: one is missing")
	}
	return d, nil
}

// scan lists the pages, and returns the last one.
func (f *vorbisFile) scan(off int64) (oggPage, error) {
	var last oggPage
	for off < f.size {
		g, err := readPage(f.r, f.size, off)
		if errors.Is(err, io.ErrUnexpectedEOF) {
			last.flags &^= oggLast
			break
		}
		if err != nil {
			return last, fmt.Errorf("it is damaged at byte %d: %w", off, err)
		}
		off = g.end
		if g.serial != f.serial {
			if g.flags&oggFirst != 0 && last.flags&oggLast != 0 {
				return last, fmt.Errorf("a second logical stream begins at byte %d; split the file first", g.off)
			}
			continue
		}
		if g.granule < 0 {
			continue
		}
		if n := len(f.pages); n > 0 && g.granule < f.pages[n-1].granule {
			return last, fmt.Errorf("it is damaged at byte %d: the page is out of order", g.off)
		}
		f.pages = append(f.pages, vorbisPage{g.off, g.granule})
		last = g
	}
	if len(f.pages) == 0 {
		return last, errors.New("it has no samples")
	}
	f.total = last.granule
	return last, nil
}

// first decodes the first page. If it has more samples than its position says, those at the
// beginning are not part of the sound, unless it is the last page too, where those at the
// end are not. If it has less, the beginning of the stream was cut off, and is not counted.
func (f *vorbisFile) first(d *vorbis.Decoder, off int64, last oggPage) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the decoder failed (%v)", r)
		}
	}()
	s := packets{r: f.r, size: f.size, serial: f.serial, off: off}
	var n int64
	for end := false; !end; {
		var p []byte
		if p, end, err = s.next(); err != nil {
			return err
		}
		out, err := d.Decode(p)
		if err != nil {
			return err
		}
		n += int64(len(out) / d.Channels())
	}
	granule := f.pages[0].granule
	switch {
	case n > granule && len(f.pages) > 1:
		f.skip = n - granule
	case n < granule:
		for i := range f.pages {
			f.pages[i].granule -= granule - n
		}
		f.total -= granule - n
	}
	if last.off == f.pages[0].off {
		f.total = min(f.total, n)
	}
	return nil
}

// begin implements codec.
func (f *vorbisFile) begin(pos int64) (decoder, int64, error) {
	d, err := f.decoder()
	if err != nil {
		return nil, 0, err
	}
	x := &vorbisDecoder{vorbisFile: f, d: d}
	x.packets = packets{r: f.r, size: f.size, serial: f.serial, off: f.pages[0].off}
	low := -1 // the last page whose samples all are before pos
	for i, high := 0, len(f.pages); i < high; {
		if m := (i + high) / 2; f.pages[m].granule <= pos {
			low, i = m, m+1
		} else {
			high = m
		}
	}
	if low < 0 {
		x.at = -f.skip
		x.off = f.pages[0].off
		x.packets.skip = false
		return x, 0, nil
	}
	x.off = f.pages[low].off
	for { // the last packet of the page is decoded for what it contributes
		p, last, err := x.packets.next()
		if err != nil {
			return nil, 0, fmt.Errorf("the Ogg file is damaged: %w", err)
		}
		if last {
			x.warm = p
			break
		}
	}
	x.at = f.pages[low].granule
	return x, x.at, nil
}

// vorbisDecoder decodes an Ogg Vorbis file forwards.
type vorbisDecoder struct {
	*vorbisFile
	packets
	d    *vorbis.Decoder
	warm []byte // a packet that is decoded first
	at   int64  // number of the next sample
	out  []byte
}

// next implements decoder.
func (x *vorbisDecoder) next() ([]byte, error) {
	if x.warm != nil {
		if _, err := x.d.Decode(x.warm); err != nil {
			return nil, x.damaged(err)
		}
		x.warm = nil
	}
	p, _, err := x.packets.next()
	if errors.Is(err, io.EOF) {
		return nil, io.EOF
	}
	var values []float32
	if err == nil {
		values, err = x.d.Decode(p)
	}
	if err != nil {
		return nil, x.damaged(err)
	}
	x.out = x.out[:0]
	channels := x.d.Channels()
	for i := 0; i+channels <= len(values); i += channels {
		left, right := sample(values[i]), sample(values[i+channels-1])
		x.out = append(x.out, byte(left), byte(left>>8), byte(right), byte(right>>8))
	}
	n := int64(len(x.out) / sampleBytes)
	from := min(max(0, -x.at), n)
	x.at += n
	return x.out[from*sampleBytes:], nil
}

func (x *vorbisDecoder) damaged(err error) error {
	return fmt.Errorf("the Ogg file is damaged at %s: %w", place(max(0, x.at)), err)
}

// sample returns a sample of 16 bits.
func sample(v float32) int16 {
	return int16(min(max(math.Floor(float64(v)*32767+0.5), -32768), 32767))
}

// checkCodebooks checks that the codebooks of the setup header (Vorbis I 3.2.1) are not
// larger than those of any encoder: the decoder makes memory by the numbers in them. After
// the 7 bytes that every header begins with, and the number of codebooks less 1, each has a
// pattern (24 bits), dimensions (16), entries (24), and their lengths.
func checkCodebooks(setup []byte) error {
	const maxEntries, maxValues = 1 << 17, 1 << 22
	damaged := errors.New("its setup header is damaged")
	if len(setup) < 8 {
		return damaged
	}
	b := &bits{p: setup[8:]}
	values := 0
	for range int(setup[7]) + 1 {
		if b.read(24) != 0x564342 {
			return damaged
		}
		dimensions, entries := int(b.read(16)), int(b.read(24))
		values += dimensions * entries
		if dimensions == 0 || entries == 0 || entries > maxEntries || values > maxValues {
			return damaged
		}
		if !b.lengths(entries) {
			return damaged
		}
		switch lookup := b.read(4); lookup {
		case 0:
		case 1, 2:
			b.read(32)
			b.read(32)
			width := int(b.read(4)) + 1
			b.read(1)
			n := dimensions * entries
			if lookup == 1 {
				n = int(math.Floor(math.Pow(float64(entries), 1/float64(dimensions))))
			}
			b.skip(n * width)
		default:
			return damaged
		}
		if b.short {
			return damaged
		}
	}
	return nil
}

// bits reads numbers of bits, the lowest first.
type bits struct {
	p     []byte
	at    int // in bits
	short bool
}

func (b *bits) read(n int) uint32 {
	if b.skip(n); b.short {
		return 0
	}
	var v uint64
	for i, at := 0, b.at-n; i < n; i, at = i+1, at+1 {
		v |= uint64(b.p[at/8]>>(at%8)&1) << i
	}
	return uint32(v)
}

func (b *bits) skip(n int) {
	if b.at += n; b.at > len(b.p)*8 {
		b.short = true
	}
}

// lengths skips the lengths of the entries of a codebook. It returns false if they are
// damaged.
func (b *bits) lengths(entries int) bool {
	if b.read(1) == 0 {
		sparse := b.read(1) == 1
		for i := 0; i < entries && !b.short; i++ {
			if !sparse || b.read(1) == 1 {
				b.read(5)
			}
		}
		return !b.short
	}
	b.read(5)
	for rounds := 0; entries > 0; rounds++ {
		width := 0
		for 1<<width <= entries {
			width++
		}
		n := int(b.read(width))
		if n > entries || rounds > 32 || b.short {
			return false
		}
		entries -= n
	}
	return true
}
