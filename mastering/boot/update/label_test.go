package update_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/patch"
	"glassmaster/mastering/peertest"
)

// TestLabels edits images with boot labels for machines other than PCs.
func TestLabels(t *testing.T) {
	peertest.Need(t, "xorriso")
	top := sample(t)
	sun := filepath.Join(t.TempDir(), "sun.img")
	isotest.Must(t, os.WriteFile(sun, noise(5000), 0o644))
	for _, c := range []struct {
		name        string
		args        []string
		grow, moves bool // it can
	}{
		{"MIPS", []string{"-mips-boot", "zz.bin"}, true, true},
		{"Sun", []string{"-sparc-label", "CD for Sun", "-B", "..."}, true, true},
		{"Sun with boot images", []string{"-B", sun, "--grub2-sparc-core", "zz.bin"}, false, false},
		{"HP-PA", []string{"-hppa-cmdline", "0/vmlinux", "-hppa-bootloader", "zz.bin", "-hppa-kernel-32", "data.bin", "-hppa-kernel-64", "data.bin", "-hppa-ramdisk", "data.bin"}, true, false},
		{"Alpha", []string{"-alpha-boot", "zz.bin"}, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			image := isotest.Xorriso(t, top, c.args...)
			before := peertest.BootReport(t, image)
			b := noise(300000)
			grow := func() *editing {
				e := begin(t, image)
				e.set.Add(layout.Bytes(b), int64(len(b)))
				return e
			}
			e := grow()
			_, err := e.up.Finish(e.set.Sectors())
			refused(t, "growth", err, c.grow)
			if err == nil {
				grown := grow().save()
				isotest.Compare(t, "reports", numbers(peertest.BootReport(t, grown)), numbers(before))
			}

			e = begin(t, image)
			e.replace("zz.bin", noise(9000))
			_, err = e.up.Update(e.moves)
			refused(t, "a move", err, c.moves)
			if err == nil {
				moved := peertest.BootReport(t, e.save())
				isotest.Compare(t, "reports", numbers(moved), numbers(before))
				if c.name == "MIPS" && !strings.Contains(moved, " 9000\n") {
					t.Error(moved)
				}
			}
		})
	}
}

func refused(t *testing.T, what string, err error, ok bool) {
	t.Helper()
	var unsafe *patch.UnsafeError
	if ok && err != nil || !ok && !errors.As(err, &unsafe) {
		t.Errorf("%s: %v", what, err)
	}
}

// numbers hides the numbers that change in a report: addresses, and the size of the image.
func numbers(report string) string {
	return regexp.MustCompile(`\b[0-9]{4,}\b`).ReplaceAllString(report, "N")
}
