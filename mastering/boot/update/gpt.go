package update

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"strings"
	"unicode/utf16"

	"glassmaster/mastering/boot"
)

// Offsets in the header of a GPT (UEFI Specification 5.3.2) and in an entry (5.3.3).
const (
	gptSize       = 12
	gptSum        = 16
	gptSelf       = 24
	gptOther      = 32
	gptFirst      = 40
	gptLast       = 48
	gptGUID       = 56
	gptArray      = 72
	gptCount      = 80
	gptEach       = 84
	gptArraySum   = 88
	gptMinHeader  = 92
	gptSignature  = "EFI PART"
	entryGUID     = 16
	entryStart    = 32
	entryEnd      = 40 // inclusive
	entryFlags    = 48
	entryName     = 56
	gptEntryBytes = 128
)

// gpt is the GUID partition table at block 1.
type gpt struct {
	header []byte // the block, in the system area
	array  []byte // the entries, in the system area
	each   int
	first  int64 // usable block
	last   int64 // usable block
	// Blocks from the backup's header and from its entries to the end of the image.
	headerBack, arrayBack int64
	backup                int64 // block of the header of the backup, 0 if there is none
	problem               string
}

// readGPT reads the table. r and size are the image, head its system area. The table is nil
// if there is none, or if it is damaged: the text says so.
func readGPT(r io.ReaderAt, head []byte, size int64) (*gpt, string) {
	le := binary.LittleEndian
	h := head[boot.BlockSize:][:boot.BlockSize]
	if string(h[:8]) != gptSignature {
		return nil, ""
	}
	if !headerValid(h) {
		return nil, "the checksum of the header of the GPT is wrong"
	}
	array, count, each := le.Uint64(h[gptArray:]), le.Uint32(h[gptCount:]), le.Uint32(h[gptEach:])
	if array < 2 || array >= boot.SystemArea/boot.BlockSize || each < gptEntryBytes || each > boot.SystemArea ||
		uint64(count)*uint64(each) > boot.SystemArea-array*boot.BlockSize {
		return nil, "the entries of the GPT are not in the first 16 sectors"
	}
	g := &gpt{header: h, each: int(each)}
	g.array = head[array*boot.BlockSize:][:count*each]
	if crc32.ChecksumIEEE(g.array) != le.Uint32(h[gptArraySum:]) {
		return nil, "the checksum of the entries of the GPT is wrong"
	}
	if le.Uint64(h[gptFirst:]) > math.MaxInt64/boot.BlockSize || le.Uint64(h[gptLast:]) > math.MaxInt64/boot.BlockSize {
		return nil, "the GPT says that it is larger than any disk"
	}
	g.first, g.last = int64(le.Uint64(h[gptFirst:])), int64(le.Uint64(h[gptLast:]))
	g.findBackup(r, size/boot.BlockSize)
	return g, ""
}

// headerValid reports whether a block is a header of a GPT with a correct checksum.
func headerValid(h []byte) bool {
	n := binary.LittleEndian.Uint32(h[gptSize:])
	if string(h[:8]) != gptSignature || n < gptMinHeader || n > boot.BlockSize {
		return false
	}
	p := bytes.Clone(h[:n])
	clear(p[gptSum : gptSum+4])
	return crc32.ChecksumIEEE(p) == binary.LittleEndian.Uint32(h[gptSum:])
}

// maxBack is the maximum distance of a backup from the end of the image, in blocks. One that
// is farther away was at the end of a smaller image.
const maxBack = 4096

// findBackup finds the backup, and where a new one belongs: at the same distance from the
// end, or at the very end if there is none.
func (g *gpt) findBackup(r io.ReaderAt, image int64) {
	le := binary.LittleEndian
	arrayBlocks := ceil(int64(len(g.array)), boot.BlockSize) / boot.BlockSize
	g.headerBack, g.arrayBack = 1, 1+arrayBlocks
	at := le.Uint64(g.header[gptOther:])
	if at < 2 || at >= uint64(max(image, 0)) {
		g.problem = "the GPT has no backup"
		return
	}
	h := make([]byte, boot.BlockSize)
	_, err := r.ReadAt(h, int64(at)*boot.BlockSize)
	array := le.Uint64(h[gptArray:])
	valid := err == nil && headerValid(h) && le.Uint64(h[gptSelf:]) == at && bytes.Equal(h[gptGUID:gptGUID+16], g.header[gptGUID:gptGUID+16])
	if !valid || array < 2 || array >= at || int64(array)+arrayBlocks > int64(at) || image-int64(array) > maxBack {
		g.problem = "the backup of the GPT is damaged, or is not at the end of the image"
		return
	}
	p := make([]byte, len(g.array))
	if _, err := r.ReadAt(p, int64(array)*boot.BlockSize); err != nil || crc32.ChecksumIEEE(p) != le.Uint32(h[gptArraySum:]) {
		g.problem = "the checksum of the backup of the GPT is wrong"
		return
	}
	g.backup, g.headerBack, g.arrayBack = int64(at), image-int64(at), image-int64(array)
}

