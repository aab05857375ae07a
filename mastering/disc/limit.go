package disc

import (
	"context"
	"io"
)

// limited is the part of a disc before an address.
type limited struct {
	Disc
	Memo // of its own: less may be found on it
	end  LBA
	toc  TOC
}

// Limit returns the part of a disc before the address end. Tracks that start at or after
// it are left out, and a track that contains it is shortened. It returns d if that ends
// before. Closing the part closes d.
func Limit(d Disc, end LBA) Disc {
	if LBA(Sectors(d)) <= end {
		return d
	}
	toc := d.TOC()
	l := &limited{Disc: d, end: end, toc: TOC{Catalog: toc.Catalog, LayerBreak: toc.LayerBreak}}
	for _, s := range toc.Sessions {
		var tracks []Track
		for _, t := range s.Tracks {
			if t.Start < end {
				t.Length = min(t.Length, int64(end-t.Start))
				tracks = append(tracks, t)
			}
		}
		if len(tracks) > 0 {
			s.Tracks = tracks
			l.toc.Sessions = append(l.toc.Sessions, s)
		}
	}
	return l
}

func (l *limited) TOC() TOC { return l.toc }

// Notices implements Noticer.
func (l *limited) Notices() []Notice { return Notices(l.Disc) }

// HasSubChannels implements SubChanneler.
func (l *limited) HasSubChannels() bool { return HasSubChannels(l.Disc) }

func (l *limited) ReadSectors(ctx context.Context, p []byte, lba LBA, f Form) (int, error) {
	if lba >= l.end {
		return 0, io.EOF
	}
	if most := int64(l.end-lba) * int64(f.Size()); int64(len(p)) > most {
		n, err := l.Disc.ReadSectors(ctx, p[:most], lba, f)
		if err == nil {
			err = io.EOF
		}
		return n, err
	}
	return l.Disc.ReadSectors(ctx, p, lba, f)
}
