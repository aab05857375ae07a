package operation

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/volume"
)

// editor carries out operations.
type editor struct {
	ctx     context.Context
	rep     progress.Reporter
	c       *compilation.Compilation
	now     time.Time
	notices []disc.Notice
}

// pair divides an argument at an equals sign. There may be others, in the name of an
// existing file of the host: the last one counts after which left is true.
func pair(argument string, left func(string) bool) (a, b string, ok bool) {
	for i := len(argument) - 1; i > 0; i-- {
		if argument[i] == '=' && left(argument[:i]) {
			return argument[:i], argument[i+1:], true
		}
	}
	return strings.Cut(argument, "=")
}

func exists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}

// add adds files of the host.
func (e *editor) add(argument string) error {
	src, to := argument, "/"
	if !exists(argument) {
		if a, b, ok := pair(argument, exists); ok {
			src, to = a, b
		}
	}
	o := e.c.ScanOptions()
	nodes, notices, err := compilation.Scan(e.ctx, []string{src}, o, e.rep)
	if err != nil {
		return err
	}
	if failed := disc.Errors(notices); len(failed) > 0 {
		return errors.New(failed[0].String())
	}
	dir, name, err := e.target(src, to)
	if err != nil {
		return err
	}
	if name != "" {
		if len(nodes) != 1 {
			return fmt.Errorf("%s stands for the entries of a folder, which cannot have the name of a file: put a slash at the end of %s", src, to)
		}
		nodes[0].Name = name
		if old := dir.Child(name); old != nil && old.IsDir() && !nodes[0].IsDir() {
			return fmt.Errorf("%s is a folder: put a slash at its end to add %s to it", old.Path(), src)
		}
	}
	e.own(dir, nodes)
	if failed := disc.Errors(e.c.Add(dir, nodes)); len(failed) > 0 {
		return errors.New(failed[0].String())
	}
	return nil
}

// target returns the folder that files are added to, which is created if there is none,
// and the new name of a single file, "" if it keeps its own.
func (e *editor) target(src, to string) (dir *tree.Node, name string, err error) {
	contents := strings.HasSuffix(src, "/") || strings.HasSuffix(src, "/.")
	inside := strings.HasSuffix(to, "/")
	if n := e.c.Root().Lookup(to); n != nil && n.IsDir() && (inside || contents) || contents || inside {
		dir, err = e.folder(to)
		return dir, "", err
	}
	up, name := path.Split(path.Clean("/" + to))
	dir, err = e.folder(up)
	return dir, name, err
}

// folder returns a folder, and creates it if there is none.
func (e *editor) folder(p string) (*tree.Node, error) {
	n := e.c.Root()
	for _, part := range strings.Split(path.Clean("/"+p), "/") {
		if part == "" {
			continue
		}
		c := n.Child(part)
		if c == nil {
			c = tree.NewFolder(part, e.now)
			c.Mode, c.UID, c.GID = n.Mode, n.UID, n.GID
			if err := n.Insert(c); err != nil {
				return nil, err
			}
		}
		if !c.IsDir() {
			return nil, fmt.Errorf("%s is not a folder", c.Path())
		}
		n = c
	}
	return n, nil
}

// own gives files that are added the owner of the folder, since the users of this computer
// mean nothing on a disc that others made.
func (e *editor) own(dir *tree.Node, nodes []*tree.Node) {
	for _, n := range nodes {
		_ = n.Walk(func(n *tree.Node) error { // never fails
			n.UID, n.GID = dir.UID, dir.GID
			return nil
		})
	}
}

// replace replaces the contents of a file.
func (e *editor) replace(argument string) error {
	src, to, ok := pair(argument, exists)
	if !ok {
		return &ArgumentError{"it needs SOURCE=PATH"}
	}
	old := e.c.Root().Lookup(to)
	if old == nil {
		return fmt.Errorf("there is no file %s in the image; \"add\" adds one", to)
	}
	if !old.Mode.IsRegular() {
		return fmt.Errorf("%s is not a regular file", to)
	}
	nodes, notices, err := compilation.Scan(e.ctx, []string{src}, compilation.ScanOptions{FollowLinks: true}, e.rep)
	switch {
	case err != nil:
		return err
	case len(disc.Errors(notices)) > 0:
		return errors.New(disc.Errors(notices)[0].String())
	case len(nodes) != 1 || !nodes[0].Mode.IsRegular():
		return fmt.Errorf("%s is not a regular file", src)
	}
	old.SetSource(nodes[0].Source())
	for _, n := range e.names(old) {
		n.Size, n.Modified = nodes[0].Size, nodes[0].Modified
	}
	return nil
}

// names returns all names of a file. For a hard-linked one it reads all folders.
func (e *editor) names(file *tree.Node) []*tree.Node {
	s := file.Shared()
	if s == nil {
		return []*tree.Node{file}
	}
	var list []*tree.Node
	_ = e.c.Root().Walk(func(n *tree.Node) error { // never fails
		if n.Shared() == s {
			list = append(list, n)
		}
		return nil
	})
	return list
}

