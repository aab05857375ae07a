package addition_test

import (
	"errors"
	"strings"
	"testing"

	"glassmaster/drive/read"
	"glassmaster/drive/record"
	"glassmaster/drive/virtual"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/compilation"
	"glassmaster/mastering/master"
	"glassmaster/mastering/progress"
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

// TestOtherDiscAfterBurn exchanges the disc for one of the same kind when it is reloaded for its
// comparison: the burn fails, and the other disc is not written to.
func TestOtherDiscAfterBurn(t *testing.T) {
	udf := master.Options{UDFOnly: true, UDF: &master.UDF{Revision: udfplan.Revision201}}
	for _, c := range []struct {
		medium string
		o      master.Options
	}{{"dvd+rw", master.Options{}}, {"dvd-ram", master.Options{}}, {"bd-re", master.Options{}}, {"dvd-rw overwrite", master.Options{}}, {"dvd+rw", udf}, {"bd-re", udf}} {
		medium := c.medium
		other := blank(t, medium).(*virtual.Drive)
		first(t, other, c.o, files{"large": noise(3_000_000, 9), "more": noise(2_000_000, 8)})
		want := contents(t, other, "")
		if err := other.Close(); err != nil {
			t.Fatal(err)
		}
		d := blank(t, medium).(*virtual.Drive)
		first(t, d, c.o, oldFiles())
		a := plan(t, d, files{"new": "new"}, nil)
		b, err := record.NewPlan(t.Context(), d, a.Source, burnOptions(a))
		if err != nil {
			t.Fatal(err)
		}
		const reload = 0x1B // START STOP UNIT
		d.SetFaults(virtual.Faults{Events: []virtual.Event{{Op: reload, At: 2, Swap: other.Path(), Silent: true}}})
		r, err := virtualtest.Burn(t.Context(), b, progress.Discard)
		if err == nil || r.Verified || strings.Contains(err.Error(), "shows its old contents again") {
			t.Errorf("%s: %+v, %v", medium, r, err)
		}
		d.SetFaults(virtual.Faults{})
		same(t, medium+", the other disc", contents(t, d, ""), want)
	}
}

// TestOtherDiscOfUDF exchanges the disc between the plan and the burn, for one with a volume of
// UDF that has its structures at the same addresses.
func TestOtherDiscOfUDF(t *testing.T) {
	o := master.Options{UDFOnly: true, UDF: &master.UDF{Revision: udfplan.Revision201}}
	for _, medium := range []string{"dvd+rw", "bd-re", "dvd+r"} {
		d, other := blank(t, medium), blank(t, medium)
		first(t, d, o, files{"one": noise(5000, 1)})
		first(t, other, o, files{"two": noise(5000, 2)})
		a := plan(t, d, files{"new": "new"}, nil)
		b, err := record.NewPlan(t.Context(), other, a.Source, burnOptions(a))
		if err == nil {
			_, err = virtualtest.Burn(t.Context(), b, progress.Discard)
		}
		if !errors.Is(err, record.ErrChangedDisc) {
			t.Errorf("%s: %v", medium, err)
		}
		same(t, medium, contents(t, other, ""), files{"two": noise(5000, 2)})
	}
}
