package master_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/iso9660"
	"glassmaster/mastering/iso9660/plan"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/master"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/tree"
)

// TestPartitionIsAVolume reads the partition of the volume on its own.
func TestPartitionIsAVolume(t *testing.T) {
	for _, offset := range []int{16, 64} {
		top := isotest.SampleTree(t)
		image := masterBoot(t, hostTree(t, top), master.Options{Boot: &boot.Options{GPT: boot.GPTOnly, PartitionOffset: offset}})
		b := read(t, image)
		start := offset * disc.SectorSize
		partition := write(t, filepath.Join(t.TempDir(), "partition.iso"), b[start:])
		for _, view := range []string{iso9660.ViewRockRidge, iso9660.ViewJoliet, iso9660.ViewPlain} {
			whole, part := open(t, image, view), open(t, partition, view)
			isotest.Compare(t, view, isotest.Listing(t, part, isotest.Posix(t, part)), isotest.Listing(t, whole, isotest.Posix(t, whole)))
		}
		for _, args := range [][]string{{"isoinfo", "-l", "-i"}, {"isoinfo", "-R", "-f", "-i"}, {"isoinfo", "-J", "-f", "-i"}, {"bsdtar", "-tvf"}} {
			whole := peertest.Run(t, "", args[0], append(args[1:], image)...)
			part := peertest.Run(t, "", args[0], append(args[1:], partition)...)
			if args[1] == "-l" { // shows addresses
				part, whole = withoutAddresses(part), withoutAddresses(whole)
			}
			isotest.Compare(t, strings.Join(args, " "), part, whole)
		}
		out := t.TempDir()
		peertest.Run(t, out, "bsdtar", "-xf", partition)
		peertest.Run(t, "", "diff", "-r", "--no-dereference", "--exclude=pipe", top, out)
		wantLines(t, report(t, image), fmt.Sprintf("Partition offset : %d", offset))
	}
}

// TestPartitionWithoutBootRecord has xorriso read the partition. The addresses in the
// boot catalogue are those of the whole disc, so the partition must not refer to it.
func TestPartitionWithoutBootRecord(t *testing.T) {
	root := bootFiles(t, map[string][]byte{"boot.bin": make([]byte, 4096)})
	for _, level := range []int{3, 4} {
		image := masterBoot(t, root, master.Options{Features: plan.Features{Level: level}, Boot: &boot.Options{
			Images: []boot.Image{{Path: "/boot.bin", InfoTable: true}}, GPT: boot.GPTOnly, PartitionOffset: 16,
		}})
		partition := write(t, filepath.Join(t.TempDir(), "partition.iso"), read(t, image)[16*disc.SectorSize:])
		out := peertest.Run(t, "", "xorriso", "-abort_on", "WARNING", "-report_about", "WARNING", "-indev", partition, "-find", "/")
		if !strings.Contains(out, "boot.bin") {
			t.Errorf("level %d: xorriso finds %s", level, out)
		}
		if whole := report(t, image); !strings.Contains(whole, "El Torito boot img :   1  BIOS  y   none") {
			t.Errorf("level %d: the disc is not bootable: %s", level, whole)
		}
		for _, view := range []string{iso9660.ViewPlain, iso9660.ViewJoliet} {
			open(t, partition, view)
		}
	}
}

// withoutAddresses removes the addresses from the output of isoinfo -l.
func withoutAddresses(s string) string {
	var out strings.Builder
	for _, line := range strings.Split(s, "\n") {
		before, after, ok := strings.Cut(line, "[")
		if _, name, found := strings.Cut(after, "]"); ok && found {
			line = before + name
		}
		out.WriteString(line + "\n")
	}
	return out.String()
}

// hostTree makes a tree of a folder of the host.
func hostTree(t testing.TB, top string) *tree.Node {
	t.Helper()
	var add func(dir *tree.Node, path string)
	add = func(dir *tree.Node, path string) {
		entries, err := os.ReadDir(path)
		isotest.Must(t, err)
		for _, e := range entries {
			info, err := e.Info()
			isotest.Must(t, err)
			p := filepath.Join(path, e.Name())
			n := tree.NewNode(e.Name(), info.Mode(), nil)
			switch {
			case info.Mode().IsRegular():
				n = tree.NewNode(e.Name(), info.Mode(), layout.NewFile(p))
				n.Size = info.Size()
			case info.Mode()&os.ModeSymlink != 0:
				target, err := os.Readlink(p)
				isotest.Must(t, err)
				n = tree.NewNode(e.Name(), info.Mode(), tree.Symlink(target))
			}
			n.Modified = info.ModTime().UnixNano()
			dir.Append(n)
			if n.IsDir() {
				add(n, p)
			}
		}
	}
	root := bootFiles(t, nil)
	add(root, top)
	return root
}
