package iso9660

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/volume"
)

// TestFullPathTable has more directories than a path table can name as parents:
// those below them are not in it, which is told once and is no damage.
func TestFullPathTable(t *testing.T) {
	root := tree.NewFolder("", time.Unix(1e9, 0))
	for i := range 66000 {
		root.Append(tree.NewFolder(fmt.Sprintf("%05d", i), time.Unix(1e9, 0)))
	}
	for _, i := range []int{5, 65999} { // directories 7 and 66001
		d := tree.NewFolder("below", time.Unix(1e9, 0))
		d.Append(tree.NewFolder("and below that", time.Unix(1e9, 0)))
		root.Children()[i].Append(d)
	}
	l, report, err := Plan(root, Options{Label: "FULL"})
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Warnings) != 1 || !strings.Contains(report.Warnings[0], "path table") {
		t.Errorf("warnings %q", report.Warnings)
	}
	v, err := Open(l, l.Size(), volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	found, err := v.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		t.Error("nothing is told of it")
	}
	for _, d := range found {
		if d.Severity > disc.Info {
			t.Error(d)
		}
	}
}
