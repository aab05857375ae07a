// Package audio reads sound files as the samples of an audio CD: 44,100 samples a second,
// two channels of 16 bits, left before right, little-endian (IEC 60908; the byte order is
// that of files and drives).
//
// WAV (RIFF and RF64), AIFF and AIFF-C without compression, FLAC (RFC 9639), MP3 and Ogg
// Vorbis are read, and recognized by their contents. The samples of a file are read at any
// position. Those of a compressed file are the same wherever a read begins.
//
// A file is converted only if that is lossless: one channel becomes two equal ones. Another sample rate or sample size is an error that says what to do.
package audio

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Samples of an audio CD.
const (
	rate        = 44100 // samples a second
	sampleBytes = 4     // of both channels
)

// maxSize is more than any sound file has, in bytes of samples: 18 days.
const maxSize = 1 << 38

// ErrUnknown is in the chain of the error if a file is none of the known sound files.
var ErrUnknown = errors.New("not a sound file in a known format")

// Sound is the samples of a sound file. It is safe for concurrent use.
type Sound struct {
	Kind    string // "WAV"
	Missing string // what is missing of a truncated file; empty: nothing
	size    int64
	io.ReaderAt
}

// Size returns the number of bytes of all samples, 4 for each.
func (s *Sound) Size() int64 { return s.size }

// kinds are the kinds of sound files.
var kinds = []struct {
	name string
	is   func(head []byte) bool
	open func(r io.ReaderAt, size int64) (*Sound, error)
}{
	{"WAV", isWAV, openWAV},
	{"AIFF", isAIFF, openAIFF},
	{"FLAC", isFLAC, openFLAC},
	{"Ogg Vorbis", isOgg, openVorbis},
	{"MP3", isMP3, openMP3},
}

// headBytes is how many bytes of a file its kind is recognized by. A tag before FLAC or
// MP3 is skipped.
const headBytes = 4096

// Identify returns the kind of a sound file, such as "WAV", or "" if it is none.
func Identify(r io.ReaderAt, size int64) string {
	head := headOf(r, size)
	for _, k := range kinds {
		if k.is(head) {
			return k.name
		}
	}
	return ""
}

// Open opens a sound file of size bytes. The error says what is wrong, without the name of
// the file.
func Open(r io.ReaderAt, size int64) (s *Sound, err error) {
	defer func() {
		if r := recover(); r != nil { // the decoders are made for files without damage
			s, err = nil, fmt.Errorf("it is damaged: the decoder failed (%v)", r)
		}
	}()
	head := headOf(r, size)
	for _, k := range kinds {
		if !k.is(head) {
			continue
		}
		s, err := k.open(r, size)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", k.name, err)
		}
		s.Kind = k.name
		switch {
		case s.size == 0:
			return nil, fmt.Errorf("%s: it has no samples", k.name)
		case s.size < 0 || s.size > maxSize:
			return nil, fmt.Errorf("%s: it claims to be longer than any sound is", k.name)
		}
		return s, nil
	}
	return nil, ErrUnknown
}

// headOf returns the first bytes of a file, after a tag of ID3.
func headOf(r io.ReaderAt, size int64) []byte {
	off := id3(r, size)
	head := make([]byte, min(max(0, size-off), headBytes))
	n, _ := r.ReadAt(head, off)
	return head[:n]
}

// id3 returns the size of a tag of ID3 version 2 at the beginning of a file: a header of 10
// bytes, of which the last four have the size in 7 bits each, and a footer if flag 4 is set.
func id3(r io.ReaderAt, size int64) int64 {
	var off int64
	for range 4 { // some programs put one before another
		var p [10]byte
		if n, _ := r.ReadAt(p[:], off); n < len(p) || !bytes.HasPrefix(p[:], []byte("ID3")) || (p[6]|p[7]|p[8]|p[9])&0x80 != 0 {
			break
		}
		n := int64(p[6])<<21 | int64(p[7])<<14 | int64(p[8])<<7 | int64(p[9])
		off += n + 10
		if p[5]&0x10 != 0 {
			off += 10
		}
	}
	return min(off, size)
}

// suits checks that samples can be those of an audio CD without a conversion that changes
// them.
func suits(hertz, channels, bits int) error {
	const advice = "convert it first, for example with SoX: sox FILE -r 44100 -b 16 -c 2 OUT.wav"
	switch {
	case channels != 1 && channels != 2:
		return fmt.Errorf("it has %d channels, but an audio CD has 2; %s", channels, advice)
	case hertz != rate:
		return fmt.Errorf("its sample rate is %d Hz, but that of an audio CD is %d Hz; %s", hertz, rate, advice)
	case bits != 16:
		return fmt.Errorf("its samples have %d bits, but those of an audio CD have 16; %s", bits, advice)
	}
	return nil
}

// place returns where a sample is, for an error.
func place(sample int64) string {
	return fmt.Sprintf("%02d:%02d.%03d", sample/rate/60, sample/rate%60, sample%rate*1000/rate)
}
