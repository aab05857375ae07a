// Package hfs reads the file systems of the Macintosh: HFS (Inside Macintosh: Files,
// chapter 2) and HFS Plus (Apple Technical Note TN1150). Hybrid discs have one of them
// beside ISO 9660; discs and disk images made for the Macintosh alone have nothing else.
//
// A volume begins at the start of the disc, or where a partition of the type Apple_HFS or
// the GUID of HFS Plus begins. Its header is 1024 bytes after that. All numbers are
// big-endian. The catalog, a B-tree, has a record for each file and folder; the whole of it
// is read when the first folder is. The second fork of a file, its resource fork, is the
// named stream "rsrc".
package hfs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/volume"
)

// Names of the views.
const (
	viewHFS  = "HFS"
	viewPlus = "HFS Plus"
)

// Format registers HFS and HFS Plus with package volume. Their names are shown only if
// there is no other volume, or on request: discs that have others as well are used on
// other systems than the Macintosh, and say there what should be seen.
var Format = volume.Format{
	Name:  "HFS",
	Views: []volume.View{{Name: viewHFS, Richness: -1}, {Name: viewPlus, Richness: -1}},
	Apart: true,
	Open: func(r io.ReaderAt, size int64, o volume.Options) (volume.FS, error) {
		f, err := open(r, size, o)
		if err != nil {
			return nil, err
		}
		return f, nil
	},
	Head:  head,
	Claim: claim,
}

// headerAt is the offset of the master directory block of HFS, and of the volume header
// of HFS Plus, in bytes from the start of the volume.
const headerAt = 1024

// maxBlock is more than the size of an allocation block of any volume, in bytes. With it
// the sizes of extents do not overflow.
const maxBlock = 64 << 20

// place is where a volume is.
type place struct {
	base   int64 // offset in bytes
	size   int64 // from base on, in bytes
	header [512]byte
	plus   bool
}

// find finds the volume in r, size bytes long, of a disc or of a session that begins at
// start. HFS Plus may be embedded in HFS, which then has no files of its own but a hint.
func find(r io.ReaderAt, size int64, start disc.LBA) (place, bool) {
	bases := []place{{base: int64(start) * disc.SectorSize, size: size - int64(start)*disc.SectorSize}}
	if start == 0 {
		for _, t := range boot.Tables(r, size) {
			for _, e := range t.Entries {
				if isMacintosh(e.Type) && e.Start > 0 && e.Start < size/boot.BlockSize {
					at := e.Start * boot.BlockSize
					bases = append(bases, place{base: at, size: min(e.Blocks*boot.BlockSize, size-at)})
				}
			}
		}
	}
	for _, p := range bases {
		if p.read(r) {
			return p.embedded(r), true
		}
	}
	return place{}, false
}

// Recognize reports whether r, size bytes long, has an HFS or HFS Plus volume.
func Recognize(r io.ReaderAt, size int64) bool {
	_, ok := find(r, size, 0)
	return ok
}

// isMacintosh reports whether a partition of this type holds HFS or HFS Plus.
func isMacintosh(kind string) bool {
	return strings.HasPrefix(kind, "Apple_HFS") || strings.Contains(kind, "HFS")
}

// read reads the header. It returns false if there is no volume.
func (p *place) read(r io.ReaderAt) bool {
	if n, _ := r.ReadAt(p.header[:], p.base+headerAt); n < len(p.header) {
		return false
	}
	switch string(p.header[:2]) {
	case "BD":
		p.plus = false
		size := binary.BigEndian.Uint32(p.header[20:]) // of an allocation block
		return size != 0 && size%512 == 0 && size <= maxBlock
	case "H+", "HX":
		p.plus = true
		version, size := binary.BigEndian.Uint16(p.header[2:]), binary.BigEndian.Uint32(p.header[40:])
		return (version == 4 || version == 5) && size >= 512 && size <= maxBlock && size&(size-1) == 0
	}
	return false
}

// embedded returns the HFS Plus volume that is embedded in an HFS volume (TN1150, "HFS
// Wrapper"), or p.
func (p place) embedded(r io.ReaderAt) place {
	if p.plus || string(p.header[124:126]) != "H+" && string(p.header[124:126]) != "HX" {
		return p
	}
	block := int64(binary.BigEndian.Uint32(p.header[20:]))
	first := int64(binary.BigEndian.Uint16(p.header[28:])) * 512
	start, count := int64(binary.BigEndian.Uint16(p.header[126:])), int64(binary.BigEndian.Uint16(p.header[128:]))
	in := place{base: p.base + first + start*block}
	in.size = min(count*block, p.size-(in.base-p.base))
	if !in.read(r) || !in.plus {
		return p
	}
	return in
}

// blocks returns the number of allocation blocks, their size in bytes, and where the first
// one begins, in bytes from the start of the volume.
func (p place) blocks() (count, size, first int64) {
	if p.plus {
		return int64(binary.BigEndian.Uint32(p.header[44:])), int64(binary.BigEndian.Uint32(p.header[40:])), 0
	}
	return int64(binary.BigEndian.Uint16(p.header[18:])), int64(binary.BigEndian.Uint32(p.header[20:])), int64(binary.BigEndian.Uint16(p.header[28:])) * 512
}

// end returns the address after the last sector that allocation blocks use.
func (p place) end() disc.LBA {
	count, size, first := p.blocks()
	return disc.LBA((p.base + first + count*size + disc.SectorSize - 1) / disc.SectorSize)
}

// head implements volume.Format.Head. Only the first session can have such a volume.
func head(r io.ReaderAt, size int64, start disc.LBA) (volume.Head, bool) {
	if start != 0 {
		return volume.Head{}, false
	}
	p, ok := find(r, size, start)
	if !ok {
		return volume.Head{}, false
	}
	return volume.Head{End: min(p.end(), disc.LBA(size/disc.SectorSize)), Created: p.created()}, true
}

// claim implements volume.Format.Claim.
func claim(r io.ReaderAt, size int64, start disc.LBA) disc.LBA {
	p, ok := find(r, size, start)
	if !ok {
		return 0
	}
	return p.end()
}

// open opens the volume.
func open(r io.ReaderAt, size int64, o volume.Options) (*FS, error) {
	p, ok := find(r, size, o.Start)
	if !ok {
		return nil, volume.ErrUnknown
	}
	v := &FS{r: r, place: p, charset: o.Charset}
	v.count, v.block, v.first = p.blocks()
	if o.View != "" && o.View != v.view() {
		return nil, fmt.Errorf("open HFS volume: it has no view %q (%w)", o.View, volume.ErrUnknown)
	}
	var err error
	if p.plus {
		err = v.openPlus()
	} else {
		err = v.openHFS()
	}
	if err != nil {
		return nil, fmt.Errorf("open %s volume: %w", v.view(), err)
	}
	return v, nil
}

// view returns the name of the view.
func (v *FS) view() string {
	if v.place.plus {
		return viewPlus
	}
	return viewHFS
}

// errSpecialFile is the error of a volume whose catalog or extents file cannot be used.
var errSpecialFile = errors.New("the descriptor of the catalog is damaged")
