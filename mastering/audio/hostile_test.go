package audio_test

import (
	"bytes"
	"runtime"
	"strings"
	"testing"

	"glassmaster/mastering/audio"
)

// crc8 is the checksum of the header of a FLAC frame: polynomial 07h.
func crc8(p []byte) byte {
	crc := byte(0)
	for _, b := range p {
		crc ^= b
		for range 8 {
			if crc&0x80 != 0 {
				crc = crc<<1 ^ 7
			} else {
				crc <<= 1
			}
		}
	}
	return crc
}

// A file of FLAC headers, each of a frame of 65535 samples with a wrong checksum, is refused
// before all of them were decoded.
func TestFalseFrames(t *testing.T) {
	head := []byte("\xFF\xF8\x79\x18\x00\xFF\xFE") // 65535 samples in 16 bits, 44100, two channels, number 0
	one := append(head, crc8(head))
	one = append(one, "\x00\x12\x34\x00\x12\x34\x00\x00"...) // two constant channels, and no right checksum
	p := []byte("fLaC\x80\x00\x00\x22\xFF\xFF\xFF\xFF\x00\x00\x00\x00\x00\x00\x0A\xC4\x42\xF0")
	p = append(p, make([]byte, 20)...)
	p = append(p, bytes.Repeat(one, 100_000)...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := audio.Open(bytes.NewReader(p), int64(len(p)))
	runtime.ReadMemStats(&after)
	if err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("error %v", err)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > 2<<30 {
		t.Errorf("%d MiB were allocated", n>>20)
	}
}

// Metadata without end is refused.
func TestMetadataWithoutEnd(t *testing.T) {
	p := []byte("fLaC\x00\x00\x00\x22\xFF\xFF\xFF\xFF\x00\x00\x00\x00\x00\x00\x0A\xC4\x42\xF0")
	p = append(p, make([]byte, 1<<20)...)
	if _, err := audio.Open(bytes.NewReader(p), int64(len(p))); err == nil || !strings.Contains(err.Error(), "blocks of metadata") {
		t.Errorf("error %v", err)
	}
}