// partitions lists the entries.
func (g *gpt) partitions() []*partition {
	le := binary.LittleEndian
	var list []*partition
	for n := 0; (n+1)*g.each <= len(g.array); n++ {
		e := g.array[n*g.each:][:gptEntryBytes]
		start, end := le.Uint64(e[entryStart:]), le.Uint64(e[entryEnd:])
		if boot.GUID(e[:16]) == (boot.GUID{}) || end < start || end > math.MaxInt64/boot.BlockSize {
			continue
		}
		s := span{int64(start), int64(end-start) + 1}
		p := &partition{table: "GPT", number: n + 1, span: s, now: s, unit: 1, name: gptName(e[entryName:gptEntryBytes])}
		p.filler = strings.HasPrefix(p.name, "Gap") || p.name == "ISO9660"
		list = append(list, p)
	}
	return list
}

func gptName(p []byte) string {
	var u []uint16
	for ; len(p) >= 2; p = p[2:] {
		c := binary.LittleEndian.Uint16(p)
		if c == 0 {
			break
		}
		u = append(u, c)
	}
	return string(utf16.Decode(u))
}

// put writes the changed partitions and the header for an image of that many blocks, and
// returns the header of the backup.
func (g *gpt) put(list []*partition, image int64) []byte {
	le := binary.LittleEndian
	for _, p := range list {
		if p.table != "GPT" {
			continue
		}
		e := g.array[(p.number-1)*g.each:][:g.each]
		if p.removed {
			clear(e)
			continue
		}
		le.PutUint64(e[entryStart:], uint64(p.now.start))
		le.PutUint64(e[entryEnd:], uint64(p.now.end()-1))
	}
	h := g.header
	le.PutUint64(h[gptOther:], uint64(image-g.headerBack))
	le.PutUint64(h[gptLast:], uint64(g.last))
	le.PutUint32(h[gptArraySum:], crc32.ChecksumIEEE(g.array))
	sumHeader(h)
	b := bytes.Clone(h)
	le.PutUint64(b[gptSelf:], uint64(image-g.headerBack))
	le.PutUint64(b[gptOther:], 1)
	le.PutUint64(b[gptArray:], uint64(image-g.arrayBack))
	sumHeader(b)
	return b
}

func sumHeader(h []byte) {
	le := binary.LittleEndian
	le.PutUint32(h[gptSum:], 0)
	le.PutUint32(h[gptSum:], crc32.ChecksumIEEE(h[:le.Uint32(h[gptSize:])]))
}

// add adds a partition with the type and the attributes of model, nil if the table is
// full. Its GUID is made from that of the disk, so that the same edit gives the same image.
func (g *gpt) add(list []*partition, kind boot.GUID, flags uint64, name string, s span) *partition {
	for n := 0; (n+1)*g.each <= len(g.array); n++ {
		e := g.array[n*g.each:][:g.each]
		if boot.GUID(e[:16]) != (boot.GUID{}) {
			continue
		}
		clear(e)
		copy(e, kind[:])
		id := boot.NewSeed(fmt.Sprintf("%x", g.header[gptGUID:gptGUID+16]), int64(n)).GUID(n + 1)
		copy(e[entryGUID:], id[:])
		binary.LittleEndian.PutUint64(e[entryFlags:], flags)
		for i, u := range utf16.Encode([]rune(name)) {
			if i < 35 {
				binary.LittleEndian.PutUint16(e[entryName+2*i:], u)
			}
		}
		return &partition{table: "GPT", number: n + 1, now: s, unit: 1, added: true, name: name}
	}
	return nil
}

// bytes returns the entry of a partition.
func (g *gpt) bytes(p *partition) []byte { return g.array[(p.number-1)*g.each:][:g.each] }
