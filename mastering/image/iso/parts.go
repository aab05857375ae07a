package iso

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"glassmaster/mastering/image/format"
)

// firstPart matches the name of the first part of a split image: NAME.001 and NAME.iso.001
// as file splitters number them, and NAME.I00 as ImgBurn and DVD Decrypter do.
var firstPart = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)^(.*\.)(00[01]|I00)$`) })

// maxParts is the largest number of parts.
const maxParts = 999

// parts opens the other files of a split image, of which f is the first one. It returns
// nil if there are none.
func parts(f *format.Files) (*format.Joined, error) {
	name := filepath.Base(f.Name())
	m := firstPart().FindStringSubmatch(name)
	if m == nil {
		return nil, nil
	}
	all := []format.Part{{ReaderAt: f.ReaderAt, Size: f.Size}}
	for n := range maxParts {
		p, err := f.Beside(m[1] + extension(m[2], n+1))
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	if len(all) == 1 {
		return nil, nil
	}
	return format.Join(all...), nil
}

// extension returns the extension of the n-th part after the first one.
func extension(first string, n int) string {
	letter := strings.TrimRight(first, "0123456789")
	number, _ := strconv.Atoi(first[len(letter):])
	return letter + fmt.Sprintf("%0*d", len(first)-len(letter), number+n)
}
