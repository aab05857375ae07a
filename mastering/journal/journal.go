// Package journal changes an image file in its place, so that the image is afterwards either
// as it was or as it is wanted, whatever happens in between: a crash, a full disk, a source
// that cannot be read.
//
// Before anything is changed, the bytes that will be overwritten are written to a journal,
// and synchronized to storage. For the image disc.iso there are two names beside it:
//
//	disc.iso.update  the journal of an update that is running or was broken off
//	disc.iso.undo    the journal of the last update, with which it can be taken back
//
// Beside the image, because there the journal is found by everyone who opens the image, is
// on the same file system, and is moved with its folder. A symbolic link to an image is
// followed first.
//
// An update also puts a mark of 512 bytes at the end of the image until it is complete:
//
//	 0  "GLASSMASTER MARK"          16  identifier of the update (16 bytes)
//	32  offset of the mark (u64)    40  size of the image before the update (u64)
//	48  a text for people           508 CRC-32C of the bytes before
//
// The mark has two purposes. An image without it is never changed by a journal, so that a
// file which somebody put beside an image can do no harm; only the image itself can say
// that an update of it was broken off. And an image that was renamed or copied without its
// journal is recognized as one that is neither old nor new.
//
// An update takes these steps, each synchronized before the next one begins:
//
//  1. The journal is written as a hidden file and renamed to disc.iso.update.
//  2. The mark is written after the end that the image will have.
//  3. New contents are written after the old end of the image.
//  4. Sectors are overwritten.
//  5. The state of the journal becomes "committed". From here on the image is the new one.
//  6. The mark is cut off, and the journal is renamed to disc.iso.undo.
//
// [Check], which every opening of an image calls, finds the mark or disc.iso.update. Up to
// step 5 it puts the old bytes back and cuts the image to its old size, which removes the
// mark too; from then on it completes step 6. [Undo] does the same as such a rollback.
//
// The journal consists of a header, two slots for the state and records, at byte offsets:
//
//	header  0 "GLASSMASTER UNDO"   16 version (u32)   20 number of records (u32)
//	       24 identifier           40 size of the image before (u64) and 48 after (u64)
//	       56 time of the update   64 modification time of the image before
//	       72 inode (u64) and 80 time of creation of the image; 0: unknown
//	       88 length of the records (u64)            508 CRC-32C of the bytes before
//	state   4096 and 8192: 0 sequence number (u64)    8 state (u32)
//	       16 modification time of the image after; 0: not known yet
//	       24 identifier          508 CRC-32C of the bytes before
//	record  from 12288 on: 0 offset (u64)  8 length (u32)  12 CRC-32C of the other bytes
//	       16 the old bytes, then the new ones, by which a half-written image is recognized
//
// All numbers are big-endian, times are nanoseconds since 1970 (i64). A state is written to
// the slot that does not hold the newest one.
package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"

	"glassmaster/mastering/layout"
)

// Change is a change to an image file. patch.Set is one, for an image of plain sectors.
type Change interface {
	// BaseSize and Size return the size of the file before and after, in bytes. It does
	// not become smaller.
	BaseSize() int64
	Size() int64
	// Overwritten returns ranges of the file that are overwritten: their offsets, in
	// ascending order, and the new bytes. The last one may end after BaseSize.
	Overwritten() iter.Seq2[int64, []byte]
	// Added returns what is written after BaseSize. What is between the extents is zero.
	Added() []layout.Extent
}

// ErrBusy is in the chain of the error if an image is being changed by another program.
var ErrBusy = errors.New("the image is being changed by another program; wait until that is done, and try again")

// ErrHalf is in the chain of the error of opening an image if an update of it was broken
// off, and cannot be rolled back. The image is then neither the old nor the new one.
var ErrHalf = errors.New("an update of the image was broken off, so that it is neither the old nor the new one")

// ErrNone is in the chain of the error if there is no update that can be taken back.
var ErrNone = errors.New("there is no journal of an update")

// ErrChanged is in the chain of the error if an update cannot be taken back, since the image
// was changed since.
var ErrChanged = errors.New("the image was changed after the update, which therefore cannot be taken back")

// Status describes an update that can be taken back.
type Status struct {
	Journal     string    // the path of the journal
	Made        time.Time // when the update was made
	Size        int64     // of the image now, in bytes
	Before      int64     // size of the image before the update, in bytes
	Overwritten int64     // bytes that the update has overwritten, and that are restored
	// Refused says why the update cannot be taken back; nil if it can be.
	Refused error
}

// driver carries out updates on a system.
type driver struct{ sys system }

// paths are the names of an image and of its journals.
type paths struct {
	image  string
	folder string
	update string // of an update that is not complete
	undo   string // of the last update
	part   string // of a journal that is being written
}

// maxName is the number of bytes that the name of a file can have on all common file
// systems.
const maxName = 255

// pathsOf returns the names that belong to an image. A symbolic link is followed.
func (d driver) pathsOf(path string) (paths, error) {
	if info, err := d.sys.Lstat(path); err == nil && info.Mode()&os.ModeSymlink != 0 {
		if path, err = filepath.EvalSymlinks(path); err != nil {
			return paths{}, err
		}
	}
	folder, name := filepath.Split(path)
	if longest := maxName - len("..update.part"); len(name) > longest {
		name = fmt.Sprintf("%s~%08x", strings.ToValidUTF8(name[:longest-len("~00000000")], ""), checksum([]byte(name)))
	}
	p := paths{image: path, folder: folder, update: folder + name + ".update", undo: folder + name + ".undo", part: folder + "." + name + ".update.part"}
	if p.folder == "" {
		p.folder = "."
	}
	return p, nil
}

// openImage opens an image for writing and locks it.
func (d driver) openImage(p paths) (file, error) {
	f, err := d.sys.Open(p.image, true)
	if err != nil {
		return nil, err
	}
	if err := d.lock(f); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// lock locks an image. A rollback by another program takes a moment; it is waited for.
func (d driver) lock(f file) error {
	for i := 0; ; i++ {
		err := d.sys.Lock(f)
		if !errors.Is(err, ErrBusy) || i == d.sys.Patience() {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// own returns an error with the path of the image.
func own(path string, err error) error {
	if err == nil {
		return nil
	}
	if p, ok := err.(*fs.PathError); ok && p.Path == path { // whose text repeats the path
		err = p.Err
	}
	return fmt.Errorf("%s: %w", path, err)
}
