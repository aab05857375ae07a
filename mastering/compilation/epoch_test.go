package compilation

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"glassmaster/mastering/master"
	"glassmaster/mastering/peertest"
)

func TestVolumeTime(t *testing.T) {
	for epoch, want := range map[string]time.Time{
		"0":           time.Unix(0, 0),
		"-2208988800": time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC),
		"5869583999":  time.Date(2155, 12, 31, 23, 59, 59, 0, time.UTC),
		// Outside the range of a directory record, or not a number.
		"-2208988801": {}, "5869584000": {}, "253402300800": {}, "9223372036854775807": {}, "-9223372036854775808": {},
		"1e9": {}, "now": {},
	} {
		t.Setenv("SOURCE_DATE_EPOCH", epoch)
		got, clamp, err := VolumeTime()
		if (err == nil) != !want.IsZero() || !got.Equal(want) || clamp != !want.IsZero() {
			t.Errorf("%s: %v, %v, %v", epoch, got, clamp, err)
		}
	}
}

// TestFarTime checks that a file with a time outside the range of Unix time in
// nanoseconds does not count as changed.
func TestFarTime(t *testing.T) {
	src := t.TempDir()
	put(t, filepath.Join(src, "small"), noise(1, 5000))
	put(t, filepath.Join(src, "large"), noise(2, 3<<20))
	peertest.Run(t, src, "touch", "-d", "2400-01-01", "small", "large")
	s, err := os.Stat(filepath.Join(src, "small"))
	if err != nil {
		t.Fatal(err)
	}
	if y := s.ModTime().Year(); y < 2399 {
		t.Skipf("the file system keeps the year 2400 as %d", y)
	}
	makeImage(t, src, master.Options{})
}

// TestLoadFarTime checks the same for a saved compilation.
func TestLoadFarTime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x"+Extension)
	put(t, path, []byte(`{"format":"glassmaster compilation","version":1,"root":{"mode":"d0755","entries":[
		{"name":"a","data":"eA==","mode":"-0644","modified":"2400-01-01T00:00:00Z"}]}}`))
	c, problems, err := Load(path)
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	if got := c.Root().Child("a").ModTime().UTC().Year(); got != 2262 {
		t.Errorf("the year 2400 became %d, not the last that a file can have", got)
	}
}
