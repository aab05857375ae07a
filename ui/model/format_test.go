package model

import (
	"testing"

	"glassmaster/mastering/units"
)

func TestThousands(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1\u202f000", -1234567: "-1\u202f234\u202f567"} {
		if got := units.Thousands(n); got != want {
			t.Errorf("units.Thousands(%d) = %q, want %q", n, got, want)
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

func TestIsImage(t *testing.T) {
	for name, want := range map[string]bool{
		"a.iso": true, "/x/A.ISO": true, "a.gmdisc": true, "a.txt": false, "a": false, "iso": false,
		"a.001": true, "a.iso.001": true, "a.iso.000": true, "a.I00": true, "a.002": false, "a.7z.001": false,
		"a.cue": true, "a.CHD": true, "a.iso.gz": true, "a.bin.ecm": true, "a.tar.gz": false, "a.gz": false,
	} {
		if got := IsImage(name); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
