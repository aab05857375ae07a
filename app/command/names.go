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

// shownNames converts names of a volume to text: from the given character set, or else
// from UTF-8 if they are valid, or else from a guessed one.
type shownNames struct {
	vol     volume.FS
	set     filename.Charset // given by the user
	guess   filename.Charset // of names that are not UTF-8
	unicode bool             // names are recorded in Unicode
	guessed int              // names that were converted from the guess
	changed int              // names that differ from those on the disc
}

func namesOf(vol volume.FS, o volume.Options) *shownNames {
	return &shownNames{vol: vol, set: o.Charset, unicode: vol.Volume().Unicode}
}

// text returns a path or link target as text. Names that are not valid in their character
// set stay unchanged. Most paths are returned without a copy.
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

// manyNames is the largest number of names that a guess is based on.
const manyNames = 1000

// foreignNames returns the first thousand names of a volume that are not UTF-8.
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

// find returns the path of the entry that the user named, by the bytes of its path or by
// its text.
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

// shownAs returns the path of the entry of a folder with the given text.
func (n *shownNames) shownAs(folder, text string) (string, bool) {
	list, _ := n.vol.ReadDir(folder) // a damaged folder as far as it can be read
	for _, d := range list {
		shown := string(n.text([]byte(d.Name())))
		if shown == text || filename.Printable(shown) == text || filename.Printable(d.Name()) == text {
			return path.Join(folder, d.Name()), true
		}
	}
	return "", false
}

// tell warns about names that were changed, or converted from a guessed character set.
func (n *shownNames) tell(inv *invocation) {
	if n.guessed > 0 {
		inv.warn(fmt.Sprintf("%s not UTF-8 and shown as %v, which is a guess; use --charset NAME to choose another character set", units.Count(n.guessed, "name is", "names are"), n.guess))
	}
	if n.changed > 0 {
		inv.warn(fmt.Sprintf("%s changed, since the name on the disc is not valid or not unique; \"info --check\" lists them",
			units.Count(n.changed, "name is", "names are")))
	}
}

// forProgram returns valid UTF-8 for --json, and the bytes if they differ from it.
func (n *shownNames) forProgram(p []byte) (text string, raw []byte) {
	text = string(n.text(p))
	if !utf8.ValidString(text) { // unpaired surrogates
		text = filename.Printable(text)
	}
	if text != string(p) {
		raw = bytes.Clone(p)
	}
	return text, raw
}
