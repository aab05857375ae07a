package compilation

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/iso9660"
	isoplan "glassmaster/mastering/iso9660/plan"
	"glassmaster/mastering/isomd5"
	"glassmaster/mastering/master"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/zisofs"
)

// TestBootImageContents checks that boot images come first, and are neither compressed
// nor merged with identical files. A boot image that is patched with its address is not
// in the list of checksums. The checksum of the image covers only the volume.
func TestBootImageContents(t *testing.T) {
	peertest.Need(t, "checkisomd5", "sha256sum")
	for _, offset := range []int{0, 16} {
		dir := t.TempDir()
		_, o := bootable(t, dir)
		loader := bytes.Repeat([]byte{0x90}, 5000)
		put(t, filepath.Join(dir, "tree", "a copy"), loader)
		put(t, filepath.Join(dir, "tree", "another"), loader)
		put(t, filepath.Join(dir, "tree", "a text"), text(100<<10))
		o.PartitionOffset = offset
		c := compile(t, filepath.Join(dir, "tree"), master.Options{
			Boot: o, Features: isoplan.Features{Level: 4}, Hide: []string{"/loader"}, Order: []master.Weight{{Pattern: "a text", Weight: 1000}},
		})
		c.Contents = Contents{Identical: true, Checksums: true, MD5: true, Zisofs: &zisofs.Options{}}
		m, err := c.Plan(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { m.Close() })
		if len(m.Notices) == 0 || !strings.Contains(fmt.Sprint(m.Notices), "loader.bin is not in SHA256SUMS") {
			t.Errorf("warnings: %q", m.Notices)
		}
		img := filepath.Join(t.TempDir(), "x.iso")
		if err := writeFile(t.Context(), m, img); err != nil {
			t.Fatal(err)
		}
		peertest.Run(t, "", "checkisomd5", img)
		if _, err := isomd5.Check(t.Context(), m, nil); err != nil {
			t.Error(err)
		}
		joliet := view(t, img, iso9660.ViewJoliet)
		_, first := attributes(t, joliet, "loader/loader.bin")
		_, same := attributes(t, joliet, "a copy")
		_, weighed := attributes(t, joliet, "a text")
		if first.Extents[0].Start >= weighed.Extents[0].Start || first.Extents[0].Start == same.Extents[0].Start {
			t.Errorf("the loader is at %v, its copy at %v, other files from %v", first.Extents, same.Extents, weighed.Extents)
		}
		if b, err := fs.ReadFile(joliet, "loader/loader.bin"); err != nil || len(b) != 5000 || !bytes.Equal(b[64:], loader[64:]) {
			t.Errorf("the loader has %d bytes (%v)", len(b), err)
		}
		if report := peertest.Run(t, "", "xorriso", "-report_about", "WARNING", "-indev", img, "-report_el_torito", "plain"); !strings.Contains(report, "BIOS") {
			t.Errorf("xorriso:\n%s", report)
		}
		out := filepath.Join(t.TempDir(), "out")
		peertest.Run(t, "", "xorriso", "-report_about", "WARNING", "-osirrox", "on", "-indev", img, "-extract", "/", out)
		list := peertest.Run(t, out, "sha256sum", "-c", "--strict", checksumFile)
		if strings.Count(list, "OK") != 3 {
			t.Errorf("sha256sum:\n%s", list)
		}
		if b, err := os.ReadFile(filepath.Join(out, "another")); err != nil || !bytes.Equal(b, loader) {
			t.Error("the copy was changed with the loader")
		}
	}
}
