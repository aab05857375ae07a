package iso9660

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/volume"
)

// TestCorpus opens, walks and reads every image of a collection, if there is one beside
// the repository. Damaged images may give errors, but no panic, and only those whose
// names say that they are bad may fail to open.
func TestCorpus(t *testing.T) {
	var images []string
	root := filepath.Join("..", "..", "..", "shared", "corpus")
	_ = filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".iso") {
			images = append(images, path)
		}
		return nil
	})
	if len(images) == 0 {
		t.Skip("there is no collection")
	}
	for _, path := range images {
		t.Run(filepath.Base(path), func(t *testing.T) { readAll(t, path) })
	}
}

// readAll reads everything of an image in every view.
func readAll(t *testing.T, path string) {
	f, err := os.Open(path)
	isotest.Must(t, err)
	defer f.Close()
	info, err := f.Stat()
	isotest.Must(t, err)
	v, err := Open(f, info.Size(), volume.Options{})
	if err != nil {
		name := filepath.Base(path)
		if !errors.Is(err, volume.ErrUnknown) && !strings.HasPrefix(name, "bad") && !strings.HasPrefix(name, "malformed") {
			t.Error(err)
		}
		t.Log(err)
		return
	}
	for _, view := range v.Volume().Views {
		v, err := Open(f, info.Size(), volume.Options{View: view})
		isotest.Must(t, err)
		files, bytes, bad := 0, int64(0), 0
		_ = v.Walk(".", func(e *volume.Entry) error {
			files++
			if e.Err != nil {
				t.Logf("%s: %v", view, e.Err)
				bad++
			}
			if !e.Mode.IsRegular() || e.Err != nil {
				return nil
			}
			g, err := v.Open(string(e.Path))
			if err == nil {
				n, rerr := io.Copy(io.Discard, g)
				bytes += n
				err = rerr
			}
			if err != nil {
				t.Logf("%s: %s: %v", view, e.Path, err)
				bad++
			}
			return nil
		})
		found, err := v.Check(t.Context())
		isotest.Must(t, err)
		for _, d := range found {
			t.Log(d)
		}
		t.Logf("%s: %d entries, %d bytes, %d bad; %+v", view, files, bytes, bad, v.Volume())
	}
}
