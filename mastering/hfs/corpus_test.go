package hfs_test

import (
	"maps"
	"os"
	"path/filepath"
	"testing"

	"glassmaster/mastering/image"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/volume"
)

// The volumes in disk images that macOS made have the files that 7-Zip finds in them.
func TestCorpus(t *testing.T) {
	images, _ := filepath.Glob("../../../shared/corpus/*/test/data/*.dmg")
	if len(images) == 0 {
		t.Skip("the corpus is not here")
	}
	compared := 0
	for _, path := range images {
		d, _, err := image.Open(t.Context(), path)
		if err != nil {
			continue
		}
		v, err := volume.OpenDisc(t.Context(), d, volume.Options{})
		if err != nil || v.Volume().View != "HFS Plus" {
			d.Close()
			continue
		}
		path, _ := filepath.Abs(path)
		dir := t.TempDir()
		peertest.Run(t, dir, "7z", "x", "-y", path)
		folders, err := os.ReadDir(dir)
		if err != nil || len(folders) != 1 {
			t.Fatalf("%s: 7-Zip extracts %v, %v", path, folders, err)
		}
		want := map[string]string{}
		root := filepath.Join(dir, folders[0].Name())
		err = filepath.Walk(root, func(p string, info os.FileInfo, err error) error {
			if err != nil || !info.Mode().IsRegular() {
				return err
			}
			name, _ := filepath.Rel(root, p)
			text, err := os.ReadFile(p)
			want[filepath.ToSlash(name)] = string(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := contents(t, v); !maps.Equal(got, want) || len(want) == 0 {
			t.Errorf("%s: %d files, 7-Zip finds %d", path, len(got), len(want))
		}
		compared++
		d.Close()
	}
	if compared == 0 {
		t.Error("no image of the corpus has an HFS Plus volume")
	}
}
