package udf

import (
	"io"

	"glassmaster/mastering/volume"
)

// view is the name of the one view of a UDF volume.
const view = "UDF"

// Format makes UDF known to package volume. It tells nearly all that Unix knows of a
// file.
var Format = volume.Format{
	Name:  "UDF",
	Views: []volume.View{{Name: view, Richness: 2, Spread: true}},
	Open: func(r io.ReaderAt, size int64, o volume.Options) (volume.FS, error) {
		f, err := Open(r, size, o)
		if err != nil {
			return nil, err
		}
		return f, nil
	},
	Head:  head,
	Claim: claim,
}
