package audio_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/audio"
	"glassmaster/mastering/peertest"
)

// aiff returns an AIFF file, or one of AIFF-C if there is a compression.
func aiff(p []byte, count, channels, bits int, hertz uint16, compression string) []byte {
	be := binary.BigEndian
	c := be.AppendUint16(nil, uint16(channels))
	c = be.AppendUint32(c, uint32(count))
	c = be.AppendUint16(c, uint16(bits))
	c = be.AppendUint16(c, 0x400E) // 2^15, with a mantissa of 16 bits
	c = be.AppendUint16(c, hertz)
	c = append(c, 0, 0, 0, 0, 0, 0)
	kind := "AIFF"
	if compression != "" {
		kind = "AIFC"
		c = append(c, compression+"\x00\x00"...)
	}
	f := append([]byte("FORM\x00\x00\x00\x00"+kind+"COMM"), be.AppendUint32(nil, uint32(len(c)))...)
	f = append(f, c...)
	f = append(f, "ANNO\x00\x00\x00\x03abc\x00SSND"...) // of an odd length
	f = be.AppendUint32(f, uint32(len(p)+8+2))
	f = append(f, 0, 0, 0, 2, 0, 0, 0, 0, 0xEE, 0xEE) // two bytes before the samples
	return append(f, p...)
}

// replace returns p with a text at an offset.
func replace(p []byte, off int, text string) []byte {
	p = bytes.Clone(p)
	copy(p[off:], text)
	return p
}

// The forms in which programs write uncompressed samples.
func TestForms(t *testing.T) {
	const pcm = "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0A\x0B\x0C"
	extensible := "RIFF\x00\x00\x00\x00WAVEfmt \x28\x00\x00\x00\xFE\xFF\x02\x00\x44\xAC\x00\x00\x10\xB1\x02\x00\x04\x00\x10\x00\x16\x00\x10\x00\x03\x00\x00\x00" +
		"\x01\x00\x00\x00\x00\x00\x10\x00\x80\x00\x00\xAA\x00\x38\x9B\x71data\x0C\x00\x00\x00" + pcm
	long := "RF64\xFF\xFF\xFF\xFFWAVEds64\x1C\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x0C\x00\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
		"fmt \x10\x00\x00\x00\x01\x00\x02\x00\x44\xAC\x00\x00\x10\xB1\x02\x00\x04\x00\x10\x00data\xFF\xFF\xFF\xFF" + pcm + "LIST"
	plain := wav([]byte(pcm), 44100, 2, 16)
	const swapped = "\x02\x01\x04\x03\x06\x05\x08\x07\x0A\x09\x0C\x0B"
	const mono = "\x01\x02\x01\x02\x03\x04\x03\x04\x05\x06\x05\x06\x07\x08\x07\x08\x09\x0A\x09\x0A\x0B\x0C\x0B\x0C"
	for _, c := range []struct {
		name    string
		file    []byte
		want    string
		missing string
	}{
		{"WAV", plain, pcm, ""},
		{"a chunk before and after", append(append(bytes.Clone(plain[:12]), append([]byte("JUNK\x03\x00\x00\x00abc\x00"), plain[12:]...)...), "LIST\x04\x00\x00\x00abcd"...), pcm, ""},
		{"extensible", []byte(extensible), pcm, ""},
		{"RF64", []byte(long), pcm, ""},
		{"of length 0, from a pipe", replace(plain, 40, "\x00\x00\x00\x00"), pcm, ""},
		{"of length FFFFFFFFh, from a pipe", replace(plain, 40, "\xFF\xFF\xFF\xFF"), pcm, ""},
		{"cut off", plain[:len(plain)-2], pcm[:8], "10 of 12 bytes"},
		{"of one channel", wav([]byte(pcm), 44100, 1, 16), mono, ""},
		{"AIFF", aiff([]byte(pcm), 3, 2, 16, 44100, ""), swapped, ""},
		{"AIFF of one channel", aiff([]byte(swapped), 6, 1, 16, 44100, ""), mono, ""},
		{"AIFF-C", aiff([]byte(pcm), 3, 2, 16, 44100, "NONE"), swapped, ""},
		{"AIFF-C, little-endian", aiff([]byte(pcm), 3, 2, 16, 44100, "sowt"), pcm, ""},
		{"AIFF, cut off", aiff([]byte(pcm), 9, 2, 16, 44100, ""), swapped, "12 of 36 bytes"},
	} {
		s, err := audio.Open(bytes.NewReader(c.file), int64(len(c.file)))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if s.Size() != int64(len(c.want)) || !strings.Contains(s.Missing, c.missing) || (c.missing == "") != (s.Missing == "") {
			t.Errorf("%s: %d bytes, missing %q", c.name, s.Size(), s.Missing)
			continue
		}
		for off := range len(c.want) {
			for n := range len(c.want) - off {
				p := make([]byte, n)
				if k, err := s.ReadAt(p, int64(off)); k != n || string(p) != c.want[off:off+n] {
					t.Errorf("%s: %d bytes at %d: %x, %v", c.name, n, off, p[:k], err)
				}
			}
		}
	}
}

