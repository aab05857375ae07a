package session

import (
	"context"
	"strings"
	"unicode/utf8"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/iso9660"
	"glassmaster/mastering/udf"
	"glassmaster/mastering/volume"
)

// trees are the views of an ISO 9660 volume, and what their directories show about the
// options that they were made with.
type trees struct {
	views  map[string]volume.FS // of ISO 9660
	main   volume.FS            // the richest of them
	shown  volume.FS            // whose files the next session has: main, or that of UDF
	beside volume.FS            // the UDF volume, nil if there is none

	stamps     bool // more times than one
	attributes bool // extended attributes or access control lists
	short      bool // names were shortened to 8.3 characters
	deep       bool // directories are below the eighth level
	large      bool // files have 4 GiB or more, or several extents
	longJoliet bool // Joliet names have more than 64 characters

	files map[disc.LBA]string // paths of files in shown, by the address of their contents
	known map[disc.LBA]bool   // addresses that need no notice: of the boot catalogue, and of files in lost
	lost  []disc.Notice       // about files that shown does not have
}

const (
	maxLost  = 1000 // notices about files of other views
	maxLevel = 8    // of directories (ECMA-119 6.8.2.1)
	joliet   = 64   // characters of a Joliet name
)

// examine reads the directories of all views. The error is that of the context.
func (t *trees) examine(ctx context.Context) error {
	t.files = map[disc.LBA]string{}
	err := t.walk(ctx, t.shown, func(e *volume.Entry, name string) {
		if at := address(e); at > 0 && t.files[at] == "" {
			t.files[at] = string(e.Path)
		}
	})
	long := map[uint64]bool{} // places of records whose name does not fit into 8.3 characters
	if err == nil {
		err = t.examineMain(ctx, long)
	}
	if plain := t.views[iso9660.ViewPlain]; plain != nil && err == nil {
		shortened, all := false, true
		err = t.walk(ctx, plain, func(e *volume.Entry, name string) {
			t.compare(e, iso9660.ViewPlain)
			t.deep = t.deep || e.IsDir() && strings.Count(string(e.Path), "/") >= maxLevel-1
			all = all && (e.IsDir() || isShort(name))
			shortened = shortened || long[e.Place]
		})
		// Names that are long elsewhere and short here are level 1. If no name is long
		// anywhere, the level cannot be known.
		t.short = all && shortened && plain != t.main
	}
	for _, view := range []string{iso9660.ViewJoliet, iso9660.ViewEnhanced} {
		if v := t.views[view]; v != nil && err == nil {
			err = t.walk(ctx, v, func(e *volume.Entry, name string) {
				t.compare(e, view)
				t.longJoliet = t.longJoliet || view == iso9660.ViewJoliet && utf8.RuneCountInString(name) > joliet
			})
		}
	}
	if t.beside != nil && t.shown.Volume().View != t.beside.Volume().View && err == nil {
		err = t.walk(ctx, t.beside, func(e *volume.Entry, _ string) { t.compare(e, udf.Format.Name) })
	}
	if err == nil {
		err = context.Cause(ctx)
	}
	return err
}

// examineMain reads the directories of the richest view of ISO 9660.
func (t *trees) examineMain(ctx context.Context, long map[uint64]bool) error {
	view := t.main.Volume().View
	return t.walk(ctx, t.main, func(e *volume.Entry, name string) {
		t.compare(e, view)
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
}

// compare notes a file of a view if the next session does not have it.
func (t *trees) compare(e *volume.Entry, view string) {
	if !e.Mode.IsRegular() || e.Size <= 0 || len(t.lost) >= maxLost {
		return
	}
	at := address(e)
	if t.files[at] != "" || t.known[at] || at == 0 && t.has(string(e.Path)) {
		return
	}
	if at > 0 {
		t.known[at] = true // several views can show the file
	}
	t.lost = append(t.lost, failure(string(e.Path), "it is left out, because only the "+view+" view of the disc shows it"))
}

// has reports whether the tree has a path of another view. Names of ISO 9660 alone are in
// capital letters.
func (t *trees) has(p string) bool {
	for _, p := range []string{p, strings.ToUpper(p)} {
		if _, err := t.shown.Stat(p); err == nil {
			return true
		}
	}
	return false
}

// address returns where the contents of a regular file are on the disc: 0 if there are none,
// or no sector begins with them.
func address(e *volume.Entry) disc.LBA {
	if e.Mode.IsRegular() {
		for _, x := range e.Extents {
			if x.Start > 0 && x.Length > 0 {
				return x.Start
			}
		}
	}
	return 0
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
