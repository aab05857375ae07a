package cdi_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/cdi"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/sector"
)

// iat finds the same volume in an image as this package.
func TestIAT(t *testing.T) {
	peertest.Need(t, "iat", "genisoimage")
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "tree"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "tree", "A.TXT"), bytes.Repeat([]byte("contents\n"), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	peertest.Run(t, dir, "genisoimage", "-quiet", "-V", "PEER", "-o", "v.iso", "tree")
	iso, err := os.ReadFile(filepath.Join(dir, "v.iso"))
	if err != nil {
		t.Fatal(err)
	}
	n := len(iso) / 2048
	data := make([]byte, (150+n)*2352)
	sector.EncodeMode1(data[150*2352:], iso, 0)
	image := described{version: 0x80000006, four: true, sessions: [][]track{{{mode: 1, read: 2, start: 0, gap: 150, length: n, control: 4}}}}
	path := filepath.Join(dir, "x.cdi")
	if err := os.WriteFile(path, image.bytes(data), 0o600); err != nil {
		t.Fatal(err)
	}
	peertest.Run(t, dir, "iat", "x.cdi", "out.iso")
	out, err := os.ReadFile(filepath.Join(dir, "out.iso"))
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < len(iso) || !bytes.Equal(out[:len(iso)], iso) {
		t.Errorf("iat made %d bytes that differ from the volume of %d", len(out), len(iso))
	}
	d := imagetest.Open(t, cdi.Format, path)
	got := make([]byte, len(iso))
	if k, err := d.ReadSectors(t.Context(), got, 0, disc.User); k != n || err != nil || !bytes.Equal(got, iso) {
		t.Errorf("%d sectors, %v", k, err)
	}
}
