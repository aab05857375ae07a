package edit

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/tree"
)

// maxSums is the maximum size of a file of checksums that is refreshed, in bytes. Larger
// ones are not read into memory.
const maxSums = 64 << 20

// sumFile is a file of checksums in an image, as sha256sum and similar programs write it.
type sumFile struct {
	node  *tree.Node
	lines [][]byte
	index map[string]int // of the lines, by the paths from the root of the image
	all   bool           // it lists the files of the whole image: new ones are added
}

// newHash returns the hash of a checksum of n hexadecimal digits, nil if there is none.
func newHash(n int) hash.Hash {
	switch n / 2 {
	case md5.Size:
		return md5.New()
	case sha1.Size:
		return sha1.New()
	case sha256.Size:
		return sha256.New()
	case sha512.Size384:
		return sha512.New384()
	case sha512.Size:
		return sha512.New()
	}
	return nil
}

// isSumFile reports whether a name is one that files of checksums usually have:
// SHA256SUMS, md5sum.txt, airootfs.sha512.
func isSumFile(name string) bool {
	s := strings.TrimSuffix(strings.ToLower(name), ".txt")
	for _, kind := range []string{"md5", "sha1", "sha256", "sha384", "sha512"} {
		if s == kind+"sum" || s == kind+"sums" || strings.HasSuffix(s, "."+kind) {
			return true
		}
	}
	return false
}

