package virtual_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/peertest"
)

// TestOthersReadTheDisc: other programs read the file of a burned disc as the image that was
// burned.
func TestOthersReadTheDisc(t *testing.T) {
	peertest.Need(t, "xorriso", "isoinfo", "bsdtar")
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "tree/below"), 0o777); err != nil {
		t.Fatal(err)
	}
	text := bytes.Repeat([]byte("what was burned is what is read\n"), 5000)
	if err := os.WriteFile(filepath.Join(dir, "tree/below/file.txt"), text, 0o666); err != nil {
		t.Fatal(err)
	}
	peertest.Run(t, dir, "xorriso", "-as", "mkisofs", "-quiet", "-R", "-J", "-V", "BURNED", "-o", "a.iso", "tree")
	image, err := os.ReadFile(filepath.Join(dir, "a.iso"))
	if err != nil {
		t.Fatal(err)
	}
	for _, medium := range []string{"cd-r", "dvd+r", "dvd-r", "bd-r"} {
		b := insertBlank(t, medium, 0)
		if medium == "cd-r" {
			b.page05(0x41, 0x04, 8)
		} else {
			b.page05(0x40, 0x05, 8)
		}
		for off := 0; off < len(image); off += 32768 {
			p := image[off:min(len(image), off+32768)]
			lba, n := off/2048, len(p)/2048
			b.ok("2a 00"+hex32(lba)+"00"+hex16(n)+"00", p...)
		}
		b.ok("35 00 00 00 00 00 00 00 00 00")
		if medium != "cd-r" {
			b.ok("5b 00 01 00 00 01 00 00 00 00")
		}
		b.ok("5b 00 02 00 00 00 00 00 00 00")
		if err := b.d.Close(); err != nil {
			t.Fatal(err)
		}
		if out := peertest.Run(t, dir, "isoinfo", "-d", "-i", b.d.Path()); !strings.Contains(out, "Volume id: BURNED") {
			t.Errorf("%s: isoinfo says\n%s", medium, out)
		}
		if out := peertest.Run(t, dir, "bsdtar", "-x", "-O", "-f", b.d.Path(), "below/file.txt"); out != string(text) {
			t.Errorf("%s: bsdtar reads %d bytes that differ from the %d burned", medium, len(out), len(text))
		}
	}
}
