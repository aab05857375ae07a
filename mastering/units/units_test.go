package units_test

import (
	"math"
	"testing"
	"time"

	"glassmaster/mastering/units"
)

func TestSize(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 B", 999: "999 B", 1000: "1.00 kB", 9995: "10.0 kB", 99950: "100 kB", 999499: "999 kB",
		999500: "1.00 MB", 4700372992: "4.70 GB", -1500: "-1.50 kB", 5e15: "5.00 PB",
		math.MaxInt64: "9.22 EB", math.MinInt64: "-9.22 EB",
	} {
		if got := units.Size(n); got != want {
			t.Errorf("Size(%d) = %q, want %q", n, got, want)
		}
	}
	if got := units.Rate(11_080_000); got != "11.1 MB/s" {
		t.Error(got)
	}
}

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0:00", 1499 * time.Millisecond: "0:01", 59600 * time.Millisecond: "1:00", 187 * time.Second: "3:07",
		3599600 * time.Millisecond: "1:00:00", time.Hour + 62*time.Second: "1:01:02", 100 * time.Hour: "100:00:00",
	} {
		if got := units.Duration(d); got != want {
			t.Errorf("Duration(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[int64]string{0: "0 files", 1: "1 file", 2: "2 files", 12345: "12345 files"} {
		if got := units.Count(n, "file", "files"); got != want {
			t.Errorf("Count(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1\u202f000", -123: "-123", -1234567: "-1\u202f234\u202f567"} {
		if got := units.Thousands(n); got != want {
			t.Errorf("Thousands(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestSpeed(t *testing.T) {
	for _, c := range []struct {
		medium string
		kBs    int
		want   string
	}{
		{"CD-R", 7056, "40x (7056 kB/s)"},
		{"DVD+R", 22160, "16x (22160 kB/s)"},
		{"DVD+RW", 3324, "2.4x (3324 kB/s)"},
		{"BD-R", 8991, "2x (8991 kB/s)"},
	} {
		if got := units.Speed(c.kBs, c.medium); got != c.want {
			t.Errorf("%s: got %q, want %q", c.medium, got, c.want)
		}
	}
}

func TestParseSpeed(t *testing.T) {
	for _, c := range []struct {
		text   string
		kBs    int
		factor float64
	}{
		{"8x", 0, 8},
		{"2.4X", 0, 2.4},
		{"11080", 11080, 0},
		{" 4234 kB/s ", 4234, 0},
		{"0", 0, 0},
	} {
		kBs, factor, err := units.ParseSpeed(c.text)
		if err != nil || kBs != c.kBs || factor != c.factor {
			t.Errorf("%q: %d, %v, %v", c.text, kBs, factor, err)
		}
	}
	for _, bad := range []string{"-1", "-8x", "0x", "x", "", "fast", "8 x 9", "1e9x", "NaNx", "Infx"} {
		if kBs, factor, err := units.ParseSpeed(bad); err == nil {
			t.Errorf("%q is %d, %v", bad, kBs, factor)
		}
	}
}
