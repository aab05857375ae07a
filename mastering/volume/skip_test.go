package volume_test

import (
	"context"
	"errors"
	"io/fs"
	"testing"

	"glassmaster/mastering/volume"
)

// Walk does not return fs.SkipDir, whatever entry it was returned for.
func TestSkipDir(t *testing.T) {
	iso := peer(t, "genisoimage", "-quiet", "-o", "IMAGE", "FOLDER")
	udf := peer(t, "genisoimage", "-quiet", "-udf", "-o", "IMAGE", "FOLDER")
	broken := append([]byte(nil), iso...)
	root := int(broken[16*sector+158])
	clear(broken[root*sector : (root+1)*sector])
	for name, c := range map[string]struct {
		p    []byte
		view string
	}{"ISO 9660": {iso, ""}, "UDF": {udf, "UDF"}, "a damaged root": {broken, ""}} {
		v, err := volume.OpenDisc(context.Background(), discOf(c.p), volume.Options{View: c.view})
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range []fs.FS{v, plainFS{v}} {
			if err := volume.Walk(w, ".", func(*volume.Entry) error { return fs.SkipDir }); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			other := errors.New("other")
			if err := volume.Walk(w, ".", func(*volume.Entry) error { return other }); !errors.Is(err, other) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// plainFS is a file system without a Walk method.
type plainFS struct{ v volume.FS }

func (p plainFS) Open(name string) (fs.File, error)          { return p.v.Open(name) }
func (p plainFS) ReadDir(name string) ([]fs.DirEntry, error) { return p.v.ReadDir(name) }
func (p plainFS) ReadLink(name string) (string, error)       { return p.v.ReadLink(name) }
func (p plainFS) Lstat(name string) (fs.FileInfo, error)     { return p.v.Lstat(name) }
