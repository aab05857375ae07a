package disc

import (
	"context"
	"fmt"
	"io/fs"
)

// shifted is a disc whose first sectors are not there.
type shifted struct {
	Disc
	Memo
	by  LBA
	toc TOC
}

// Shift returns a disc with all addresses increased by some sectors: d is a later session
// alone, whose file system contains the addresses of the whole disc. Sectors before it cannot
// be read. Closing the result closes d.
func Shift(d Disc, by LBA) Disc {
	if by == 0 {
		return d
	}
	s := &shifted{Disc: d, by: by, toc: d.TOC()}
	s.toc.Sessions = nil
	for _, x := range d.TOC().Sessions {
		tracks := x.Tracks
		x.Tracks = nil
		for _, t := range tracks {
			t.Start += by
			indexes := t.Indexes
			t.Indexes = nil
			for _, at := range indexes {
				t.Indexes = append(t.Indexes, at+by)
			}
			x.Tracks = append(x.Tracks, t)
		}
		s.toc.Sessions = append(s.toc.Sessions, x)
	}
	return s
}

func (s *shifted) TOC() TOC { return s.toc }

func (s *shifted) ReadSectors(ctx context.Context, p []byte, lba LBA, f Form) (int, error) {
	if lba < s.by {
		return 0, fmt.Errorf("read sector %d: it is in an earlier session, and the file begins at sector %d of the disc", lba, s.by)
	}
	return s.Disc.ReadSectors(ctx, p, lba-s.by, f)
}

// HasSubChannels implements SubChanneler.
func (s *shifted) HasSubChannels() bool { return HasSubChannels(s.Disc) }

// StoresRaw implements Storer.
func (s *shifted) StoresRaw(lba LBA) bool { return StoresRaw(s.Disc, lba-s.by) }

// Checksums implements Checksummed.
func (s *shifted) Checksums() []Checksum { return Checksums(s.Disc) }

// Corrected implements Corrector.
func (s *shifted) Corrected() (int64, LBA) {
	n, first := Corrected(s.Disc)
	return n, first + s.by
}

// Notices implements Noticer.
func (s *shifted) Notices() []Notice { return Notices(s.Disc) }

// ReadsFile implements the ability of ReadsFile.
func (s *shifted) ReadsFile(file fs.FileInfo) bool { return ReadsFile(s.Disc, file) }

// Files implements the ability of Files.
func (s *shifted) Files() []string { return Files(s.Disc) }
