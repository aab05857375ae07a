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

// names turns paths of the volume into paths of the host.
type names struct {
	windows bool
	mapped  map[string]string // folders whose host path differs
	taken   map[string]bool   // host paths that were given in place of others
}

func newNames() *names {
	return &names{runtime.GOOS == "windows", map[string]string{}, map[string]bool{}}
}

// host returns the path that an entry gets.
func (n *names) host(p string) (string, error) {
	dir, base := path.Split(p)
	if base == "" || base == "." || base == ".." || strings.ContainsAny(base, "/\x00") {
		return "", errors.New("no file can have this name")
	}
	dir = strings.TrimSuffix(dir, "/")
	if host, ok := n.mapped[dir]; ok {
		dir = host
	}
	name := n.name(base)
	full := path.Join(dir, name)
	if name != base || n.windows {
		full = n.unique(full)
	}
	if full != p {
		n.mapped[p] = full
	}
	return full, nil
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

// unique returns the path, changed when it was given already.
func (n *names) unique(full string) string {
	key := func(s string) string {
		if n.windows {
			return strings.ToLower(s)
		}
		return s
	}
	try := full
	for i := 1; n.taken[key(try)]; i++ {
		ext := path.Ext(full)
		try = strings.TrimSuffix(full, ext) + "~" + strconv.Itoa(i) + ext
	}
	n.taken[key(try)] = true
	return try
}