// rename renames or moves a file or folder.
func (e *editor) rename(argument string) error {
	from, to, ok := pair(argument, func(p string) bool { return e.c.Root().Lookup(p) != nil })
	if !ok {
		return &ArgumentError{"it needs PATH=PATH"}
	}
	n := e.c.Root().Lookup(from)
	if n == nil {
		return fmt.Errorf("there is no %s in the image", from)
	}
	up, name := path.Split(path.Clean("/" + to))
	if d := e.c.Root().Lookup(to); strings.HasSuffix(to, "/") || d != nil && d.IsDir() && d != n {
		up, name = to, n.Name
	}
	dir, err := e.folder(up)
	if err != nil {
		return err
	}
	if n.Contains(dir) {
		return fmt.Errorf("a folder cannot be moved into itself")
	}
	if old := dir.Child(name); old != nil && old != n {
		return fmt.Errorf("%s exists already", old.Path())
	}
	if err := tree.CheckName(name); err != nil {
		return err
	}
	if dir == n.Parent() {
		return e.c.Rename(n, name)
	}
	if err := e.c.Move([]*tree.Node{n}, dir); err == nil {
		return e.c.Rename(n, name)
	}
	// The folder has an entry with the old name.
	n.Detach()
	n.Name = name
	return dir.Insert(n)
}

func (e *editor) mkdir(p string) error {
	if n := e.c.Root().Lookup(p); n != nil {
		return fmt.Errorf("%s exists already", n.Path())
	}
	_, err := e.folder(p)
	return err
}

func (e *editor) label(name string) error {
	e.c.Label = name
	return nil
}

func (e *editor) remove(pattern string) error {
	list, err := e.match(pattern)
	e.c.Remove(list)
	return err
}

// each calls f for the entries that match the part of an argument after the equals sign,
// with the part before it.
func (e *editor) each(argument string, f func(value string, n *tree.Node) error) error {
	value, pattern, ok := strings.Cut(argument, "=")
	if !ok {
		return &ArgumentError{"it needs VALUE=PATTERN"}
	}
	list, err := e.match(pattern)
	for _, n := range list {
		if err := f(value, n); err != nil {
			return err
		}
	}
	return err
}

func (e *editor) chmod(argument string) error {
	return e.each(argument, func(value string, n *tree.Node) error {
		bits, err := strconv.ParseUint(value, 8, 12)
		if err != nil {
			return &ArgumentError{fmt.Sprintf("%q is not an octal number of up to 7777", value)}
		}
		mode := fs.FileMode(bits & 0o777)
		for i, b := range []fs.FileMode{fs.ModeSticky, fs.ModeSetgid, fs.ModeSetuid} {
			if bits&(0o1000<<i) != 0 {
				mode |= b
			}
		}
		n.Mode = n.Mode.Type() | mode
		return nil
	})
}

func (e *editor) chown(argument string) error {
	return e.each(argument, func(value string, n *tree.Node) error {
		user, group, _ := strings.Cut(value, ":")
		for _, c := range []struct {
			text string
			id   *uint32
		}{{user, &n.UID}, {group, &n.GID}} {
			if c.text == "" {
				continue
			}
			k, err := strconv.ParseUint(c.text, 10, 32)
			if err != nil {
				return &ArgumentError{fmt.Sprintf("%q is not the number of a user or group", c.text)}
			}
			*c.id = uint32(k)
		}
		return nil
	})
}

func (e *editor) touch(argument string) error {
	return e.each(argument, func(value string, n *tree.Node) error {
		at, err := parseTime(value, e.now)
		if err != nil {
			return err
		}
		n.Modified = volume.Nanoseconds(at)
		return nil
	})
}

// parseTime reads a time: "now", seconds since 1970 after an @, a date, or a date and a
// time, which is local without a zone.
func parseTime(s string, now time.Time) (time.Time, error) {
	if s == "now" {
		return now, nil
	}
	if n, ok := strings.CutPrefix(s, "@"); ok {
		if k, err := strconv.ParseInt(n, 10, 64); err == nil {
			return time.Unix(k, 0), nil
		}
	}
	for _, form := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02"} {
		if t, err := time.ParseInLocation(form, s, time.Local); err == nil {
			return t, nil
		}
	}
	return time.Time{}, &ArgumentError{fmt.Sprintf("%q is not a time: use 2026-11-28, 2026-11-28T12:00:00Z, @SECONDS or now", s)}
}

func (e *editor) hide(pattern string) error { return e.setHidden(pattern, true) }
func (e *editor) show(pattern string) error { return e.setHidden(pattern, false) }

func (e *editor) setHidden(pattern string, hidden bool) error {
	list, err := e.match(pattern)
	for _, n := range list {
		if isHidden(n) == hidden {
			continue
		}
		x := tree.Extra{}
		if n.Extra() != nil {
			x = *n.Extra()
		}
		x.Hidden = hidden
		n.SetExtra(&x)
	}
	return err
}

func isHidden(n *tree.Node) bool { return n.Extra() != nil && n.Extra().Hidden }
