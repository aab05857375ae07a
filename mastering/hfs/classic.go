package hfs

import (
	"encoding/binary"
	"io/fs"
	"time"

	"golang.org/x/text/encoding/charmap"
)

// The master directory block of HFS (Inside Macintosh: Files, "Master Directory Blocks"):
// 2 created, 6 modified (u32 each), 12 files in the root (u16), 36 name of the volume
// (a Pascal string of at most 27 bytes), 130 size of the extents file (u32), 134 its three
// extents, 146 size of the catalog, 150 its three extents.

// openHFS opens an HFS volume.
func (v *FS) openHFS() error {
	h := v.place.header[:]
	v.info.Created, v.info.Modified = localTime(h[2:]), localTime(h[6:])
	v.info.Label = v.text(h[37 : 37+min(int(h[36]), 27)])
	v.overflow = fork{size: int64(binary.BigEndian.Uint32(h[130:])), extents: extents16(h[134:146])}
	v.catalog = fork{size: int64(binary.BigEndian.Uint32(h[146:])), extents: extents16(h[150:162])}
	v.describe("HFS")
	return v.checkCatalog()
}

// extents16 decodes three extents of HFS.
func extents16(p []byte) []extent {
	var list []extent
	for ; len(p) >= 4; p = p[4:] {
		list = append(list, extent{uint32(binary.BigEndian.Uint16(p)), uint32(binary.BigEndian.Uint16(p[2:]))})
	}
	return list
}

// text decodes a name of HFS, which is in Mac OS Roman unless the user named another
// character set.
func (v *FS) text(p []byte) string {
	if !v.charset.IsZero() {
		if s, ok := v.charset.Text(string(p)); ok {
			return s
		}
	}
	s, _ := charmap.Macintosh.NewDecoder().Bytes(p)
	return string(s)
}

// since1904 is the beginning of the time of the Macintosh, in Unix seconds.
const since1904 = -2082844800

// localTime decodes a time of HFS: seconds since 1904 in local time, of which the zone is
// not recorded.
func localTime(p []byte) time.Time {
	n := binary.BigEndian.Uint32(p)
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(int64(n)+since1904, 0).UTC()
}

// Types of catalog records. HFS has them in the first byte, HFS Plus in the second one.
const (
	folderRecord = 1
	fileRecord   = 2
)

// hfsRecord decodes a leaf record of the catalog of HFS. The key is 0 length, 2 parent
// folder (u32), 6 name (a Pascal string). The data begins at the next even offset.
func (v *FS) hfsRecord(p []byte) (*node, bool) {
	if len(p) < 8 || int(p[0]) < 6 || int(p[0])+1 > len(p) || 7+int(p[6]) > int(p[0])+1 {
		return nil, false
	}
	n := &node{parent: binary.BigEndian.Uint32(p[2:]), name: v.text(p[7 : 7+int(p[6])])}
	d := p[(int(p[0])+2)&^1:]
	switch {
	case len(d) >= 70 && d[0] == folderRecord:
		n.folder(d)
	case len(d) >= 102 && d[0] == fileRecord:
		n.file(d)
	default:
		return nil, len(d) > 0 && d[0] > fileRecord // a thread record
	}
	return n, true
}

// folder decodes a folder record: 6 number (u32), 10 created, 14 modified, 22 finder flags
// at 8 of the information of the Finder.
func (n *node) folder(d []byte) {
	n.id, n.mode = binary.BigEndian.Uint32(d[6:]), fs.ModeDir|0o755
	n.created, n.modified = localTime(d[10:]), localTime(d[14:])
	n.hidden = binary.BigEndian.Uint16(d[22+8:])&finderInvisible != 0
}

// finderInvisible is a flag of the Finder.
const finderInvisible = 1 << 14

// file decodes a file record: 4 information of the Finder (type, creator, flags), 20 number
// (u32), 26 size of the data fork, 36 of the resource fork (u32), 44 created, 48 modified,
// 74 three extents of the data fork, 86 of the resource fork.
func (n *node) file(d []byte) {
	n.id, n.mode = binary.BigEndian.Uint32(d[20:]), 0o644
	n.created, n.modified = localTime(d[44:]), localTime(d[48:])
	n.kind, n.hidden = string(d[4:12]), binary.BigEndian.Uint16(d[4+8:])&finderInvisible != 0
	n.data = fork{size: int64(binary.BigEndian.Uint32(d[26:])), extents: extents16(d[74:86])}
	n.resource = fork{size: int64(binary.BigEndian.Uint32(d[36:])), extents: extents16(d[86:98])}
}

// hfsOverflow decodes a leaf record of the extents file of HFS: 0 length of the key, 1
// fork, 2 file (u32), 6 first block of the fork (u16), 8 three extents.
func hfsOverflow(p []byte) (overflowKey, []extent, bool) {
	if len(p) < 8+12 || p[0] != 7 {
		return overflowKey{}, nil, false
	}
	return overflowKey{binary.BigEndian.Uint32(p[2:]), p[1], uint32(binary.BigEndian.Uint16(p[6:]))}, extents16(p[8:20]), true
}
