package extract

import (
	"errors"
	"path"
	"runtime"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxName is the longest name that the usual file systems of hosts hold: 255
// bytes on Linux, 255 units of UTF-16 (never more than the bytes) on Windows.
const maxName = 255

// names turns names of the volume into names of the host.
type names struct {
	windows bool
	taken   map[string]bool // names that were given, with the number of the folder
}

func newNames() *names { return &names{runtime.GOOS == "windows", map[string]bool{}} }

// host returns the name that an entry of a folder gets.
func (n *names) host(folder int32, s string) (string, error) {
	if s == "" || s == "." || s == ".." || strings.ContainsAny(s, "/\x00") {
		return "", errors.New("no file can have this name")
	}
	name := n.name(s)
	if name == s && !n.windows {
		return s, nil
	}
	return n.unique(folder, name), nil
}

// name returns a name that the host can hold.
func (n *names) name(s string) string {
	if n.windows {
		s = windowsName(s)
	}
	if len(s) <= maxName {
		return s
	}
	ext := path.Ext(s)
	if len(ext) > 16 {
		ext = ""
	}
	stem := s[:maxName-len(ext)-4] // room for what makes it unique
	for !utf8.ValidString(stem) && len(stem) > maxName/2 {
		stem = stem[:len(stem)-1]
	}
	return stem + ext
}

// windowsName replaces what Windows does not allow in a name.
func windowsName(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`<>:"\|?*`, r) {
			return '_'
		}
		return r
	}, s)
	if t := strings.TrimRight(s, " ."); t != s {
		s = t + "_"
	}
	stem, _, _ := strings.Cut(s, ".")
	switch up := strings.ToUpper(stem); up {
	case "CON", "PRN", "AUX", "NUL":
		return "_" + s
	default:
		if len(up) == 4 && (strings.HasPrefix(up, "COM") || strings.HasPrefix(up, "LPT")) && up[3] >= '0' && up[3] <= '9' {
			return "_" + s
		}
	}
	return s
}

// unique returns the name, changed when it was given in this folder already.
func (n *names) unique(folder int32, name string) string {
	key := func(s string) string {
		if n.windows {
			s = strings.ToLower(s)
		}
		return strconv.Itoa(int(folder)) + "/" + s
	}
	try := name
	for i := 1; n.taken[key(try)]; i++ {
		ext := path.Ext(name)
		try = strings.TrimSuffix(name, ext) + "~" + strconv.Itoa(i) + ext
	}
	n.taken[key(try)] = true
	return try
}
