package compilation

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/master"
	"glassmaster/mastering/newfile"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/volume"
)

// Extension is the file extension of a saved compilation.
const Extension = ".glassmaster"

// IsFile reports whether a file is a saved compilation by its name.
func IsFile(name string) bool { return strings.EqualFold(filepath.Ext(name), Extension) }

// A saved compilation is JSON. Folders list their entries. A file with the same name on the
// host, in the host folder that most entries come from, is listed by its name alone.
const (
	formatName    = "glassmaster compilation"
	formatVersion = 1
)

type project struct {
	Format   string          `json:"format"`
	Version  int             `json:"version"`
	Label    string          `json:"label,omitempty"`
	Options  *master.Options `json:"options,omitempty"`
	Contents *Contents       `json:"contents,omitempty"`
	UDFOnly  bool            `json:"udfOnly,omitempty"`
	Exclude  []string        `json:"exclude,omitempty"`
	Root     item            `json:"root"`
}

// item is one entry of a saved tree.
type item struct {
	Name     hostText    `json:"name,omitempty"`
	From     hostText    `json:"from,omitempty"` // path on the host; of a folder: of the entries listed by name
	Data     []byte      `json:"data,omitempty"` // contents without a file
	Link     hostText    `json:"link,omitempty"` // target of a symbolic link
	Device   uint64      `json:"device,omitempty"`
	Mode     string      `json:"mode,omitempty"` // "d0755", of entries without a file on the host
	Modified *time.Time  `json:"modified,omitempty"`
	UID      uint32      `json:"uid,omitempty"`
	GID      uint32      `json:"gid,omitempty"`
	Extra    *tree.Extra `json:"extra,omitempty"`
	Entries  []entryRef  `json:"entries,omitempty"`
}

// entryRef is an item, or the name of a file in the From of its folder.
type entryRef struct {
	name string
	item *item
}

func (e entryRef) MarshalJSON() ([]byte, error) {
	if e.item == nil {
		return json.Marshal(e.name)
	}
	return json.Marshal(e.item)
}

func (e *entryRef) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &e.name)
	}
	e.item = new(item)
	return json.Unmarshal(b, e.item)
}

// Save writes the compilation to a file, which has the paths of the files, and not their
// contents.
func (c *Compilation) Save(path string) error {
	p := project{Format: formatName, Version: formatVersion, Label: c.Label, UDFOnly: c.Options.UDFOnly, Exclude: c.Exclude}
	o := c.Options
	o.UDFOnly = false // it is kept beside the options
	if !reflect.DeepEqual(o, master.Options{}) {
		o.Boot = resolveBoot(o.Boot, absolute)
		p.Options = &o
	}
	if !reflect.DeepEqual(c.Contents, Contents{}) {
		o := c.Contents
		p.Contents = &o
	}
	root, err := saveItem(c.root)
	if err != nil {
		return fmt.Errorf("save compilation %s: %w", path, err)
	}
	p.Root = *root
	b, err := json.MarshalIndent(p, "", "\t")
	if err != nil {
		return fmt.Errorf("save compilation %s: %w", path, err)
	}
	return newfile.Write(path, func(f *os.File) error {
		_, err := f.Write(append(b, '\n'))
		return err
	})
}

func saveItem(n *tree.Node) (*item, error) {
	t := n.ModTime().UTC()
	it := &item{Name: hostText(n.Name), UID: n.UID, GID: n.GID, Extra: n.Extra()}
	switch {
	case n.IsDir():
		it.Mode, it.Modified = modeText(n.Mode), &t
		from := commonFolder(n)
		it.From = hostText(from)
		for _, c := range n.Children() {
			if f, ok := c.Source().(*layout.File); ok && from != "" && f.Folder.Path == from && f.Name == c.Name && utf8.ValidString(c.Name) {
				it.Entries = append(it.Entries, entryRef{name: c.Name})
				continue
			}
			sub, err := saveItem(c)
			if err != nil {
				return nil, err
			}
			it.Entries = append(it.Entries, entryRef{item: sub})
		}
	case n.Mode.IsRegular():
		switch s := n.Source().(type) {
		case *layout.File:
			return &item{Name: hostText(n.Name), From: hostText(s.Path())}, nil
		case layout.Bytes:
			it.Mode, it.Modified, it.Data = modeText(n.Mode), &t, s
		default:
			return nil, fmt.Errorf("%s comes from %v, not from a file of this computer; save an image instead", n.Path(), s)
		}
	default:
		it.Mode, it.Modified, it.Link, it.Device = modeText(n.Mode), &t, hostText(n.Target()), n.Device()
	}
	return it, nil
}

