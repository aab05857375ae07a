package dmg

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/packed"
)

// addChecksums adds the checksums in the trailer k: that of the data as it is stored, and the
// master checksum, which is that of the checksums of all partitions.
func addChecksums(f *format.Files, k []byte, tables []table) {
	at, length := binary.BigEndian.Uint64(k[24:]), binary.BigEndian.Uint64(k[32:])
	if want, ok := crcOf(k[80:]); ok && at < uint64(f.Size) && length > 0 && length <= uint64(f.Size)-at {
		r := packed.NewChecked(f.Section(int64(at), int64(length)), []packed.Sum{{
			Kind: "CRC-32", Name: "the stored data of the DMG", End: int64(length), Hash: crc32.NewIEEE(), Want: want,
		}})
		f.AddChecksums(r.Checksums)
	}
	want, ok := crcOf(k[352:])
	var all []byte
	for _, t := range tables {
		one, has := crcOf(t.Data[64:])
		ok = ok && has
		all = append(all, one...)
	}
	if !ok {
		return
	}
	check := func(context.Context, func(int64)) error {
		if got := binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(all)); !bytes.Equal(got, want) {
			return fmt.Errorf("the CRC-32 of the checksums of the partitions is %x instead of %x (%w)", got, want, disc.ErrChecksum)
		}
		return nil
	}
	f.AddChecksums(func() []disc.Checksum {
		return []disc.Checksum{{Name: "the master checksum of the DMG", Check: check}}
	})
}
