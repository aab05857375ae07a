package extract

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/volume"
)

// direct is a volume whose walk returns the entries of a list.
type direct struct {
	fs.FS
	image   io.ReaderAt
	entries []volume.Entry
}

func (d *direct) Image() io.ReaderAt { return d.image }

func (d *direct) Walk(_ string, f func(*volume.Entry) error) error {
	for _, e := range d.entries {
		if err := f(&e); err != nil && err != fs.SkipDir {
			return err
		}
	}
	return nil
}

func (d *direct) add(path string, mode fs.FileMode, extents ...volume.Extent) *volume.Entry {
	e := volume.Entry{Path: []byte(path), Mode: mode, Modified: 1e18, Extents: extents}
	for _, x := range extents {
		e.Size += x.Length
	}
	d.entries = append(d.entries, e)
	return &d.entries[len(d.entries)-1]
}

// TestDirect reads files of many sizes, in any order, some of several extents,
// out of an image that is a file and out of one that is not.
func TestDirect(t *testing.T) {
	r := rand.New(rand.NewSource(5))
	image := make([]byte, 4000*disc.SectorSize)
	r.Read(image)
	path := filepath.Join(t.TempDir(), "image")
	must(t, os.WriteFile(path, image, 0o644))
	file, err := os.Open(path)
	must(t, err)
	defer file.Close()

	d := &direct{}
	want := map[string][]byte{}
	for i := range 200 {
		name := fmt.Sprintf("dir%d/file%d", i/50, i)
		if i%50 == 0 {
			d.add(filepath.Dir(name), fs.ModeDir|0o755)
		}
		var extents []volume.Extent
		for range 1 + r.Intn(10)/8 {
			x := volume.Extent{Start: disc.LBA(r.Intn(3000)), Length: int64(r.Intn([]int{10, 5000, 300 << 10, 1 << 20}[r.Intn(4)]))}
			extents = append(extents, x)
			want[name] = append(want[name], image[int64(x.Start)*disc.SectorSize:][:x.Length]...)
		}
		d.add(name, 0o644, extents...)
	}
	var b strings.Builder
	for host, open := range hosts {
		for kind, r := range map[string]io.ReaderAt{
			"memory": bytes.NewReader(image), "file": file,
			"disc": disc.FromReaderAt(file, int64(len(image)), nil).(io.ReaderAt),
		} {
			d.image = r
			dir := t.TempDir()
			h, err := open(dir)
			must(t, err)
			report, err := extract(t.Context(), d, h, Options{}, progress.Discard)
			must(t, err)
			if report.Files != 200 {
				t.Errorf("%s, %s: %d files", host, kind, report.Files)
			}
			for name, p := range want {
				if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !bytes.Equal(got, p) {
					t.Fatalf("%s, %s: %s differs (%d bytes of %d, %v)", host, kind, name, len(got), len(p), err)
				}
			}
			fmt.Fprintln(&b, report.Bytes)
		}
	}
	if lines := strings.Fields(b.String()); strings.Count(b.String(), lines[0]) != len(lines) {
		t.Errorf("bytes written: %v", lines)
	}
}

// TestDirectHostile extracts entries that no valid volume has.
func TestDirectHostile(t *testing.T) {
	for host, open := range hosts {
		base := t.TempDir()
		dir := filepath.Join(base, "in")
		must(t, os.Mkdir(dir, 0o755))
		must(t, os.Mkdir(filepath.Join(base, "out"), 0o755))
		d := &direct{image: bytes.NewReader(bytes.Repeat([]byte("x"), 4096))}
		x := volume.Extent{Length: 5}
		d.add("a", fs.ModeSymlink|0o777).Target = []byte("../out")
		d.add("a", fs.ModeDir|0o755)
		d.add("a/through", 0o644, x)
		d.add("../up", 0o644, x)
		d.add("/abs", 0o644, x)
		d.add("twice", 0o644, x)
		d.add("twice", 0o644, x)
		d.add("short", 0o644, volume.Extent{Start: 1, Length: 5000})
		d.add("bad", 0o644, x).Unreadable = "scratched"
		d.add("bad\x00name", 0o644, x)
		d.add("folder", fs.ModeDir|0o755).Err = fs.ErrPermission
		h, err := open(dir)
		must(t, err)
		r, err := extract(t.Context(), d, h, Options{}, progress.Discard)
		if err == nil || r.Failed != 6 {
			t.Errorf("%s: %v, %+v", host, err, r)
		}
		if list, _ := os.ReadDir(filepath.Join(base, "out")); len(list) > 0 {
			t.Errorf("%s: %v is outside", host, list)
		}
		if list, _ := os.ReadDir(base); len(list) != 2 {
			t.Errorf("%s: %v is outside", host, list)
		}
		list, _ := os.ReadDir(dir)
		if got := fmt.Sprint(list); got != "[d a/ - abs - twice - up]" {
			t.Errorf("%s: %s", host, got)
		}
	}
}

