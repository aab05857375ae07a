package ecma167

import (
	"time"
)

// TimestampLength is the length of a timestamp (ECMA-167 1/7.3).
const TimestampLength = 12

// DecodeTime reads a timestamp: type and time zone in minutes (BP 0), year (BP
// 2), month, day, hour, minute, second, hundredths of a second, hundreds of
// microseconds, microseconds. It returns the zero time for invalid values. A local
// time without an offset from UTC (-2047) is taken as UTC.
func DecodeTime(p []byte) time.Time {
	kind, year := le.Uint16(p), int(int16(le.Uint16(p[2:])))
	month, day, hour, minute, second := int(p[4]), int(p[5]), int(p[6]), int(p[7]), int(p[8])
	if month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60 {
		return time.Time{}
	}
	micro := int(p[9])*10000 + int(p[10])*100 + int(p[11])
	zone := time.UTC
	offset := int(int16(kind<<4) >> 4)
	if kind>>12 == 1 && offset != 0 && offset >= -1440 && offset <= 1440 {
		zone = time.FixedZone("", offset*60)
	}
	return time.Date(year, time.Month(month), day, hour, minute, second, micro*1000, zone)
}

// PutTime writes a time as local time with offset 0, so that the result does not
// depend on the time zone. A year that a timestamp cannot hold is replaced by the
// nearest one.
func PutTime(p []byte, t time.Time) {
	t = t.UTC()
	le.PutUint16(p, 1<<12)
	le.PutUint16(p[2:], uint16(int16(min(max(t.Year(), 1), 9999))))
	p[4], p[5], p[6], p[7], p[8] = byte(t.Month()), byte(t.Day()), byte(t.Hour()), byte(t.Minute()), byte(t.Second())
	micro := t.Nanosecond() / 1000
	p[9], p[10], p[11] = byte(micro/10000), byte(micro/100%100), byte(micro%100)
}
