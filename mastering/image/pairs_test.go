package image_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image"
	"glassmaster/mastering/image/chd"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/sector"
)

// writable returns the formats that can be written.
func writable(t *testing.T) []format.Format {
	t.Helper()
	var list []format.Format
	for _, name := range image.Writable() {
		f, ok := image.ByName(name)
		if !ok {
			t.Fatalf("there is no format %s", name)
		}
		list = append(list, f)
	}
	return list
}

// TestPairs writes each sample disc in each format A that can be written, what was read from
// that in each format B, and what was read from that in A again. Nothing may be lost that
// both can hold. Pairs of which one cannot hold the tracks or sessions are left out.
func TestPairs(t *testing.T) {
	samples := map[string]struct {
		disc func(testing.TB) disc.Disc
		more format.Holds // pairs that hold this are tested with a disc that has more; 0: none are
	}{
		"mode 1":       {imagetest.Mode1, format.Tracks},
		"XA":           {imagetest.XA, format.Sessions},
		"mixed":        {imagetest.Mixed, format.Sessions},
		"two sessions": {imagetest.Sessions, format.Sub},
		"audio":        {imagetest.Audio, format.Sub},
		"sub-channels": {imagetest.SubChannels, 0},
	}
	formats := writable(t)
	for name, sample := range samples {
		t.Run(name, func(t *testing.T) {
			d := sample.disc(t)
			cache := images{t, map[string]string{}}
			for _, a := range formats {
				if !fits(d, a.Holds) {
					continue
				}
				first := cache.written(t, a, d)
				for _, b := range formats {
					if holds := a.Holds & b.Holds; fits(d, holds) && holds&sample.more == 0 {
						t.Run(a.Name+" "+b.Name, func(t *testing.T) {
							imagetest.Same(t, d, cache.written(t, a, cache.written(t, b, first)), holds)
						})
					}
				}
			}
		})
	}
}

// fits reports whether all tracks of a disc can be kept by a format, so that it stays the
// disc that it is.
func fits(d disc.Disc, holds format.Holds) bool {
	toc := d.TOC()
	tracks := 0
	for _, s := range toc.Sessions {
		for _, k := range s.Tracks {
			tracks++
			switch {
			case k.Mode == disc.Audio && holds&format.Audio == 0, k.Mode != disc.Audio && k.Mode != disc.Mode1 && holds&format.Raw == 0:
				return false
			}
		}
	}
	return (tracks == 1 || holds&format.Tracks != 0) && (len(toc.Sessions) == 1 || holds&format.Sessions != 0)
}

// images are the images that were written as CHD, which takes most of the time. A disc that has
// the same sectors and tracks as an earlier one is not written again.
type images struct {
	*testing.T                   // of all pairs
	paths      map[string]string // by what is on the disc
}

// written is like the function written.
func (c images) written(t *testing.T, f format.Format, d disc.Disc) disc.Disc {
	t.Helper()
	if f.Name != chd.Format.Name {
		return written(t, f, d)
	}
	key := digest(t, f, d)
	if c.paths[key] == "" {
		c.paths[key] = imagetest.Create(c.T, f, d, format.Options{}, "disc"+f.Extensions[0])
	}
	return imagetest.Open(t, f, c.paths[key])
}

// digest returns the SHA-256 of everything on a disc that a format holds.
func digest(t *testing.T, f format.Format, d disc.Disc) string {
	t.Helper()
	h := sha256.New()
	form, sub := disc.Raw, disc.HasSubChannels(d)
	if sub {
		form = disc.RawSub
	}
	fmt.Fprintf(h, "%v %+v", sub, f.Keeps(d.TOC()))
	all := sector.AllForms(d)
	for _, s := range d.TOC().Sessions {
		for _, k := range s.Tracks {
			begin := k.Start - disc.LBA(min(k.Pregap, int64(k.Start)))
			p := make([]byte, int(k.End()-begin)*form.Size())
			if _, err := all.ReadSectors(t.Context(), p, begin, form); err != nil && !errors.Is(err, io.EOF) {
				t.Fatal(err)
			}
			h.Write(p)
		}
	}
	return string(h.Sum(nil))
}

// written writes a disc as an image of a format, and opens that.
func written(t *testing.T, f format.Format, d disc.Disc) disc.Disc {
	t.Helper()
	path := imagetest.Create(t, f, d, format.Options{}, "disc"+f.Extensions[0])
	got, err := image.OpenAs(t.Context(), path, f)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { got.Close() })
	return got
}
