package volume

import (
	"fmt"

	"glassmaster/mastering/disc"
)

// A disc may show the same files in several views, such as ISO 9660 and UDF, which
// are written apart from one another and may disagree. The sizes of ISO 9660 have 32
// bits: what a writer cuts to them is a small part of a file of 4 GiB and more. And
// writers of a later session may know contents of earlier ones in one view only.

// Content is what a view says of the contents of a file.
type Content struct {
	Size    int64
	Extents []Extent
}

// lengthened is a file of which another view knows more.
type lengthened struct {
	place uint64 // of its entry, for PlaceOpener
	size  int64  // as the view itself has it
	other Content
}

// Correction is what another view says of a file of which it knows more.
type Correction struct {
	Content
	Note string // for people: who says what, and what is taken
}

// sized reports whether an entry is a file whose size is that of its sectors.
func sized(e *Entry) bool {
	return e.Err == nil && e.Mode.IsRegular() && !e.Encoded && (len(e.Extents) > 0 || e.Size == 0)
}

// correct has a view take contents from the other file systems on the disc. others opens
// these, and again opens the view a second time.
func correct(v FS, end disc.LBA, others func() []FS, again func() (FS, error)) {
	t, ok := v.(Correctable)
	if !ok {
		return
	}
	t.SetCorrections(func() map[uint64]Correction {
		found := map[uint64]Correction{}
		for _, other := range others() {
			same, err := again() // v itself waits for the answer
			if err != nil {
				continue
			}
			for _, d := range longer(same, other, end) {
				if d.other.Size > d.size {
					this, that := same.Volume().View, other.Volume().View
					found[d.place] = Correction{d.other, fmt.Sprintf("%s says %d bytes, %s %d: what %s says is taken", this, d.size, that, d.other.Size, that)}
				}
			}
		}
		return found
	})
}
