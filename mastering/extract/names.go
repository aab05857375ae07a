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
	// taken has the names that were given, with the number of the folder: what to
	// try first for the next that is the same.
	taken map[string]int
}

func newNames() *names { return &names{runtime.GOOS == "windows", map[string]int{}} }

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

// HostName returns a name of a disc as the host can hold it.
func HostName(s string) string { return newNames().name(s) }

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
	return shorten(s, maxName-len(ext)-8) + ext // room for what makes it unique
}

// shorten cuts a name to at most so many bytes, between two letters.
func shorten(s string, most int) string {
	s = s[:most]
	for !utf8.ValidString(s) && len(s) > most/2 {
		s = s[:len(s)-1]
	}
	return s
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
	switch up := strings.ToUpper(strings.TrimRight(stem, " ")); up {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return "_" + s
	default:
		number, is := strings.CutPrefix(up, "COM")
		if !is {
			number, is = strings.CutPrefix(up, "LPT")
		}
		if is && utf8.RuneCountInString(number) == 1 && strings.Contains("0123456789¹²³", number) {
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
	k := key(name)
	i := n.taken[k]
	if i == 0 {
		n.taken[k] = 1
		return name
	}
	ext := path.Ext(name)
	for ; ; i++ {
		try := strings.TrimSuffix(name, ext) + "~" + strconv.Itoa(i) + ext
		if t := key(try); n.taken[t] == 0 {
			n.taken[k], n.taken[t] = i+1, 1
			return try
		}
	}
}
