package terminal

import (
	"unicode/utf8"

	"glassmaster/mastering/filename"
)

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
