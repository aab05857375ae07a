package volume_test

import (
	"errors"
	"io"
	"io/fs"
	"testing"
	"testing/fstest"

	"glassmaster/mastering/volume"
)

// A folder that is damaged after its third entry returns three entries, then the error.
func TestOpenFolder(t *testing.T) {
	damaged := errors.New("damaged")
	files := fstest.MapFS{"a": {}, "b": {}, "c": {}}
	reads := 0
	read := func() ([]fs.DirEntry, error) {
		reads++
		list, err := files.ReadDir(".")
		return list, errors.Join(err, damaged)
	}
	type reply struct {
		entries int
		err     error
	}
	for _, c := range []struct {
		n    int
		want []reply
	}{
		{-1, []reply{{3, damaged}, {0, nil}}},
		{2, []reply{{2, nil}, {1, nil}, {0, damaged}, {0, io.EOF}}},
		{3, []reply{{3, nil}, {0, damaged}, {0, io.EOF}}},
		{5, []reply{{3, nil}, {0, damaged}, {0, io.EOF}}},
	} {
		d := volume.OpenFolder("x", nil, read)
		reads = 0
		for i, want := range c.want {
			list, err := d.ReadDir(c.n)
			if len(list) != want.entries || !errors.Is(err, want.err) {
				t.Errorf("ReadDir(%d), call %d: %d entries, %v; want %d, %v", c.n, i, len(list), err, want.entries, want.err)
			}
		}
		if reads != 1 {
			t.Errorf("ReadDir(%d): the entries were read %d times", c.n, reads)
		}
		var wrong *fs.PathError
		if _, err := d.Read(nil); !errors.As(err, &wrong) || wrong.Path != "x" {
			t.Errorf("Read: %v", err)
		}
	}
}
