package terminal

import (
	"testing"
)

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
