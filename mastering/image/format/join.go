package format

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"sort"

	"glassmaster/mastering/disc"
)

// Joined are files that an image was split into, which are read as one.
type Joined struct {
	parts []Part
	ends  []int64 // offsets after each part
}

// Join returns the parts as one file.
func Join(parts ...Part) *Joined {
	j := &Joined{parts: parts}
	for _, p := range parts {
		j.ends = append(j.ends, j.Size()+p.Size)
	}
	return j
}

// Size returns the number of bytes of all parts.
func (j *Joined) Size() int64 {
	if len(j.ends) == 0 {
		return 0
	}
	return j.ends[len(j.ends)-1]
}

// Files implements the ability of disc.Files.
func (j *Joined) Files() []string {
	var names []string
	for _, p := range j.parts {
		if f, ok := p.ReaderAt.(*os.File); ok {
			names = append(names, f.Name())
		}
	}
	return names
}

// ReadsFile reports whether a file of the host is one of the parts, for disc.ReadsFile.
func (j *Joined) ReadsFile(file fs.FileInfo) bool {
	return slices.ContainsFunc(j.parts, func(p Part) bool { return disc.ReadsFile(p.ReaderAt, file) })
}

// ReadAt implements io.ReaderAt.
func (j *Joined) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	for i := sort.Search(len(j.parts), func(i int) bool { return j.ends[i] > off }); n < len(p) && i < len(j.parts); i++ {
		begin := j.ends[i] - j.parts[i].Size
		want := p[n:min(int64(len(p)), int64(n)+j.ends[i]-off)]
		k, err := j.parts[i].ReadAt(want, off-begin)
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
