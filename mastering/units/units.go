// Package units writes sizes, durations, speeds and counts as text, for the command line,
// the window and messages alike. Units are decimal, as on packages of discs: 1 kB is 1000
// bytes.
package units

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Size returns a number of bytes with three digits: "999 B", "4.70 GB".
func Size(bytes int64) string {
	if bytes < 0 {
		return "-" + Size(-max(bytes, -1<<63+1))
	}
	if bytes < 1000 {
		return strconv.FormatInt(bytes, 10) + " B"
	}
	const prefixes = "kMGTPE"
	v, prefix := float64(bytes)/1000, 0
	for v >= 999.5 && prefix < len(prefixes)-1 {
		v, prefix = v/1000, prefix+1
	}
	digits := 2
	switch {
	case v >= 99.95:
		digits = 0
	case v >= 9.995:
		digits = 1
	}
	return strconv.FormatFloat(v, 'f', digits, 64) + " " + prefixes[prefix:prefix+1] + "B"
}

// Rate returns a speed in bytes a second: "11.1 MB/s".
func Rate(bytesPerSecond float64) string { return Size(int64(bytesPerSecond)) + "/s" }

// Duration returns a duration in minutes and seconds, "3:07", or with hours,
// "1:03:07".
func Duration(d time.Duration) string {
	s := int64(d.Round(time.Second) / time.Second)
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// integer is any type of whole numbers.
type integer interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64
}

// Count returns a number with what is counted: Count(n, "file", "files") is "1 file"
// or "2 files".
func Count[N integer](n N, one, many string) string {
	return fmt.Sprintf("%d %s", n, Plural(n, one, many))
}

// Plural returns one if n is 1, otherwise many.
func Plural[N integer](n N, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// Thousands returns a number with narrow spaces between its thousands: "2 295 104".
func Thousands[N integer](n N) string {
	s := fmt.Sprint(n)
	sign := ""
	if s[0] == '-' {
		sign, s = "-", s[1:]
	}
	var b strings.Builder
	for i, c := range s {
		if i > 0 && (len(s)-i)%3 == 0 {
			b.WriteRune('\u202f') // narrow no-break space
		}
		b.WriteRune(c)
	}
	return sign + b.String()
}
