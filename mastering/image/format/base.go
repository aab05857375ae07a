package format

import (
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf16"

	"glassmaster/mastering/disc"
)

// Name16 returns a text in UTF-16, little-endian, up to its first NUL: a name in a binary
// descriptor.
func Name16(p []byte) string {
	var u []uint16
	for ; len(p) >= 2 && binary.LittleEndian.Uint16(p) != 0; p = p[2:] {
		u = append(u, binary.LittleEndian.Uint16(p))
	}
	return string(utf16.Decode(u))
}

// FindBase opens another file of the image like Find, but looks in the folder of the named
// one even if name is a path: descriptors in binary formats often contain the whole path
// that the file had when the image was made. The notices say what was used instead.
func (f *Files) FindBase(name string) (Part, []disc.Notice, error) {
	var list []disc.Notice
	base := name[strings.LastIndexAny(name, `:\/`)+1:]
	if base != name {
		list = append(list, disc.Notice{Severity: disc.Warning, Text: fmt.Sprintf("The image names its data file %q, which is looked for in the folder of the image.", name)})
	}
	p, n, err := f.Find(base)
	if n.Text != "" {
		list = append(list, n)
	}
	return p, list, err
}
