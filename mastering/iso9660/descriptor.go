package iso9660

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf16"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/filename"
	"glassmaster/mastering/iso9660/internal/format"
	"glassmaster/mastering/volume"
)

// Types of volume descriptors (ECMA-119 8.1.1).
const (
	typeBoot          = 0
	typePrimary       = 1
	typeSupplementary = 2 // version 2: the enhanced descriptor of ISO 9660:1999
	typePartition     = 3
	typeTerminator    = 255
)

// maxDescriptors is the maximum number of descriptors that are read: a set has five or
// six.
const maxDescriptors = 64

// descriptor is a volume descriptor (ECMA-119 8.4, 8.5).
type descriptor struct {
	lba        disc.LBA
	data       []byte // one sector
	highSierra bool   // data was converted from the form of High Sierra
}

func (d descriptor) kind() byte    { return d.data[0] }
func (d descriptor) version() byte { return d.data[6] }

func (d descriptor) sectors() uint32 { return format.Both32(d.data[80:]) }
func (d descriptor) blockSize() int  { return int(format.Both16(d.data[128:])) }
func (d descriptor) root() []byte    { return d.data[156:190] }

// joliet returns the Joliet level of a descriptor, 0 if it is not one of Joliet: the
// escape sequences %/@, %/C and %/E in bytes 88 to 119 mean UCS-2 levels 1 to 3.
func (d descriptor) joliet() int {
	if d.kind() != typeSupplementary || d.version() == 2 {
		return 0
	}
	for i, esc := range []string{"%/@", "%/C", "%/E"} {
		if bytes.Contains(d.data[88:120], []byte(esc)) {
			return i + 1
		}
	}
	return 0
}

// enhanced reports whether d is the enhanced descriptor of ISO 9660:1999.
func (d descriptor) enhanced() bool {
	return d.kind() == typeSupplementary && d.version() == 2
}

// text returns a text field, without its padding.
func (d descriptor) text(from, to int) string { return d.textIn(from, to, filename.Charset{}) }

// textIn is text with a character set for fields that are not Unicode.
func (d descriptor) textIn(from, to int, set filename.Charset) string {
	p := d.data[from:to]
	if d.joliet() > 0 {
		return strings.TrimRight(fromUCS2(p), " \x00")
	}
	return textIn(strings.TrimRight(string(p), " \x00"), set)
}

// fromUCS2 decodes big-endian UTF-16, which Joliet names are in practice.
func fromUCS2(p []byte) string {
	u := make([]uint16, len(p)/2)
	for i := range u {
		u[i] = binary.BigEndian.Uint16(p[2*i:])
	}
	return string(utf16.Decode(u))
}

// time17 reads the date at off: 16 digits and a signed number of quarter hours
// (ECMA-119 8.4.26.1). Zeros, spaces and invalid dates give the zero time.
func (d descriptor) time17(off int) time.Time { return time17(d.data[off : off+17]) }

func time17(p []byte) time.Time {
	num := func(from, to int) int {
		n := 0
		for _, c := range p[from:to] {
			if c < '0' || c > '9' {
				return -1
			}
			n = n*10 + int(c-'0')
		}
		return n
	}
	y, mo, day := num(0, 4), num(4, 6), num(6, 8)
	h, mi, s, cs := num(8, 10), num(10, 12), num(12, 14), num(14, 16)
	if y < 1 || mo < 1 || mo > 12 || day < 1 || day > 31 || h < 0 || h > 24 || mi < 0 || mi > 59 || s < 0 || s > 60 {
		return time.Time{}
	}
	return time.Date(y, time.Month(mo), day, h, mi, s, max(cs, 0)*1e7, time.FixedZone("", int(zone(p[16]))))
}

// readDescriptors reads the volume descriptor set that begins at lba. It ends at the
// terminator or at the first sector that is not a descriptor. If there is no primary
// descriptor, the error wraps volume.ErrUnknown.
func readDescriptors(r io.ReaderAt, lba disc.LBA) ([]descriptor, error) {
	var set []descriptor
	primary := false
	for i := disc.LBA(0); i < maxDescriptors; i++ {
		p := make([]byte, disc.SectorSize)
		_, err := r.ReadAt(p, int64(lba+i)*disc.SectorSize)
		if err != nil {
			if primary {
				break
			}
			if errors.Is(err, io.EOF) || errors.Is(err, disc.ErrForm) { // the end, or audio
				return nil, volume.ErrUnknown
			}
			return nil, fmt.Errorf("read the volume descriptor at sector %d: %w", lba+i, err)
		}
		if i == 0 && string(p[1:6]) == "CD-I " { // the disc label of the Green Book
			return nil, errGreenBook
		}
		d := descriptor{lba: lba + i, data: p}
		if isHighSierra(p) {
			d.data, d.highSierra = fromHighSierra(p), true
		} else if string(p[1:6]) != "CD001" {
			break
		}
		set = append(set, d)
		if d.kind() == typeTerminator {
			break
		}
		primary = primary || d.kind() == typePrimary
	}
	if !primary {
		return set, volume.ErrUnknown
	}
	return set, nil
}

// errGreenBook is the error of a CD-i disc that is not a bridge disc, which has an ISO 9660
// volume.
var errGreenBook error = greenBookError{}

type greenBookError struct{}

func (greenBookError) Error() string {
	return volume.ErrUnknown.Error() + ": the volume descriptor is that of a CD-i disc (Green Book), whose file system is not supported"
}

func (greenBookError) Unwrap() error { return volume.ErrUnknown }

// find returns the first descriptor for which ok holds.
func find(set []descriptor, ok func(descriptor) bool) (descriptor, bool) {
	for _, d := range set {
		if ok(d) {
			return d, true
		}
	}
	return descriptor{}, false
}
