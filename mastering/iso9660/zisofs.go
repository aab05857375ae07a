package iso9660

import (
	"errors"
	"io"
)

// problem says why a compressed file cannot be read, "" when it can.
func (z zisofsEntry) problem() string {
	return "it is compressed with zisofs, method " + z.algorithm
}

func openZisofs(_ io.ReaderAt, f *fileInfo) (io.ReaderAt, error) {
	return nil, errors.New(f.compressed.problem())
}
