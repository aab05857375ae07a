package command

import (
	"strings"
	"testing"
)

// Control characters in attributes must not reach the terminal.
func TestMorePrintable(t *testing.T) {
	m := moreObject{
		Xattr: map[string][]byte{"user.\x1b[2J\n": []byte("\x1b[2J\n")}, ACL: "user::rw-", Streams: []string{"\x1b[2J\n"},
	}
	got := string(m.append(nil))
	if strings.ContainsRune(got, 0x1b) || strings.Count(got, "\n") != 3 {
		t.Errorf("%q", got)
	}
}
