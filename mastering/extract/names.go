package extract

import (
	"errors"
	"fmt"
	"path"
	"runtime"
	"strconv"
	"strings"
	"unicode/utf8"

	"glassmaster/mastering/filename"
)

// maxName is the longest name on common file systems: 255 bytes on Linux, 255 UTF-16
// units, which are never more than the bytes, on Windows.
const maxName = 255

// names converts names of the volume to names of the host.
type names struct {
	windows bool
	text    func(name string) (text, why string) // a name in UTF-8, or its bytes if they are kept
	// used has the names that are in use, and the number to try first for the next
	// entry of the same name.
	used map[place]int
}

func newNames() *names {
	return &names{
		windows: runtime.GOOS == "windows", used: map[place]int{},
		text: func(name string) (string, string) { return name, "" },
	}
}

// check returns an error for a name that no file can have.
func check(name string) error {
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\x00") {
		return errors.New("a file cannot have this name")
	}
	return nil
}

// HostName converts a name of a disc to a valid name of the host.
func HostName(s string) string {
	name, _ := newNames().name(s)
	return name
}

// Reasons why a file has another name on the host than on the disc.
const (
	whyControl = "its name has control characters"
	whyHost    = "its name is not allowed on this computer"
	whyTaken   = "another entry of the folder has its name"
)

// name returns a valid name of the host, and why it differs from the name on the disc, if
// that needs a notice.
func (n *names) name(s string) (name, why string) {
	name, why = n.text(s)
	if safe := filename.Safe(name); safe != name {
		name, why = safe, whyControl
	}
	if n.windows {
		if w := windowsName(name); w != name {
			if name = w; why == "" {
				why = whyHost
			}
		}
	}
	if len(name) <= maxName {
		return name, why
	}
	return marked(name, ""), whyHost
}

// marked appends a mark to the stem of a name, and shortens the stem if the name would be
// too long. A very long suffix is not regarded as a file extension.
func marked(name, mark string) string {
	ext := path.Ext(name)
	if ext == name || len(ext) > 16 {
		ext = ""
	}
	stem := name[:len(name)-len(ext)]
	if most := maxName - len(mark) - len(ext); len(stem) > most {
		stem = shorten(stem, most)
	}
	return stem + mark + ext
}

// shorten cuts a name to at most max bytes, between two characters.
func shorten(s string, most int) string {
	s = s[:most]
	for !utf8.ValidString(s) && len(s) > most/2 {
		s = s[:len(s)-1]
	}
	return s
}

// windowsName replaces what is not allowed in a name on Windows.
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

// key returns the part of a name that must be unique in a folder.
func (n *names) key(folder int32, name string) place {
	if n.windows {
		name = strings.ToLower(name)
	}
	return place{folder, name}
}

// take marks a name as used.
func (n *names) take(folder int32, name string) {
	if k := n.key(folder, name); n.used[k] == 0 {
		n.used[k] = 1
	}
}

// unique returns the name, changed if it is used in this folder already.
func (n *names) unique(folder int32, name string) string {
	k := n.key(folder, name)
	i := n.used[k]
	if i == 0 {
		n.used[k] = 1
		return name
	}
	for ; ; i++ {
		try := marked(name, "~"+strconv.Itoa(i))
		if t := n.key(folder, try); n.used[t] == 0 {
			n.used[k], n.used[t] = i+1, 1
			return try
		}
	}
}

// entry is anything with a name on the volume and a name on the host.
type entry struct {
	folder int32
	name   string
	host   *string
	why    string
}

// entries calls f for everything planned.
func (p *plan) entries(f func(e entry)) {
	for i := 1; i < len(p.folders); i++ {
		e := &p.folders[i]
		f(entry{folder: e.parent, name: e.name, host: &e.host})
	}
	for i := range p.files {
		e := &p.files[i]
		f(entry{folder: e.folder, name: e.name, host: &e.host})
	}
	for i := range p.links {
		e := &p.links[i]
		f(entry{folder: e.folder, name: e.name, host: &e.host})
	}
}

// chooseNames chooses the name of everything on the host, after planning. Entries that can keep
// their name do; the others get a free one, with a notice.
func (p *plan) chooseNames() {
	n := p.names
	var changed []entry
	p.entries(func(e entry) {
		*e.host, e.why = n.name(e.name)
		switch {
		case *e.host != e.name:
			changed = append(changed, e)
		case e.why != "":
			p.x.note(p.in(e.folder, e.name), "the bytes of its name were kept: "+e.why)
		}
	})
	if len(changed) == 0 && !n.windows {
		return
	}
	p.entries(func(e entry) {
		switch {
		case *e.host != e.name:
		case n.windows && n.used[n.key(e.folder, e.name)] != 0: // it differs only in case
			changed = append(changed, e)
		default:
			n.take(e.folder, e.name)
		}
	})
	for _, e := range changed {
		want := *e.host
		*e.host = n.unique(e.folder, want)
		if *e.host != want {
			e.why = whyTaken
		}
		if e.why != "" {
			p.x.note(p.in(e.folder, e.name), fmt.Sprintf(`is called "%s" in the folder: %s`, *e.host, e.why))
		}
	}
}
