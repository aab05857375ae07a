package master_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/iso9660/plan"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/master"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/tree"
	udfplan "glassmaster/mastering/udf/plan"
	"glassmaster/mastering/volume"
)

// twoSessions is a disc with a session that was planned after another one.
type twoSessions struct {
	path   string            // of the image
	start  int64             // sector of the second session
	before []byte            // the disc as it was
	second *layout.Layout    // the second session
	want   map[string]string // digests of the files that it shows, by their paths
}

// digest describes the contents of a file as sha256sum does.
func digest(b []byte) string { return fmt.Sprintf("%x", sha256.Sum256(b)) }

// noise returns pseudo-random bytes.
func noise(size int, seed byte) []byte {
	b := make([]byte, size)
	x := uint32(seed) + 1
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = byte(x >> 24)
	}
	return b
}

// planSessions plans a session after another one with the same volumes. It has files of
// the first session under old and new names, one that consists of two of them, and new
// files.
func planSessions(t *testing.T, o master.Options) twoSessions {
	t.Helper()
	o.Label, o.Time = "ONE", time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	files := map[string][]byte{
		"kept/one": noise(100_000, 1), "moved": noise(4096, 2), "changed": noise(70_000, 3), "removed": noise(2049, 4), "small": []byte("small"),
	}
	one, _, err := master.Plan(bootFiles(t, files), o)
	isotest.Must(t, err)
	var image bytes.Buffer
	isotest.Must(t, one.WriteTo(context.Background(), &image, layout.WriteOptions{}))
	s := twoSessions{path: filepath.Join(t.TempDir(), "disc"), start: (one.Size()/disc.SectorSize+31)/32*32 + 32, before: image.Bytes()}

	v, err := volume.Open(bytes.NewReader(s.before), one.Size(), volume.Options{})
	isotest.Must(t, err)
	recorded := func(paths ...string) *layout.Recorded {
		r := &layout.Recorded{Disc: bytes.NewReader(s.before)}
		for _, p := range paths {
			info, err := fs.Stat(v, p)
			isotest.Must(t, err)
			r.Extents = append(r.Extents, info.Sys().(*volume.Attributes).Extents...)
		}
		return r
	}
	fresh := map[string][]byte{"changed": noise(50_001, 5), "new folder/new": noise(3000, 6)}
	root := bootFiles(t, fresh)
	at := time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC)
	add := func(dir *tree.Node, name string, r *layout.Recorded, contents []byte) {
		dir.Append(tree.NewFile(name, int64(len(contents)), at, r))
	}
	kept := tree.NewFolder("kept", at)
	root.Append(kept)
	add(kept, "one", recorded("kept/one"), files["kept/one"])
	add(root.Lookup("new folder"), "Moved 名", recorded("moved"), files["moved"])
	add(root, "joined", recorded("moved", "small"), slices.Concat(files["moved"], files["small"]))
	shared := &tree.Shared{Source: recorded("small"), Links: 2}
	for _, name := range []string{"small", "small again"} {
		n := tree.NewNode(name, 0o644, shared)
		n.Size, n.Modified = int64(len(files["small"])), at.UnixNano()
		root.Append(n)
	}
	s.want = map[string]string{
		"kept/one": digest(files["kept/one"]), "new folder/Moved 名": digest(files["moved"]),
		"joined": digest(slices.Concat(files["moved"], files["small"])), "small": digest(files["small"]), "small again": digest(files["small"]),
		"changed": digest(fresh["changed"]), "new folder/new": digest(fresh["new folder/new"]),
	}
	o.Label, o.Start, o.Previous = "TWO", disc.LBA(s.start), bytes.NewReader(s.before)
	var report master.Report
	s.second, report, err = master.Plan(root, o)
	isotest.Must(t, err)
	if report.Files != len(fresh) {
		t.Errorf("%d contents are stored, want %d", report.Files, len(fresh))
	}
	s.write(t)
	return s
}

