package command

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"unicode/utf8"

	"glassmaster/mastering/filename"
	"glassmaster/mastering/units"
	"glassmaster/mastering/volume"
)

// shownNames tells how the names of a volume are shown: in the character set that
// was named; without one as UTF-8, and those that are not in one that is guessed.
type shownNames struct {
	vol     volume.FS
	set     filename.Charset // that was named
	guess   filename.Charset // of names that are not UTF-8
	unicode bool             // names are recorded in Unicode
	guessed int              // names that were shown as the guess has them
	changed int              // that are not on the disc in this form
}

func namesOf(vol volume.FS, o volume.Options) *shownNames {
	return &shownNames{vol: vol, set: o.Charset, unicode: vol.Volume().Unicode}
}

// text returns a path, or a target of a link, as text. What is not in its
// character set stays as it is. Most paths are returned themselves.
func (n *shownNames) text(p []byte) []byte {
	if n.unicode || isASCII(p) || n.set.IsZero() && utf8.Valid(p) {
		return p
	}
	parts := strings.Split(string(p), "/")
	for i, part := range parts {
		parts[i] = n.part(part)
	}
	return []byte(strings.Join(parts, "/"))
}

func isASCII(p []byte) bool {
	for _, c := range p {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func (n *shownNames) part(name string) string {
	set := n.set
	if set.IsZero() {
		if utf8.ValidString(name) {
			return name
		}
		if n.guess.IsZero() {
			n.guess = filename.Guess(foreignNames(n.vol))
		}
		set = n.guess
		n.guessed++
	}
	text, _ := set.Text(name)
	return text
}

// manyNames is how many names are enough for a guess.
const manyNames = 1000

// foreignNames returns names of a volume that are not UTF-8, the first thousand.
func foreignNames(vol volume.FS) []string {
	var list []string
	_ = volume.Walk(vol, ".", func(e *volume.Entry) error {
		name := e.Path[bytes.LastIndexByte(e.Path, '/')+1:]
		if e.Err == nil && !utf8.Valid(name) {
			list = append(list, string(name))
		}
		if len(list) == manyNames {
			return fs.SkipAll
		}
		return nil
	})
	return list
}

// find returns the path of what a person named: by the bytes of its names, or by
// what is shown of them.
func (n *shownNames) find(wanted string) string {
	p := onDisc(wanted)
	if n.has(p) {
		return p
	}
	at := "."
	for _, part := range strings.Split(p, "/") {
		next := path.Join(at, part)
		if !n.has(next) {
			var ok bool
			if next, ok = n.shownAs(at, part); !ok {
				return p
			}
		}
		at = next
	}
	return at
}

func (n *shownNames) has(p string) bool {
	_, err := n.vol.Lstat(p)
	return err == nil || !errors.Is(err, fs.ErrNotExist)
}

// shownAs returns the path of the entry of a folder that is shown as text.
func (n *shownNames) shownAs(folder, text string) (string, bool) {
	list, _ := n.vol.ReadDir(folder) // of a damaged folder what can be read
	for _, d := range list {
		shown := string(n.text([]byte(d.Name())))
		if shown == text || filename.Printable(shown) == text || filename.Printable(d.Name()) == text {
			return path.Join(folder, d.Name()), true
		}
	}
	return "", false
}

// tell says what about the names that were shown is not certain.
func (n *shownNames) tell(inv *invocation) {
	if n.guessed > 0 {
		inv.warn(fmt.Sprintf("%s not UTF-8, and shown as %v, which is a guess: --charset NAME names another", units.Count(n.guessed, "name is", "names are"), n.guess))
	}
	if n.changed > 0 {
		inv.warn(fmt.Sprintf("%s shown in another form: no file can have the name on the disc, or two have it; \"info --check\" names them",
			units.Count(n.changed, "name is", "names are")))
	}
}

// forProgram returns text in valid UTF-8 for a program, and the bytes where the
// text is not made of just these.
func (n *shownNames) forProgram(p []byte) (text string, raw []byte) {
	text = string(n.text(p))
	if !utf8.ValidString(text) { // halves of surrogate pairs
		text = filename.Printable(text)
	}
	if text != string(p) {
		raw = bytes.Clone(p)
	}
	return text, raw
}
