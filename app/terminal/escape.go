package terminal

import (
	"unicode/utf8"

	"glassmaster/mastering/filename"
)

// Printable escapes control characters, characters that change the direction of text, and
// invalid UTF-8, each byte as \xNN. All text from a disc is escaped before it is written to
// a terminal.
func Printable(s string) string { return filename.Message(s) }

// Valid returns text in valid UTF-8, for programs. Text that is not is escaped as by
// [Printable].
func Valid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return Printable(s)
}
