package iso

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
)

// firstPart matches the name of the first part of a split image: NAME.001 and NAME.iso.001
// as file splitters number them, and NAME.I00 as ImgBurn and DVD Decrypter do.
var firstPart = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)^(.*\.)(00[01]|I00)$`) })

// maxParts is the largest number of parts.
const maxParts = 999

// parts opens the other files of a split image, of which f is the first one. It returns
// nil if there are none.
func parts(f *format.Files) (io.ReaderAt, int64, error) {
	name := filepath.Base(f.Name())
	m := firstPart().FindStringSubmatch(name)
	if m == nil {
		return nil, 0, nil
	}
	all := joined{{f.ReaderAt, f.Size}}
	for n := range maxParts {
		p, err := f.Beside(m[1] + extension(m[2], n+1))
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			return nil, 0, err
		}
		all = append(all, part{p.ReaderAt, all[len(all)-1].end + p.Size})
	}
	if len(all) == 1 {
		return nil, 0, nil
	}
	return all, all[len(all)-1].end, nil
}

// extension returns the extension of the n-th part after the first one.
func extension(first string, n int) string {
	letter := strings.TrimRight(first, "0123456789")
	number, _ := strconv.Atoi(first[len(letter):])
	return letter + fmt.Sprintf("%0*d", len(first)-len(letter), number+n)
}

// part is one file of a split image.
type part struct {
	io.ReaderAt
	end int64 // offset in the image after the part
}

// joined reads the parts of an image as one file.
type joined []part

// ReadsFile reports whether a file of the host is one of the parts, for disc.ReadsFile.
func (j joined) ReadsFile(file fs.FileInfo) bool {
	return slices.ContainsFunc(j, func(p part) bool {
		return disc.ReadsFile(p.ReaderAt, file)
	})
}

// ReadAt implements io.ReaderAt.
func (j joined) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	for i := sort.Search(len(j), func(i int) bool { return j[i].end > off }); n < len(p) && i < len(j); i++ {
		begin := int64(0)
		if i > 0 {
			begin = j[i-1].end
		}
		want := p[n:min(int64(len(p)), int64(n)+j[i].end-off)]
		k, err := j[i].ReadAt(want, off-begin)
		n, off = n+k, off+int64(k)
		if k < len(want) {
			if err == nil || errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return n, err
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
