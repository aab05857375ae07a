// Package dmg reads Apple disk images (UDIF): raw, or compressed with ADC, zlib, bzip2,
// LZFSE or LZMA. There is no public standard; the layout is that which
// dmg2img and 7-Zip read.
//
// The last 512 bytes of the file are a trailer. Its numbers are big-endian:
//
//	  0  4  "koly"
//	  4  4  version: 4
//	  8  4  size: 512
//	 24  8  offset of the data in the file; 32: its length
//	 40  8  offset of a resource fork, which old images have in place of the list
//	 56  4  number of this segment; 60: of segments
//	 80  4  kind of the checksum of the data as it is stored: 2: CRC-32; 84: its bits; 88: the
//	        checksum
//	216  8  offset of a property list; 224: its length
//	352 12  checksum of the checksums of all partitions, in the same form
//	492  8  number of sectors of 512 bytes
//
// The property list has a table for each partition, under resource-fork and blkx. See table.
package dmg

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sort"

	"howett.net/plist"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/packed"
)

// Format is the format of Apple disk images. Their contents are a whole disk.
var Format = format.Format{Name: "DMG", Extensions: []string{".dmg"}, Unpack: unpack, Plain: true}

const (
	trailerSize = 512
	sectorSize  = 512
	// maxList is more than the property list of any image needs, in bytes.
	maxList = 64 << 20
)

// image are the chunks of an image.
type image struct {
	r      io.ReaderAt
	chunks []chunk
}

// unpack returns the contents of an image.
func unpack(_ context.Context, f *format.Files) (*format.Files, error) {
	if err := encrypted(f); err != nil {
		return nil, err
	}
	if f.Size < trailerSize {
		return nil, format.ErrUnknown
	}
	k := make([]byte, trailerSize)
	if _, err := f.ReadAt(k, f.Size-trailerSize); err != nil {
		return nil, err
	}
	if string(k[:4]) != "koly" || binary.BigEndian.Uint32(k[8:]) != trailerSize {
		return nil, format.ErrUnknown
	}
	if n := binary.BigEndian.Uint32(k[60:]); n > 1 {
		return nil, fmt.Errorf("it is segment %d of %d of an image; join them on a Mac first (hdiutil convert -format UDZO)", binary.BigEndian.Uint32(k[56:]), n)
	}
	tables, err := tables(f, k)
	if err != nil {
		return nil, err
	}
	m := &image{r: f}
	var sums []packed.Sum
	data := binary.BigEndian.Uint64(k[24:])
	for _, t := range tables {
		chunks, sum, err := t.parse(data, f.Size)
		if err != nil {
			return nil, fmt.Errorf("the table of the partition %q: %w", t.Name, err)
		}
		m.chunks = append(m.chunks, chunks...)
		if sum != nil {
			sums = append(sums, *sum)
		}
	}
	size, err := m.arrange(f, binary.BigEndian.Uint64(k[492:]))
	if err != nil {
		return nil, err
	}
	r := packed.NewChecked(packed.NewBlocks(m, size), sums)
	f.AddChecksums(r.Checksums)
	addChecksums(f, k, tables)
	return f.Unpacked(r, size, nil), nil
}

// encrypted returns an error for an image that needs a password. One of version 2 begins
// with a header; one of version 1 ends with it.
func encrypted(f *format.Files) error {
	p := make([]byte, 8)
	for at, magic := range map[int64]string{0: "encrcdsa", f.Size - 8: "cdsaencr"} {
		if at < 0 {
			continue
		}
		if _, err := f.ReadAt(p, at); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if string(p) == magic {
			return fmt.Errorf("it is encrypted, and encrypted images cannot be opened; decrypt it on a Mac first (hdiutil convert -format UDZO)")
		}
	}
	return nil
}

