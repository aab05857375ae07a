package command

import (
	"bytes"
	"fmt"
	"io/fs"
	"strconv"
	"time"

	"glassmaster/mastering/volume"
)

// appendPadded writes a number with at least one space before it.
func appendPadded(b []byte, n int64, width int) []byte {
	var digits [20]byte
	d := strconv.AppendInt(digits[:0], n, 10)
	b = append(b, ' ')
	for i := len(d) + 1; i < width; i++ {
		b = append(b, ' ')
	}
	return append(b, d...)
}

// appendMode writes type and permissions in the format of ls: drwxr-xr-x.
func appendMode(b []byte, m fs.FileMode) []byte {
	b = append(b, typeLetter(m))
	const letters = "rwxrwxrwx"
	at := len(b)
	for i := range len(letters) {
		if m&(1<<(8-i)) != 0 {
			b = append(b, letters[i])
		} else {
			b = append(b, '-')
		}
	}
	for _, s := range []struct {
		bit  fs.FileMode
		at   int
		with byte // in place of x
	}{{fs.ModeSetuid, 2, 's'}, {fs.ModeSetgid, 5, 's'}, {fs.ModeSticky, 8, 't'}} {
		if m&s.bit == 0 {
			continue
		}
		if b[at+s.at] == 'x' {
			b[at+s.at] = s.with
		} else {
			b[at+s.at] = s.with - 'a' + 'A'
		}
	}
	return b
}

func typeLetter(m fs.FileMode) byte {
	switch {
	case m.IsDir():
		return 'd'
	case m&fs.ModeSymlink != 0:
		return 'l'
	case m&fs.ModeNamedPipe != 0:
		return 'p'
	case m&fs.ModeSocket != 0:
		return 's'
	case m&fs.ModeCharDevice != 0:
		return 'c'
	case m&fs.ModeDevice != 0:
		return 'b'
	}
	return '-'
}

// entryObject is one entry of a disc, for --json.
type entryObject struct {
	Type       string         `json:"type"` // "entry"
	Path       string         `json:"path"`
	PathBytes  []byte         `json:"path_bytes,omitempty"` // if they differ from those of path
	Recorded   []byte         `json:"recorded,omitempty"`   // the name on the disc, if another one is shown
	Kind       string         `json:"kind"`                 // file, folder, symlink, device, other
	Size       int64          `json:"size"`
	Mode       string         `json:"mode"` // octal permissions
	UID        uint32         `json:"uid"`
	GID        uint32         `json:"gid"`
	Modified   string         `json:"modified,omitempty"` // RFC 3339
	Target     string         `json:"target,omitempty"`
	TargetRaw  []byte         `json:"target_bytes,omitempty"` // if they differ from those of target
	Links      uint32         `json:"links,omitempty"`
	Extents    []extentObject `json:"extents,omitempty"`
	Unreadable string         `json:"unreadable,omitempty"`
	Note       string         `json:"note,omitempty"` // how the views of the disc disagree
	moreObject
}

// extentObject is a run of sectors that holds a part of a file.
type extentObject struct {
	LBA    int64 `json:"lba"`
	Length int64 `json:"length"` // bytes
}

func (n *shownNames) object(e *volume.Entry) entryObject {
	o := entryObject{
		Type: "entry", Kind: kind(e.Mode), Size: e.Size, Recorded: bytes.Clone(e.Recorded),
		Mode: fmt.Sprintf("%04o", unixMode(e.Mode)), UID: e.UID, GID: e.GID, Links: e.Links, Unreadable: e.Unreadable, Note: e.Note,
	}
	o.Path, o.PathBytes = n.forProgram(e.Path)
	o.Target, o.TargetRaw = n.forProgram(e.Target)
	if e.Modified != volume.NoTime {
		o.Modified = time.Unix(0, e.Modified).UTC().Format(time.RFC3339Nano)
	}
	for _, x := range e.Extents {
		o.Extents = append(o.Extents, extentObject{int64(x.Start), x.Length})
	}
	return o
}

func kind(m fs.FileMode) string {
	switch {
	case m.IsRegular():
		return "file"
	case m.IsDir():
		return "folder"
	case m&fs.ModeSymlink != 0:
		return "symlink"
	case m&fs.ModeDevice != 0:
		return "device"
	}
	return "other"
}

// unixMode returns the permission bits as a number for chmod.
func unixMode(m fs.FileMode) uint32 {
	bits := uint32(m.Perm())
	if m&fs.ModeSetuid != 0 {
		bits |= 0o4000
	}
	if m&fs.ModeSetgid != 0 {
		bits |= 0o2000
	}
	if m&fs.ModeSticky != 0 {
		bits |= 0o1000
	}
	return bits
}
