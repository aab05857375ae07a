package command

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/volume"
)

// sizes is a volume of files with these recorded sizes.
type sizes struct {
	volume.FS
	list []int64
}

func (s sizes) Volume() volume.Info { return volume.Info{} }

func (s sizes) Walk(_ string, f func(*volume.Entry) error) error {
	for _, n := range s.list {
		if err := f(&volume.Entry{Path: []byte("file"), Size: n}); err != nil {
			return err
		}
	}
	return nil
}

// TestCheckSizes checks that a total size that overflows is reported as damage, and is
// never negative.
func TestCheckSizes(t *testing.T) {
	d := disc.FromReaderAt(bytes.NewReader(nil), 0, nil)
	for _, test := range []struct {
		list []int64
		sum  int64
		bad  bool
	}{
		{[]int64{1, 2, 3}, 6, false},
		{[]int64{math.MaxInt64, 5}, math.MaxInt64, true},
		{[]int64{1 << 62, 1 << 62, 1 << 62}, math.MaxInt64, true},
	} {
		var c checkInfo
		if err := c.volume(t.Context(), d, sizes{list: test.list}, &volume.Comparison{}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(strings.Join(c.Damage, "\n"), "out of range"); c.Bytes != test.sum || got != test.bad {
			t.Errorf("%v: %d bytes, damage %q", test.list, c.Bytes, c.Damage)
		}
	}
}

// TestListDisagreement lists a disc on which ISO 9660 records a smaller size of a file
// than UDF: the true size is shown, with a note where sizes are shown.
func TestListDisagreement(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "big"), bytes.Repeat([]byte{'b'}, 9000), 0o600); err != nil {
		t.Fatal(err)
	}
	img := filepath.Join(t.TempDir(), "x.iso")
	must(t, OK, "build", dir, "-o", img, "--udf", "1.02")
	// Sizes in both byte orders (ECMA-119 7.3.3) occur only in directory records.
	p := bytes.ReplaceAll([]byte(content(t, img)), []byte("\x28\x23\x00\x00\x00\x00\x23\x28"), []byte("\x10\x00\x00\x00\x00\x00\x00\x10"))
	if err := os.WriteFile(img, p, 0o600); err != nil {
		t.Fatal(err)
	}
	if r := must(t, OK, "ls", img); r.out != "big\n" || strings.Contains(r.log, "UDF") {
		t.Errorf("ls: %q, %q", r.out, r.log)
	}
	if r := must(t, OK, "ls", "-l", img); !strings.Contains(r.out, " 9000 ") || !strings.Contains(r.log, "9000 in UDF") {
		t.Errorf("ls -l: %q, %q", r.out, r.log)
	}
	if r := must(t, OK, "cat", img, "big"); len(r.out) != 9000 {
		t.Errorf("cat: %d bytes", len(r.out))
	}
}