// refreshSums corrects the files of checksums in the root of the image, and in the folders
// of the files that have changed. Files of checksums that were edited themselves stay as
// they are.
func (u *updating) refreshSums() error {
	found := map[*tree.Node]*sumFile{}
	for _, c := range u.plan.Changes {
		if c.Node == nil || c.Kind == Attributes {
			continue
		}
		for _, dir := range []string{"/", path.Dir(c.Path)} {
			if err := u.findSums(dir, found); err != nil {
				return err
			}
		}
	}
	var renewed []*tree.Node
	for _, s := range inOrder(found) {
		changed, err := u.refresh(s, renewed)
		if err == nil && changed {
			renewed = append(renewed, s.node)
			err = u.add(s.node)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// inOrder returns files of checksums so that each comes after those that it lists.
func inOrder(found map[*tree.Node]*sumFile) []*sumFile {
	var left, list []*sumFile
	for _, s := range found {
		if s != nil {
			left = append(left, s)
		}
	}
	slices.SortFunc(left, func(a, b *sumFile) int { return strings.Compare(a.node.Path(), b.node.Path()) })
	for len(left) > 0 {
		next := max(slices.IndexFunc(left, func(s *sumFile) bool { return !s.lists(left) }), 0) // 0: they list each other
		list = append(list, left[next])
		left = slices.Delete(left, next, next+1)
	}
	return list
}

// lists reports whether a file of checksums has lines of others.
func (s *sumFile) lists(others []*sumFile) bool {
	return slices.ContainsFunc(others, func(o *sumFile) bool {
		_, ok := s.index[o.node.Path()]
		return ok && o != s
	})
}

// findSums adds the files of checksums in a folder.
func (u *updating) findSums(dir string, found map[*tree.Node]*sumFile) error {
	folder := u.root.Lookup(dir)
	if folder == nil || !folder.IsDir() {
		return nil
	}
	for _, n := range folder.Children() {
		if _, known := found[n]; known || !n.Mode.IsRegular() || !isSumFile(n.Name) || n.Size > maxSums || n.Origin() == nil || !n.SameContents() {
			continue
		}
		s, err := readSums(n)
		if err != nil {
			return err
		}
		found[n] = s
	}
	return nil
}

// readSums reads a file of checksums. It returns nil if it has no line of a checksum.
func readSums(n *tree.Node) (*sumFile, error) {
	if n.Size == 0 {
		return nil, nil
	}
	b, err := contentsOf(n)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", n.Path(), err)
	}
	s := &sumFile{node: n, index: map[string]int{}}
	dir := path.Dir(n.Path())
	for line := range bytes.Lines(b) {
		if name, _, ok := parseSum(line); ok {
			s.index[path.Join(dir, name)] = len(s.lines)
		}
		s.lines = append(s.lines, line)
	}
	if len(s.index) == 0 {
		return nil, nil
	}
	s.all = n.Parent().Parent() == nil && len(s.index) > 1
	return s, nil
}

func contentsOf(n *tree.Node) ([]byte, error) {
	r, err := layout.OpenSource(n.Source(), n.Size)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b := make([]byte, n.Size)
	if k, err := r.ReadAt(b, 0); k < len(b) {
		return nil, err
	}
	return b, nil
}

// parseSum returns the path and the number of digits of a line such as sha256sum writes:
// the checksum, a space, a space or an asterisk, the path.
func parseSum(line []byte) (name string, digits int, ok bool) {
	text := strings.TrimRight(string(line), "\r\n")
	escaped := strings.HasPrefix(text, `\`)
	sum, name, ok := strings.Cut(strings.TrimPrefix(text, `\`), " ")
	if !ok || len(name) < 2 || name[0] != ' ' && name[0] != '*' || newHash(len(sum)) == nil {
		return "", 0, false
	}
	if _, err := hex.DecodeString(sum); err != nil {
		return "", 0, false
	}
	name = name[1:]
	if escaped {
		name = strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\r`, "\r").Replace(name)
	}
	return name, len(sum), true
}

// refresh corrects the lines of the files that have changed, and of other files of checksums
// that were corrected, and reports whether there are any.
func (u *updating) refresh(s *sumFile, renewed []*tree.Node) (changed bool, err error) {
	for _, n := range renewed {
		done, err := u.sum(s, n.Path(), n.Path())
		if err != nil {
			return false, err
		}
		changed = changed || done
	}
	for _, c := range u.plan.Changes {
		done := false
		switch c.Kind {
		case Removed:
			done = s.remove(c.Path, c.Node.IsDir())
		case Replaced:
			done, err = u.sum(s, c.Path, c.Path)
		case Added:
			if s.all {
				done, err = u.sum(s, "", c.Path)
			}
		case Moved:
			done = s.move(c.From, c.Path)
		}
		if err != nil {
			return false, err
		}
		changed = changed || done
	}
	if !changed {
		return false, nil
	}
	text := bytes.Join(s.lines, nil)
	s.node.SetSource(layout.Bytes(text))
	s.node.Size, s.node.Modified = int64(len(text)), u.at.UnixNano()
	u.notice(disc.Notice{Severity: disc.Info, Path: s.node.Path(), Text: "its checksums are corrected"})
	for _, end := range []string{".gpg", ".asc", ".sig", ".sign"} {
		if s.node.Parent().Child(s.node.Name+end) != nil {
			u.notice(disc.Notice{
				Severity: disc.Warning, Path: s.node.Path() + end,
				Text: "this signature does not match the corrected checksums: remove it, or sign them again",
			})
		}
	}
	return true, nil
}

// remove drops the lines of a file, or of all files in a folder.
func (s *sumFile) remove(p string, folder bool) (done bool) {
	for q, i := range s.index {
		if q == p || folder && strings.HasPrefix(q, p+"/") {
			s.lines[i], done = nil, true
			delete(s.index, q)
		}
	}
	return done
}

// sum writes the line of a file, in the place of that of a path, or at the end if there is
// none or no path is given.
func (u *updating) sum(s *sumFile, old, p string) (bool, error) {
	n := u.root.Lookup(p)
	if n == nil || n.IsDir() {
		return u.sumBelow(s, n)
	}
	i, known := s.index[old]
	if !n.Mode.IsRegular() || n == s.node || !known && old != "" {
		return false, nil
	}
	model := s.model(i, known)
	_, digits, _ := parseSum(model)
	h := newHash(digits)
	if err := u.hash(h, n); err != nil {
		return false, fmt.Errorf("compute the checksum of %s: %w", p, err)
	}
	line := lineLike(model, hex.EncodeToString(h.Sum(nil)), s.relative(p))
	if known {
		s.lines[i] = line
	} else {
		i = len(s.lines)
		s.lines = append(s.lines, line)
	}
	delete(s.index, old)
	s.index[p] = i
	return true, nil
}

// sumBelow adds the files of a folder that was added.
func (u *updating) sumBelow(s *sumFile, dir *tree.Node) (done bool, err error) {
	if dir == nil {
		return false, nil
	}
	for _, c := range dir.Children() {
		did, err := u.sum(s, "", c.Path())
		if err != nil {
			return done, err
		}
		done = done || did
	}
	return done, nil
}

// move corrects the paths of a file or folder that was moved. It drops those that are no
// longer below the folder of the file of checksums.
func (s *sumFile) move(from, to string) (done bool) {
	dir := strings.TrimSuffix(s.node.Parent().Path(), "/") + "/"
	for q, i := range maps.Clone(s.index) {
		rest, found := strings.CutPrefix(q, from)
		if !found || rest != "" && rest[0] != '/' {
			continue
		}
		done = true
		delete(s.index, q)
		if !strings.HasPrefix(to+rest, dir) {
			s.lines[i] = nil
			continue
		}
		sum, _, _ := strings.Cut(strings.TrimPrefix(string(s.lines[i]), `\`), " ")
		s.lines[i] = lineLike(s.lines[i], sum, s.relative(to+rest))
		s.index[to+rest] = i
	}
	return done
}

// model returns the line whose form a new one takes: the old one, or any other.
func (s *sumFile) model(i int, known bool) []byte {
	if known {
		return s.lines[i]
	}
	for _, line := range s.lines {
		if _, _, ok := parseSum(line); ok {
			return line
		}
	}
	return nil
}

// relative returns a path as the lines of the file have it.
func (s *sumFile) relative(p string) string {
	return strings.TrimPrefix(p[len(s.node.Parent().Path()):], "/")
}

// lineLike returns a line in the form of another one: with or without "./", for text or
// binary.
func lineLike(model []byte, sum, name string) []byte {
	old, _, _ := parseSum(model)
	if strings.HasPrefix(old, "./") {
		name = "./" + name
	}
	_, rest, _ := strings.Cut(strings.TrimPrefix(string(model), `\`), " ")
	escape := ""
	if strings.ContainsAny(name, "\\\n\r") {
		escape = `\`
		name = strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`).Replace(name)
	}
	end := "\n"
	if bytes.HasSuffix(model, []byte("\r\n")) {
		end = "\r\n"
	}
	return fmt.Appendf(nil, "%s%s %c%s%s", escape, sum, rest[0], name, end)
}

// hash adds the contents of a file, as they will be in the image, to a hash.
func (u *updating) hash(h hash.Hash, n *tree.Node) error {
	src := u.sources[n]
	if src == nil {
		src = n.Source()
	}
	if n.Size == 0 || src == nil {
		return nil
	}
	r, err := layout.OpenSource(src, n.Size)
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = io.CopyBuffer(h, io.NewSectionReader(r, 0, n.Size), make([]byte, 128<<10))
	return err
}
