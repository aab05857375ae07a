package udf_test

import (
	"bytes"
	"context"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/udf/plan"
	"glassmaster/mastering/udf/udftest"
	"glassmaster/mastering/volume"
)

// TestMirror reads volumes with damaged metadata.
func TestMirror(t *testing.T) {
	for _, r := range []plan.Revision{plan.Revision250, plan.Revision260} {
		root := udftest.Sample()
		l := udftest.Volume(t, root, plan.Options{Revision: r})
		var b bytes.Buffer
		if err := l.WriteTo(context.Background(), &b, layout.WriteOptions{}); err != nil {
			t.Fatal(err)
		}
		p, err := plan.New(root, plan.Options{Revision: r, Time: udftest.When})
		if err != nil {
			t.Fatal(err)
		}
		for name, damage := range map[string][2]int64{
			"main file":          {plan.FirstSector, plan.FirstSector + 1},
			"main contents":      {plan.FirstSector + udftest.MetadataUnit, plan.FirstSector + p.MetadataSectors()},
			"a part of them":     {plan.FirstSector + udftest.MetadataUnit + 20, plan.FirstSector + udftest.MetadataUnit + 700},
			"main file and rest": {plan.FirstSector, plan.FirstSector + p.MetadataSectors()},
			"main sequence":      {udftest.MainSequence, udftest.MainSequence + udftest.SequenceLength},
		} {
			image := bytes.Clone(b.Bytes())
			clear(image[damage[0]*disc.SectorSize : damage[1]*disc.SectorSize])
			v, err := openBytes(image, volume.Options{})
			if err != nil {
				t.Errorf("%s %s: %v", r, name, err)
				continue
			}
			udftest.Diff(t, udftest.TreeManifest(t, root), udftest.SortLines(udftest.Manifest(t, v)))
		}
	}
}