// commonFolder returns the host folder of most files of a folder.
func commonFolder(n *tree.Node) string {
	count := map[*layout.Folder]int{}
	best, folder := 0, ""
	for _, c := range n.Children() {
		f, ok := c.Source().(*layout.File)
		if !ok || f.Name != c.Name {
			continue
		}
		if count[f.Folder]++; count[f.Folder] > best {
			best, folder = count[f.Folder], f.Folder.Path
		}
	}
	return folder
}

// Load reads a saved compilation. Files that no longer exist are left out, with notices.
func Load(path string) (*Compilation, []disc.Notice, error) {
	// Opening a pipe would block until another program writes to it.
	if s, err := os.Stat(path); err == nil && !s.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("load compilation %s: it is not a regular file", path)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, fmt.Errorf("load compilation: %w", err)
	}
	p, err := decode(b)
	if err != nil {
		return nil, nil, fmt.Errorf("load compilation %s: %w", path, err)
	}
	l := &loader{base: filepath.Dir(path), scanner: scanner{shared: map[fileID]*tree.Shared{}}}
	c := &Compilation{Label: p.Label, Exclude: p.Exclude}
	if p.Options != nil {
		c.Options = *p.Options
		c.Options.Boot = resolveBoot(c.Options.Boot, l.path)
	}
	c.Options.UDFOnly = p.UDFOnly
	l.o = c.ScanOptions()
	if p.Contents != nil {
		c.Contents = *p.Contents
	}
	p.Root.Name = ""
	if c.root, err = l.folder(&p.Root); err != nil {
		return nil, nil, fmt.Errorf("load compilation %s: %w", path, err)
	}
	l.unlinkSingles()
	return c, l.notices, nil
}

