package update

import (
	"bytes"
	"strconv"

	"glassmaster/mastering/disc"
)

// libisofs, the library of xorriso, can write checksums of parts of a session in sectors
// of their own, as text: "libisofs_sb_checksum_tag_v1 pos=50 range_start=32 range_size=18
// next=66 md5=...". The first is after the volume descriptors; each names the next one.
// After a change they do not match, and xorriso would refuse the image as damaged. Without
// them, it reads it, and still verifies files by their own checksums.

// tagPrefix and tagMark are in every such sector.
const (
	tagPrefix = "libisofs_"
	tagMark   = "checksum_tag_v1 "
)

// Limits of the search for these sectors: how far after the descriptors the first one is,
// and how many there are.
const (
	tagReach = 16
	maxTags  = 16
)

// dropTags removes the checksums of the sessions that change.
func (u *Updater) dropTags() error {
	found := false
	for _, s := range u.sets {
		last := s.list[len(s.list)-1].lba
		for at := last + 1; at <= last+tagReach; at++ {
			any, err := u.dropChain(at)
			if err != nil {
				return err
			}
			found = found || any
		}
	}
	if found {
		u.notice(disc.Info, "", "the checksums that xorriso recorded of the volume's structures do not cover the changes and are removed; those of single files stay")
	}
	return nil
}

// dropChain removes the checksum in a sector and those that it leads to.
func (u *Updater) dropChain(at int64) (found bool, err error) {
	b := make([]byte, sectorSize)
	for range maxTags {
		if n, _ := u.set.ReadAt(b, at*sectorSize); n < len(b) || !bytes.HasPrefix(b, []byte(tagPrefix)) || !bytes.Contains(b[:64], []byte(tagMark)) {
			break
		}
		next := tagNumber(b, " next=")
		if err := u.put(make([]byte, sectorSize), at*sectorSize, owner{off: tags}); err != nil {
			return true, err
		}
		found = true
		if next <= at || next >= u.set.BaseSectors() {
			break
		}
		at = next
	}
	return found, nil
}

// tagNumber returns a number of a checksum sector, 0 if it is missing.
func tagNumber(b []byte, key string) int64 {
	_, rest, ok := bytes.Cut(b, []byte(key))
	if !ok {
		return 0
	}
	digits, _, _ := bytes.Cut(rest, []byte{' '})
	n, err := strconv.ParseInt(string(digits), 10, 64)
	if err != nil {
		return 0
	}
	return n
}
