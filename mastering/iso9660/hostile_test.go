package iso9660

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"reflect"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/iso9660/internal/format"
	"glassmaster/mastering/volume"
)

// rockRidge returns a handmade volume with Rock Ridge and additional sectors.
func rockRidge(more int) *handmade {
	h := newHandmade(sp, entry("ER", []byte{10, 0, 0, 1}, []byte("RRIP_1991A")))
	h.p = append(h.p, make([]byte, more*disc.SectorSize)...)
	return h
}

// TestSharedContinuations uses many records that share one large continuation area. The
// decoded data must stay proportional to the size of the image.
func TestSharedContinuations(t *testing.T) {
	const sectors, area = 5, 32 << 10
	h := rockRidge(60)
	h.dir(22, 20, sectors)
	h.add(20, "A", 22, sectors*disc.SectorSize, format.FlagDirectory, nm(0, "a"))
	for s := range sectors {
		for i := range 20 {
			h.next[22] = max(h.next[22], (22+s)*disc.SectorSize)
			h.add(22, fmt.Sprintf("F%d%02d", s, i), 0, 0, 0, ce(50, 0, area))
		}
	}
	long := nm(1, strings.Repeat("n", 200))
	for at := 50 * disc.SectorSize; at < 50*disc.SectorSize+area-len(long); at += len(long) {
		copy(h.p[at:], long)
	}
	v, err := Open(bytes.NewReader(h.p), int64(len(h.p)), volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	total, n := 0, 0
	if err := v.Walk(".", func(e *volume.Entry) error {
		total += len(e.Path)
		n++
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if limit := areaRoom*len(h.p) + chunk; n != 20*sectors+1 || total > limit {
		t.Errorf("%d entries with %d bytes of names, of an image of %d", n, total, len(h.p))
	}
	defects, err := v.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{errRoom.Error(), "its name is longer than"} {
		if !hasDefect(defects, want) {
			t.Errorf("%q is not reported", want)
		}
	}
}

func hasDefect(list []disc.Notice, part string) bool {
	for _, d := range list {
		if strings.Contains(d.Text, part) {
			return true
		}
	}
	return false
}

// TestWindowChain counts the sectors of a chain of short areas.
func TestWindowChain(t *testing.T) {
	p := make([]byte, 300*disc.SectorSize)
	for i := range 250 {
		copy(p[i*disc.SectorSize:], ce(i+1, 0, 28))
	}
	v := &FS{r: bytes.NewReader(p), size: int64(len(p)), blockSize: disc.SectorSize, susp: true}
	var w window
	var err error
	for range 100 {
		it := item{}
		if err = v.readSystemUse(&it, ce(0, 0, 28), v.skip, &w); err != nil {
			break
		}
	}
	if !errors.Is(err, errRoom) {
		t.Errorf("error %v after %d bytes", err, w.taken)
	}
}

// TestLongTarget uses a symbolic link whose target is too long: it is shortened and
// reported as unreadable.
func TestLongTarget(t *testing.T) {
	h := rockRidge(60)
	px := entry("PX", both(0o120777), both(1), both(0), both(0), both(9))
	up := bytes.Repeat(entry("SL", append([]byte{1}, bytes.Repeat([]byte{4, 0}, 120)...)), 260)
	h.add(20, "L.;1", 0, 0, 0, px, ce(50, 0, len(up)))
	copy(h.p[50*disc.SectorSize:], up)
	v, err := Open(bytes.NewReader(h.p), int64(len(h.p)), volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	info, err := v.Lstat("L")
	if err != nil {
		t.Fatal(err)
	}
	f := info.(*fileInfo)
	if len(f.target) > maxTarget || !strings.Contains(f.attributes.Unreadable, "longer than") {
		t.Errorf("a target of %d bytes, unreadable: %q", len(f.target), f.attributes.Unreadable)
	}
}

// TestDeep nests folders until their path is longer than the limit.
func TestDeep(t *testing.T) {
	const depth = 400
	h := newHandmade()
	h.p = append(h.p, make([]byte, depth*disc.SectorSize)...)
	name := strings.Repeat("D", 100)
	for i := range depth {
		at, up := 40+i, 39+i
		if i == 0 {
			up = 20
		}
		h.dir(at, up, 1)
		h.add(up, name, at, disc.SectorSize, format.FlagDirectory)
	}
	v, err := Open(bytes.NewReader(h.p), int64(len(h.p)), volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if list, err := walked(v); err == nil || !strings.Contains(err.Error(), "path is longer") || len(list) > maxPath*depth {
		t.Errorf("%d bytes of paths, error %.100v", len(list), err)
	}
	defects, err := v.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !hasDefect(defects, "is not checked") {
		t.Error("the path is not reported")
	}
	for _, d := range defects {
		if len(d.Path) > maxPath {
			t.Errorf("a path of %d bytes", len(d.Path))
		}
	}
}

// opened returns the beginning of a file, or the error of opening it.
func opened(f fs.File, err error) string {
	if err != nil {
		var p *fs.PathError
		if errors.As(err, &p) {
			err = p.Err
		}
		return err.Error()
	}
	p, err := io.ReadAll(io.LimitReader(f, 1000))
	return fmt.Sprintf("%q, %v", p, err)
}

// TestPlaces opens places that are not places of files.
func TestPlaces(t *testing.T) {
	p := plannedSeed()
	v, err := Open(bytes.NewReader(p), int64(len(p)), volume.Options{})
	isotest.Must(t, err)
	for _, place := range []uint64{0, 1, 5, 16 * disc.SectorSize, uint64(v.root.off), uint64(v.root.off) + 1, uint64(len(p)) - 1, uint64(len(p)), 1 << 63, 1<<64 - 1} {
		if f, err := v.OpenPlace(place); err == nil {
			t.Errorf("place %d: %v", place, f)
		}
	}
}

// TestMore reads the same attributes and contents by the entries of a walk as by path.
func TestMore(t *testing.T) {
	seen, extended := 0, 0
	for _, p := range seedImages()[:4] {
		v, err := Open(bytes.NewReader(p), int64(len(p)), volume.Options{})
		isotest.Must(t, err)
		isotest.Must(t, v.Walk(".", func(e *volume.Entry) error {
			if e.Err != nil {
				return e.Err
			}
			info, err := v.Lstat(string(e.Path))
			isotest.Must(t, err)
			if got, want := e.More(), info.Sys(); !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %+v, want %+v", e.Path, got, want)
			}
			if got, want := opened(v.OpenPlace(e.Place)), opened(v.Open(string(e.Path))); e.Mode.IsRegular() && got != want {
				t.Errorf("%s: by its place %q, by its path %q", e.Path, got, want)
			}
			seen++
			extended += len(e.More().Xattr)
			return nil
		}))
	}
	if seen < 10 || extended == 0 {
		t.Errorf("%d entries, %d attributes", seen, extended)
	}
}