// decode reads a saved compilation. It checks the version first, since a newer version may
// have a different structure.
func decode(b []byte) (p project, err error) {
	var head struct {
		Format  string `json:"format"`
		Version int    `json:"version"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return p, fmt.Errorf("it is damaged, or not a saved compilation: %w", err)
	}
	if head.Format != formatName {
		return p, errors.New("it is not a saved compilation")
	}
	if head.Version > formatVersion {
		return p, fmt.Errorf("it was saved by a newer Glassmaster (version %d of the format; this program reads versions up to %d)", head.Version, formatVersion)
	}
	if err := json.Unmarshal(b, &p); err != nil {
		return p, fmt.Errorf("it is damaged: %w", err)
	}
	return p, nil
}

// loader creates nodes from saved items.
type loader struct {
	scanner
	base string // relative paths are relative to it
}

func (l *loader) folder(it *item) (*tree.Node, error) {
	n := tree.NewFolder(string(it.Name), time.Time{})
	if err := l.attributes(n, it, fs.ModeDir|0o755); err != nil {
		return nil, err
	}
	dir := &layout.Folder{Path: l.path(string(it.From))}
	seen := make(map[string]bool, len(it.Entries))
	for _, e := range it.Entries {
		c, err := l.entry(dir, e)
		if err != nil {
			return nil, err
		}
		if c == nil {
			continue
		}
		if err := tree.CheckName(c.Name); err != nil {
			return nil, err
		}
		if seen[c.Name] {
			return nil, fmt.Errorf("folder %q has two entries named %q", it.Name, c.Name)
		}
		seen[c.Name] = true
		n.Append(c)
	}
	return n, nil
}

// entry creates the node of one entry, or none if its file no longer exists.
func (l *loader) entry(dir *layout.Folder, e entryRef) (*tree.Node, error) {
	switch it := e.item; {
	case it == nil:
		return l.file(dir, e.name, e.name), nil
	case strings.HasPrefix(it.Mode, "d"):
		return l.folder(it)
	case it.From != "":
		from := l.path(string(it.From))
		d, name := filepath.Split(from)
		return l.file(&layout.Folder{Path: filepath.Clean(d)}, name, string(it.Name)), nil
	default:
		return l.other(it)
	}
}

// file creates the node of a file of the host.
func (l *loader) file(dir *layout.Folder, name, as string) *tree.Node {
	path := join(dir.Path, name)
	st, err := lstat(path, true)
	if err == nil && !st.mode.IsRegular() {
		err = errors.New("it is no longer a regular file")
	}
	if err != nil {
		l.failed(path, err)
		return nil
	}
	n, err := l.node(dir, name, st, path)
	if err != nil {
		l.failed(path, err)
		return nil
	}
	n.Name = as
	return n
}

// other creates the node of an entry without a file: data, a link, a device.
func (l *loader) other(it *item) (*tree.Node, error) {
	mode, err := parseMode(it.Mode)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", it.Name, err)
	}
	var content any
	switch {
	case mode.IsRegular():
		content = layout.Bytes(it.Data)
	case mode&fs.ModeSymlink != 0:
		content = tree.Symlink(it.Link)
	case mode&fs.ModeDevice != 0:
		content = tree.Device(it.Device)
	}
	n := tree.NewNode(string(it.Name), mode, content)
	n.Size = int64(len(it.Data))
	return n, l.attributes(n, it, mode)
}

func (l *loader) attributes(n *tree.Node, it *item, mode fs.FileMode) error {
	if it.Mode != "" {
		m, err := parseMode(it.Mode)
		if err != nil {
			return fmt.Errorf("%q: %w", it.Name, err)
		}
		if m.IsDir() != mode.IsDir() {
			return fmt.Errorf("%q has mode %s", it.Name, it.Mode)
		}
		mode = m
	}
	n.Mode, n.UID, n.GID = mode, it.UID, it.GID
	n.SetExtra(it.Extra)
	if it.Modified != nil {
		n.Modified = volume.Nanoseconds(*it.Modified)
	}
	return nil
}

func (l *loader) path(p string) string {
	if p == "" || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(l.base, p)
}

// modeTypes are the letters of file types, as in the output of ls.
var modeTypes = [...]struct {
	letter byte
	mode   fs.FileMode
}{
	{'-', 0},
	{'d', fs.ModeDir},
	{'l', fs.ModeSymlink},
	{'b', fs.ModeDevice},
	{'c', fs.ModeDevice | fs.ModeCharDevice},
	{'p', fs.ModeNamedPipe},
	{'s', fs.ModeSocket},
}

// modeType returns the file type of a letter.
func modeType(letter byte) (fs.FileMode, bool) {
	for _, t := range modeTypes {
		if t.letter == letter {
			return t.mode, true
		}
	}
	return 0, false
}

// modeText returns a mode as a letter and octal digits: "d0755".
func modeText(m fs.FileMode) string {
	letter := byte('-')
	for _, t := range modeTypes {
		if m&fs.ModeType == t.mode {
			letter = t.letter
		}
	}
	bits := uint32(m.Perm())
	for i, b := range []fs.FileMode{fs.ModeSticky, fs.ModeSetgid, fs.ModeSetuid} {
		if m&b != 0 {
			bits |= 0o1000 << i
		}
	}
	return fmt.Sprintf("%c%04o", letter, bits)
}

func parseMode(s string) (fs.FileMode, error) {
	var bits uint32
	if len(s) < 2 {
		return 0, fmt.Errorf("mode %q: want a letter and octal digits", s)
	}
	mode, ok := modeType(s[0])
	if _, err := fmt.Sscanf(s[1:], "%o", &bits); err != nil || !ok || bits > 0o7777 {
		return 0, fmt.Errorf("mode %q: want a letter and octal digits", s)
	}
	mode |= fs.FileMode(bits & 0o777)
	for i, b := range []fs.FileMode{fs.ModeSticky, fs.ModeSetgid, fs.ModeSetuid} {
		if bits&(0o1000<<i) != 0 {
			mode |= b
		}
	}
	return mode, nil
}
