package update_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/peertest"
)

// TestKernelMountsPartition replaces a file in images that are partitioned, so that its
// contents are at the end of the volume, and lets Linux read it: from the whole image, and
// from the partition of the volume.
func TestKernelMountsPartition(t *testing.T) {
	top := sample(t)
	dir := t.TempDir()
	want := noise(400000)
	isotest.Must(t, os.WriteFile(filepath.Join(dir, "want"), want, 0o644))
	var script strings.Builder
	n := 0
	for _, m := range makers() {
		if !m.whole {
			continue
		}
		e := begin(t, m.make(t, top))
		e.replace("zz.bin", want)
		e.set.Add(layout.Bytes(noise(5000)), 5000)
		n++
		image := filepath.Join(dir, fmt.Sprintf("%d.iso", n))
		isotest.Must(t, os.WriteFile(image, read(t, e.save()), 0o644))
		script.WriteString(mounts(m.name, image, "zz.bin"))
	}
	peertest.Kernel(t, dir, script.String())
}

// mounts returns the part of a script for the kernel that mounts an image, as a whole and as
// its first partition, and compares a file in it with the file want.
func mounts(name, image, file string) string {
	return fmt.Sprintf(`
			echo "%s" >&2
			loop=$(losetup --show -f -r -P %s)
			for device in $loop ${loop}p1; do
				mount -t iso9660 -o ro $device /run/mnt
				cmp /run/mnt/%s want
				umount /run/mnt
			done
			losetup -d $loop
		`, name, image, file)
}
