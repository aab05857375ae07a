package audio_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"glassmaster/mastering/audio"
	"glassmaster/mastering/peertest"
)

// samples returns n samples of two tones and noise, the same each time.
func samples(n int) []byte {
	rng := rand.New(rand.NewPCG(3, 4))
	p := make([]byte, 0, 4*n)
	for i := range n {
		t := float64(i) / 44100
		noise := rng.Float64() * 300
		p = binary.LittleEndian.AppendUint16(p, uint16(int16(9000*math.Sin(2*math.Pi*440*t)+noise)))
		p = binary.LittleEndian.AppendUint16(p, uint16(int16(7000*math.Sin(2*math.Pi*(300+40*t)*t)-noise)))
	}
	return p
}

// wav returns a WAV file with a header of 44 bytes.
func wav(p []byte, hertz, channels, bits int) []byte {
	le := binary.LittleEndian
	h := []byte("RIFF")
	h = le.AppendUint32(h, uint32(36+len(p)))
	h = append(h, "WAVEfmt \x10\x00\x00\x00\x01\x00"...)
	h = le.AppendUint16(h, uint16(channels))
	h = le.AppendUint32(h, uint32(hertz))
	h = le.AppendUint32(h, uint32(hertz*channels*bits/8))
	h = le.AppendUint16(h, uint16(channels*bits/8))
	h = le.AppendUint16(h, uint16(bits))
	h = append(h, "data"...)
	return append(le.AppendUint32(h, uint32(len(p))), p...)
}

// peer runs programs in a folder with the file in.wav, and returns the folder.
func peer(t *testing.T, p []byte, commands ...string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "in.wav"), wav(p, 44100, 2, 16), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range commands {
		args := strings.Fields(c)
		peertest.Need(t, args[0])
		peertest.Run(t, dir, args[0], args[1:]...)
	}
	return dir
}

// open opens a sound file.
func open(t testing.TB, path string) *audio.Sound {
	t.Helper()
	p, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := audio.Open(bytes.NewReader(p), int64(len(p)))
	if err != nil {
		t.Fatalf("%s: %v", filepath.Base(path), err)
	}
	return s
}

// all reads all samples.
func all(t testing.TB, s *audio.Sound) []byte {
	t.Helper()
	p := make([]byte, s.Size())
	for off := 0; off < len(p); off += 5000 {
		q := p[off:min(off+5000, len(p))]
		if n, err := s.ReadAt(q, int64(off)); n < len(q) {
			t.Fatalf("read at %d of %d: %d bytes, %v", off, len(p), n, err)
		}
	}
	return p
}

// The samples are those that other programs decode. A lossy file may differ by the rounding
// of a sample.
func TestPeers(t *testing.T) {
	const count = 44100*9 + 311
	in := samples(count)
	for _, c := range []struct {
		file, kind string
		off        int // the largest difference
		commands   []string
	}{
		{"in.wav", "WAV", 0, nil},
		{"x.wav", "WAV", 0, []string{"sox in.wav -t wavpcm x.wav"}},
		{"x.aiff", "AIFF", 0, []string{"sox in.wav x.aiff", "sox x.aiff -t raw ref"}},
		{"x.aifc", "AIFF", 0, []string{"sox in.wav x.aifc"}},
		{"x.flac", "FLAC", 0, []string{"flac -s in.wav -o x.flac"}},
		{"x.flac", "FLAC", 0, []string{"flac -s -0 --no-seektable --no-padding -b 576 in.wav -o x.flac"}},
		{"x.flac", "FLAC", 0, []string{"sox in.wav x.flac"}},
		{"x.mp3", "MP3", 2, []string{"lame --quiet -V 2 in.wav x.mp3", "lame --quiet --decode x.mp3 ref"}},
		{"x.mp3", "MP3", 100, []string{"lame --quiet -b 32 --resample 44.1 --cbr in.wav x.mp3", "lame --quiet --decode x.mp3 ref"}},
		{"x.mp3", "MP3", 100, []string{"lame --quiet -b 320 --tt Title --add-id3v2 --id3v1-only in.wav x.mp3", "lame --quiet --decode x.mp3 ref"}},
		{"x.mp3", "MP3", 2, []string{"lame --quiet -m m -p in.wav x.mp3", "lame --quiet --decode x.mp3 ref"}},
		{"x.ogg", "Ogg Vorbis", 2, []string{"oggenc -Q -q 5 in.wav -o x.ogg", "oggdec -Q x.ogg -o ref"}},
		{"x.ogg", "Ogg Vorbis", 2, []string{"oggenc -Q -q -1 in.wav -o x.ogg", "oggdec -Q x.ogg -o ref"}},
	} {
		name := c.file
		if len(c.commands) > 0 {
			name = c.commands[0]
		}
		t.Run(name, func(t *testing.T) {
			dir := peer(t, in, c.commands...)
			s := open(t, filepath.Join(dir, c.file))
			if s.Kind != c.kind || s.Missing != "" {
				t.Errorf("kind %q, missing %q", s.Kind, s.Missing)
			}
			got, want := all(t, s), in
			if ref, err := os.ReadFile(filepath.Join(dir, "ref")); err == nil && c.off > 0 {
				r, err := audio.Open(bytes.NewReader(ref), int64(len(ref)))
				if err != nil {
					t.Fatal(err)
				}
				want = all(t, r)
			}
			if len(got) != len(want) {
				t.Fatalf("%d samples, want %d", len(got)/4, len(want)/4)
			}
			compare(t, got, want, c.off)
			anywhere(t, s, got)
			truncated(t, filepath.Join(dir, c.file), got)
		})
	}
}

