package iso9660

import (
	"io"

	"glassmaster/mastering/volume"
)

// Views of a volume, each with its own names and attributes.
const (
	ViewRockRidge = "Rock Ridge"
	ViewJoliet    = "Joliet"
	ViewEnhanced  = "ISO 9660:1999"
	ViewPlain     = "ISO 9660"
)

// Format describes ISO 9660 to package volume. Rock Ridge has all attributes of files on
// Unix; the other views change names and leave out attributes.
var Format = volume.Format{
	Name: "ISO 9660",
	Views: []volume.View{
		{Name: ViewRockRidge, Richness: 3},
		{Name: ViewJoliet, Richness: 1},
		{Name: ViewEnhanced, Richness: 1},
		{Name: ViewPlain, Richness: 1, SameAs: ViewRockRidge},
	},
	Open: func(r io.ReaderAt, size int64, o volume.Options) (volume.FS, error) {
		v, err := Open(r, size, o)
		if err != nil {
			return nil, err
		}
		return v, nil
	},
	Head:  head,
	Claim: claim,
}
