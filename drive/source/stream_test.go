package source

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image"
)

// isoImage returns bytes that are the volume descriptors of an ISO 9660 volume, and noise.
func isoImage(sectors int) []byte {
	p := make([]byte, sectors*disc.SectorSize)
	rng := rand.New(rand.NewPCG(3, 4))
	noise := make([]byte, 1<<20)
	for i := range noise {
		noise[i] = byte(rng.Uint32()) | 1
	}
	for i := 20 * disc.SectorSize; i < len(p); i += len(noise) {
		noise[0]++
		copy(p[i:], noise)
	}
	d := p[16*disc.SectorSize:]
	copy(d, "\x01CD001\x01")
	for i := range 4 {
		d[80+i], d[87-i] = byte(sectors>>(8*i)), byte(sectors>>(8*i))
	}
	d[129], d[130] = 8, 8 // blocks of 2048 bytes
	copy(p[17*disc.SectorSize:], "\xffCD001\x01")
	return p
}

// from opens a stream.
func from(t *testing.T, r io.Reader) (*Source, error) {
	old := stdin
	stdin = r
	t.Cleanup(func() { stdin = old })
	return Open(t.Context(), Stdin, Options{})
}

func compress(p []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	w.Write(p)
	w.Close()
	return b.Bytes()
}

// readAll reads all sectors in order.
func readAll(t *testing.T, d disc.Disc) ([]byte, error) {
	var all []byte
	p := make([]byte, 64*disc.SectorSize)
	for lba := disc.LBA(0); ; {
		n, err := d.ReadSectors(t.Context(), p, lba, disc.User)
		all = append(all, p[:n*disc.SectorSize]...)
		lba += disc.LBA(n)
		if err != nil {
			return all, err
		}
	}
}

// TestStream: an image is read once, in order; its beginning can be read again.
func TestStream(t *testing.T) {
	want := isoImage(40000) // more than what is kept of it
	for name, r := range map[string]io.Reader{
		"plain": bytes.NewReader(want), "small pieces": iotest.HalfReader(bytes.NewReader(want)),
		"padded": io.MultiReader(bytes.NewReader(want), bytes.NewReader(make([]byte, 300000))), "gzip": bytes.NewReader(compress(want)),
	} {
		t.Run(name, func(t *testing.T) {
			s, err := from(t, r)
			if err != nil {
				t.Fatal(err)
			}
			if !s.Once || disc.Sectors(s) != 40000 || !strings.HasPrefix(s.Format, "ISO") {
				t.Errorf("opened as %q with %d sectors", s.Format, disc.Sectors(s))
			}
			p := make([]byte, disc.SectorSize)
			if _, err := s.ReadSectors(t.Context(), p, 39000, disc.User); !errors.Is(err, ErrOnce) {
				t.Errorf("what has not come: %v", err)
			}
			if got, err := readAll(t, s); !errors.Is(err, io.EOF) || !bytes.Equal(got, want) {
				t.Errorf("%d bytes with error %v", len(got), err)
			}
			if _, err := s.ReadSectors(t.Context(), p, 4097, disc.User); !errors.Is(err, ErrOnce) {
				t.Errorf("what has passed: %v", err)
			}
			if _, err := s.ReadSectors(t.Context(), p, 16, disc.User); err != nil || !bytes.Equal(p, want[16*disc.SectorSize:17*disc.SectorSize]) {
				t.Errorf("the beginning: %v", err)
			}
		})
	}
}

// TestStreamRefused: less or more than the volume says, damage, and what is no image are
// errors.
func TestStreamRefused(t *testing.T) {
	for _, sectors := range []int{100, 10000} { // within the part that is read at first, and beyond
		whole := isoImage(sectors)
		packed := compress(whole)
		damaged := bytes.Clone(packed)
		damaged[len(damaged)-6] ^= 1 // the checksum
		for name, c := range map[string]struct {
			r    io.Reader
			want string
		}{
			"less":                 {bytes.NewReader(whole[:len(whole)-5000]), "standard input ended"},
			"more":                 {io.MultiReader(bytes.NewReader(whole), strings.NewReader("more")), "continues after the end of the volume"},
			"failure":              {io.MultiReader(bytes.NewReader(whole[:len(whole)-5000]), iotest.ErrReader(errors.New("no carrier"))), "no carrier"},
			"truncated gzip":       {bytes.NewReader(packed[:len(packed)-5000]), "unexpected EOF"},
			"gzip without the end": {bytes.NewReader(packed[:len(packed)-4]), "unexpected EOF"},
			"damaged gzip":         {bytes.NewReader(damaged), "checksum"},
			"no image":             {strings.NewReader("hello"), image.ErrUnknown.Error()},
			"nothing":              {strings.NewReader(""), image.ErrUnknown.Error()},
		} {
			s, err := from(t, c.r)
			if err == nil {
				_, err = readAll(t, s)
			}
			if err == nil || errors.Is(err, io.EOF) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%d sectors, %s: %v", sectors, name, err)
			}
		}
	}
}
