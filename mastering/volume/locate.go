package volume

import (
	"bytes"
	"sort"
	"sync"

	"glassmaster/mastering/disc"
)

// Locator finds the file that a sector belongs to. It reads all folders of the volume
// when Locate is called for the first time. Files in folders that cannot be read are not
// found.
type Locator struct {
	v    FS
	once sync.Once
	runs []run
}

// run is a run of sectors that belongs to a file.
type run struct {
	start, end disc.LBA
	reach      disc.LBA // largest end of this run and all runs before it
	folder     string   // with a trailing slash; files of a folder share it
	name       string
}

// NewLocator returns a Locator for the files of v.
func NewLocator(v FS) *Locator { return &Locator{v: v} }

// Locate returns the path of the file whose contents are in the sector, with a trailing
// slash if it is a folder, or "" if the sector belongs to none. Of a hard-linked file it
// returns the first name.
func (l *Locator) Locate(lba disc.LBA) string {
	l.once.Do(l.build)
	// Runs may overlap, on a damaged volume or if files share sectors: search
	// backwards until no earlier run can reach this sector.
	for i := sort.Search(len(l.runs), func(i int) bool { return l.runs[i].start > lba }) - 1; i >= 0; i-- {
		if l.runs[i].reach <= lba {
			break
		}
		if l.runs[i].end > lba {
			return l.runs[i].folder + l.runs[i].name
		}
	}
	return ""
}

func (l *Locator) build() {
	folder := ""
	_ = Walk(l.v, ".", func(e *Entry) error {
		if e.Err != nil || len(e.Extents) == 0 {
			return nil
		}
		cut := bytes.LastIndexByte(e.Path, '/') + 1
		if string(e.Path[:cut]) != folder {
			folder = string(e.Path[:cut])
		}
		name := string(e.Path[cut:])
		if e.IsDir() {
			name += "/"
		}
		for _, x := range e.Extents {
			end := x.Start + disc.LBA((x.Length+disc.SectorSize-1)/disc.SectorSize)
			if end > x.Start {
				l.runs = append(l.runs, run{start: x.Start, end: end, folder: folder, name: name})
			}
		}
		return nil
	})
	// Reverse the order of the names of a file, since Locate searches backwards and
	// must find the first name.
	for i, j := 0, len(l.runs)-1; i < j; i, j = i+1, j-1 {
		l.runs[i], l.runs[j] = l.runs[j], l.runs[i]
	}
	sort.SliceStable(l.runs, func(i, j int) bool { return l.runs[i].start < l.runs[j].start })
	var reach disc.LBA
	for i := range l.runs {
		reach = max(reach, l.runs[i].end)
		l.runs[i].reach = reach
	}
}
