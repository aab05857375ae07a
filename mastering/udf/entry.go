package udf

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"time"

	"glassmaster/mastering/udf/internal/ecma167"
	"glassmaster/mastering/volume"
)

// fileEntry is a file entry (ECMA-167 4/14.9) or an extended one (4/14.17).
type fileEntry struct {
	at          ecma167.LongAD
	kind        uint8
	flags       uint16
	uid, gid    uint32
	permissions uint32
	links       uint16
	size        uint64 // information length
	accessed    time.Time
	modified    time.Time
	changed     time.Time // of the attributes
	created     time.Time
	streams     ecma167.LongAD // ICB of the stream directory
	unique      uint64
	device      uint64 // major<<32 | minor
	ads         []byte // allocation descriptors, or the contents

	longer *volume.Correction // the contents according to another view that knows more of them
}

// maxStrategy is the number of entries of an ICB of strategy 4096 that are followed.
const maxStrategy = 65536

// readEntry reads the file entry of an ICB. With strategy 4096 (UDF 2.3.5.1) an
// indirect entry after each file entry points to a newer one.
func (v reader) readEntry(icb ecma167.LongAD) (*fileEntry, error) {
	var e *fileEntry
	var visited map[place]bool
	for range maxStrategy {
		p, id, err := v.readDescriptor(icb, ecma167.TagFE, ecma167.TagEFE)
		if err == nil {
			var k *fileEntry
			if k, err = decodeEntry(p, id, icb); err == nil {
				e = k
			}
		}
		if err != nil && (e == nil || !errors.Is(err, ecma167.ErrNoTag)) {
			return nil, fmt.Errorf("file entry at %s: %w", icb, err)
		}
		if err != nil || le.Uint16(p[20:]) != 4096 || icb.Length&ecma167.LengthMask < 2*uint32(v.block) {
			return e, nil
		}
		at := place{icb.Block, icb.Partition}
		if visited[at] {
			return nil, fmt.Errorf("file entry at %s: the indirect entries form a loop", icb)
		}
		if visited == nil {
			visited = map[place]bool{}
		}
		visited[at] = true
		next := icb
		next.Block++
		p, _, err = v.readDescriptor(next, ecma167.TagIE)
		if err != nil { // blank or a terminal entry: this file entry is the newest
			return e, nil
		}
		if icb = ecma167.DecodeLongAD(p[36:]); icb.Length&ecma167.LengthMask == 0 {
			return e, nil
		}
	}
	return nil, fmt.Errorf("file entry at %s: more than %d indirect entries", icb, maxStrategy)
}

// decodeEntry decodes a file entry whose tag has been verified. The two kinds differ
// from BP 64: an extended file entry has the size including streams, the creation
// time and the ICB of the stream directory.
func decodeEntry(p []byte, id uint16, at ecma167.LongAD) (*fileEntry, error) {
	e := &fileEntry{
		at: at, kind: p[27], flags: le.Uint16(p[34:]),
		uid: le.Uint32(p[36:]), gid: le.Uint32(p[40:]), permissions: le.Uint32(p[44:]),
		links: le.Uint16(p[48:]), size: le.Uint64(p[56:]),
	}
	head := 176
	if id == ecma167.TagFE {
		e.accessed, e.modified, e.changed = ecma167.DecodeTime(p[72:]), ecma167.DecodeTime(p[84:]), ecma167.DecodeTime(p[96:])
		e.unique = le.Uint64(p[160:])
	} else {
		head = 216
		e.accessed, e.modified, e.created, e.changed = ecma167.DecodeTime(p[80:]), ecma167.DecodeTime(p[92:]), ecma167.DecodeTime(p[104:]), ecma167.DecodeTime(p[116:])
		e.streams, e.unique = ecma167.DecodeLongAD(p[152:]), le.Uint64(p[200:])
	}
	attributes, ads := int64(le.Uint32(p[head-8:])), int64(le.Uint32(p[head-4:]))
	if room := int64(len(p) - head); attributes > room || ads > room-attributes {
		return nil, fmt.Errorf("it has %d bytes of extended attributes and %d bytes of allocation descriptors, but room for only %d", attributes, ads, room)
	}
	if e.size > 1<<62 {
		return nil, fmt.Errorf("its size is %d bytes", e.size)
	}
	e.readAttributes(p[head : int64(head)+attributes])
	e.ads = clone(p[int64(head)+attributes : int64(head)+attributes+ads])
	return e, nil
}