// write writes the disc as a recorder does: the first session, a gap, the second.
func (s *twoSessions) write(t *testing.T) {
	t.Helper()
	f, err := os.Create(s.path)
	isotest.Must(t, err)
	defer f.Close()
	_, err = f.Write(s.before)
	isotest.Must(t, err)
	isotest.Must(t, f.Truncate(s.start*disc.SectorSize))
	_, err = f.Seek(0, io.SeekEnd)
	isotest.Must(t, err)
	var second bytes.Buffer
	isotest.Must(t, s.second.WriteTo(context.Background(), &second, layout.WriteOptions{}))
	if n := s.second.Size() - s.start*disc.SectorSize; int64(second.Len()) != n {
		t.Errorf("the session has %d bytes, not %d", second.Len(), n)
	}
	if bytes.Contains(second.Bytes(), noise(4096, 2)) {
		t.Error("contents of the first session are in the second again")
	}
	_, err = f.Write(second.Bytes())
	isotest.Must(t, err)
}

// digests returns the digests of the files of a volume, by their paths.
func digests(t *testing.T, v fs.FS) map[string]string {
	t.Helper()
	got := map[string]string{}
	isotest.Must(t, fs.WalkDir(v, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(v, path)
		got[path] = digest(b)
		return err
	}))
	return got
}

// sums reads what sha256sum prints.
func sums(t *testing.T, text string) map[string]string {
	t.Helper()
	got := map[string]string{}
	for line := range strings.Lines(text) {
		sum, path, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ./")
		if !ok {
			t.Fatalf("sha256sum prints %q", line)
		}
		got[path] = sum
	}
	return got
}

// sessionVolumes are the volumes of the discs with two sessions.
func sessionVolumes() map[string]master.Options {
	return map[string]master.Options{
		"iso":     {},
		"bridge":  {UDF: &master.UDF{Revision: udfplan.Revision150}},
		"udf-201": {UDF: &master.UDF{Revision: udfplan.Revision201}, UDFOnly: true},
		"udf-260": {UDF: &master.UDF{Revision: udfplan.Revision260}, UDFOnly: true},
	}
}

// TestSecondSession plans a session after another one, with files of the first in it,
// and reads it, both as planned and from the disc.
func TestSecondSession(t *testing.T) {
	for name, o := range sessionVolumes() {
		t.Run(name, func(t *testing.T) {
			s := planSessions(t, o)
			f, err := os.Open(s.path)
			isotest.Must(t, err)
			defer f.Close()
			for from, r := range map[string]io.ReaderAt{"the plan": s.second, "the disc": f} {
				for _, view := range []string{"Rock Ridge", "Joliet", "UDF"} {
					if (view == "UDF") != o.UDFOnly && (view != "UDF" || o.UDF == nil) {
						continue
					}
					v, err := volume.Open(r, s.second.Size(), volume.Options{View: view})
					isotest.Must(t, err)
					if label := v.Volume().Label; label != "TWO" {
						t.Errorf("%s, %s: the volume is %s", from, view, label)
					}
					if got := digests(t, v); !maps.Equal(got, s.want) {
						t.Errorf("%s, %s: got %v, want %v", from, view, got, s.want)
					}
					if view == "UDF" { // Check would report the anchors of the other session
						continue
					}
					for _, n := range found(t, v) {
						t.Errorf("%s, %s: %v", from, view, n)
					}
				}
			}
		})
	}
}

// found returns what the check of a volume finds.
func found(t *testing.T, v volume.FS) []disc.Notice {
	t.Helper()
	c, ok := v.(interface {
		Check(context.Context) ([]disc.Notice, error)
	})
	if !ok {
		t.Fatalf("%T cannot be checked", v)
	}
	list, err := c.Check(t.Context())
	isotest.Must(t, err)
	return list
}

// TestXorrisoReadsSecondSession has xorriso extract the second session.
func TestXorrisoReadsSecondSession(t *testing.T) {
	peertest.Need(t, "xorriso")
	for name, o := range sessionVolumes() {
		if o.UDFOnly {
			continue
		}
		s := planSessions(t, o)
		out := filepath.Join(t.TempDir(), "out")
		peertest.Run(t, "", "xorriso", "-abort_on", "WARNING", "-report_about", "WARNING", "-load", "sbsector", fmt.Sprint(s.start), "-indev", s.path,
			"-osirrox", "on", "-extract", "/", out)
		if got := digests(t, os.DirFS(out)); !maps.Equal(got, s.want) {
			t.Errorf("%s: got %v, want %v", name, got, s.want)
		}
	}
}

