// Package format contains what the reader and the planner of ISO 9660 have in common:
// constants of ECMA-119 and AAIP 2.0, and the encoding of numbers and modes.
package format

import (
	"encoding/binary"
	"io/fs"
)

// SystemArea is the number of sectors before the volume descriptors of a session
// (ECMA-119 6.2.1).
const SystemArea = 16

// Bits of the flags of a directory record (ECMA-119 9.1.6).
const (
	FlagHidden     = 1 << 0
	FlagDirectory  = 1 << 1
	FlagAssociated = 1 << 2
	FlagMulti      = 1 << 7 // not the last extent of the file
)

// RecordHead is the length of a directory record without its identifier.
const RecordHead = 33

// MaxParent is the highest directory number that a path table can refer to as a parent
// (ECMA-119 9.4.4).
const MaxParent = 1<<16 - 1

// Both32 reads a number that is recorded in both byte orders (ECMA-119 7.3.3). It uses
// the little-endian one, unless that is zero and the other is not.
func Both32(p []byte) uint32 {
	if le := binary.LittleEndian.Uint32(p); le != 0 {
		return le
	}
	return binary.BigEndian.Uint32(p[4:])
}

// Both16 is Both32 for 16 bits (ECMA-119 7.2.3).
func Both16(p []byte) uint16 {
	if le := binary.LittleEndian.Uint16(p); le != 0 {
		return le
	}
	return binary.BigEndian.Uint16(p[2:])
}

// PutBoth32 writes a number in both byte orders (ECMA-119 7.3.3).
func PutBoth32(b []byte, v uint32) {
	binary.LittleEndian.PutUint32(b, v)
	binary.BigEndian.PutUint32(b[4:], v)
}

// PutBoth16 writes a number in both byte orders (ECMA-119 7.2.3).
func PutBoth16(b []byte, v uint16) {
	binary.LittleEndian.PutUint16(b, v)
	binary.BigEndian.PutUint16(b[2:], v)
}

// Namespaces are the namespaces of extended attributes that AAIP 2.0 records as one
// byte at the start of a name. 1 is for names that begin with such a byte themselves.
var Namespaces = [...]string{1: "", 2: "system.", 3: "user.", 4: "isofs.", 5: "trusted.", 6: "security."}

// FileMode converts st_mode of POSIX to a FileMode. Unknown types become regular files.
func FileMode(m uint32) fs.FileMode {
	mode := fs.FileMode(m & 0o777)
	switch m & 0o170000 {
	case 0o040000:
		mode |= fs.ModeDir
	case 0o120000:
		mode |= fs.ModeSymlink
	case 0o060000:
		mode |= fs.ModeDevice
	case 0o020000:
		mode |= fs.ModeDevice | fs.ModeCharDevice
	case 0o010000:
		mode |= fs.ModeNamedPipe
	case 0o140000:
		mode |= fs.ModeSocket
	}
	if m&0o4000 != 0 {
		mode |= fs.ModeSetuid
	}
	if m&0o2000 != 0 {
		mode |= fs.ModeSetgid
	}
	if m&0o1000 != 0 {
		mode |= fs.ModeSticky
	}
	return mode
}

// PosixMode converts a FileMode to st_mode of POSIX.
func PosixMode(m fs.FileMode) uint32 {
	p := uint32(m.Perm())
	for _, b := range []struct {
		have fs.FileMode
		bit  uint32
	}{{fs.ModeSetuid, 0o4000}, {fs.ModeSetgid, 0o2000}, {fs.ModeSticky, 0o1000}} {
		if m&b.have != 0 {
			p |= b.bit
		}
	}
	switch {
	case m.IsDir():
		p |= 0o040000
	case m&fs.ModeSymlink != 0:
		p |= 0o120000
	case m&fs.ModeCharDevice != 0:
		p |= 0o020000
	case m&fs.ModeDevice != 0:
		p |= 0o060000
	case m&fs.ModeNamedPipe != 0:
		p |= 0o010000
	case m&fs.ModeSocket != 0:
		p |= 0o140000
	default:
		p |= 0o100000
	}
	return p
}
