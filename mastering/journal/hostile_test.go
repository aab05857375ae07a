package journal_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"glassmaster/mastering/journal"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/peertest"
)

// sum sets the CRC-32C of a block of 512 bytes.
func sum(b []byte) {
	binary.BigEndian.PutUint32(b[508:], crc32.Checksum(b[:508], crc32.MakeTable(crc32.Castagnoli)))
}

// active makes the journal of a complete update that of one that is running.
func active(p []byte) []byte {
	p = bytes.Clone(p)
	for _, at := range []int{4096, 8192} {
		binary.BigEndian.PutUint32(p[at+8:], 1)
		sum(p[at : at+512])
	}
	return p
}

// genuine updates an image, and returns its old and new contents and the journal.
func genuine(t *testing.T, path string) (old, now, book []byte) {
	t.Helper()
	old = noise(rand.New(rand.NewPCG(3, 1)), 20*2048)
	store(t, path, old)
	now, err := apply(t.Context(), t, path, layout.Bytes("added"), 5)
	if err != nil {
		t.Fatal(err)
	}
	return old, now, contents(t, path+".undo")
}

// mark returns the mark of the update of a journal.
func mark(book []byte) []byte {
	b := make([]byte, 512)
	copy(b, "GLASSMASTER MARK")
	copy(b[16:32], book[24:40])
	after := binary.BigEndian.Uint64(book[48:])
	binary.BigEndian.PutUint64(b[32:], (after+511)/512*512)
	copy(b[40:48], book[40:48])
	sum(b)
	return b
}

// Journals that somebody else made do not change an image, whatever they contain.
func TestHostile(t *testing.T) {
	for _, c := range []struct {
		name string
		// prepare changes what is beside the image, or the image itself.
		prepare func(t *testing.T, path string, book []byte)
		half    bool // the image says that it is half-written
	}{
		{"a journal of an image that was never updated", func(t *testing.T, path string, book []byte) {
			store(t, path+".update", active(book))
		}, false},
		{"the same for another file", func(t *testing.T, path string, book []byte) {
			book = active(book)
			clear(book[72:88])
			sum(book[:512])
			store(t, path+".update", book)
		}, false},
		{"a journal of an update that has not begun", func(t *testing.T, path string, book []byte) {
			book = active(book)
			copy(book[40:48], book[48:56]) // the size before is the one that the image has
			sum(book[:512])
			store(t, path+".update", book)
			if err := os.WriteFile(path+".copy", contents(t, path), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(path+".copy", path); err != nil { // another file
				t.Fatal(err)
			}
		}, false},
		{"zeros at the end in the place of a mark", func(t *testing.T, path string, book []byte) {
			book = active(book)
			clear(book[72:88])
			sum(book[:512])
			store(t, path+".update", book)
			store(t, path, append(contents(t, path), make([]byte, 512)...))
		}, false},
		{"a symbolic link to a journal", func(t *testing.T, path string, book []byte) {
			other := filepath.Join(t.TempDir(), "book")
			store(t, other, active(book))
			if err := os.Symlink(other, path+".update"); err != nil {
				peertest.Skip(t, err.Error())
			}
		}, false},
		{"a folder", func(t *testing.T, path string, _ []byte) {
			if err := os.Mkdir(path+".update", 0o700); err != nil {
				t.Fatal(err)
			}
		}, false},
		{"another file of that name", func(t *testing.T, path string, _ []byte) {
			store(t, path+".update", []byte("my notes"))
		}, false},
		{"a mark without a journal", func(t *testing.T, path string, book []byte) {
			store(t, path, append(contents(t, path), mark(book)...))
		}, true},
		{"a mark with another journal", func(t *testing.T, path string, book []byte) {
			store(t, path, append(contents(t, path), mark(book)...))
			book = active(book)
			book[30]++
			for _, at := range []int{4096, 8192} {
				book[at+30]++
				sum(book[at : at+512])
			}
			sum(book[:512])
			store(t, path+".update", book)
		}, true},
		{"a mark, and a journal that is damaged", func(t *testing.T, path string, book []byte) {
			store(t, path, append(contents(t, path), mark(book)...))
			book = active(book)
			book[len(book)-1]++
			store(t, path+".update", book)
		}, true},
		{"a mark, and a symbolic link to the journal", func(t *testing.T, path string, book []byte) {
			store(t, path, append(contents(t, path), mark(book)...))
			other := filepath.Join(t.TempDir(), "book")
			store(t, other, active(book))
			if err := os.Symlink(other, path+".update"); err != nil {
				peertest.Skip(t, err.Error())
			}
		}, true},
		{"a mark, and an image that was written to since", func(t *testing.T, path string, book []byte) {
			p := contents(t, path)
			copy(p[2048:], "something else in the place of what was overwritten")
			store(t, path, append(p, mark(book)...))
			store(t, path+".update", active(book))
		}, true},
		{"a mark that is not at the end", func(t *testing.T, path string, book []byte) {
			store(t, path, append(append(contents(t, path), mark(book)...), make([]byte, 2048)...))
			store(t, path+".update", active(book))
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "disc.iso")
			_, _, book := genuine(t, path)
			if err := os.Remove(path + ".undo"); err != nil {
				t.Fatal(err)
			}
			c.prepare(t, path, book)
			before := contents(t, path)
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			got, _, err := check(path)
			if c.half != errors.Is(err, journal.ErrHalf) || !c.half && (err != nil || !bytes.Equal(got, before)) {
				t.Errorf("opened: %d bytes, %v", len(got), err)
			}
			after, err := os.Stat(path)
			if err != nil || !after.ModTime().Equal(info.ModTime()) || !bytes.Equal(contents(t, path), before) {
				t.Errorf("the image was changed, %v", err)
			}
		})
	}
}

