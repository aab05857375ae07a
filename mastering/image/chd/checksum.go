package chd

import (
	"context"
	"crypto/sha1"
	"fmt"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/packed"
)

// checked returns a reader of the contents that verifies their SHA-1. A wrong one is no error
// of a read, since hunks that are compressed have a checksum each.
func (m *image) checked() *packed.Checked {
	var sums []packed.Sum
	if m.raw != (sum{}) {
		sums = append(sums, packed.Sum{Kind: "SHA-1", Name: "the contents of the CHD", End: m.size, Hash: sha1.New(), Want: m.raw[:], Late: true})
	}
	return packed.NewChecked(m, sums)
}

// addChecksums adds the SHA-1 of the contents to the checksums of the disc, and that which
// covers the metadata too.
func (m *image) addChecksums(f *format.Files, list []metadatum) {
	if m.raw == (sum{}) {
		return
	}
	f.AddChecksums(m.contents.Checksums)
	if m.all == (sum{}) {
		return
	}
	check := func(context.Context, func(int64)) error {
		if got := sumOf(m.raw, list); got != m.all {
			return fmt.Errorf("the description of the tracks is damaged: the SHA-1 is %x instead of %x (%w)", got, m.all, disc.ErrChecksum)
		}
		return nil
	}
	f.AddChecksums(func() []disc.Checksum {
		return []disc.Checksum{{Name: "the SHA-1 of the metadata of the CHD", Check: check}}
	})
}

// notices returns what has to be said of an image that nothing can be checked by: chdman stores
// no SHA-1 in images that are not compressed.
func (m *image) notices() []disc.Notice {
	if m.compressed() || m.raw != (sum{}) {
		return nil
	}
	return []disc.Notice{{Severity: disc.Warning, Text: "The CHD is not compressed and has no checksums of its contents, so damage may go undetected."}}
}
