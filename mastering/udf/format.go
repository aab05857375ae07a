package udf

import (
	"io"

	"glassmaster/mastering/volume"
)

// view is the name of the only view of a UDF volume.
const view = "UDF"

// Format registers UDF with package volume. Its files have nearly all of the attributes
// of files in Unix.
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
