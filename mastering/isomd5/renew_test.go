package isomd5_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"glassmaster/mastering/isomd5"
	"glassmaster/mastering/peertest"
)

// TestRenew changes an image with an embedded checksum, renews it, and has checkisomd5
// confirm it.
func TestRenew(t *testing.T) {
	peertest.Need(t, "xorriso", "implantisomd5", "checkisomd5")
	dir := t.TempDir()
	image := filepath.Join(dir, "x.iso")
	if err := os.WriteFile(filepath.Join(dir, "file"), bytes.Repeat([]byte("contents "), 99_999), 0o600); err != nil {
		t.Fatal(err)
	}
	peertest.Run(t, dir, "xorriso", "-report_about", "FAILURE", "-outdev", image, "-map", "file", "/file", "-commit")
	read := func() []byte {
		b, err := os.ReadFile(image)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	if isomd5.Has(bytes.NewReader(read())) {
		t.Fatal("an image without a checksum has one")
	}
	if _, _, err := isomd5.Renew(t.Context(), bytes.NewReader(read()), nil); err == nil {
		t.Error("a checksum was computed for an image without one")
	}
	peertest.Run(t, dir, "implantisomd5", "--supported-iso", "-f", image)
	b := read()
	b[len(b)/2]++
	if _, err := isomd5.Check(t.Context(), bytes.NewReader(b), nil); err == nil {
		t.Fatal("the damage is not found")
	}
	use, at, err := isomd5.Renew(t.Context(), bytes.NewReader(b), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(use, []byte("RHLISOSTATUS=1")) {
		t.Errorf("the status is lost: %s", use)
	}
	copy(b[at:], use)
	if err := os.WriteFile(image, b, 0o600); err != nil {
		t.Fatal(err)
	}
	peertest.Run(t, dir, "checkisomd5", image)
}
