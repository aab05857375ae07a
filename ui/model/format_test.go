package model

import (
	"testing"
	"time"
)

func TestBytes(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 B", 999: "999 B", 1000: "1.00 kB", 9995: "10.0 kB", 99950: "100 kB", 999499: "999 kB",
		999500: "1.00 MB", 4700372992: "4.70 GB", -1500: "-1.50 kB", 5e15: "5000 TB",
	} {
		if got := Bytes(n); got != want {
			t.Errorf("Bytes(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1\u202f000", -1234567: "-1\u202f234\u202f567"} {
		if got := Thousands(n); got != want {
			t.Errorf("Thousands(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestClock(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0:00", 59600 * time.Millisecond: "1:00", 61 * time.Second: "1:01", time.Hour + 62*time.Second: "1:01:02",
	} {
		if got := Clock(d); got != want {
			t.Errorf("Clock(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestSpeed(t *testing.T) {
	for _, c := range []struct {
		kBs     int
		profile string
		want    string
	}{
		{0, "DVD+R", "Highest"},
		{22160, "DVD+R", "16x  (22\u202f160 kB/s)"},
		{7056, "CD-R", "40x  (7\u202f056 kB/s)"},
		{8991, "BD-R", "2x  (8\u202f991 kB/s)"},
		{3324, "DVD+R", "2.4x  (3\u202f324 kB/s)"},
	} {
		if got := Speed(c.kBs, c.profile); got != c.want {
			t.Errorf("Speed(%d, %s) = %q, want %q", c.kBs, c.profile, got, c.want)
		}
	}
}

func TestFileName(t *testing.T) {
	for title, want := range map[string]string{"": "disc", " ..": "disc", "A/B: c": "A_B_ c", "Grüße": "Grüße"} {
		if got := FileName(title); got != want {
			t.Errorf("FileName(%q) = %q, want %q", title, got, want)
		}
	}
}

func TestDriveTitle(t *testing.T) {
	for d, want := range map[Drive]string{
		{Name: "/dev/sr0"}:                              "/dev/sr0",
		{Name: "/dev/sr0", Model: "PIONEER BD-RW"}:      "PIONEER BD-RW  (/dev/sr0)",
		{Name: "virtual:/a/b?medium=dvd+r", Model: "V"}: "Virtual disc  (/a/b)",
	} {
		if got := d.Title(); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}
