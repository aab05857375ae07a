package layout

import (
	"context"
	"io/fs"
	"os"

	"glassmaster/mastering/volume"
)

// Check checks that every source exists, can be opened, and has the size and
// modification time that it had when the layout was planned. It calls found for each
// source that does not, and returns if that returns an error. It reads no contents.
//
// It is called before anything is written to a write-once disc.
func (l *Layout) Check(ctx context.Context, found func(*SourceError) error) error {
	var host hostReader
	defer host.close()
	for i, e := range l.extents {
		if i%1024 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if e.Length == 0 || e.Source == nil {
			continue
		}
		bad := checkSource(e, &host)
		if bad == nil {
			continue
		}
		if err := found(bad); err != nil {
			return err
		}
	}
	return nil
}

// checkSource checks the source of an extent, and returns nil if it is unchanged.
func checkSource(e Extent, host *hostReader) *SourceError {
	f, ok := e.Source.(*File)
	if !ok {
		if err := unchanged(e.Source); err != nil {
			return sourceError(e.Source, err, delivers(err))
		}
		return nil
	}
	size, modified, err := host.stat(f)
	if err != nil {
		return sourceError(e.Source, err, false)
	}
	if err := e.check(size, modified); err != nil {
		return sourceError(e.Source, err, delivers(err))
	}
	return nil
}

// ReadsFile reports whether a source of the layout is this file of the host.
func (l *Layout) ReadsFile(file fs.FileInfo) bool {
	modified := volume.Nanoseconds(file.ModTime())
	for _, e := range l.extents {
		f := origin(e.Source)
		// The time, which is known, rules out nearly all files.
		if f == nil || f.Modified != 0 && f.Modified != modified {
			continue
		}
		if info, err := os.Stat(f.Path()); err == nil && os.SameFile(info, file) {
			return true
		}
	}
	return false
}

// origin returns the file of the host from which a source gets its bytes, or nil.
func origin(s Source) *File {
	for {
		switch t := s.(type) {
		case *File:
			return t
		case interface{ Origin() Source }:
			s = t.Origin()
		default:
			return nil
		}
	}
}
