package journal

import (
	"context"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// System and the others let tests run updates on a system that fails.
type (
	System   = system
	File     = file
	Identity = identity
)

// Host is the operating system.
var Host System = host{}

func NewIdentity(inode uint64) Identity { return identity{inode: inode, birth: int64(inode) + 1e9} }

func ApplyOn(ctx context.Context, s System, path string, c Change) error {
	return driver{s}.apply(ctx, path, nil, c, progress.Discard)
}

func CheckOn(s System, f File, path string) (*View, []disc.Notice, error) {
	return driver{s}.check(f, path)
}

func UndoOn(ctx context.Context, s System, path string) error {
	return driver{s}.undo(ctx, path, progress.Discard)
}

// Parse reads a journal.
func Parse(f File) error { return (&book{file: f}).parse() }
