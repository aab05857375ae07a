package iso9660

import (
	"io"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/iso9660/internal/format"
	"glassmaster/mastering/volume"
)

// head returns the information in the primary descriptor of the session that begins at
// start. In a later session, the root must be after the descriptors: it is not in an
// image that is stored in a file, whose addresses count from the start of the file.
func head(r io.ReaderAt, size int64, start disc.LBA) (volume.Head, bool) {
	set, err := readDescriptors(r, start+16)
	if err != nil {
		return volume.Head{}, false
	}
	d, _ := find(set, func(d descriptor) bool { return d.kind() == typePrimary })
	root := disc.LBA(int64(format.Both32(d.root()[2:])) * int64(checkBlockSize(d.blockSize())) / disc.SectorSize)
	if start != 0 && root <= start {
		return volume.Head{}, false
	}
	return volume.Head{
		End: claimOf(d, size, start), Root: root, Rooted: isFolder(r, root, format.Both32(d.root()[2:])), Created: d.time17(813),
	}, true
}

// claimOf returns the address after the volume space (ECMA-119 8.4.8) of the session
// that begins at start. Some writers count the size of a later session from address 0
// instead of its start: it is taken so if it cannot be right otherwise.
func claimOf(d descriptor, size int64, start disc.LBA) disc.LBA {
	sectors := disc.LBA(int64(d.sectors()) * int64(checkBlockSize(d.blockSize())) / disc.SectorSize)
	if have := disc.LBA(size / disc.SectorSize); start+sectors > have && sectors > start {
		return sectors
	}
	return start + sectors
}

// isFolder reports whether a sector is the start of a directory whose record of itself
// has the given block (ECMA-119 6.8.2.2).
func isFolder(r io.ReaderAt, at disc.LBA, block uint32) bool {
	var p [format.RecordHead + 1]byte
	n, _ := r.ReadAt(p[:], int64(at)*disc.SectorSize)
	return n == len(p) && int(p[0]) > format.RecordHead && p[32] == 1 && p[format.RecordHead] == 0 && format.Both32(p[2:]) == block
}