// TestKernelReadsSecondSession has the Linux kernel mount the second session, with
// Rock Ridge, with Joliet, and as UDF.
func TestKernelReadsSecondSession(t *testing.T) {
	dir := t.TempDir()
	want := map[string]map[string]string{}
	var script strings.Builder
	mount := func(image, name, options string, s twoSessions) {
		want[name] = s.want
		fmt.Fprintf(&script, "mount %s %s/%s /run/mnt\n(cd /run/mnt && find . -type f -exec sha256sum {} +) > %s/%s.sums\numount /run/mnt\n", options, dir, image, dir, name)
	}
	for name, o := range sessionVolumes() {
		s := planSessions(t, o)
		isotest.Must(t, os.Rename(s.path, filepath.Join(dir, name)))
		if !o.UDFOnly {
			at := fmt.Sprintf("-t iso9660 -o loop,ro,iocharset=utf8,sbsector=%d", s.start)
			mount(name, name+"-rock-ridge", at, s)
			mount(name, name+"-joliet", at+",norock", s)
		}
		if o.UDF != nil {
			mount(name, name+"-udf", fmt.Sprintf("-t udf -o loop,ro,iocharset=utf8,session=%d", s.start), s)
		}
	}
	peertest.Kernel(t, dir, script.String())
	for name, w := range want {
		b, err := os.ReadFile(filepath.Join(dir, name+".sums"))
		isotest.Must(t, err)
		if got := sums(t, string(b)); !maps.Equal(got, w) {
			t.Errorf("%s: got %v, want %v", name, got, w)
		}
	}
}

// TestSessionRefuses plans sessions that are not possible.
func TestSessionRefuses(t *testing.T) {
	at := func(start, length int64) *layout.Recorded {
		return &layout.Recorded{Extents: []volume.Extent{{Start: disc.LBA(start), Length: length}}}
	}
	for name, c := range map[string]struct {
		r *layout.Recorded // of a file of 5000 bytes
		o master.Options
	}{
		"contents that are not written yet": {at(998, 5000), master.Options{Start: 1000}},
		"contents of another length":        {at(500, 4999), master.Options{Start: 1000}},
		"contents before the first session": {at(0, 5000), master.Options{}},
		"a partition table":                 {at(500, 5000), master.Options{Start: 1000, Boot: &boot.Options{APM: true}}},
		"a checksum of the image":           {at(500, 5000), master.Options{Start: 1000, Use: &plan.ApplicationUse{}}},
		"an address below 0":                {at(500, 5000), master.Options{Start: -1}},
	} {
		root := bootFiles(t, nil)
		root.Append(tree.NewFile("file", 5000, time.Time{}, c.r))
		if _, _, err := master.Plan(root, c.o); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	root := bootFiles(t, nil)
	root.Append(tree.NewFile("file", 5000, time.Time{}, at(997, 5000)))
	if _, _, err := master.Plan(root, master.Options{Start: 1000}); err != nil {
		t.Error(err)
	}
}

// TestBootOfSecondSession plans a bootable later session. All addresses must be those of
// the disc.
func TestBootOfSecondSession(t *testing.T) {
	const start = 5000
	l, _, err := master.Plan(bootFiles(t, map[string][]byte{"loader.bin": noise(4096, 1)}), master.Options{
		Start: start, Boot: &boot.Options{Images: []boot.Image{{Path: "loader.bin", InfoTable: true}}},
	})
	isotest.Must(t, err)
	b := make([]byte, l.Size()-start*disc.SectorSize)
	_, err = l.ReadAt(b, start*disc.SectorSize)
	isotest.Must(t, err)
	sector := func(lba uint32) []byte { return b[(int64(lba)-start)*disc.SectorSize:] }
	entry := sector(le32(sector(start + 17)[71:]))[32:]
	image := le32(entry[8:])
	if got, want := le32(sector(image)[8:]), uint32(start+16); got != want {
		t.Errorf("the boot information table says that the volume descriptor is at sector %d, not %d", got, want)
	}
	if got := le32(sector(image)[12:]); got != image {
		t.Errorf("the boot information table says that the image is at sector %d, not %d", got, image)
	}
	if !bytes.Equal(sector(image)[64:4096], noise(4096, 1)[64:]) {
		t.Error("there is no image")
	}
}
