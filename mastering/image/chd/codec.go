package chd

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/sector"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"
)

// codec is the code of a compression method, four letters.
type codec [4]byte

// The codecs. Those of a CD compress sectors and sub-channels separately.
var (
	codecZlib    = codec{'z', 'l', 'i', 'b'} // deflate, without a header
	codecLZMA    = codec{'l', 'z', 'm', 'a'} // LZMA, without a header
	codecHuffman = codec{'h', 'u', 'f', 'f'}
	codecFLAC    = codec{'f', 'l', 'a', 'c'} // frames of FLAC
	codecZstd    = codec{'z', 's', 't', 'd'}
	codecCDZlib  = codec{'c', 'd', 'z', 'l'}
	codecCDLZMA  = codec{'c', 'd', 'l', 'z'}
	codecCDFLAC  = codec{'c', 'd', 'f', 'l'}
	codecCDZstd  = codec{'c', 'd', 'z', 's'}
)

// missing says what the codec is if it is not supported.
func (c codec) missing() string {
	switch c {
	case codecZlib, codecLZMA, codecHuffman, codecFLAC, codecZstd, codecCDZlib, codecCDLZMA, codecCDFLAC, codecCDZstd:
		return ""
	case codec{'a', 'v', 'h', 'u'}:
		return "the codec for analogue video (avhu): it is the image of a LaserDisc, which is not supported"
	}
	return fmt.Sprintf("the codec %q, which is unknown", c[:])
}

// decoder decompresses one hunk at a time.
type decoder struct {
	*header
	in      []byte // compressed
	parts   []byte // sectors, and after them sub-channels, of a hunk of a CD
	inflate io.ReadCloser
	zstd    *zstd.Decoder
	lzma    lzmaDecoder
	flac    flacDecoder
}

// input returns a buffer for the compressed hunk.
func (d *decoder) input(n int) []byte {
	if cap(d.in) < n {
		d.in = make([]byte, n)
	}
	return d.in[:n]
}

var errShort = errors.New("the data ends too early")

// decode decompresses src, and fills p.
func (d *decoder) decode(c codec, p, src []byte) error {
	switch c {
	case codecZlib:
		return d.zlib(p, src)
	case codecLZMA:
		return d.lzma.decode(p, src)
	case codecZstd:
		return d.zstandard(p, src)
	case codecHuffman:
		return huffmanBytes(p, src)
	case codecFLAC:
		if len(src) == 0 || src[0] != 'L' && src[0] != 'B' {
			return errors.New("the byte order of its samples is unknown")
		}
		_, err := d.flac.decode(p, src[1:], src[0] == 'B')
		return err
	case codecCDFLAC:
		return d.cdFLAC(p, src)
	}
	return d.cd(c, p, src)
}

// cd decompresses a hunk of a CD:
//
//	0  a bit for each sector, the lowest of each byte first: sync and parity are not stored
//	   compressed size of the sectors: 2 bytes, or 3 if a hunk has 65536 bytes or more
//	   compressed sectors
//	   compressed sub-channels
func (d *decoder) cd(c codec, p, src []byte) error {
	count := len(p) / cdUnit
	bits := (count + 7) / 8
	head := bits + 2
	if len(p) >= 1<<16 {
		head++
	}
	if len(p)%cdUnit != 0 {
		return errors.New("its size is not a multiple of the sector size")
	}
	if len(src) < head {
		return errShort
	}
	size := 0
	for _, b := range src[bits:head] {
		size = size<<8 | int(b)
	}
	if size > len(src)-head {
		return errShort
	}
	sectors, subs := d.split(count)
	base, sub := d.zlib, d.zlib
	switch c {
	case codecCDLZMA:
		base = d.lzma.decode
	case codecCDZstd:
		base, sub = d.zstandard, d.zstandard
	}
	if err := base(sectors, src[head:head+size]); err != nil {
		return err
	}
	if err := sub(subs, src[head+size:]); err != nil {
		return fmt.Errorf("sub-channels: %w", err)
	}
	join(p, sectors, subs)
	for i := range count {
		if src[i/8]>>(i%8)&1 != 0 {
			sector.RestoreParity(p[i*cdUnit:][:sector.Size])
		}
	}
	return nil
}

// cdFLAC decompresses a hunk of audio: frames of FLAC, and then compressed sub-channels.
func (d *decoder) cdFLAC(p, src []byte) error {
	if len(p)%cdUnit != 0 {
		return errors.New("its size is not a multiple of the sector size")
	}
	sectors, subs := d.split(len(p) / cdUnit)
	n, err := d.flac.decode(sectors, src, true)
	if err != nil {
		return err
	}
	if err := d.zlib(subs, src[n:]); err != nil {
		return fmt.Errorf("sub-channels: %w", err)
	}
	join(p, sectors, subs)
	return nil
}

// split returns a buffer for count sectors, and one for their sub-channels.
func (d *decoder) split(count int) (sectors, subs []byte) {
	if d.parts == nil {
		d.parts = make([]byte, d.hunk)
	}
	at := count * disc.RawSectorSize
	return d.parts[:at], d.parts[at : count*cdUnit]
}

// join puts the sub-channels after their sectors.
func join(p, sectors, subs []byte) {
	for len(p) > 0 {
		copy(p, sectors[:sector.Size])
		copy(p[sector.Size:], subs[:sector.SubSize])
		p, sectors, subs = p[cdUnit:], sectors[sector.Size:], subs[sector.SubSize:]
	}
}

func (d *decoder) zlib(p, src []byte) error {
	in := bytes.NewReader(src)
	if d.inflate == nil {
		d.inflate = flate.NewReader(in)
	} else if err := d.inflate.(flate.Resetter).Reset(in, nil); err != nil {
		return err
	}
	if _, err := io.ReadFull(d.inflate, p); err != nil {
		return fmt.Errorf("deflate: %w", unexpected(err))
	}
	return nil
}

func (d *decoder) zstandard(p, src []byte) error {
	if d.zstd == nil {
		z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxHunk))
		if err != nil {
			return err
		}
		d.zstd = z
	}
	got, err := d.zstd.DecodeAll(src, p[:0])
	switch {
	case err != nil:
		return fmt.Errorf("zstd: %w", err)
	case len(got) < len(p):
		return errShort
	case len(got) > len(p):
		return errors.New("the data is too long")
	}
	copy(p, got)
	return nil
}

func huffmanBytes(p, src []byte) error {
	h := newHuffman(256, 16)
	b := &bitReader{p: src}
	if err := h.readPacked(b); err != nil {
		return err
	}
	for i := range p {
		p[i] = byte(h.decode(b))
	}
	if b.ended() {
		return errShort
	}
	return nil
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errShort
	}
	return err
}
