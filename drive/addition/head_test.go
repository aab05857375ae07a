package addition_test

import (
	"testing"

	"glassmaster/drive/read"
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
