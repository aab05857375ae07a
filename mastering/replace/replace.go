// Package replace replaces a data track of a disc by another one, which may be longer or
// shorter. The result is the same disc with that track: later tracks and sessions are moved,
// and everything else is kept, such as pre-gaps, indexes, CD-TEXT, codes and sub-channels.
// Written with the image format of the disc it is an edited image of the same kind.
//
// Sectors of 2352 bytes whose user data does not change stay as they are, with their EDC and
// ECC, even if those are wrong (ECMA-130 14). Sectors with other user data keep their mode and,
// in form 1 of mode 2, their sub-header. Sectors that are moved get the header of their new
// address, and as many errors as they had.
package replace

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/sector"
)

// MovedError is the error for a track that cannot get another length or other contents,
// because a volume refers to what is after it or in it, and would no longer find it.
type MovedError struct {
	Track  int    // that was to be replaced
	Volume int    // number of the track with the volume
	By     int64  // sectors by which what follows would be moved
	Room   int64  // length of the track, in sectors, which it can have
	Why    string // what would no longer be found
}

func (e *MovedError) Error() string {
	if e.By == 0 {
		return fmt.Sprintf("the contents of track %d cannot be replaced: %s; edit the newest session instead", e.Track, e.Why)
	}
	longer := fmt.Sprintf("%d sectors longer", e.By)
	if e.By < 0 {
		longer = fmt.Sprintf("%d sectors shorter", -e.By)
	}
	return fmt.Sprintf("track %d cannot be replaced by one that is %s: %s; the track must keep its length of %d sectors", e.Track, longer, e.Why, e.Room)
}

// Track returns d with other user data in the data track with this number: sectors of 2048
// bytes, read from data, whose offset 0 is the first sector of the track. The last sector need
// not be complete. (A disc.Reader, or a patch.Set of one, has address 0 of the disc at offset 0: the
// track is a section of it.) Closing the result closes d.
//
// Where data cannot be read, and the old user data of the same sector could not be read for
// the same reason, the sector remains as it is. This is so for sectors of form 2.
//
// The error is a *MovedError if a volume on the disc would no longer find its files.
func Track(ctx context.Context, d disc.Disc, track int, data io.ReaderAt, sectors int64) (disc.Disc, error) {
	t, err := find(d.TOC(), track)
	if err != nil {
		return nil, err
	}
	if sectors <= 0 || sectors > disc.MaxSectors {
		return nil, fmt.Errorf("track %d cannot be replaced by %d sectors", track, sectors)
	}
	r := &replaced{Disc: d, old: t, length: sectors, by: disc.LBA(sectors - t.Length), data: data, sub: disc.HasSubChannels(d)}
	r.raw = disc.DeliversRaw(ctx, d, t)
	if r.raw {
		if err := hasUserData(ctx, d, t); err != nil {
			return nil, err
		}
	}
	if err := r.checkVolumes(ctx); err != nil {
		return nil, err
	}
	r.toc = r.contents(d.TOC())
	return r, nil
}

// find returns the data track with a number.
func find(toc disc.TOC, number int) (disc.Track, error) {
	for _, s := range toc.Sessions {
		for _, t := range s.Tracks {
			switch {
			case t.Number != number:
			case t.Mode == disc.Audio:
				return t, fmt.Errorf("track %d is an audio track, and cannot be replaced by data", number)
			default:
				return t, nil
			}
		}
	}
	return disc.Track{}, fmt.Errorf("the disc has no track %d", number)
}

// hasUserData returns an error if the first sector of a track has no user data of 2048 bytes.
func hasUserData(ctx context.Context, d disc.Disc, t disc.Track) error {
	var p [sector.Size]byte
	if _, err := d.ReadSectors(ctx, p[:], t.Start, disc.Raw); err != nil {
		return fmt.Errorf("read the first sector of track %d: %w", t.Number, err)
	}
	if k, ok := sector.Identify(p[:]); t.Mode == disc.Mode2 && ok && k == sector.Mode2 {
		return fmt.Errorf("track %d is in mode 2 without a form: its sectors have no user data of 2048 bytes that could be replaced", t.Number)
	}
	return nil
}

