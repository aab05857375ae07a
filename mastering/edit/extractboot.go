package edit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/iso9660"
	"glassmaster/mastering/newfile"
	"glassmaster/mastering/volume"
)

// ExtractBoot writes what the image boots with into a folder, which is created if there is
// none: the boot images, the boot catalogue, and the system area if it is in use, which
// holds boot code and partition tables. It returns the paths of the files. Existing files
// are an error.
func (m *Image) ExtractBoot(ctx context.Context, dir string) ([]string, error) {
	v, err := volume.OpenFormat(ctx, m.d, iso9660.Format.Name, volume.Options{Track: m.o.Track})
	if err != nil {
		return nil, fmt.Errorf("extract boot images: the image has no ISO 9660 volume, and so none: %w", err)
	}
	iso := v.(*iso9660.FS)
	images, err := iso.BootImages()
	if err != nil {
		return nil, fmt.Errorf("extract boot images: %w", err)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("extract boot images: %w", err)
	}
	x := extraction{dir: dir}
	for i, e := range images {
		f := iso.OpenBootImage(e)
		x.write(fmt.Sprintf("boot-%d-%s.img", i+1, e.Platform), f)
		f.Close()
	}
	if area := io.NewSectionReader(m.data, 0, boot.SystemArea); !isZero(area) {
		x.write("system-area.bin", io.NewSectionReader(m.data, 0, boot.SystemArea))
	}
	if x.err == nil && len(x.files) == 0 {
		x.err = errors.New("the image has no boot images, no boot code and no partition table")
	}
	if x.err != nil {
		return x.files, fmt.Errorf("extract boot images: %w", x.err)
	}
	return x.files, nil
}

// isZero reports whether all bytes are zero, or cannot be read.
func isZero(r io.Reader) bool {
	b, _ := io.ReadAll(r)
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// extraction writes files into a folder until the first error.
type extraction struct {
	dir   string
	files []string
	err   error
}

func (x *extraction) write(name string, r io.Reader) {
	if x.err != nil {
		return
	}
	path := filepath.Join(x.dir, name)
	if _, err := os.Lstat(path); err == nil {
		x.err = fmt.Errorf("%s exists already", path)
		return
	}
	x.err = newfile.Write(path, func(f *os.File) error {
		_, err := io.CopyBuffer(f, r, make([]byte, 64*disc.SectorSize))
		return err
	})
	if x.err == nil {
		x.files = append(x.files, path)
	}
}
