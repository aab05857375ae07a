package sheet

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// decode returns the text of a sheet.
func (p *parser) decode(text []byte) string {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if utf8.Valid(text) {
		return string(text)
	}
	s, _ := charmap.Windows1252.NewDecoder().Bytes(text)
	return string(s)
}

// IsText reports whether bytes from the beginning of a file can be those of a sheet.
func IsText(head []byte) bool {
	return bytes.IndexByte(head, 0) < 0
}

// Recognize reports whether a text is a CUE sheet.
func Recognize(text []byte) bool {
	return recognized(string(text))
}

func recognized(text string) bool {
	for _, line := range lines(text) {
		first, rest := cut(strings.Trim(line, " \t"))
		second, _ := cut(rest)
		if strings.ToUpper(first) == "TRACK" && second != "" && second[0] >= '0' && second[0] <= '9' {
			return true
		}
	}
	return false
}
