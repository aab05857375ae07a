package udf

import (
	"context"

	"glassmaster/mastering/udf/internal/ecma167"
)

// Place is where a structure of a volume is on the disc.
type Place struct {
	Kind          PlaceKind
	ICB           ecma167.LongAD // of the file or directory
	Sector, Count int64
	Path          string // of the directory, or of that with the file
}

// PlaceKind is the kind of a structure.
type PlaceKind uint8

// Kinds of structures.
const (
	EntryPlace     PlaceKind = iota // a file entry
	DirectoryPlace                  // blocks of a directory
	FileSetPlace                    // the file set descriptor
)

// Places visits the places of the file set descriptor, of all file entries, in both copies of
// the metadata, and of all directories. It does not visit the contents of files, which Walk does. What cannot be read is
// left out. The error is that of visit or of ctx.
func (f *FS) Places(ctx context.Context, visit func(Place) error) error {
	type task struct {
		icb  ecma167.LongAD
		path string
	}
	copies := []reader{f.reader}
	if f.hasMirror {
		copies = append(copies, reader{f.state, true})
	}
	block := func(kind PlaceKind, icb ecma167.LongAD, path string) error {
		for _, v := range copies {
			if off, _, err := v.locate(icb); err == nil {
				if err := visit(Place{Kind: kind, ICB: icb, Sector: off / f.block, Count: 1, Path: path}); err != nil {
					return err
				}
			}
		}
		return nil
	}
	if err := block(FileSetPlace, f.fileSet, "/"); err != nil {
		return err
	}
	if err := block(EntryPlace, f.root, "/"); err != nil {
		return err
	}
	known := map[place]bool{placeOf(f.root): true}
	end := f.followed.Load() + walkFactor*f.size + walkSpare
	for list := []task{{f.root, "/"}}; len(list) > 0; {
		t := list[len(list)-1]
		list = list[:len(list)-1]
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		if f.followed.Load() > end || len(t.path) > maxWalkPath {
			return errWalkLimit
		}
		for _, v := range copies {
			if err := v.blocksOf(t.icb, t.path, visit); err != nil {
				return err
			}
		}
		d, err := f.directory(t.icb)
		if err != nil {
			continue
		}
		for _, n := range d.names {
			if err := block(EntryPlace, n.icb, t.path); err != nil {
				return err
			}
			if n.characteristics&(ecma167.FIDDirectory|ecma167.FIDParent) == ecma167.FIDDirectory && !known[placeOf(n.icb)] {
				known[placeOf(n.icb)] = true
				list = append(list, task{n.icb, t.path + n.text + "/"})
			}
		}
	}
	return nil
}

// blocksOf visits the blocks of a directory.
func (v reader) blocksOf(icb ecma167.LongAD, path string, visit func(Place) error) error {
	e, err := v.readEntry(icb)
	if err != nil {
		return nil
	}
	k, err := v.contents(e)
	if err != nil || k.inline != nil {
		return nil
	}
	for off := int64(0); off < k.end; {
		x, n := k.extentAt(off)
		if n <= 0 {
			return nil
		}
		if x.kind == ecma167.ExtentRecorded {
			at, have, err := k.place(x, off, n)
			if err != nil || have <= 0 {
				return nil
			}
			n = min(n, have)
			if err := visit(Place{Kind: DirectoryPlace, ICB: icb, Sector: at / v.block, Count: (n + v.block - 1) / v.block, Path: path}); err != nil {
				return err
			}
		}
		off += n
	}
	return nil
}