// A broken-off update is rolled back although the image and its journal were copied, and the
// folder of a journal may be one that cannot be written.
func TestCopied(t *testing.T) {
	path := filepath.Join(t.TempDir(), "disc.iso")
	old, now, book := genuine(t, path)
	other := filepath.Join(t.TempDir(), "renamed.iso")
	store(t, other, append(now, mark(book)...))
	store(t, other+".update", active(book))
	got, notices, err := check(other)
	if err != nil || notices != 1 || !bytes.Equal(contents(t, other), old) {
		t.Errorf("%d bytes, %d notices, %v", len(got), notices, err)
	}
	if _, err := os.Stat(other + ".update"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the journal: %v", err)
	}
}

// Damaged journals are not used.
func TestDamaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "disc.iso")
	_, now, book := genuine(t, path)
	r := rand.New(rand.NewPCG(5, 1))
	for range 300 {
		p := active(book)
		switch r.IntN(3) {
		case 0:
			p = p[:r.IntN(len(p))]
		case 1:
			p = append(p, 0)
		default:
			// Bytes between the header, the states and the records have no meaning.
			at := r.IntN(len(p) - 12288 + 512)
			if at >= 512 {
				at += 12288 - 512
			}
			p[at] ^= byte(1 + r.IntN(255))
		}
		store(t, path, append(bytes.Clone(now), mark(book)...))
		store(t, path+".update", p)
		before := contents(t, path)
		if _, _, err := check(path); !errors.Is(err, journal.ErrHalf) {
			t.Errorf("a damaged journal: %v", err)
		}
		if !bytes.Equal(contents(t, path), before) {
			t.Fatal("the image was changed")
		}
	}
}

// memory is a file in memory that can only be read.
type memory struct{ *bytes.Reader }

func (memory) WriteAt([]byte, int64) (int, error) { return 0, fs.ErrPermission }
func (memory) Close() error                       { return nil }
func (memory) Sync() error                        { return nil }
func (memory) Truncate(int64) error               { return fs.ErrPermission }
func (m memory) Stat() (fs.FileInfo, error)       { return size(m.Size()), nil }

type size int64

func (size) Name() string       { return "" }
func (s size) Size() int64      { return int64(s) }
func (size) Mode() fs.FileMode  { return 0 }
func (size) ModTime() time.Time { return time.Time{} }
func (size) IsDir() bool        { return false }
func (size) Sys() any           { return nil }

// FuzzParse reads journals with right checksums in their headers and states, and whatever
// else the fuzzer puts there. They do not change an image without a mark, although they know
// which file it is.
func FuzzParse(f *testing.F) {
	dir := f.TempDir()
	path := filepath.Join(dir, "disc.iso")
	d := newDisk(1)
	d.put(path, make([]byte, 20*2048))
	set, err := sampleSet()
	if err != nil {
		f.Fatal(err)
	}
	if err := journal.ApplyOn(f.Context(), d, path, set); err != nil {
		f.Fatal(err)
	}
	updated := d.names[path].data
	updated[len(updated)-1] = 'x' // what is zero could be the place of a mark
	f.Add(d.names[path+".undo"].data)
	f.Add(active(d.names[path+".undo"].data))
	f.Fuzz(func(t *testing.T, p []byte) {
		if len(p) >= 8704 {
			sum(p[:512])
			sum(p[4096:4608])
			sum(p[8192:8704])
		}
		if journal.Parse(memory{bytes.NewReader(p)}) != nil {
			return
		}
		d := newDisk(1)
		d.put(path, updated)
		d.put(path+".update", p)
		image, err := d.Open(path, false)
		if err != nil {
			t.Fatal(err)
		}
		if v, _, err := journal.CheckOn(d, image, path); v != nil || err != nil || !bytes.Equal(d.names[path].data, updated) {
			t.Errorf("the image was changed, or is read otherwise: %v", err)
		}
	})
}