// replaced is a disc with another data track.
type replaced struct {
	disc.Disc
	disc.Memo
	old     disc.Track
	length  int64    // new length of the track, in sectors
	by      disc.LBA // by which what is after the track is moved
	data    io.ReaderAt
	raw     bool // the track is stored in whole sectors
	sub     bool // the disc stores sub-channels
	toc     disc.TOC
	notices []disc.Notice
}

// end returns the new end of the track.
func (r *replaced) end() disc.LBA { return r.old.Start + disc.LBA(r.length) }

// contents returns the table of contents of the result.
func (r *replaced) contents(toc disc.TOC) disc.TOC {
	sessions := toc.Sessions
	toc.Sessions = nil
	for _, s := range sessions {
		tracks := s.Tracks
		s.Tracks = nil
		for _, t := range tracks {
			s.Tracks = append(s.Tracks, r.moved(t))
		}
		s.Text = r.texts(s.Text)
		toc.Sessions = append(toc.Sessions, s)
	}
	if toc.LayerBreak >= disc.Sectors(tocOnly{toc: toc}) {
		toc.LayerBreak = 0
	}
	return toc
}

// tocOnly is a disc whose sectors are not read.
type tocOnly struct {
	disc.Disc
	toc disc.TOC
}

func (d tocOnly) TOC() disc.TOC { return d.toc }

// moved returns a track as it is in the result.
func (r *replaced) moved(t disc.Track) disc.Track {
	indexes := t.Indexes
	t.Indexes = nil
	switch {
	case t.Start < r.old.Start:
		t.Indexes = indexes
	case t.Start == r.old.Start:
		t.Length = r.length
		for _, at := range indexes {
			if at < t.End() {
				t.Indexes = append(t.Indexes, at)
			}
		}
		if lost := len(indexes) - len(t.Indexes); lost > 0 {
			r.notices = append(r.notices, disc.Notice{
				Severity: disc.Warning, LBA: t.End(),
				Text: fmt.Sprintf("The last %d indexes of track %d are after its new end, and are left out.", lost, t.Number),
			})
		}
	default:
		t.Start += r.by
		for _, at := range indexes {
			t.Indexes = append(t.Indexes, at+r.by)
		}
	}
	return t
}

// packBytes is the size of a pack of CD-TEXT, and packTOC and packTOC2 are the types of those
// that contain addresses of tracks (MMC-6 annex J).
const (
	packBytes = 18
	packTOC   = 0x88
	packTOC2  = 0x89
)

// texts returns CD-TEXT without the packs with addresses of tracks, if tracks are moved. The
// lead-in contains the same addresses.
func (r *replaced) texts(list []disc.CDText) []disc.CDText {
	if r.by == 0 {
		return list
	}
	list = slices.Clone(list)
	for i := range list {
		var kept []byte
		for p := range slices.Chunk(list[i].Packs, packBytes) {
			if p[0] != packTOC && p[0] != packTOC2 {
				kept = append(kept, p...)
			}
		}
		if len(kept) < len(list[i].Packs) {
			r.notices = append(r.notices, disc.Notice{
				Severity: disc.Info,
				Text:     "The addresses of tracks in CD-TEXT (packs 88h and 89h) are left out: they would be wrong, and the table of contents has them.",
			})
		}
		list[i].Packs = kept
	}
	return list
}

// TOC implements disc.Disc.
func (r *replaced) TOC() disc.TOC { return r.toc }

// Notices implements disc.Noticer.
func (r *replaced) Notices() []disc.Notice { return slices.Concat(disc.Notices(r.Disc), r.notices) }

// HasSubChannels implements disc.SubChanneler.
func (r *replaced) HasSubChannels() bool { return r.sub }

// StoresRaw implements disc.Storer.
func (r *replaced) StoresRaw(lba disc.LBA) bool {
	switch {
	case lba >= r.end():
		lba -= r.by
	case lba >= r.old.End():
		return false
	}
	return disc.StoresRaw(r.Disc, lba)
}

// Files implements the ability of disc.Files.
func (r *replaced) Files() []string { return disc.Files(r.Disc) }

// ReadsFile implements the ability of disc.ReadsFile.
func (r *replaced) ReadsFile(file fs.FileInfo) bool { return disc.ReadsFile(r.Disc, file) }
