package chd_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/chd"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/peertest"
)

// A written image is read again: the same sectors, and the same table of contents.
func TestCreate(t *testing.T) {
	for name, sample := range map[string]func(testing.TB) disc.Disc{
		"audio": imagetest.Audio, "mixed": imagetest.Mixed, "sessions": imagetest.Sessions,
		"sub-channels": imagetest.SubChannels, "XA": imagetest.XA, "mode 1": imagetest.Mode1,
	} {
		t.Run(name, func(t *testing.T) {
			d := sample(t)
			path := imagetest.Create(t, chd.Format, d, format.Options{}, "x.chd")
			holds := chd.Format.Holds
			if !disc.HasSubChannels(d) {
				holds &^= format.Sub
			}
			imagetest.Same(t, d, imagetest.Open(t, chd.Format, path), holds)
			chdmanVerify(t, path)
		})
	}
}

// chdmanVerify lets chdman verify all checksums.
func chdmanVerify(t testing.TB, path string) {
	peertest.Need(t, "chdman")
	out := peertest.Run(t, filepath.Dir(path), "chdman", "verify", "-i", path)
	for _, want := range []string{"Raw SHA1 verification successful!", "Overall SHA1 verification successful!"} {
		if !strings.Contains(out, want) {
			t.Errorf("chdman verify: %s", out)
		}
	}
}

// chdman extracts the original sectors from an image by Glassmaster.
func TestExtract(t *testing.T) {
	s := mixed()
	d := imagetest.Open(t, chd.Format, convert(t, s.write(t), "createcd"))
	path := imagetest.Create(t, chd.Format, d, format.Options{}, "y.chd")
	dir := filepath.Dir(path)
	peertest.Run(t, dir, "chdman", "extractcd", "-i", path, "-o", "z.cue", "-ob", "z.bin")
	got := read(t, filepath.Join(dir, "z.bin"))
	want := bytes.Join([][]byte{s.bin[:403*2352], make([]byte, 150*2352), s.bin[403*2352:]}, nil)
	if !bytes.Equal(got, want) {
		t.Errorf("chdman extracts %d bytes, which are not the %d of the source", len(got), len(want))
	}
}
