package compressed_test

import (
	"testing"

	"glassmaster/mastering/image/compressed"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/peertest"
)

// seed adds what the program of a format wrote.
func seed(f *testing.F, of format.Format, program string) {
	peertest.Need(f, program)
	for _, c := range cases {
		if c.format.Name == of.Name {
			f.Add(shell(f, imagetest.Contents(40), c.commands))
		}
	}
}

func FuzzGzip(f *testing.F) {
	seed(f, compressed.Gzip, "gzip")
	imagetest.FuzzUnpack(f, compressed.Gzip, 80<<20)
}

func FuzzXZ(f *testing.F) {
	seed(f, compressed.XZ, "xz")
	imagetest.FuzzUnpack(f, compressed.XZ, 80<<20)
}

func FuzzZstandard(f *testing.F) {
	seed(f, compressed.Zstandard, "zstd")
	imagetest.FuzzUnpack(f, compressed.Zstandard, 200<<20)
}

func FuzzBzip2(f *testing.F) {
	seed(f, compressed.Bzip2, "bzip2")
	imagetest.FuzzUnpack(f, compressed.Bzip2, 400<<20)
}
