package plan_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/udf"
	"glassmaster/mastering/udf/plan"
	"glassmaster/mastering/udf/udftest"
	"glassmaster/mastering/volume"
	_ "glassmaster/mastering/volume/formats" // sessions are found by their volumes
)

// gap is the distance of two sessions in sectors: the lead-out of the first and the
// lead-in of the second session.
const gap = 1234

// addTo returns a tree with the files of the first session, whose contents are on the
// disc, with files that consist of parts of these contents, and with new files.
func addTo(t *testing.T, first io.ReaderAt, size int64) *tree.Node {
	t.Helper()
	root := udftest.Sample()
	root.Child("zeta").Detach()
	v, err := udf.Open(first, size, volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	where := map[string][]volume.Extent{}
	if err := v.Walk(".", func(e *volume.Entry) error {
		if e.Mode.IsRegular() && e.Size > 0 {
			where["/"+string(e.Path)] = append([]volume.Extent(nil), e.Extents...)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	recorded := func(list ...volume.Extent) *layout.Recorded { return &layout.Recorded{Extents: list, Disc: first} }
	_ = root.Walk(func(n *tree.Node) error {
		if n.Mode.IsRegular() && n.Size > 0 {
			n.SetSource(recorded(where[n.Path()]...))
		}
		return nil
	})
	large, one := where["/large"][0], where["/one sector"][0]
	add := func(name string, list ...volume.Extent) {
		r := recorded(list...)
		root.Append(tree.NewFile(name, volume.ExtentReader{Extents: list}.Size(), udftest.When, r))
	}
	add("part", volume.Extent{Start: large.Start + 3, Length: 5000})
	add("joined", one, large)
	var pieces []volume.Extent
	for i := range 400 { // more than fit in a file entry
		pieces = append(pieces, volume.Extent{Start: large.Start + disc.LBA((i*7)%1700), Length: disc.SectorSize})
	}
	add("pieces", pieces...)
	sub := tree.NewFolder("new folder", udftest.When)
	root.Append(sub)
	data := strings.Repeat("new ", 5000)
	sub.Append(tree.NewFile("new", int64(len(data)), udftest.When, layout.Bytes(data)))
	return root
}

// session plans a second session after a first one, and returns its layout, its first
// sector and its tree.
func session(t *testing.T, first []byte, r plan.Revision) (*layout.Layout, int64, *tree.Node) {
	t.Helper()
	root := addTo(t, bytes.NewReader(first), int64(len(first)))
	p, err := plan.New(root, plan.Options{Revision: r, Label: "SECOND", Time: udftest.When})
	if err != nil {
		t.Fatal(err)
	}
	start := int64(len(first))/disc.SectorSize + gap
	l, err := udftest.Place(p, root, start, bytes.NewReader(first))
	if err != nil {
		t.Fatal(err)
	}
	return l, start, root
}

// saveAfter writes a session to a file, after the first one.
func saveAfter(t *testing.T, first []byte, l *layout.Layout, name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	_, err = f.Write(first)
	if _, seek := f.Seek(int64(len(first))+gap*disc.SectorSize, io.SeekStart); err != nil || seek != nil {
		t.Fatal(err, seek)
	}
	if err := l.WriteTo(t.Context(), f, layout.WriteOptions{}); err != nil {
		t.Fatal(err)
	}
}

// TestSession adds a session to a volume of each revision, and reads it from the plan
// and from the disc.
func TestSession(t *testing.T) {
	dir := t.TempDir()
	var script strings.Builder
	script.WriteString(udftest.KernelManifest)
	want := map[plan.Revision]string{}
	for _, r := range plan.Revisions {
		one := udftest.Volume(t, udftest.Sample(), plan.Options{Revision: r, Label: "FIRST"})
		var b bytes.Buffer
		if err := one.WriteTo(t.Context(), &b, layout.WriteOptions{}); err != nil {
			t.Fatal(err)
		}
		first := b.Bytes()
		l, start, root := session(t, first, r)
		want[r] = udftest.TreeManifest(t, root)
		if n := l.Size() - start*disc.SectorSize; n > int64(len(first))-3<<20 {
			t.Errorf("%s: the session has %d bytes, the first %d", r, n, len(first))
		}
		name := filepath.Join(dir, r.String())
		saveAfter(t, first, l, name)
		for _, o := range []volume.Options{{Start: disc.LBA(start)}, {}} {
			onDisc, _ := udftest.OpenImage(t, name)
			for what, open := range map[string]io.ReaderAt{"plan": l, "disc": onDisc} {
				v, err := udf.Open(open, l.Size(), o)
				if err != nil {
					t.Fatalf("%s, %s: %v", r, what, err)
				}
				if got := v.Volume().Label; got != "SECOND" {
					t.Errorf("%s, %s, %+v: the volume is %q", r, what, o, got)
				}
				udftest.Diff(t, want[r], udftest.SortLines(udftest.Manifest(t, v)))
				defects, err := v.Check(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				for _, d := range defects {
					if !strings.Contains(d.Text, "also belongs to") { // some files share contents
						t.Errorf("%s, %s: %s", r, what, d)
					}
				}
			}
		}
		out := peertest.Run(t, "", "udfinfo", "--utf8", fmt.Sprint("--startblock=", start), name)
		for _, want := range []string{"lvid=SECOND", "integrity=closed", "numfiles=1537", "numdirs=32", fmt.Sprintf("start=%d, blocks=1, type=ANCHOR", start+256)} {
			if !strings.Contains(out, want) {
				t.Errorf("%s: %q is not in\n%s", r, want, out)
			}
		}
		fmt.Fprintf(&script, "mount -t udf -o loop,ro,session=%[3]d %[1]s/%[2]s /run/mnt; manifest /run/mnt > %[1]s/%[2]s.manifest; umount /run/mnt\n", dir, r, start)
	}
	peertest.Kernel(t, dir, script.String())
	for _, r := range plan.Revisions {
		got, err := os.ReadFile(filepath.Join(dir, r.String()+".manifest"))
		if err != nil {
			t.Fatal(err)
		}
		t.Run(r.String(), func(t *testing.T) { udftest.Diff(t, want[r], udftest.SortLines(string(got))) })
	}
}

// TestSessionAfterISO adds a UDF session to an ISO 9660 disc by xorriso, with the files
// of that disc.
func TestSessionAfterISO(t *testing.T) {
	peertest.Need(t, "xorriso")
	dir, out := t.TempDir(), t.TempDir()
	files := map[string][]byte{
		"short": []byte("short"), "long": bytes.Repeat([]byte("glassmaster "), 100_000), "sectors": bytes.Repeat([]byte("ab"), 4096),
	}
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	iso := filepath.Join(out, "first.iso")
	peertest.Run(t, "", "xorriso", "-as", "mkisofs", "-quiet", "-o", iso, dir)
	first, err := os.ReadFile(iso)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "new"), []byte("new"), 0o644); err != nil {
		t.Fatal(err)
	}
	var script, want strings.Builder
	for _, r := range plan.Revisions {
		root := tree.NewFolder("", udftest.When)
		for _, name := range []string{"long", "sectors", "short"} {
			at := 0
			for !bytes.HasPrefix(first[at*disc.SectorSize:], files[name]) {
				at++
			}
			size := int64(len(files[name]))
			src := &layout.Recorded{Extents: []volume.Extent{{Start: disc.LBA(at), Length: size}}}
			root.Append(tree.NewFile(name, size, udftest.When, src))
		}
		root.Append(tree.NewFile("new", 3, udftest.When, layout.Bytes("new")))
		p, err := plan.New(root, plan.Options{Revision: r, Time: udftest.When})
		if err != nil {
			t.Fatal(err)
		}
		start := int64(len(first))/disc.SectorSize + gap
		l, err := udftest.Place(p, root, start, nil)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(out, r.String())
		saveAfter(t, first, l, name)
		fmt.Fprintf(&script, "mount -t udf -o loop,ro,session=%d %s /run/mnt; cd /run/mnt; cksum long new sectors short; cd /; umount /run/mnt\n", start, name)
		for _, file := range []string{"long", "new", "sectors", "short"} {
			want.WriteString(peertest.Run(t, dir, "cksum", file))
		}
	}
	udftest.Diff(t, want.String(), peertest.Kernel(t, out, script.String()))
}

// TestSessionAlone reads a planned session without the disc that it is added to: its
// new files, but not those on the disc.
func TestSessionAlone(t *testing.T) {
	root := tree.NewFolder("", udftest.When)
	root.Append(tree.NewFile("new", 3, udftest.When, layout.Bytes("new")))
	root.Append(tree.NewFile("old", 3, udftest.When, &layout.Recorded{Extents: []volume.Extent{{Start: 300, Length: 3}}}))
	p, err := plan.New(root, plan.Options{Time: udftest.When})
	if err != nil {
		t.Fatal(err)
	}
	l, err := udftest.Place(p, root, 5000, nil)
	if err != nil {
		t.Fatal(err)
	}
	v, err := udf.Open(l, l.Size(), volume.Options{Start: 5000})
	if err != nil {
		t.Fatal(err)
	}
	if b, err := fs.ReadFile(v, "new"); err != nil || string(b) != "new" {
		t.Errorf("%q, %v", b, err)
	}
	if _, err := fs.ReadFile(v, "old"); !errors.Is(err, layout.ErrBefore) {
		t.Errorf("error %v", err)
	}
}

// TestRecordedErrors plans files with invalid extents.
func TestRecordedErrors(t *testing.T) {
	for _, c := range []struct {
		name    string
		extents []volume.Extent
		size    int64
		want    string
	}{
		{"too short", []volume.Extent{{Start: 300, Length: 10}}, 11, "hold 10 bytes, the file has 11"},
		{"in the session", []volume.Extent{{Start: 999, Length: 2049}}, 2049, "end at sector 1001"},
		{"a part of a sector", []volume.Extent{{Start: 300, Length: 10}, {Start: 400, Length: 10}}, 20, "only the last extent"},
		{"before the disc", []volume.Extent{{Start: -1, Length: 10}}, 10, "at sector -1"},
		{"nothing", []volume.Extent{{Start: 300, Length: 0}, {Start: 300, Length: 10}}, 10, "of 0 bytes"},
	} {
		root := tree.NewFolder("", udftest.When)
		root.Append(tree.NewFile("file", c.size, udftest.When, &layout.Recorded{Extents: c.extents}))
		p, err := plan.New(root, plan.Options{})
		if err == nil {
			_, err = udftest.Place(p, root, 1000, nil)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.want)
		}
	}
}
