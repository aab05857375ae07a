package udf_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/peertest"
	"glassmaster/mastering/udf/udftest"
)

// TestReadWhatLinuxWrote fills blank images of mkudffs through the kernel.
func TestReadWhatLinuxWrote(t *testing.T) {
	dir := t.TempDir()
	var script strings.Builder
	script.WriteString(udftest.KernelManifest + fillScript)
	var images []string
	for i, m := range media {
		if strings.HasPrefix(m.kind, "virtual") || m.block > 4096 || strings.Contains(strings.Join(m.args, " "), "strategy") {
			continue // the kernel can read these, but not write them
		}
		image := filepath.Join(dir, "image"+string(rune('a'+i))+".udf")
		if err := os.Rename(udftest.Mkudffs(t, "40000", m.args...), image); err != nil {
			t.Fatal(err)
		}
		images = append(images, image)
		script.WriteString("fill " + image + " " + []string{"shortad", "longad,noadinicb"}[i%2] + "\n")
	}
	peertest.Kernel(t, dir, script.String())
	for _, image := range images {
		want, err := os.ReadFile(image + ".manifest")
		if err != nil {
			t.Fatal(err)
		}
		if strings.Count(string(want), "\n") < 700 {
			t.Fatalf("%s: the kernel wrote no files:\n%s", image, want)
		}
		udftest.Diff(t, udftest.SortLines(string(want)), udftest.SortLines(udftest.Manifest(t, openFile(t, image))))
	}
}

// fillScript defines the shell function fill, which creates files in an image: files
// of all types, holes, files with many allocation descriptors, and deleted names.
const fillScript = `
fill() {

	mount -t udf -o loop,rw,$2 $1 /run/mnt
	cd /run/mnt
	mkdir -p dir/deep/deeper "dir/Été 日本語 😀" many
	for i in $(seq 1 700); do echo $i > "many/file number $i"; done
	rm many/*7
	echo hello > dir/hello; ln dir/hello dir/deep/hardlink
	ln -s ../hello dir/deep/symlink; ln -s /absolute/path abs; ln -s . dir/self; ln -s "日本/ß" uni
	mkfifo fifo; mknod null c 1 3; mknod disk b 8 7
	printf x > small; chown 12:34 small; chmod 4751 small; touch -d '2001-02-03 04:05:06.789012 UTC' small
	: > empty; chmod 1777 many
	printf end | dd of=hole bs=1 seek=300000 conv=notrunc status=none
	for i in $(seq 1 400); do printf '%05000d' $i >> frag; printf '%05000d' -$i >> frag2; done; rm frag2
	head -c 2000000 /dev/urandom > large
	touch -d '1999-12-31 23:59:59.999999 UTC' dir
	sync
	cd - > /dev/null
	umount /run/mnt
	mount -t udf -o loop,ro $1 /run/mnt
	manifest /run/mnt > $1.manifest
	umount /run/mnt
}
`
