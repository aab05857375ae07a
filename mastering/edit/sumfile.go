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
	"path"
	"strings"

	"glassmaster/mastering/layout"
	"glassmaster/mastering/tree"
)

// maxSums is the maximum size of a file of checksums that is refreshed, in bytes. Larger
// ones are not read into memory.
const maxSums = 64 << 20

// sumFile is a file of checksums in an image, as sha256sum and similar programs write it.
type sumFile struct {
	node  *tree.Node
	lines []sumLine
	model []byte // a line of a checksum, whose form new lines take
	all   bool   // it lists the files of the whole image: new ones are added
}

// sumLine is a line of a file of checksums.
type sumLine struct {
	text []byte
	path string // of its file when the image was made, from the root; empty if the line has no checksum
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

// readSums reads a file of checksums. It returns nil if it has no line of a checksum.
func readSums(n *tree.Node) (*sumFile, error) {
	if n.Size == 0 {
		return nil, nil
	}
	b, err := contentsOf(n)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", n.Path(), err)
	}
	s := &sumFile{node: n}
	dir := path.Dir(n.Origin().Path())
	sums := 0
	for text := range bytes.Lines(b) {
		line := sumLine{text: text}
		if name, _, ok := parseSum(text); ok {
			line.path = path.Join(dir, name)
			s.model = text
			sums++
		}
		s.lines = append(s.lines, line)
	}
	if sums == 0 {
		return nil, nil
	}
	s.all = n.Parent().Parent() == nil && sums > 1
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

// covers reports whether a path is below the folder of the file.
func (s *sumFile) covers(p string) bool {
	return strings.HasPrefix(p, strings.TrimSuffix(s.node.Parent().Path(), "/")+"/")
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