// compare compares samples, which may differ by off.
func compare(t *testing.T, got, want []byte, off int) {
	t.Helper()
	most, at := 0, 0
	for i := 0; i < len(got); i += 2 {
		a, b := int(int16(binary.LittleEndian.Uint16(got[i:]))), int(int16(binary.LittleEndian.Uint16(want[i:])))
		if d := max(a-b, b-a); d > most {
			most, at = d, i/4
		}
	}
	if most > off {
		t.Errorf("sample %d differs by %d", at, most)
	}
}

// anywhere reads at random offsets, by several goroutines.
func anywhere(t *testing.T, s *audio.Sound, want []byte) {
	t.Helper()
	var wg sync.WaitGroup
	for seed := range uint64(4) {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(seed, 1))
			for range 12 {
				off := rng.IntN(len(want))
				p := make([]byte, min(1+rng.IntN(40000), len(want)-off))
				if n, err := s.ReadAt(p, int64(off)); n < len(p) {
					t.Errorf("read at %d: %d of %d bytes, %v", off, n, len(p), err)
					return
				}
				if !bytes.Equal(p, want[off:off+len(p)]) {
					t.Errorf("the %d bytes at %d differ from those of a read from the beginning", len(p), off)
					return
				}
			}
		})
	}
	wg.Wait()
	if n, err := s.ReadAt(make([]byte, 8), s.Size()-4); n != 4 || err != io.EOF {
		t.Errorf("read across the end: %d, %v", n, err)
	}
	if n, err := s.ReadAt(make([]byte, 8), s.Size()+4); n != 0 || err != io.EOF {
		t.Errorf("read after the end: %d, %v", n, err)
	}
}

// truncated opens the first half of a file: something is said to be missing, and what is
// there is the same.
func truncated(t *testing.T, path string, want []byte) {
	t.Helper()
	p, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	p = p[:len(p)/2+37]
	s, err := audio.Open(bytes.NewReader(p), int64(len(p)))
	if err != nil {
		t.Errorf("half of the file: %v", err)
		return
	}
	if s.Missing == "" || s.Size() > int64(len(want))*7/10 || s.Size() < int64(len(want))*3/10 {
		t.Errorf("half of the file: missing %q, %d of %d bytes", s.Missing, s.Size(), len(want))
	}
	if got := all(t, s); !bytes.Equal(got, want[:len(got)]) {
		t.Error("half of the file has other samples")
	}
}

// Damage in a compressed file is an error that says where.
func TestDamage(t *testing.T) {
	in := samples(44100 * 10)
	for _, c := range []struct{ file, command string }{
		{"x.flac", "flac -s in.wav -o x.flac"},
		{"x.ogg", "oggenc -Q in.wav -o x.ogg"},
		{"x.mp3", "lame --quiet in.wav x.mp3"},
	} {
		dir := peer(t, in, c.command)
		p, err := os.ReadFile(filepath.Join(dir, c.file))
		if err != nil {
			t.Fatal(err)
		}
		clear(p[len(p)/2 : len(p)/2+3000])
		s, err := audio.Open(bytes.NewReader(p), int64(len(p)))
		if err == nil {
			_, err = io.Copy(io.Discard, io.NewSectionReader(s, 0, s.Size()))
		}
		if err == nil || !strings.Contains(err.Error(), "damaged at ") {
			t.Errorf("%s: %v", c.file, err)
		}
	}
}
