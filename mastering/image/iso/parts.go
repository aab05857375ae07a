package iso

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"sync"

	"glassmaster/mastering/image/format"
)

// numbered matches the name of the first part of a split image: NAME.001 or
// NAME.iso.001 as file splitters number them, NAME.I00 as ImgBurn and DVD Decrypter do.
var numbered = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)^(.*\.)(00[01]|I00)$`) })

// mostParts is how many parts the names can number.
const mostParts = 999

// parts opens the other files of a split image, of which f is the first one. It returns
// nil where there are none.
func parts(f *format.Files) (io.ReaderAt, int64, error) {
	name := filepath.Base(f.Name())
	m := numbered().FindStringSubmatch(name)
	if m == nil {
		return nil, 0, nil
	}
	all := joined{{f.File, f.Size}}
	for n := range mostParts {
		file, size, err := f.Beside(m[1] + following(m[2], n+1))
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			return nil, 0, err
		}
		all = append(all, part{file, all[len(all)-1].end + size})
	}
	if len(all) == 1 {
		return nil, 0, nil
	}
	return all, all[len(all)-1].end, nil
}

// following returns the extension of a part that comes n behind the first one.
func following(first string, n int) string {
	letter := strings.TrimRight(first, "0123456789")
	number, _ := strconv.Atoi(first[len(letter):])
	return letter + fmt.Sprintf("%0*d", len(first)-len(letter), number+n)
}

// part is one file of a split image.
type part struct {
	*os.File
	end int64 // of the image, behind the part
}

// joined reads the parts of an image as one.
type joined []part

// ReadAt implements io.ReaderAt.
func (j joined) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	for i := sort.Search(len(j), func(i int) bool { return j[i].end > off }); n < len(p) && i < len(j); i++ {
		begin := int64(0)
		if i > 0 {
			begin = j[i-1].end
		}
		want := p[n:min(int64(len(p)), int64(n)+j[i].end-off)]
		k, err := j[i].File.ReadAt(want, off-begin)
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
