package addition_test

import (
	"fmt"
	"maps"
	"testing"

	"glassmaster/drive/addition"
	"glassmaster/mastering/compilation"
	"glassmaster/mastering/master"
	udfplan "glassmaster/mastering/udf/plan"
)

// TestAddToGrowingVolume adds sessions to UDF volumes with a virtual allocation table. They
// have only what changed, and the table is in the last sector of the disc.
func TestAddToGrowingVolume(t *testing.T) {
	for _, medium := range []string{"cd-r", "dvd-r", "dvd+r", "bd-r"} {
		t.Run(medium, func(t *testing.T) {
			t.Parallel()
			d := blank(t, medium)
			old := files{"kept": noise(100_000, 1), "removed": noise(5000, 2)}
			for i := range 100 {
				old[fmt.Sprintf("many/file %d", i)] = noise(10+i, byte(i))
			}
			first(t, d, master.Options{UDFOnly: true, UDF: &master.UDF{Virtual: &udfplan.Virtual{}}}, old)
			want := maps.Clone(old)
			delete(want, "removed")
			want["renamed"], want["new"] = want["kept"], "new"
			delete(want, "kept")
			a, _ := add(t, d, files{"new": "new"}, func(c *compilation.Compilation) {
				c.Root().Child("removed").Detach()
				c.Root().Child("kept").Name = "renamed"
			})
			same(t, "second session", contents(t, d, ""), want)
			if a.Changes.Contents != 1 || a.Changes.Structures > 340 {
				t.Errorf("%+v", a.Changes)
			}
			add(t, d, files{"many/another": "another"}, nil)
			want["many/another"] = "another"
			same(t, "third session", contents(t, d, ""), want)
			on, err := addition.Import(t.Context(), d, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer on.Close()
			if s, err := on.Measure(t.Context(), on.Compilation()); err != nil || s.Sectors > 340 || s.Changes.Kept != len(want) {
				t.Errorf("a session without changes: %+v, %v", s, err)
			}
		})
	}
}
