package model

import (
	"io/fs"
	"testing"
	"testing/fstest"
	"time"

	"glassmaster/mastering/tree"
	"glassmaster/mastering/volume"
)

// circle is a volume whose only folder contains itself.
type circle struct{}

func (circle) Open(string) (fs.File, error)      { return nil, fs.ErrNotExist }
func (circle) Stat(string) (fs.FileInfo, error)  { return nil, fs.ErrNotExist }
func (circle) Lstat(string) (fs.FileInfo, error) { return nil, fs.ErrNotExist }
func (circle) ReadLink(string) (string, error)   { return "", fs.ErrNotExist }
func (circle) Volume() volume.Info               { return volume.Info{} }
func (circle) ReadDir(string) ([]fs.DirEntry, error) {
	return fs.ReadDir(fstest.MapFS{"again": {Mode: fs.ModeDir | 0o755}}, ".")
}

func TestFoldersInACircle(t *testing.T) {
	var folders int
	var last error
	err := readFolders(t.Context(), circle{}, tree.NewFolder("", time.Unix(0, 0)), func(ready []batch) {
		for _, b := range ready {
			folders += len(b.children)
			last = b.err
		}
	})
	if err != nil || folders != maxDepth+1 || last == nil {
		t.Errorf("%d folders, %v, the deepest says %v", folders, err, last)
	}
}
