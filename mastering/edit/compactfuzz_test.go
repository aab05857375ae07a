package edit_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"testing"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/edit"
	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/peertest"
)

// FuzzCompact compacts images in which bytes were changed: it must not fail in another way
// than with an error, nor make an image larger. A change has 8 bytes: the sector, the byte of
// the sector, and the new value of 4 bytes.
func FuzzCompact(f *testing.F) {
	top := f.TempDir()
	for _, name := range []string{"a.bin", "boot.img", "dir/b.bin"} {
		path := filepath.Join(top, name)
		isotest.Must(f, os.MkdirAll(filepath.Dir(path), 0o755))
		isotest.Must(f, os.WriteFile(path, bytes.Repeat([]byte(name), 900), 0o644))
	}
	var bases [][]byte
	for _, image := range []string{
		isotest.Genisoimage(f, top, "-R", "-J", "-udf", "-b", "boot.img", "-no-emul-boot", "-boot-info-table"),
		isotest.Xorriso(f, top, "-R", "-J", "-b", "boot.img", "-no-emul-boot", "-boot-info-table", "-isohybrid-mbr", peertest.ISOLINUXDisk,
			"-append_partition", "2", "0xef", filepath.Join(top, "boot.img"), "-partition_offset", "16", "-appended_part_as_gpt"),
	} {
		b, err := os.ReadFile(image)
		isotest.Must(f, err)
		bases = append(bases, b)
	}
	for i := range bases {
		f.Add(uint8(i), []byte{})
		f.Add(uint8(i), []byte{16, 0, 158, 0, 1, 0, 0, 0})                          // root directory
		f.Add(uint8(i), []byte{0, 0, 200, 1, 0xFF, 0xFF, 0xFF, 0xFF, 17, 0, 71, 0}) // partition
		f.Add(uint8(i), []byte{1, 1, 16, 0, 0xFF, 0xFF, 0, 0})
	}
	f.Fuzz(func(t *testing.T, which uint8, changes []byte) {
		b := bytes.Clone(bases[int(which)%len(bases)])
		for ; len(changes) >= 8; changes = changes[8:] {
			off := int(binary.LittleEndian.Uint16(changes))*disc.SectorSize + int(binary.LittleEndian.Uint16(changes[2:]))%disc.SectorSize
			if off+4 <= len(b) {
				copy(b[off:], changes[4:8])
			}
		}
		m, err := edit.Open(t.Context(), disc.FromReaderAt(bytes.NewReader(b), int64(len(b)), nil), edit.Options{})
		if err != nil {
			return
		}
		p, err := m.Compact(t.Context(), nil)
		if err != nil {
			return
		}
		defer p.Close()
		if p.Unsafe != nil {
			return
		}
		if p.After > int64(len(b))+64*boot.BlockSize {
			t.Errorf("%d bytes became %d", len(b), p.After)
		}
		if err := p.Prepare(t.Context(), nil); err != nil {
			return
		}
		if _, err := io.Copy(io.Discard, io.NewSectionReader(p.Disc().(io.ReaderAt), 0, p.After)); err != nil {
			t.Error(err)
		}
	})
}
