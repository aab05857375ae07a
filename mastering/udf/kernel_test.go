package udf

import (
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"glassmaster/mastering/peertest"
)

// kernelManifest is a shell function that prints what manifest prints of the
// files below a folder, in any order.
const kernelManifest = `
manifest() {
	cd $1
	find . -type f -printf '/%P %y%m %U %G %s %T@0 %n %l\n' -o -printf '/%P %y%m %U %G 0 %T@0 %n %l\n' |
		sed -E 's/ ([0-9]+\.[0-9]{6})[0-9]* / \1 /'
	find . -type f -print0 | xargs -0 -r sha256sum | sed -E 's/^(\S+)  \.(.*)/\2 \1/'
	cd - > /dev/null
}
`

// sortLines puts lines into the order of their bytes.
func sortLines(s string) string {
	lines := strings.Split(strings.TrimSuffix(s, "\n"), "\n")
	sort.Strings(lines)
	return strings.Join(lines, "\n")
}

// TestReadWhatLinuxWrote fills blank images of mkudffs through the kernel.
func TestReadWhatLinuxWrote(t *testing.T) {
	dir := t.TempDir()
	var script strings.Builder
	script.WriteString(kernelManifest + fillScript)
	var images []string
	for i, m := range media {
		if strings.HasPrefix(m.map_, "virtual") || m.block > 4096 || strings.Contains(strings.Join(m.args, " "), "strategy") {
			continue // the kernel reads these, but does not write them
		}
		image := filepath.Join(dir, "image"+string(rune('a'+i))+".udf")
		if err := os.Rename(blank(t, "40000", m.args...), image); err != nil {
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
		diff(t, sortLines(string(want)), sortLines(manifest(t, openFile(t, image))))
	}
}

// fillScript defines fill, which puts files of all kinds into an image: removed
// names, holes, fragments with many allocation descriptors, all types.
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
