package plan_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/layout"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/udf"
	"glassmaster/mastering/udf/plan"
	"glassmaster/mastering/udf/udftest"
	"glassmaster/mastering/volume"
)

func TestWriteRead(t *testing.T) {
	for _, r := range plan.Revisions {
		t.Run(r.String(), func(t *testing.T) {
			root := udftest.Sample()
			l := udftest.Volume(t, root, plan.Options{Revision: r, Label: "Läbel 日本", Publisher: "Org", Owner: "Ada", Application: "Test"})
			v, err := udf.Open(l, l.Size(), volume.Options{})
			if err != nil {
				t.Fatal(err)
			}
			udftest.Diff(t, udftest.TreeManifest(t, root), udftest.SortLines(udftest.Manifest(t, v)))
			i := v.Volume()
			if i.Format != "UDF "+r.String() || i.Label != "Läbel 日本" || i.Publisher != "Org" || i.Program != "Test" || !i.Created.Equal(udftest.When) || !i.Modified.Equal(udftest.When) {
				t.Errorf("%+v", i)
			}
		})
	}
}

// TestDeterministic checks that the volume depends neither on the order in which files
// were added nor on how the layout is read.
func TestDeterministic(t *testing.T) {
	for _, r := range []plan.Revision{plan.Revision102, plan.Revision260} {
		a, b := udftest.Volume(t, udftest.Sample(), plan.Options{Revision: r}), udftest.Volume(t, udftest.Sample(), plan.Options{Revision: r})
		var whole bytes.Buffer
		if err := a.WriteTo(context.Background(), &whole, layout.WriteOptions{}); err != nil {
			t.Fatal(err)
		}
		if int64(whole.Len()) != a.Size() || a.Size() != b.Size() {
			t.Fatalf("sizes %d, %d, %d", whole.Len(), a.Size(), b.Size())
		}
		p := make([]byte, 3000)
		for off := int64(0); off < b.Size(); off += int64(len(p)) {
			n, err := b.ReadAt(p, off)
			if err != nil && err != io.EOF {
				t.Fatal(err)
			}
			if !bytes.Equal(p[:n], whole.Bytes()[off:off+int64(n)]) {
				t.Fatalf("revision %s: bytes %d to %d differ", r, off, off+int64(n))
			}
		}
	}
}

// openImage opens the volume in an image file for the time of the test.
func openImage(t testing.TB, image string) *udf.FS {
	t.Helper()
	f, size := udftest.OpenImage(t, image)
	v, err := udf.Open(f, size, volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// writePeer writes a tree in every revision, and calls f to read it with another
// program.
func writePeer(t *testing.T, root func() *tree.Node, f func(t *testing.T, r plan.Revision, image string)) {
	for _, r := range plan.Revisions {
		t.Run(r.String(), func(t *testing.T) {
			image := filepath.Join(t.TempDir(), "image.udf")
			udftest.Save(t, udftest.Volume(t, root(), plan.Options{Revision: r, Label: "Läbel 日本", Publisher: "Org"}), image)
			f(t, r, image)
		})
	}
}

func TestUdfinfo(t *testing.T) {
	peertest.Need(t, "udfinfo")
	writePeer(t, udftest.Sample, func(t *testing.T, r plan.Revision, image string) {
		out := peertest.Run(t, "", "udfinfo", "--utf8", image)
		for _, want := range []string{
			"lvid=Läbel 日本", "fsid=", "udfrev=" + min(r, plan.Revision250).String(), "udfwriterev=" + r.String(), "blocksize=2048", "integrity=closed", "accesstype=readonly",
			"organization=Org", "freeblocks=0", "numfiles=1534", "numdirs=31",
			"start=256, blocks=1, type=ANCHOR", "start=32, blocks=16, type=MVDS", "start=64, blocks=1, type=LVID", "type=RVDS",
		} {
			if !strings.Contains(out, want) {
				t.Errorf("%q is not in\n%s", want, out)
			}
		}
	})
}

// TestLinuxReads has a Linux kernel mount and read volumes.
func TestLinuxReads(t *testing.T) {
	dir := t.TempDir()
	var script strings.Builder
	script.WriteString(udftest.KernelManifest + "")
	for _, r := range plan.Revisions {
		udftest.Save(t, udftest.Volume(t, udftest.Sample(), plan.Options{Revision: r}), filepath.Join(dir, r.String()))
		fmt.Fprintf(&script, "mount -t udf -o loop,ro %[1]s/%[2]s /run/mnt; manifest /run/mnt > %[1]s/%[2]s.manifest; umount /run/mnt\n", dir, r)
	}
	peertest.Kernel(t, dir, script.String())
	want := udftest.TreeManifest(t, udftest.Sample())
	for _, r := range plan.Revisions {
		got, err := os.ReadFile(filepath.Join(dir, r.String()+".manifest"))
		if err != nil {
			t.Fatal(err)
		}
		t.Run(r.String(), func(t *testing.T) { udftest.Diff(t, want, udftest.SortLines(string(got))) })
	}
}

// Test7zip has 7-Zip extract volumes.
func Test7zip(t *testing.T) {
	peertest.Need(t, "7z")
	writePeer(t, udftest.Files, func(t *testing.T, r plan.Revision, image string) {
		dir := t.TempDir()
		peertest.Run(t, dir, "7z", "x", "-y", "-tudf", image)
		v := openImage(t, image)
		count := 0
		err := fs.WalkDir(v, ".", func(p string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			count++
			want, err := udftest.DigestOf(v, p)
			if err != nil {
				return err
			}
			got, err := udftest.DigestOf(os.DirFS(dir), p)
			if err == nil && got != want {
				err = fmt.Errorf("%s: contents differ", p)
			}
			return err
		})
		if err != nil || count != 1527 {
			t.Errorf("%d files, error %v", count, err)
		}
	})
}
