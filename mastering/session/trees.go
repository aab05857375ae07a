package session

import (
	"context"
	"strings"
	"unicode/utf8"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/iso9660"
	"glassmaster/mastering/volume"
)

// trees are the views of an ISO 9660 volume, and what their directories show about the
// options that they were made with.
type trees struct {
	views map[string]volume.FS
	main  volume.FS // the richest one

	stamps     bool // more times than one
	attributes bool // extended attributes or access control lists
	short      bool // names were shortened to 8.3 characters
	deep       bool // directories are below the eighth level
	large      bool // files have 4 GiB or more, or several extents
	longJoliet bool // Joliet names have more than 64 characters

	files map[uint64]string // paths of files by the address of their contents
	lost  []disc.Notice     // about files that the richest view does not have
}

const (
	maxLost  = 1000 // notices about files of other trees
	maxLevel = 8    // of directories (ECMA-119 6.8.2.1)
	joliet   = 64   // characters of a Joliet name
)

// examine reads the directories of all views. The error is that of the context.
func (t *trees) examine(ctx context.Context) error {
	t.files = map[uint64]string{}
	long := map[uint64]bool{} // places of records whose name does not fit into 8.3 characters
	err := t.walk(ctx, t.main, func(e *volume.Entry, name string) {
		if len(e.Extents) > 0 && e.Mode.IsRegular() {
			if at := uint64(e.Extents[0].Start); t.files[at] == "" {
				t.files[at] = string(e.Path)
			}
		}
		t.large = t.large || e.Mode.IsRegular() && (e.Size > 1<<32-1 || len(e.Extents) > 1)
		if e.Mode.IsRegular() && len(long) < 1000 && !isShort(name) {
			long[e.Place] = true
		}
		if e.More != nil && (!t.stamps || !t.attributes) {
			a := e.More()
			t.stamps = t.stamps || !a.Accessed.IsZero() || !a.Created.IsZero() || !a.Changed.IsZero()
			t.attributes = t.attributes || a.ACL != "" || len(a.Xattr) > 0
		}
	})
	if err != nil {
		return err
	}
	if plain := t.views[iso9660.ViewPlain]; plain != nil {
		shortened, all := false, true
		err = t.walk(ctx, plain, func(e *volume.Entry, name string) {
			t.deep = t.deep || e.IsDir() && strings.Count(string(e.Path), "/") >= maxLevel-1
			all = all && (e.IsDir() || isShort(name))
			shortened = shortened || long[e.Place]
		})
		// Names that are long elsewhere and short here are level 1. If no name is long
		// anywhere, the level cannot be known.
		t.short = all && shortened && plain != t.main
	}
	if j := t.views[iso9660.ViewJoliet]; j != nil && err == nil {
		err = t.walk(ctx, j, func(e *volume.Entry, name string) {
			if e.Mode.IsRegular() && len(e.Extents) > 0 && t.files[uint64(e.Extents[0].Start)] == "" && len(t.lost) < maxLost {
				t.lost = append(t.lost, failure(string(e.Path), "the next session does not have the file, because only the Joliet tree shows it"))
			}
			t.longJoliet = t.longJoliet || utf8.RuneCountInString(name) > joliet
		})
	}
	if err == nil {
		err = context.Cause(ctx)
	}
	return err
}

// walk calls f for the entries of a view that can be read, with their names.
func (t *trees) walk(ctx context.Context, v volume.FS, f func(e *volume.Entry, name string)) error {
	return volume.Walk(v, ".", func(e *volume.Entry) error {
		if e.Err == nil {
			name := e.Path
			for i := len(name) - 1; i >= 0; i-- {
				if name[i] == '/' {
					name = name[i+1:]
					break
				}
			}
			f(e, string(name))
		}
		return context.Cause(ctx)
	})
}

// isShort reports whether a name has the form of interchange level 1: up to 8
// characters, and an extension of up to 3 (ECMA-119 10.1).
func isShort(name string) bool {
	stem, extension, _ := strings.Cut(name, ".")
	return len(stem) <= 8 && len(extension) <= 3 && !strings.Contains(extension, ".")
}