// readAttributes reads the device numbers (14.10.7) and the creation time (14.10.5)
// from extended attributes.
func (e *fileEntry) readAttributes(p []byte) {
	for a := range extendedAttributes(p) {
		switch kind := le.Uint32(a); {
		case kind == 12 && len(a) >= 24:
			e.device = uint64(le.Uint32(a[16:]))<<32 | uint64(le.Uint32(a[20:]))
		case kind == 5 && len(a) >= 32 && le.Uint32(a[16:])&1 != 0 && e.created.IsZero():
			e.created = ecma167.DecodeTime(a[20:])
		}
	}
}

// extendedAttributes returns the attributes in the space of a file entry for them (ECMA-167
// 4/14.10). Each has its type at BP 0 and its length, of at least 12 bytes, at BP 8.
func extendedAttributes(p []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		if len(p) < 24 {
			return
		}
		if id, err := ecma167.CheckTag(p); err != nil || id != ecma167.TagEAHD {
			return
		}
		for p := p[24:]; len(p) >= 12; {
			n := int64(le.Uint32(p[8:]))
			if n < 12 || n > int64(len(p)) || !yield(p[:n]) {
				return
			}
			p = p[n:]
		}
	}
}

// contents returns the bytes of the file.
func (v reader) contents(e *fileEntry) (*contents, error) {
	if e.flags&ecma167.FlagTransform != 0 {
		return nil, fmt.Errorf("file entry at %s: its contents are encoded by an unknown method", e.at)
	}
	switch kind := int(e.flags & 7); kind {
	case ecma167.ADInline:
		if e.size > uint64(len(e.ads)) {
			return nil, fmt.Errorf("file entry at %s: the size of the contents is %d bytes, but it holds %d", e.at, e.size, len(e.ads))
		}
		return &contents{v: v, inline: e.ads[:e.size:e.size], size: int64(e.size)}, nil
	case ecma167.ADShort, ecma167.ADLong, ecma167.ADExtended:
		c, err := v.readExtents(e.ads, kind, e.at.Partition, int64(e.size))
		if err != nil {
			return nil, fmt.Errorf("file entry at %s: %w", e.at, err)
		}
		return c, nil
	default:
		return nil, fmt.Errorf("file entry at %s: unknown allocation descriptors of type %d", e.at, kind)
	}
}

// mode returns the type and the Unix permissions. The file entry has execute, write,
// read, change attributes and delete permissions for other, group and owner
// (ECMA-167 4/14.9.5).
func (e *fileEntry) mode() fs.FileMode {
	var m fs.FileMode
	for class := range 3 {
		p := e.permissions >> (5 * class)
		m |= fs.FileMode(p&1|p&2|p&4) << (3 * class)
	}
	for _, f := range []struct {
		flag uint16
		mode fs.FileMode
	}{{ecma167.FlagSetuid, fs.ModeSetuid}, {ecma167.FlagSetgid, fs.ModeSetgid}, {ecma167.FlagSticky, fs.ModeSticky}} {
		if e.flags&f.flag != 0 {
			m |= f.mode
		}
	}
	switch e.kind {
	case ecma167.TypeDirectory, ecma167.TypeStreams:
		m |= fs.ModeDir
	case ecma167.TypeFile, ecma167.TypeRealTime, ecma167.TypeUnspecified:
	case ecma167.TypeBlock:
		m |= fs.ModeDevice
	case ecma167.TypeCharacter:
		m |= fs.ModeDevice | fs.ModeCharDevice
	case ecma167.TypeFIFO:
		m |= fs.ModeNamedPipe
	case ecma167.TypeSocket:
		m |= fs.ModeSocket
	case ecma167.TypeSymlink:
		m |= fs.ModeSymlink
	default:
		m |= fs.ModeIrregular
	}
	return m
}
