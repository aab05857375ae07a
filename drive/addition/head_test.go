package addition_test

import (
	"strings"
	"testing"

	"glassmaster/drive/read"
	"glassmaster/drive/virtual"
	"glassmaster/mastering/compilation"
	"glassmaster/mastering/master"
	udfplan "glassmaster/mastering/udf/plan"
	"glassmaster/mastering/volume"
)

// TestLeaveOutVolume adds a session without the UDF volume that the one before it has: a medium
// that is overwritten in place must no longer show the old one.
func TestLeaveOutVolume(t *testing.T) {
	for _, medium := range []string{"dvd+rw", "bd-re"} {
		d := blank(t, medium)
		first(t, d, master.Options{UDF: &master.UDF{Revision: udfplan.Revision102}}, files{"old": "old"})
		same(t, medium, contents(t, d, "UDF"), files{"old": "old"})
		add(t, d, files{"new": "new"}, func(c *compilation.Compilation) { c.Options.UDF = nil })
		same(t, medium, contents(t, d, ""), files{"old": "old", "new": "new"})
		m, err := read.Open(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		if v, err := volume.OpenDisc(t.Context(), m, volume.Options{View: "UDF"}); err == nil {
			t.Errorf("%s: UDF shows %v", medium, filesOf(t, v))
		}
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDamagedFile keeps a file whose beginning cannot be read: the plan says so.
func TestDamagedFile(t *testing.T) {
	d := blank(t, "dvd+r").(*virtual.Drive)
	first(t, d, master.Options{}, files{"good": noise(5000, 1), "bad": noise(5000, 2)})
	m, err := read.Open(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	v, err := volume.OpenDisc(t.Context(), m, volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	info, err := v.Stat("bad")
	if err != nil {
		t.Fatal(err)
	}
	at := info.Sys().(*volume.Attributes).Extents[0].Start
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	d.SetFaults(virtual.Faults{ReadErrors: []int64{int64(at)}})
	list := plan(t, d, files{"new": "new"}, nil).Source.Notices
	if len(list) != 1 || list[0].Path != "/bad" || !strings.Contains(list[0].Text, "damaged") {
		t.Errorf("notices %v", list)
	}
}
