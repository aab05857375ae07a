package compilation

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	isoplan "glassmaster/mastering/iso9660/plan"
	"glassmaster/mastering/master"
	"glassmaster/mastering/peertest"
)

// manifest is a shell function that prints type, mode, owner, names, size, time in
// seconds, link target and digest of everything below a folder.
const manifest = `
manifest() {
	(
		cd "$1"
		find . -mindepth 1 -type d -printf '%P %y%m %U:%G %T@\n' -o -mindepth 1 -printf '%P %y%m %U:%G %n %s %T@ %l\n' |
			sed -E 's/ ([0-9]+)\.[0-9]+/ \1/'
		find . -type f -print0 | xargs -0 sha256sum
	) | LC_ALL=C sort
}
`

// TestKernelReadsTree compares an image, read by the Linux kernel, with the host, for each
// way in which deep folders and names are stored.
func TestKernelReadsTree(t *testing.T) {
	src, dir := sampleTree(t), t.TempDir()
	images := map[string]isoplan.Features{
		"plain": {}, "deep": {Deep: true}, "rr112": {RockRidge112: true, Level: 4}, "no-joliet": {Joliet: isoplan.JolietOff, Level: 1},
	}
	var script strings.Builder
	script.WriteString(manifest)
	for name, o := range images {
		if err := os.Rename(makeImage(t, src, master.Options{Features: o}), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
		script.WriteString("mount -t iso9660 -o loop,ro " + name + " /run/mnt; manifest /run/mnt > " + name + ".manifest; umount /run/mnt\n")
	}
	peertest.Kernel(t, dir, script.String())
	want := strings.Split(peertest.Run(t, "", "bash", "-c", manifest+`manifest "$0"`, src), "\n")
	if len(want) < 200 {
		t.Fatalf("the host has %q", want)
	}
	for name := range images {
		text, err := os.ReadFile(filepath.Join(dir, name+".manifest"))
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Split(string(text), "\n")
		if slices.Equal(got, want) {
			continue
		}
		for _, line := range want {
			if !slices.Contains(got, line) {
				t.Errorf("%s: the host has   %s", name, line)
			}
		}
		for _, line := range got {
			if !slices.Contains(want, line) {
				t.Errorf("%s: the kernel sees %s", name, line)
			}
		}
	}
}