// scratched fails all reads that include sector 7.
type scratched struct{ io.ReaderAt }

func (s scratched) ReadAt(p []byte, off int64) (int, error) {
	if off < 8*disc.SectorSize && off+int64(len(p)) > 7*disc.SectorSize {
		return 0, fs.ErrInvalid
	}
	return s.ReaderAt.ReadAt(p, off)
}

// TestBadSectors extracts the files around a bad sector.
func TestBadSectors(t *testing.T) {
	d := &direct{image: scratched{bytes.NewReader(make([]byte, 40960))}}
	for i := range 20 {
		d.add(fmt.Sprint(i), 0o644, volume.Extent{Start: disc.LBA(i), Length: 2048})
	}
	dir := t.TempDir()
	r, err := Extract(t.Context(), d, dir, Options{}, progress.Discard)
	if err == nil || !strings.Contains(err.Error(), "sector 7") || r.Files != 19 || r.Failed != 1 {
		t.Errorf("%v, %+v", err, r)
	}
	if _, err := os.Stat(filepath.Join(dir, "7")); err == nil {
		t.Error("a file that could not be read was left behind")
	}
}

// TestEncoded extracts compressed files.
func TestEncoded(t *testing.T) {
	peertest.Need(t, "xorriso")
	top := t.TempDir()
	text := bytes.Repeat([]byte("compress me "), 30000)
	must(t, os.WriteFile(filepath.Join(top, "text"), text, 0o644))
	image := filepath.Join(t.TempDir(), "z.iso")
	peertest.Run(t, "", "timeout", "60", "xorriso", "-report_about", "FAILURE", "-zisofs", "level=6",
		"-outdev", image, "-map", top, "/", "-set_filter_r", "--zisofs", "/", "--")
	dir := t.TempDir()
	_, err := Extract(t.Context(), openImage(t, image), dir, Options{}, progress.Discard)
	must(t, err)
	if got, err := os.ReadFile(filepath.Join(dir, "text")); err != nil || !bytes.Equal(got, text) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func BenchmarkExtract(b *testing.B) {
	top := b.TempDir()
	r := rand.New(rand.NewSource(6))
	p := make([]byte, 8192)
	r.Read(p)
	const count = 2000
	for i := range count {
		dir := filepath.Join(top, fmt.Sprint(i/50))
		must(b, os.MkdirAll(dir, 0o755))
		must(b, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%06d a name of the usual length.txt", i)), p[:r.Intn(len(p))], 0o644))
	}
	v := master(b, top)
	for name, open := range hosts {
		b.Run(name, func(b *testing.B) {
			base := b.TempDir()
			n := 0
			for b.Loop() {
				dir := filepath.Join(base, fmt.Sprint(n))
				n++
				must(b, os.Mkdir(dir, 0o755))
				h, err := open(dir)
				must(b, err)
				_, err = extract(b.Context(), v, h, Options{}, progress.Discard)
				must(b, err)
				b.StopTimer()
				must(b, os.RemoveAll(dir))
				b.StartTimer()
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(n*count), "us/file")
		})
	}
}

// TestReplaceImage extracts entries over the image that holds them.
func TestReplaceImage(t *testing.T) {
	for name, open := range hosts {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			contents := bytes.Repeat([]byte("contents"), 4*256)
			for _, name := range []string{"disc.iso", "other"} {
				must(t, os.WriteFile(filepath.Join(dir, name), contents, 0o600))
			}
			f, err := os.Open(filepath.Join(dir, "disc.iso"))
			must(t, err)
			defer f.Close()
			d := &direct{image: f}
			d.add("disc.iso", 0o644, volume.Extent{Start: 1, Length: 100})
			d.add("other", 0o644, volume.Extent{Start: 2, Length: 100})
			h, err := open(dir)
			must(t, err)
			r, err := extract(t.Context(), d, h, Options{Existing: Replace}, progress.Discard)
			if !errors.Is(err, errImage) || r.Files != 1 || r.Failed != 1 {
				t.Errorf("%v, %+v", err, r)
			}
			if p, _ := os.ReadFile(filepath.Join(dir, "disc.iso")); !bytes.Equal(p, contents) {
				t.Error("the image was replaced")
			}
			if p, _ := os.ReadFile(filepath.Join(dir, "other")); len(p) != 100 {
				t.Error("the other file was not replaced")
			}
		})
	}
}
