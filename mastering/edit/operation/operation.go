// Package operation changes the files of a compilation as a list of operations says: the
// options of a command line, or the lines of a script. It reads only the folders that an
// operation needs, unless a pattern has no folder.
package operation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// Operation is one change: a verb and its argument.
type Operation struct {
	Verb     string // one of Verbs
	Argument string
}

func (o Operation) String() string { return o.Verb + " " + o.Argument }

// ArgumentError is the error of an argument that has a wrong form, whatever is in the image.
type ArgumentError struct{ Why string }

func (e *ArgumentError) Error() string { return e.Why }

// Verb is a kind of operation.
type Verb struct {
	Name     string
	Argument string // what its argument is, for help: "SOURCE[=PATH]"
	Help     string
	apply    func(e *editor, argument string) error
}

// Verbs returns the kinds of operations.
func Verbs() []Verb {
	return []Verb{
		{"add", "SOURCE[=PATH]", "add a file or folder, under its own name or as PATH; it replaces a file, and is merged with a folder", (*editor).add},
		{"replace", "SOURCE=PATH", "replace the contents of the file PATH, which keeps its permissions and owner", (*editor).replace},
		{"remove", "PATTERN", "remove files and folders", (*editor).remove},
		{"rename", "PATH=PATH", "rename or move a file or folder; an existing folder, or a path with a slash at its end, is where it is moved to", (*editor).rename},
		{"mkdir", "PATH", "create a folder, and those above it", (*editor).mkdir},
		{"label", "NAME", "change the label of the volume", (*editor).label},
		{"chmod", "MODE=PATTERN", "change permissions to an octal number", (*editor).chmod},
		{"chown", "UID[:GID]=PATTERN", "change the owner, and the group, to numbers", (*editor).chown},
		{"touch", "TIME=PATTERN", "change the modification time, such as 2026-11-28T12:00:00Z", (*editor).touch},
		{"hide", "PATTERN", "set the hidden flag", (*editor).hide},
		{"show", "PATTERN", "clear the hidden flag", (*editor).show},
	}
}

// Apply carries out operations in their order. The notices are about files that are
// replaced or cannot be read. The error names the operation that failed; those before it
// were carried out.
func Apply(ctx context.Context, c *compilation.Compilation, list []Operation, rep progress.Reporter) ([]disc.Notice, error) {
	now, _, err := compilation.VolumeTime() // of new folders
	if err != nil {
		return nil, err
	}
	e := &editor{ctx: ctx, rep: rep, c: c, now: now}
	verbs := Verbs()
	for _, o := range list {
		i := slices.IndexFunc(verbs, func(v Verb) bool { return v.Name == o.Verb })
		if i < 0 {
			return e.notices, fmt.Errorf("there is no operation %q", o.Verb)
		}
		if err := verbs[i].apply(e, o.Argument); err != nil {
			return e.notices, fmt.Errorf("%s: %w", o, err)
		}
		if ctx.Err() != nil {
			return e.notices, context.Cause(ctx)
		}
	}
	return e.notices, nil
}

// Parse reads a script: a line for each operation, with the verb first. Words with spaces
// or a number sign are quoted as in a shell, with ' or " or a backslash. Empty lines and
// those that begin with a number sign are left out.
func Parse(text string) ([]Operation, error) {
	var list []Operation
	number := 0
	for line := range strings.Lines(text) {
		number++
		words, err := split(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		if len(words) == 0 {
			continue
		}
		verb := strings.TrimPrefix(words[0], "--")
		if !slices.ContainsFunc(Verbs(), func(v Verb) bool { return v.Name == verb }) {
			return nil, fmt.Errorf("line %d: there is no operation %q", number, words[0])
		}
		if len(words) != 2 {
			return nil, fmt.Errorf("line %d: %s needs one argument, not %d; put an argument with spaces in quotes", number, verb, len(words)-1)
		}
		list = append(list, Operation{verb, words[1]})
	}
	return list, nil
}

// split divides a line into words.
func split(line string) (words []string, err error) {
	var word strings.Builder
	inside, quote, escape := false, rune(0), false
	for _, c := range strings.TrimRight(line, "\r\n") {
		switch {
		case escape:
			word.WriteRune(c)
			escape = false
		case c == '\\' && quote != '\'':
			escape, inside = true, true
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(c)
		case c == '"' || c == '\'':
			quote, inside = c, true
		case c == '#' && !inside:
			return words, nil
		case c == ' ' || c == '\t':
			if inside {
				words = append(words, word.String())
				word.Reset()
			}
			inside = false
		default:
			word.WriteRune(c)
			inside = true
		}
	}
	if quote != 0 || escape {
		return nil, errors.New("a quotation is not closed, or a backslash is the last character")
	}
	if inside {
		words = append(words, word.String())
	}
	return words, nil
}
