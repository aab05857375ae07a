package chd

import (
	"bytes"

	"glassmaster/mastering/sector"

	"github.com/klauspost/compress/flate"
)

// encoder compresses one hunk at a time.
type encoder struct {
	header
	parts   []byte // sectors, and after them sub-channels
	bits    []byte // the bits of a hunk of a CD
	rest    int    // bytes of a hunk without what prepare removes
	sub     []byte // compressed sub-channels
	trial   []byte
	packed  []byte // compressed sectors
	deflate *flate.Writer
	buffer  bytes.Buffer
	flac    flacEncoder
	lzma    lzmaEncoder
}

// newEncoder returns an encoder for the codecs of an image.
func newEncoder(h header) *encoder {
	e := &encoder{header: h, parts: make([]byte, h.hunk)}
	e.deflate, _ = flate.NewWriter(&e.buffer, flate.BestCompression) // the level is valid
	return e
}

// compress compresses a hunk with each codec that is of use, and keeps the shortest result.
func (e *encoder) compress(h *hunk) {
	h.crc = crc16(crcStart, h.data)
	h.kind, h.out = plain, append(h.out[:0], h.data...)
	e.rest = len(h.data)
	if e.unit == cdUnit {
		e.prepare(h.data)
	}
	for i := len(e.codecs) - 1; i >= 0; i-- { // the slowest is the first one
		c := e.codecs[i]
		if c == (codec{}) || e.useless(c, h) {
			continue
		}
		if e.trial = e.encode(e.trial[:0], c, h); len(e.trial) > 0 && len(e.trial) <= len(h.out) {
			h.kind = byte(i)
			h.out, e.trial = e.trial, h.out
		}
	}
}

// useless reports whether a codec would not make a hunk shorter than it is by now: none does
// that to what FLAC has compressed, unless it is next to silence, and LZMA does not, or
// hardly, where deflate has little effect. That is so in all hunks of the measurement in
// docs/performance.md.
func (e *encoder) useless(c codec, h *hunk) bool {
	if h.kind != plain && e.codecs[h.kind] == codecCDFLAC && len(h.out) > e.rest/8 {
		return true
	}
	return (c == codecLZMA || c == codecCDLZMA) && len(h.out) >= e.rest*7/8
}

// prepare separates the sectors of a hunk from their sub-channels, and removes sync and
// parity where they can be restored.
func (e *encoder) prepare(p []byte) {
	count := len(p) / cdUnit
	sectors, subs := e.parts[:count*sector.Size], e.parts[count*sector.Size:]
	e.bits = append(e.bits[:0], make([]byte, (count+7)/8)...)
	e.rest = len(sectors)
	for i := range count {
		s := sectors[i*sector.Size:][:sector.Size]
		copy(s, p[i*cdUnit:])
		copy(subs[i*sector.SubSize:], p[i*cdUnit+sector.Size:][:sector.SubSize])
		if sector.HasParity(s) {
			e.bits[i/8] |= 1 << (i % 8)
			e.rest -= sector.RemoveParity(s)
		}
	}
	e.sub = append(e.sub[:0], e.deflated(subs)...)
}

// deflated returns compressed bytes, which are valid until the next call.
func (e *encoder) deflated(p []byte) []byte {
	e.buffer.Reset()
	e.deflate.Reset(&e.buffer)
	_, _ = e.deflate.Write(p) // to memory
	_ = e.deflate.Close()
	return e.buffer.Bytes()
}

// encode appends a hunk as the codec stores it to b. It returns nothing if the codec is of no
// use for it.
func (e *encoder) encode(b []byte, c codec, h *hunk) []byte {
	switch c {
	case codecZlib:
		return append(b, e.deflated(h.data)...)
	case codecLZMA:
		return e.lzma.encode(b, h.data, len(h.out))
	case codecCDLZMA:
		e.packed = e.lzma.encode(e.packed[:0], e.sectors(), e.hunk)
		return e.cd(b, e.packed)
	case codecCDZlib:
		return e.cd(b, e.deflated(e.sectors()))
	case codecCDFLAC:
		if h.audio {
			return e.cdFLAC(b)
		}
	}
	return nil
}

// sectors returns the sectors that prepare has separated.
func (e *encoder) sectors() []byte { return e.parts[:e.hunk/cdUnit*sector.Size] }

// cd appends a hunk of a CD with compressed sectors; see decoder.cd.
func (e *encoder) cd(b, sectors []byte) []byte {
	if len(sectors) == 0 || len(sectors) >= e.hunk {
		return nil
	}
	b = append(b, e.bits...)
	if e.hunk >= 1<<16 {
		b = append(b, byte(len(sectors)>>16))
	}
	b = append(b, byte(len(sectors)>>8), byte(len(sectors)))
	return append(append(b, sectors...), e.sub...)
}

// cdFLAC appends a hunk of audio; see decoder.cdFLAC.
func (e *encoder) cdFLAC(b []byte) []byte {
	for _, bits := range e.bits {
		if bits != 0 { // sync and parity would be lost
			return nil
		}
	}
	if b = e.flac.encode(b, e.sectors(), true); b == nil {
		return nil
	}
	return append(b, e.sub...)
}
