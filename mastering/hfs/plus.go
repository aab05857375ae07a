package hfs

import (
	"encoding/binary"
	"io/fs"
	"time"
	"unicode/utf16"

	"golang.org/x/text/unicode/norm"
)

// The volume header of HFS Plus (TN1150, "Volume Header"): 4 attributes, 16 created in
// local time, 20 modified, 32 files, 36 folders (u32 each), then forks of 80 bytes: 192
// extents file, 272 catalog.

// openPlus opens an HFS Plus volume.
func (v *FS) openPlus() error {
	h := v.place.header[:]
	v.info.Created, v.info.Modified = localTime(h[16:]), localTime(h[20:])
	v.info.Unicode = true
	v.overflow, v.catalog = plusFork(h[192:272]), plusFork(h[272:352])
	if string(h[:2]) == "HX" {
		v.describe("HFSX")
	} else {
		v.describe("HFS Plus")
	}
	if err := v.checkCatalog(); err != nil {
		return err
	}
	v.info.Label = v.plusLabel()
	return nil
}

// plusFork decodes a fork: 0 size (u64), 12 blocks (u32), 16 eight extents of two u32.
func plusFork(p []byte) fork {
	f := fork{size: int64(min(binary.BigEndian.Uint64(p), 1<<62)), blocks: int64(binary.BigEndian.Uint32(p[12:]))}
	f.extents = extents32(p[16:80])
	return f
}

// extents32 decodes eight extents of HFS Plus.
func extents32(p []byte) []extent {
	var list []extent
	for ; len(p) >= 8; p = p[8:] {
		list = append(list, extent{binary.BigEndian.Uint32(p), binary.BigEndian.Uint32(p[4:])})
	}
	return list
}

// utf16Text decodes a name in big-endian UTF-16. HFS Plus decomposes letters with accents;
// other systems compose them, and so does the result.
func utf16Text(p []byte) string {
	u := make([]uint16, len(p)/2)
	for i := range u {
		u[i] = binary.BigEndian.Uint16(p[2*i:])
	}
	return norm.NFC.String(string(utf16.Decode(u)))
}

// plusRecord decodes a leaf record of the catalog of HFS Plus. The key is 0 length (u16),
// 2 parent folder (u32), 6 number of characters (u16), 8 name in UTF-16.
func (v *FS) plusRecord(p []byte) (*node, bool) {
	if len(p) < 8 {
		return nil, false
	}
	key, chars := int(binary.BigEndian.Uint16(p)), int(binary.BigEndian.Uint16(p[6:]))
	if key < 6 || key+2 > len(p) || 8+2*chars > key+2 {
		return nil, false
	}
	n := &node{parent: binary.BigEndian.Uint32(p[2:]), name: utf16Text(p[8 : 8+2*chars])}
	d := p[(key+3)&^1:]
	if len(d) < 2 || d[0] != 0 {
		return nil, false
	}
	switch {
	case len(d) >= 88 && d[1] == folderRecord:
		n.attributes(d)
		n.mode = n.mode&^fs.ModeType | fs.ModeDir
		if n.mode.Perm() == 0 {
			n.mode |= 0o755
		}
	case len(d) >= 248 && d[1] == fileRecord:
		n.attributes(d)
		n.kind = string(d[48:56])
		n.data, n.resource = plusFork(d[88:168]), plusFork(d[168:248])
		if n.mode == 0 {
			n.mode = 0o644
		}
	default:
		return nil, d[1] > fileRecord
	}
	return n, true
}

// flagCompressed is a flag of the owner of a file: the contents are compressed, in an
// attribute or in the resource fork.
const flagCompressed = 0x20

// attributes decodes what records of files and folders have in common: 8 number (u32),
// 12 created, 16 modified, 20 attributes modified, 24 accessed (UTC), 32 owner, 36 group,
// 41 flags of the owner, 42 file mode, 44 number of links or of the link (u32), 56 flags
// of the Finder.
func (n *node) attributes(d []byte) {
	n.id = binary.BigEndian.Uint32(d[8:])
	n.created, n.modified, n.changed, n.accessed = localTime(d[12:]), localTime(d[16:]), localTime(d[20:]), localTime(d[24:])
	n.uid, n.gid = binary.BigEndian.Uint32(d[32:]), binary.BigEndian.Uint32(d[36:])
	n.compressed = d[41]&flagCompressed != 0
	n.mode = unixMode(binary.BigEndian.Uint16(d[42:]))
	n.special = binary.BigEndian.Uint32(d[44:])
	n.hidden = binary.BigEndian.Uint16(d[56:])&finderInvisible != 0
}

// unixMode converts a file mode of POSIX.
func unixMode(m uint16) fs.FileMode {
	mode := fs.FileMode(m & 0o777)
	for _, b := range []struct {
		bit  uint16
		mode fs.FileMode
	}{{0o4000, fs.ModeSetuid}, {0o2000, fs.ModeSetgid}, {0o1000, fs.ModeSticky}} {
		if m&b.bit != 0 {
			mode |= b.mode
		}
	}
	switch m & 0o170000 {
	case 0o120000:
		mode |= fs.ModeSymlink
	case 0o020000:
		mode |= fs.ModeDevice | fs.ModeCharDevice
	case 0o060000:
		mode |= fs.ModeDevice
	case 0o010000:
		mode |= fs.ModeNamedPipe
	case 0o140000:
		mode |= fs.ModeSocket
	}
	return mode
}

// plusOverflow decodes a leaf record of the extents file of HFS Plus: 0 length of the key
// (u16), 2 fork, 4 file (u32), 8 first block of the fork (u32), 12 eight extents.
func plusOverflow(p []byte) (overflowKey, []extent, bool) {
	if len(p) < 12+64 || binary.BigEndian.Uint16(p) != 10 {
		return overflowKey{}, nil, false
	}
	return overflowKey{binary.BigEndian.Uint32(p[4:]), p[2], binary.BigEndian.Uint32(p[8:])}, extents32(p[12:76]), true
}

// created returns when the volume was created.
func (p place) created() time.Time {
	if p.plus {
		return localTime(p.header[16:])
	}
	return localTime(p.header[2:])
}
