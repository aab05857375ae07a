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

// inDrive returns the medium that a disc is, be it with something around it.
func inDrive(d disc.Disc) (*medium, bool) {
	m, ok := disc.Unwrap(d).(*medium)
	return m, ok
}

// Used returns the part of a disc that is in use, and who says so: "the UDF volume". Of a
// medium that is overwritten in place that is as far as its volumes, their files and its
// partition tables reach. Where nobody says how far that is, and of every other disc, it
// is the disc itself, and by is empty.
func Used(ctx context.Context, d disc.Disc) (used disc.Disc, by string) {
	if !disc.IsOverwritable(d) {
		return d, ""
	}
	c, err := volume.ClaimedByFiles(ctx, d)
	end, by := c.End, c.By
	if err != nil || by == "" { // a table alone says nothing of what is behind its partitions
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

// partitioned returns the address behind the last partition that begins on the disc.
// That of a protective MBR goes to the end of what a GPT describes.
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
