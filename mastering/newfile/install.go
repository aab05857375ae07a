package newfile

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Install moves the complete files of a folder to another folder of the same file system,
// where they replace those of an image, and gives them permissions. main is the name of the
// main file, and old are the paths of the files of the image that is replaced, which must be
// closed: any other file that has one of the names is an error. If it fails, the files that
// existed are those from before.
func Install(from, to, main string, old []string, mode fs.FileMode) error {
	list, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	s := &Set{path: filepath.Join(to, main)}
	defer s.Discard()
	for _, e := range list {
		f := pending{path: filepath.Join(to, e.Name())}
		if info, err := os.Stat(f.path); err == nil {
			if e.Name() != main && !slices.ContainsFunc(old, func(path string) bool { return isFile(path, info) }) {
				return fmt.Errorf("the new image would replace %s, which is not a file of the old one: move it away, or save the image under another name", f.path)
			}
			f.exists = true
		}
		if err := os.Chmod(filepath.Join(from, e.Name()), mode); err != nil {
			return err
		}
		if f.File, err = os.Open(filepath.Join(from, e.Name())); err != nil {
			return err
		}
		if s.files = append(s.files, f); e.Name() == main { // Commit renames it last
			s.files[0], s.files[len(s.files)-1] = f, s.files[0]
		}
	}
	if err := s.Commit(); err != nil {
		return fmt.Errorf("the new image was written, but could not replace the old one: %w", err)
	}
	return nil
}

// isFile reports whether a path is that of a file.
func isFile(path string, file fs.FileInfo) bool {
	info, err := os.Stat(path)
	return err == nil && os.SameFile(info, file)
}
