package volume

import (
	"fmt"

	"glassmaster/mastering/disc"
)

// A disc may have several views of the same files, such as ISO 9660 and UDF, which are
// recorded separately and may disagree. Sizes in ISO 9660 have 32 bits: some programs
// truncate the size of files of 4 GiB and more. And programs that append a session may
// import the earlier files in one view only.

// Content is what a view records about the contents of a file.
type Content struct {
	Size    int64
	Extents []Extent
}

// lengthened is a file that is longer in another view.
type lengthened struct {
	place uint64 // of its entry, for PlaceOpener
	size  int64  // in the view itself
	other Content
}

// Correction is the contents of a file in another view that has more of them.
type Correction struct {
	Content
	Note string // the sizes in the views, and which one is used
}

// sized reports whether an entry is a file whose size is that of its extents.
func sized(e *Entry) bool {
	return e.Err == nil && e.Mode.IsRegular() && !e.Encoded && (len(e.Extents) > 0 || e.Size == 0)
}

// correct makes a view use the contents of other file systems on the disc. others opens
// these, again opens the view a second time.
func correct(v FS, end disc.LBA, others func() []FS, again func() (FS, error)) {
	t, ok := v.(Correctable)
	if !ok {
		return
	}
	t.SetCorrections(func() map[uint64]Correction {
		found := map[uint64]Correction{}
		for _, other := range others() {
			same, err := again() // v itself cannot be used: it waits for the result
			if err != nil {
				continue
			}
			for _, d := range longer(same, other, end) {
				if d.other.Size > d.size {
					this, that := same.Volume().View, other.Volume().View
					found[d.place] = Correction{d.other, fmt.Sprintf("%d bytes in %s, %d in %s: %s is used", d.size, this, d.other.Size, that, that)}
				}
			}
		}
		return found
	})
}
