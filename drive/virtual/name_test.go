package virtual

import (
	"strings"
	"testing"
)

func TestOpenName(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ name, want string }{
		{"virtual:", "path"},
		{"virtual:" + dir + "/a?medium=floppy", "no medium is called"},
		{"virtual:" + dir + "/a?sectors=many", "not a number"},
		{"virtual:" + dir + "/a?sectors=3", "3 sectors"},
		{"virtual:" + dir + "/a?colour=red", "no option"},
		{"virtual:" + dir + "/a?pace=fast", "not a number"},
		{"virtual:" + dir + "/no/a", "no such file"},
		{"virtual:" + dir, "directory"},
	} {
		if d, err := OpenName(c.name); err == nil {
			d.Close()
			t.Errorf("%s was opened", c.name)
		} else if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q in it", c.name, err, c.want)
		}
	}
	d, err := OpenName("virtual:" + dir + "/b?medium=dvd-rw&sectors=100&pace=1385")
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if d.rec.medium.Name != "DVD-RW" || d.rec.disc.Sectors != 96 || d.rec.pace.rate != 1385 {
		t.Errorf("%s of %d sectors at %d kB/s", d.rec.medium.Name, d.rec.disc.Sectors, d.rec.pace.rate)
	}
}
