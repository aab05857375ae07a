package terminal

import (
	"testing"
	"time"
)

func TestSize(t *testing.T) {
	for _, c := range []struct {
		n    int64
		want string
	}{
		{0, "0 bytes"},
		{999, "999 bytes"},
		{1000, "1.0 kB"},
		{2048, "2.0 kB"},
		{999_949, "999.9 kB"},
		{999_950, "1.0 MB"},
		{4_700_372_992, "4.7 GB"},
		{1 << 62, "4.6 EB"},
		{-2_000_000, "-2.0 MB"},
	} {
		if got := Size(c.n); got != c.want {
			t.Errorf("Size(%d) = %q, want %q", c.n, got, c.want)
		}
	}
}

func TestDuration(t *testing.T) {
	for _, c := range []struct {
		d    time.Duration
		want string
	}{
		{0, "0:00"},
		{1499 * time.Millisecond, "0:01"},
		{187 * time.Second, "3:07"},
		{3599600 * time.Millisecond, "1:00:00"},
		{100 * time.Hour, "100:00:00"},
	} {
		if got := Duration(c.d); got != c.want {
			t.Errorf("Duration(%v) = %q, want %q", c.d, got, c.want)
		}
	}
}

func TestPrintable(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"plain name.txt", "plain name.txt"},
		{"längst ☃", "längst ☃"},
		{"clear\x1b[2J", `clear\x1b[2J`},
		{"two\nlines\t", `two\x0alines\x09`},
		{"C1\u009b31m", `C1\xc2\x9b31m`},
		{"turned\u202egpj.exe", `turned\xe2\x80\xaegpj.exe`},
		{"bad\xff", `bad\xff`},
	} {
		if got := Printable(c.in); got != c.want {
			t.Errorf("Printable(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}
