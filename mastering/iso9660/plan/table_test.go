package plan_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/iso9660"
	"glassmaster/mastering/master"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/volume"
)

// TestFullPathTable uses more directories than a path table can refer to as parents.
// Directories below those are missing from it, which is reported once and as minor.
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
	l, report, err := master.Plan(root, master.Options{Label: "FULL"})
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Notices) != 1 || !strings.Contains(report.Notices[0].Text, "path table") {
		t.Errorf("notices %v", report.Notices)
	}
	v, err := iso9660.Open(l, l.Size(), volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	found, err := v.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		t.Error("it is not reported")
	}
	for _, d := range found {
		if d.Severity != disc.Info {
			t.Error(d)
		}
	}
}
