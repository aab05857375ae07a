package iso9660

import (
	"encoding/binary"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"

	"glassmaster/mastering/filename"
	"glassmaster/mastering/iso9660/internal/format"
	"glassmaster/mastering/volume"
)

// dirRecord is a directory record (ECMA-119 9.1) whose fixed fields, identifier and
// system use area have been checked to be within it.
type dirRecord []byte

// checkRecord returns the record at the start of p, the rest of a sector. A length of
// zero gives a nil record: there are no more in the sector.
func checkRecord(p []byte) (dirRecord, error) {
	if len(p) == 0 || p[0] == 0 {
		return nil, nil
	}
	n := int(p[0])
	if n > len(p) {
		return nil, fmt.Errorf("a directory record of %d bytes crosses the end of its sector", n)
	}
	if n < format.RecordHead+1 {
		return nil, fmt.Errorf("a directory record is %d bytes long, shorter than its fixed part", n)
	}
	if id := int(p[32]); id == 0 || format.RecordHead+id > n {
		return nil, fmt.Errorf("a directory record of %d bytes has an identifier of %d bytes", n, id)
	}
	return dirRecord(p[:n]), nil
}

func (r dirRecord) extent() uint32  { return format.Both32(r[2:]) }
func (r dirRecord) size() uint32    { return format.Both32(r[10:]) }
func (r dirRecord) flags() byte     { return r[25] }
func (r dirRecord) isDir() bool     { return r[25]&format.FlagDirectory != 0 }
func (r dirRecord) id() []byte      { return r[33 : 33+int(r[32])] }
func (r dirRecord) isSpecial() bool { return r[32] == 1 && r[33] <= 1 } // . and ..
func (r dirRecord) unit() int       { return int(r[26]) }
func (r dirRecord) gap() int        { return int(r[27]) }

// agrees reports whether all numbers that are recorded in both byte orders are equal in
// both.
func (r dirRecord) agrees() bool {
	return binary.LittleEndian.Uint32(r[2:]) == binary.BigEndian.Uint32(r[6:]) &&
		binary.LittleEndian.Uint32(r[10:]) == binary.BigEndian.Uint32(r[14:]) &&
		binary.LittleEndian.Uint16(r[28:]) == binary.BigEndian.Uint16(r[30:])
}

// crossing returns the record of n bytes at an offset that continues in the next
// sector. The standard does not allow that (ECMA-119 6.8.1.1), but some writers do it.
// It returns nil if there is no record whose numbers agree in both byte orders.
func (v *FS) crossing(off int64, n int) dirRecord {
	p := make([]byte, n)
	if k, _ := v.r.ReadAt(p, off); k < n {
		return nil
	}
	rec, err := v.record(p)
	if err != nil || rec == nil || !rec.agrees() {
		return nil
	}
	return rec
}

// extent returns the span that a record points to, without an extended attribute
// record. If a number differs in its two byte orders, and only the big-endian one is
// within the image, that is used.
func (v *FS) extent(r dirRecord) span {
	bs := int64(v.blockSize)
	off, n := (int64(r.extent())+int64(r[1]))*bs, int64(r.size())
	if off >= v.size {
		if other := (int64(binary.BigEndian.Uint32(r[6:])) + int64(r[1])) * bs; other < v.size {
			off = other
		}
	}
	if off+n > v.size {
		if other := int64(binary.BigEndian.Uint32(r[14:])); other > 0 && off+other <= v.size {
			n = other
		}
	}
	return span{off, n}
}

// systemUse returns the area after the identifier and its padding.
func (r dirRecord) systemUse() []byte {
	n := format.RecordHead + int(r[32])
	n += n & 1 // an identifier of even length is padded
	if n >= len(r) {
		return nil
	}
	return r[n:]
}

// time7 reads the date of a record: years since 1900, month, day, hour, minute,
// second and a signed number of quarter hours (ECMA-119 9.1.5). It returns Unix
// time in nanoseconds, or volume.NoTime.
func time7(p []byte) int64 {
	if p[1] < 1 || p[1] > 12 || p[2] < 1 || p[2] > 31 || p[3] > 24 || p[4] > 59 || p[5] > 60 {
		return volume.NoTime
	}
	s := days(1900+int64(p[0]), int64(p[1]), int64(p[2])) * 86400
	s += int64(p[3])*3600 + int64(p[4])*60 + int64(p[5]) - zone(p[6])
	return s * 1e9
}

// zone returns the seconds of an offset from UTC in quarters of an hour, -48 to 52
// (ECMA-119 8.4.26.1, 9.1.5). Invalid offsets, which some writers record, count as 0.
func zone(b byte) int64 {
	if q := int64(int8(b)); q >= -48 && q <= 52 {
		return q * 900
	}
	return 0
}

// days returns the number of days from 1970-01-01 to a Gregorian date. It counts years
// from March, so that a leap day is the last day of a year.
func days(y, m, d int64) int64 {
	if m <= 2 {
		y, m = y-1, m+12
	}
	return 365*y + y/4 - y/100 + y/400 + (153*(m-3)+2)/5 + d - 719469
}

// appendPlainName appends the identifier of a file in the form that is shown if there
// are no longer names: without version 1 and without the dot of an empty extension.
func appendPlainName(dst, id []byte) []byte {
	if n := len(id); n > 2 && id[n-2] == ';' && id[n-1] == '1' {
		id = id[:n-2]
	}
	if n := len(id); n > 1 && id[n-1] == '.' {
		id = id[:n-1]
	}
	return append(dst, id...)
}

// appendJolietName appends a name in UTF-16BE, without version 1. An unpaired surrogate
// is encoded as if UTF-8 allowed it, so that different names stay different.
func appendJolietName(dst, id []byte) []byte {
	if n := len(id); n > 4 && string(id[n-4:]) == "\x00;\x001" {
		id = id[:n-4]
	}
	for i := 0; i+1 < len(id); i += 2 {
		c := rune(binary.BigEndian.Uint16(id[i:]))
		if c < utf8.RuneSelf {
			dst = append(dst, byte(c))
			continue
		}
		if c < 0x800 { // as utf8.AppendRune, but inlined
			dst = append(dst, 0xC0|byte(c>>6), 0x80|byte(c&0x3F))
			continue
		}
		if utf16.IsSurrogate(c) {
			if i+3 < len(id) {
				if both := utf16.DecodeRune(c, rune(binary.BigEndian.Uint16(id[i+2:]))); both != utf8.RuneError {
					dst = utf8.AppendRune(dst, both)
					i += 2
					continue
				}
			}
			dst = append(dst, 0xE0|byte(c>>12), 0x80|byte(c>>6&0x3F), 0x80|byte(c&0x3F))
			continue
		}
		dst = utf8.AppendRune(dst, c)
	}
	return dst
}

// cleanText converts text to valid UTF-8.
func cleanText(s string) string { return textIn(s, filename.Charset{}) }

// textIn converts text in a character set to valid UTF-8. If the character set is not
// known, text that is not UTF-8 is taken for Latin-1.
func textIn(s string, set filename.Charset) string {
	if set.IsZero() && utf8.ValidString(s) {
		return s
	}
	if set.IsZero() {
		set = filename.Latin1
	}
	if text, ok := set.Text(s); ok {
		return text
	}
	var b []byte
	for i := 0; i < len(s); i++ {
		b = utf8.AppendRune(b, rune(s[i]))
	}
	return string(b)
}
