//go:build !linux || !(amd64 || arm64)

package compilation

import (
	"io/fs"
	"os"
	"path/filepath"

	"glassmaster/mastering/volume"
)

// exactTimes is whether the times in a listing are those of the files themselves. Windows
// may list an older time while a program has the file open.
const exactTimes = false

// listing is the list of the entries of a folder.
type listing struct {
	entries []entry
}

// read lists a folder, with the attributes of each entry. Entries that were read before an
// error are kept.
func (l *listing) read(path string, follow bool) error {
	l.entries = l.entries[:0]
	list, err := os.ReadDir(path)
	for _, d := range list {
		full := filepath.Join(path, d.Name())
		st, err := lstat(full, follow)
		if err != nil && follow { // a dangling link stays a link
			st, err = lstat(full, false)
		}
		l.entries = append(l.entries, entry{d.Name(), st, err})
	}
	return err
}

func lstat(path string, follow bool) (stat, error) {
	get := os.Lstat
	if follow {
		get = os.Stat
	}
	info, err := get(path)
	if err != nil {
		return stat{}, err
	}
	mode := info.Mode()
	if mode&fs.ModeIrregular != 0 {
		mode &^= fs.ModeType // such as a file in the cloud
	}
	return stat{mode: mode, size: info.Size(), modified: volume.Nanoseconds(info.ModTime()), links: 1}, nil
}
