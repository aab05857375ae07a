package terminal

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Size writes a number of bytes for people, with decimal units as on the box of
// a disc: 4.7 GB.
func Size(n int64) string {
	if n < 1000 && n > -1000 {
		return fmt.Sprintf("%d bytes", n)
	}
	v, unit := float64(n), 0
	for ; (v >= 999.95 || v <= -999.95) && unit < len("kMGTPE"); unit++ {
		v /= 1000
	}
	return fmt.Sprintf("%.1f %cB", v, "kMGTPE"[unit-1])
}

// Rate writes a speed in bytes a second for people.
func Rate(bytesPerSecond float64) string { return Size(int64(bytesPerSecond)) + "/s" }

// Duration writes a time as minutes and seconds, 3:07, or with hours, 1:03:07.
func Duration(d time.Duration) string {
	s := int64(d.Round(time.Second) / time.Second)
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// Printable replaces what could play with a terminal: control characters, and
// bytes that are not UTF-8. Names that come from a disc go through it before
// they reach a screen.
func Printable(s string) string {
	if clean(s) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if unicode.IsControl(r) || r == utf8.RuneError || unicode.Is(unicode.Bidi_Control, r) {
			r = '?'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// clean reports whether s is plain ASCII text, as most names are.
func clean(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] >= 0x7f {
			return false
		}
	}
	return true
}
