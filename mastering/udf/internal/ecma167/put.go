package ecma167

import (
	"io/fs"
	"time"
)

// implementation identifies this program on the volumes that it writes.
const implementation = "*Glassmaster"

// PutImplementation writes the identifier of the implementation (UDF 2.1.5.3).
func PutImplementation(p []byte) { PutEntity(p, implementation) }

// OwnImplementation reports whether an identifier is that of this program.
func OwnImplementation(p []byte) bool { return EntityID(p) == implementation }

// PlannedBlock is the size of a logical block of the volumes that this program writes, in
// bytes.
const PlannedBlock = 2048

// Entry is the content of a file entry.
type Entry struct {
	Block       uint32
	Kind        byte
	Flags       uint16 // including the kind of allocation descriptors
	UID, GID    uint32
	Permissions uint32
	Links       uint32
	Size        int64
	Recorded    int64     // number of blocks
	Time        time.Time // of the last modification
	// Accessed, Created and Changed, of the attributes, are Time if they are zero. Only an
	// extended file entry has the time of creation.
	Accessed, Created, Changed time.Time
	Unique                     uint64
	Attributes                 []byte
	ADs                        int // length of the allocation descriptors or contents, written by the caller
}

// Put writes the file entry into the block b, which has the allocation descriptors or
// contents already. With descriptor version 3 (NSR03), it is an extended file entry.
func (e Entry) Put(b []byte, version uint16) {
	head := uint32(FELength)
	if version == 3 {
		head = EFELength
	}
	clear(b[:head])
	le.PutUint16(b[20:], 4) // strategy
	le.PutUint16(b[24:], 1) // entries of the ICB
	b[27] = e.Kind
	le.PutUint16(b[34:], e.Flags)
	le.PutUint32(b[36:], e.UID)
	le.PutUint32(b[40:], e.GID)
	le.PutUint32(b[44:], e.Permissions)
	le.PutUint16(b[48:], uint16(min(e.Links, 0xFFFF)))
	le.PutUint64(b[56:], uint64(e.Size))
	id := uint16(TagFE)
	if head == EFELength {
		id = TagEFE
		le.PutUint64(b[64:], uint64(e.Size)) // including streams
		le.PutUint64(b[72:], uint64(e.Recorded))
		le.PutUint32(b[128:], 1)
		PutImplementation(b[168:])
		le.PutUint64(b[200:], e.Unique)
	} else {
		le.PutUint64(b[64:], uint64(e.Recorded))
		le.PutUint32(b[108:], 1)
		PutImplementation(b[128:])
		le.PutUint64(b[160:], e.Unique)
	}
	e.PutTimes(b, head)
	le.PutUint32(b[head-8:], uint32(len(e.Attributes)))
	le.PutUint32(b[head-4:], uint32(e.ADs))
	copy(b[head:], e.Attributes)
	end := int(head) + len(e.Attributes) + e.ADs
	clear(b[end:PlannedBlock])
	SealTag(b[:end], id, version, e.Block)
}

// PutTimes writes the times into a file entry whose fixed part has head bytes.
func (e Entry) PutTimes(b []byte, head uint32) {
	list, at := []time.Time{e.Accessed, e.Time, e.Changed}, 72
	if head == EFELength {
		list, at = []time.Time{e.Accessed, e.Time, e.Created, e.Changed}, 80
	}
	for i, t := range list {
		if t.IsZero() {
			t = e.Time
		}
		PutTime(b[at+i*TimestampLength:], t)
	}
}

// Permissions converts a Unix mode to permissions. An owner with write permission may
// also change attributes and delete the file.
func Permissions(m fs.FileMode) uint32 {
	var bits uint32
	for class := range 3 {
		bits |= uint32(m>>(3*class)&7) << (5 * class)
	}
	if m&0o200 != 0 {
		bits |= (1<<3 | 1<<4) << 10
	}
	return bits
}

// ModeFlags returns the part of a Unix mode that is in the flags of an ICB.
func ModeFlags(m fs.FileMode) uint16 {
	var flags uint16
	if m&fs.ModeSetuid != 0 {
		flags |= FlagSetuid
	}
	if m&fs.ModeSetgid != 0 {
		flags |= FlagSetgid
	}
	if m&fs.ModeSticky != 0 {
		flags |= FlagSticky
	}
	return flags
}

// FileType returns the file type of an ICB.
func FileType(m fs.FileMode) byte {
	switch {
	case m.IsDir():
		return TypeDirectory
	case m&fs.ModeSymlink != 0:
		return TypeSymlink
	case m&fs.ModeCharDevice != 0:
		return TypeCharacter
	case m&fs.ModeDevice != 0:
		return TypeBlock
	case m&fs.ModeNamedPipe != 0:
		return TypeFIFO
	case m&fs.ModeSocket != 0:
		return TypeSocket
	}
	return TypeFile
}

// DeviceAttribute returns the extended attributes of a device: the header
// (ECMA-167 4/14.10.1) and the device specification (4/14.10.7).
func DeviceAttribute(device uint64, block uint32, version uint16) []byte {
	b := make([]byte, 24+56)
	le.PutUint32(b[16:], 0xFFFFFFFF) // no implementation attributes
	le.PutUint32(b[20:], 0xFFFFFFFF) // no application attributes
	a := b[24:]
	le.PutUint32(a, 12)
	a[4] = 1
	le.PutUint32(a[8:], 56)
	le.PutUint32(a[12:], 32)
	le.PutUint32(a[16:], uint32(device>>32))
	le.PutUint32(a[20:], uint32(device))
	PutImplementation(a[24:])
	SealTag(b[:24], TagEAHD, version, block)
	return b
}
