package virtual_test

import (
	"strings"
	"testing"

	"glassmaster/drive/virtual"
	"glassmaster/drive/virtualtest"
)

func TestOpenName(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ name, want string }{
		{"virtual:", "path"},
		{"virtual:" + dir + "/a?medium=floppy", "there is no medium"},
		{"virtual:" + dir + "/a?sectors=many", "not a number"},
		{"virtual:" + dir + "/a?sectors=3", "3 sectors"},
		{"virtual:" + dir + "/a?colour=red", "no option"},
		{"virtual:" + dir + "/a?pace=fast", "not a number"},
		{"virtual:" + dir + "/no/a", "no such file"},
		{"virtual:" + dir, "directory"},
	} {
		if d, err := virtual.OpenName(c.name); err == nil {
			d.Close()
			t.Errorf("%s was opened", c.name)
		} else if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q in it", c.name, err, c.want)
		}
	}
	d, err := virtual.OpenName("virtual:" + dir + "/b?medium=dvd-rw&sectors=100&pace=1385")
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if held, err := virtualtest.ReadState(d.Path()); err != nil || held.Medium != "DVD-RW" || held.Sectors != 96 {
		t.Errorf("%s of %d sectors, %v", held.Medium, held.Sectors, err)
	}
}
