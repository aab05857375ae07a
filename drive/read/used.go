package read

import (
	"context"
	"io"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/volume"
)

// Overwritable implements disc.Overwritable.
func (d *medium) Overwritable() bool { return overwritable(d.profile) }

// inDrive returns the medium of a disc in a drive.
func inDrive(d disc.Disc) (*medium, bool) {
	m, ok := disc.Unwrap(d).(*medium)
	return m, ok
}

// Used returns the part of a disc that is in use, and what defines it: "the UDF volume".
// On a medium that is overwritten in place, this is everything up to the end of its
// volumes, their files and its partition tables. If that is unknown, and for every other
// disc, it returns the disc itself, and by is empty.
func Used(ctx context.Context, d disc.Disc) (used disc.Disc, by string) {
	if !disc.IsOverwritable(d) {
		return d, ""
	}
	c, err := volume.ClaimedByFiles(ctx, d)
	end, by := c.End, c.By
	if err != nil || by == "" { // a partition table alone does not define what follows its partitions
		return d, ""
	}
	r := disc.NewReader(ctx, d, disc.Track{Length: disc.Sectors(d)})
	if e := partitioned(r, r.Size()); e > end {
		end, by = e, "the partition table"
	}
	if end >= disc.LBA(disc.Sectors(d)) {
		return d, ""
	}
	return disc.Limit(d, end), by
}

// partitioned returns the address after the last partition that begins on the disc. The
// partition of a protective MBR extends to the end of what the GPT describes.
func partitioned(r io.ReaderAt, size int64) disc.LBA {
	var end int64
	for _, t := range boot.Tables(r, size) {
		for _, e := range t.Entries {
			if e.Start*boot.BlockSize < size {
				end = max(end, e.Start+e.Blocks)
			}
		}
	}
	return disc.LBA((end*boot.BlockSize + disc.SectorSize - 1) / disc.SectorSize)
}