// Files that are refused, and the reasons.
func TestRefused(t *testing.T) {
	pcm := make([]byte, 4000)
	plain := wav(pcm, 44100, 2, 16)
	for _, c := range []struct {
		name string
		file []byte
		want string
	}{
		{"48 kHz", wav(pcm, 48000, 2, 16), "sample rate is 48000 Hz"},
		{"24 bits", wav(pcm, 44100, 2, 24), "have 24 bits"},
		{"6 channels", wav(pcm, 44100, 6, 16), "6 channels"},
		{"floating-point numbers", replace(plain, 20, "\x03\x00"), "format 0003h"},
		{"no samples", plain[:44], "no samples"},
		{"no format", replace(plain, 12, "fmt_"), "\"fmt \" chunk is missing"},
		{"no data", replace(plain, 36, "datb"), "\"data\" chunk is missing"},
		{"AIFF of 32 kHz", aiff(pcm, 1000, 2, 16, 32000, ""), "sample rate is 32000 Hz"},
		{"AIFF-C, compressed", aiff(pcm, 1000, 2, 16, 44100, "ima4"), "compressed (\"ima4\")"},
		{"Opus", oggPage("OpusHead"), "its contents are not Vorbis, but Opus; convert it first"},
		{"FLAC in Ogg", oggPage("\x7FFLAC\x01"), "but FLAC"},
		{"a page with a wrong checksum", replace(oggPage("OpusHead"), 30, "x"), "does not match its checksum"},
		{"FLAC without frames", append([]byte("fLaC\x80\x00\x00\x22\x10\x00\x10\x00\x00\x00\x00\x00\x00\x00\x0A\xC4\x42\xF0"), make([]byte, 5000)...), "no complete frame"},
	} {
		_, err := audio.Open(bytes.NewReader(c.file), int64(len(c.file)))
		if err == nil || !strings.Contains(err.Error(), c.want) || errors.Is(err, audio.ErrUnknown) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	for _, text := range []string{"", "\x00", "RIFF", "text", "\xFF\xFB", strings.Repeat("\xFF", 100)} {
		if _, err := audio.Open(strings.NewReader(text), int64(len(text))); !errors.Is(err, audio.ErrUnknown) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// fuzz opens files that are changed from files of one kind. Nothing stops the program, and
// memory does not depend on numbers in the file.
func fuzz(f *testing.F, seeds ...[]byte) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		s, err := audio.Open(bytes.NewReader(p), int64(len(p)))
		if err != nil {
			return
		}
		if s.Size() <= 0 {
			t.Errorf("a sound of %d bytes", s.Size())
		}
		q := make([]byte, 10000)
		for _, off := range []int64{0, s.Size() / 2, s.Size() - 100, s.Size()} {
			if n, err := s.ReadAt(q, max(0, off)); n > len(q) || n == 0 && err == nil {
				t.Errorf("%d bytes, %v", n, err)
			}
		}
	})
}

func FuzzWAV(f *testing.F) { fuzz(f, wav(samples(100), 44100, 2, 16), wav(samples(100), 44100, 1, 16)) }

func FuzzAIFF(f *testing.F) {
	fuzz(f, aiff(samples(100), 100, 2, 16, 44100, ""), aiff(samples(100), 100, 2, 16, 44100, "sowt"))
}

// made is a file that another program makes of a short sound. If the program is
// missing, it is empty, since fuzzing needs no programs.
func made(f *testing.F, command ...string) []byte {
	if _, err := exec.LookPath(command[0]); err != nil {
		return nil
	}
	dir := f.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "in.wav"), wav(samples(3000), 44100, 2, 16), 0o600); err != nil {
		f.Fatal(err)
	}
	peertest.Run(f, dir, command[0], append(command[1:], "in.wav", "-o", "out")...)
	p, err := os.ReadFile(filepath.Join(dir, "out"))
	if err != nil {
		f.Fatal(err)
	}
	return p
}

func FuzzFLAC(f *testing.F) { fuzz(f, made(f, "flac", "-s", "-5", "-b", "1152")) }

// The checksums of pages are made to match, so that what they contain is decoded.
func FuzzVorbis(f *testing.F) {
	f.Add(made(f, "oggenc", "-Q", "-q", "0"), uint(0))
	f.Fuzz(func(t *testing.T, p []byte, from uint) {
		p = bytes.Clone(p)
		for at := 0; at+27 <= len(p) && string(p[at:at+4]) == "OggS"; {
			end := at + 27 + int(p[at+26])
			if end > len(p) {
				break
			}
			for _, n := range p[at+27 : end] {
				end += int(n)
			}
			end = min(end, len(p))
			clear(p[at+22 : at+26])
			binary.LittleEndian.PutUint32(p[at+22:], oggCRC(p[at:end]))
			at = end
		}
		s, err := audio.Open(bytes.NewReader(p), int64(len(p)))
		if err != nil {
			return
		}
		q := make([]byte, 10000)
		for _, off := range []int64{0, int64(from) % s.Size(), s.Size() - 1} {
			if n, err := s.ReadAt(q, off); n == 0 && err == nil {
				t.Error("nothing was read")
			}
		}
	})
}

// oggPage is the first page of an Ogg file, with one packet.
func oggPage(packet string) []byte {
	p := []byte("OggS\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01" + string(rune(len(packet))) + packet)
	binary.LittleEndian.PutUint32(p[22:], oggCRC(p))
	return p
}

// oggCRC is the checksum of a page, bit by bit (RFC 3533 6).
func oggCRC(p []byte) uint32 {
	var crc uint32
	for _, b := range p {
		crc ^= uint32(b) << 24
		for range 8 {
			crc = crc<<1 ^ crc>>31*0x04C11DB7
		}
	}
	return crc
}

// The program lame names its output without -o; its frames are found in any file.
func FuzzMP3(f *testing.F) {
	frame := append([]byte("\xFF\xFB\x90\x64"), make([]byte, 413)...)
	fuzz(f, bytes.Repeat(frame, 3), append([]byte("ID3\x03\x00\x00\x00\x00\x00\x05abcde"), bytes.Repeat(frame, 3)...))
}
