package format

import (
	"fmt"
	"time"
)

// PutLongDate writes a date of 17 bytes (ECMA-119 8.4.26.1): zeros if t is the zero
// time.
func PutLongDate(b []byte, t time.Time) {
	if t.IsZero() {
		copy(b, "0000000000000000")
		b[16] = 0
		return
	}
	t = t.UTC()
	copy(b, t.Format("20060102150405")+fmt.Sprintf("%02d", t.Nanosecond()/1e7))
	b[16] = 0
}

// PutShortDate writes a date of 7 bytes in UTC (ECMA-119 9.1.5). Times out of range
// become the nearest one in range.
func PutShortDate(b []byte, unix int64) {
	t := time.Unix(unix, 0).UTC()
	switch y := t.Year(); {
	case y < 1900:
		t = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)
	case y > 2155:
		t = time.Date(2155, 12, 31, 23, 59, 59, 0, time.UTC)
	}
	y, m, d := t.Date()
	hh, mm, ss := t.Clock()
	b[0], b[1], b[2], b[3], b[4], b[5], b[6] = byte(y-1900), byte(m), byte(d), byte(hh), byte(mm), byte(ss), 0
}
