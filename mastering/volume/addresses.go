package volume

import (
	"context"
	"io"

	"glassmaster/mastering/disc"
)

// Addresses is what the addresses in the volume of a track count from.
type Addresses uint8

// Origins of addresses.
const (
	NoVolume  Addresses = iota // there is no sign of a volume
	FromTrack                  // from the start of the track: the volume can be moved with its track
	FromDisc                   // from address 0 of the disc, or it is not known
)

// AddressesOf returns what the addresses in the volume at the beginning of a data track
// count from.
func AddressesOf(ctx context.Context, d disc.Disc, t disc.Track) Addresses {
	if t.Mode == disc.Audio {
		return NoVolume
	}
	r, size := userData(ctx, d, t.End()), int64(t.End())*disc.SectorSize
	start := int64(t.Start) * disc.SectorSize
	if t.Start == 0 {
		if _, ok := headAt(r, size, 0); ok || marked(r, 0) {
			return FromDisc
		}
		return NoVolume
	}
	h, absolute := headAt(r, size, t.Start)
	own, relative := headAt(io.NewSectionReader(r, start, size-start), size-start, 0)
	switch {
	case absolute && certain(h):
		return FromDisc
	case relative && certain(own):
		return FromTrack
	case absolute || relative || marked(r, t.Start):
		return FromDisc
	}
	return NoVolume
}

// certain reports whether the addresses of a volume were found to be right: there is a
// directory where its root should be, or its anchors are at the addresses that they contain,
// without which UDF has no head.
func certain(h Head) bool { return h.Rooted || h.Root == 0 }
