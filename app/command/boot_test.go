package command

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"glassmaster/mastering/peertest"
)

// TestInfoBoot checks that all entries of a boot catalogue written by genisoimage are
// shown, in the UDF view too.
func TestInfoBoot(t *testing.T) {
	peertest.Need(t, "genisoimage")
	dir := t.TempDir()
	for name, size := range map[string]int{"loader.bin": 3000, "floppy.img": 1440 << 10} {
		if err := os.WriteFile(filepath.Join(dir, name), make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	flags := []string{
		"-quiet", "-b", "loader.bin", "-no-emul-boot", "-boot-load-seg", "0x1000", "-boot-load-size", "4", "-c", "boot.cat",
		"-eltorito-alt-boot", "-b", "floppy.img", "-no-boot",
	}
	for name, more := range map[string][]string{"rr.iso": {"-R"}, "udf.iso": {"-udf", "-allow-lowercase"}} {
		img := filepath.Join(t.TempDir(), name)
		peertest.Run(t, "", "genisoimage", slices.Concat(flags, more, []string{"-o", img, dir})...)
		out := strings.Join(strings.Fields(must(t, OK, "info", img).out), " ")
		for _, want := range []string{
			"checksum correct",
			"Boot image 1 BIOS, no emulation, /loader.bin, 3000 bytes at sector ",
			"the firmware loads 2048 bytes at segment 1000h",
			"Boot image 2 not bootable, BIOS, 1.44 MB floppy disk, /floppy.img, 1474560 bytes at sector ",
			"the firmware loads 512 bytes at segment 07C0h",
		} {
			if !strings.Contains(out, want) {
				t.Errorf("%s: %q is not in %s", name, want, out)
			}
		}
		var object struct {
			Data struct {
				Volume struct {
					Boot bootObject `json:"boot_catalogue"`
				}
			}
		}
		last := must(t, OK, "info", "--json", img).out
		if err := json.Unmarshal([]byte(last), &object); err != nil {
			t.Fatal(err)
		}
		b := object.Data.Volume.Boot
		if len(b.Images) != 2 || b.Images[0].LoadSegment != 0x1000 || b.Images[1].Bytes != 1440<<10 || b.Images[1].Bootable || !b.ChecksumOK {
			t.Errorf("%s: %+v in %s", name, b, last)
		}
		to := t.TempDir()
		must(t, OK, "extract", "--boot", img, "-C", to)
		if info, err := os.Stat(filepath.Join(to, "2-floppy.img")); err != nil || info.Size() != 1440<<10 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	if out := must(t, OK, "info", builtImage(t)).out; strings.Contains(out, "Boot ") {
		t.Errorf("a disc without boot images:\n%s", out)
	}
}