// tables reads the tables of the property list.
func tables(f *format.Files, k []byte) ([]table, error) {
	at, n := binary.BigEndian.Uint64(k[216:]), binary.BigEndian.Uint64(k[224:])
	if n == 0 {
		return nil, fmt.Errorf("it has its tables in a resource fork, as images of Mac OS 9 have, which is not supported; convert it (hdiutil convert -format UDZO)")
	}
	if at > uint64(f.Size) || n > uint64(f.Size)-at || n > maxList {
		return nil, fmt.Errorf("the property list, at byte %d with %d bytes, is not in the file; the file is damaged or truncated", at, n)
	}
	p := make([]byte, n)
	if _, err := f.ReadAt(p, int64(at)); err != nil {
		return nil, err
	}
	var list struct {
		Fork struct {
			Tables []table `plist:"blkx"`
		} `plist:"resource-fork"`
	}
	if err := decode(p, &list); err != nil {
		return nil, fmt.Errorf("the property list at byte %d is damaged: %w", at, err)
	}
	if len(list.Fork.Tables) == 0 {
		return nil, fmt.Errorf("the property list at byte %d names no data", at)
	}
	return list.Fork.Tables, nil
}

// maxTags is more than the tags of the property list of any image. The library calls
// itself for each element within another one, so that their number has to be bounded.
const maxTags = 100_000

// decode decodes a property list. The library can panic on damaged ones.
func decode(p []byte, v any) (err error) {
	if !bytes.HasPrefix(bytes.TrimSpace(bytes.TrimPrefix(p, []byte("\xef\xbb\xbf"))), []byte("<")) {
		return errors.New("it is not XML")
	}
	if bytes.Count(p, []byte("<")) > maxTags {
		return fmt.Errorf("it has more than %d tags", maxTags)
	}
	defer func() {
		if x := recover(); x != nil {
			err = fmt.Errorf("%v", x)
		}
	}()
	_, err = plist.Unmarshal(p, v)
	return err
}

// arrange sorts the chunks, and fills gaps between them with zeros. It returns the size of
// the contents, in bytes.
func (m *image) arrange(f *format.Files, sectors uint64) (int64, error) {
	sort.SliceStable(m.chunks, func(i, j int) bool { return m.chunks[i].start < m.chunks[j].start })
	var all []chunk
	at, gaps := int64(0), int64(0)
	fill := func(to int64) {
		if to > at {
			all = append(all, chunk{kind: zero, start: at, end: to})
			gaps += to - at
		}
	}
	for _, c := range m.chunks {
		if c.start < at {
			return 0, fmt.Errorf("two chunks contain byte %d of the contents", c.start)
		}
		fill(c.start)
		all = append(all, c)
		at = c.end
	}
	if sectors > packed.MaxSize/sectorSize {
		return 0, packed.CheckSize(packed.MaxSize + 1)
	}
	size := max(at, int64(sectors)*sectorSize)
	fill(size)
	if gaps > 0 {
		f.Note(disc.Notice{Severity: disc.Warning, Text: fmt.Sprintf("The DMG image does not contain %d bytes of the disk, which are read as zeros.", gaps)})
	}
	m.chunks = all
	return size, packed.CheckSize(size)
}

// Find implements packed.Blocks.
func (m *image) Find(off int64) (packed.Block, error) {
	i := sort.Search(len(m.chunks), func(i int) bool { return m.chunks[i].end > off })
	if i == len(m.chunks) {
		return packed.Block{}, io.EOF
	}
	return packed.Block{Index: i, Start: m.chunks[i].start, End: m.chunks[i].end}, nil
}

// Plain implements packed.Blocks.
func (m *image) Plain(b packed.Block) bool {
	k := m.chunks[b.Index].kind
	return k == zero || k == raw
}

// Unpack implements packed.Blocks.
func (m *image) Unpack(b packed.Block, p []byte, start int64) error {
	c := m.chunks[b.Index]
	if err := c.unpack(m.r, p, start); err != nil {
		return fmt.Errorf("the chunk with bytes %d to %d of the contents is damaged: %w", c.start, c.end-1, err)
	}
	return nil
}
