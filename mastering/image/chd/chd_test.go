package chd_test

import (
	"bytes"
	"compress/flate"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/chd"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/sector"
)

// source is a disc as chdman gets it: sectors in one file, and a CUE sheet.
type source struct {
	sheet string
	bin   []byte // little-endian audio
}

// piece is a part of a file of sectors.
type piece struct {
	kind  string // "audio", "2048", "2352", "xa", "2336"
	first disc.LBA
	count int
}

// sectors makes sectors of a kind, which a compressor can compress but not to nothing.
func (c piece) sectors() []byte {
	rng := rand.New(rand.NewPCG(uint64(c.first), 7))
	words := []string{"alpha ", "beta ", "gamma ", "delta, ", "epsilon. "}
	var out []byte
	for i := range c.count {
		p := make([]byte, sector.Size)
		lba := c.first + disc.LBA(i)
		for at := sector.DataAt; at < sector.Size; {
			at += copy(p[at:], words[rng.IntN(len(words))])
		}
		if i%16 == 9 { // and some that it cannot
			for j := range p {
				p[j] = byte(rng.Uint32())
			}
		}
		switch c.kind {
		case "audio":
			wave(p, i)
		case "2048":
			p = p[:disc.SectorSize]
		case "2352":
			sector.Generate(p, lba, sector.Mode1)
			if i%11 == 5 { // a sector whose parity is wrong
				p[2300] ^= 1
			}
		case "xa", "2336":
			head, kind := "\x00\x00\x08\x00\x00\x00\x08\x00", sector.Form1
			if i%5 == 3 {
				head, kind = "\x01\x02\x24\x7f\x01\x02\x24\x7f", sector.Form2
			}
			copy(p[sector.SubheadAt:], head)
			sector.Generate(p, lba, kind)
			if c.kind == "2336" {
				p = p[sector.DataAt:]
			}
		}
		out = append(out, p...)
	}
	return out
}

// wave makes little-endian samples of two tones.
func wave(p []byte, n int) {
	for i := 0; i < len(p); i += 4 {
		t := n*588 + i/4
		l, r := (t*37)%9000-4500+t%7, (t*53)%5000-2500+t%5
		p[i], p[i+1], p[i+2], p[i+3] = byte(l), byte(l>>8), byte(r), byte(r>>8)
	}
}

// mixed is a mixed-mode disc with a pre-gap that is stored and one that is not.
func mixed() source {
	parts := []piece{{"2352", 0, 403}, {"audio", 403, 333}, {"audio", 736, 410}}
	s := source{sheet: `FILE "x.bin" BINARY
  TRACK 01 MODE1/2352
    INDEX 01 00:00:00
  TRACK 02 AUDIO
    PREGAP 00:02:00
    INDEX 01 00:05:28
  TRACK 03 AUDIO
    INDEX 00 00:09:61
    INDEX 01 00:10:11
`}
	for _, p := range parts {
		s.bin = append(s.bin, p.sectors()...)
	}
	return s
}

// write writes the files, and returns the path of the sheet.
func (s source) write(t testing.TB) string {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.cue")
	for name, p := range map[string][]byte{"x.cue": []byte(s.sheet), "x.bin": s.bin} {
		if err := os.WriteFile(filepath.Join(dir, name), p, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// convert lets chdman make a CHD.
func convert(t testing.TB, in, verb string, args ...string) string {
	peertest.Need(t, "chdman")
	out := filepath.Join(t.TempDir(), "x.chd")
	peertest.Run(t, filepath.Dir(in), "chdman", append([]string{verb, "-f", "-i", in, "-o", out}, args...)...)
	return out
}

// same compares sectors of a disc with those of a file.
func same(t *testing.T, d disc.Disc, f disc.Form, first disc.LBA, want []byte) {
	t.Helper()
	got := make([]byte, len(want))
	n, err := d.ReadSectors(t.Context(), got, first, f)
	if err != nil || n*f.Size() != len(want) {
		t.Fatalf("sectors from %d on: %d of %d read, %v", first, n, len(want)/f.Size(), err)
	}
	if !bytes.Equal(got, want) {
		at := 0
		for got[at] == want[at] {
			at++
		}
		t.Errorf("sector %d differs from byte %d on", first+disc.LBA(at/f.Size()), at%f.Size())
	}
}

// Images of a mixed-mode disc by chdman are read unchanged, with every codec.
func TestMixed(t *testing.T) {
	s := mixed()
	in := s.write(t)
	for _, codecs := range []string{"", "none", "cdlz", "cdzl", "cdfl", "cdzl,cdfl"} {
		t.Run(codecs, func(t *testing.T) {
			var args []string
			if codecs != "" {
				args = []string{"-c", codecs}
			}
			d := imagetest.Open(t, chd.Format, convert(t, in, "createcd", args...))
			got := fmt.Sprintf("%+v", d.TOC().Sessions[0].Tracks)
			want := fmt.Sprintf("%+v", []disc.Track{
				{Number: 1, Mode: disc.Mode1, Length: 403},
				{Number: 2, Start: 403 + 150, Length: 333, Pregap: 150},
				{Number: 3, Start: 403 + 150 + 333 + 25, Length: 385, Pregap: 25},
			})
			if got != want {
				t.Errorf("the tracks are %s", got)
			}
			same(t, d, disc.Raw, 0, s.bin[:403*sector.Size])
			same(t, d, disc.Raw, 403, make([]byte, 150*sector.Size))
			same(t, d, disc.Raw, 403+150, s.bin[403*sector.Size:])
		})
	}
}

// small returns small images.
func small(t testing.TB) [][]byte {
	const unit = 2448
	hunk := make([]byte, 8*unit)
	meta := "CHT2TRACK:1 TYPE:AUDIO SUBTYPE:NONE FRAMES:8 PREGAP:0 PGTYPE:MODE1 PGSUB:NONE POSTGAP:0\x00"
	var list [][]byte
	for _, codec := range []string{"zlib", "lzma", "huff", "flac", "zstd", "cdzs", "cdzl", "cdlz", "cdfl"} {
		list = append(list, byHand(codec, 8*unit, unit, 8*unit, meta, [][]byte{hunk}, [][]byte{deflate(hunk)}))
	}
	// And those that Glassmaster makes of a wave, of text, and of zeros.
	for i, kind := range []string{"AUDIO", "MODE1_RAW", "MODE2_RAW"} {
		whole := bytes.Repeat([]byte("alpha beta "), len(hunk))[:len(hunk)]
		switch i {
		case 0:
			for j := 0; j < len(whole); j += unit {
				wave(whole[j:j+2352], j/unit)
			}
		case 2:
			clear(whole)
		}
		path := filepath.Join(t.TempDir(), "x.chd")
		p := byHand("zlib", 8*unit, unit, 8*unit, strings.Replace(meta, "AUDIO", kind, 1), [][]byte{whole}, [][]byte{deflate(whole)})
		if err := os.WriteFile(path, p, 0o600); err != nil {
			t.Fatal(err)
		}
		d := imagetest.Open(t, chd.Format, path)
		list = append(list, p, read(t, imagetest.Create(t, chd.Format, d, format.Options{}, "y.chd")))
	}
	return list
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	p, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// deflate compresses bytes without a header.
func deflate(p []byte) []byte {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestCompression)
	w.Write(p)
	w.Close()
	return b.Bytes()
}
