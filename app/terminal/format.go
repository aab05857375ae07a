package terminal

import (
	"fmt"
	"time"
	"unicode/utf8"

	"glassmaster/mastering/filename"
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

// Printable escapes what could play with a terminal, as \xNN for each byte: control
// characters, those that turn the direction of text, and bytes that are not UTF-8.
// Whatever comes from a disc goes through it before it reaches a screen.
func Printable(s string) string { return filename.Message(s) }

// Valid returns text for a program, in UTF-8: bytes that are not are escaped as
// Printable does it.
func Valid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return Printable(s)
}
