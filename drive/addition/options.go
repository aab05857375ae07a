package addition

import (
	"slices"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/iso9660/plan"
	"glassmaster/mastering/master"
	"glassmaster/mastering/volume"
)

// continued returns the options of a session that continues a volume.
func continued(v volume.FS, _ disc.Disc) (master.Options, error) {
	var o master.Options
	views := v.Volume().Views
	o.NoRockRidge = !slices.Contains(views, "Rock Ridge")
	if !slices.Contains(views, "Joliet") {
		o.Joliet = plan.JolietOff
	}
	if v.Volume().View == "UDF" {
		o.UDFOnly = true
	}
	return o, nil
}
