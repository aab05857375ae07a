package extract

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"glassmaster/mastering/progress"
)

// maxNumbered is how many names are tried for an entry whose own name exists.
const maxNumbered = 10000

// createNumbered creates an entry under a free name, such as "name (2).txt", and returns the
// name.
func (x *extraction) createNumbered(folder int32, name, host string, create func(name string) error) (string, error) {
	for i := 2; i < maxNumbered; i++ {
		other := marked(host, fmt.Sprintf(" (%d)", i))
		err := create(other)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err == nil {
			x.note(x.plan.in(folder, name), fmt.Sprintf("it was extracted as %q, since a file of its name existed already", other))
		}
		return other, err
	}
	return host, fs.ErrExist
}

// CountExisting returns how many of the files and links that Extract would create exist in dir
// already, and the path of the first of them on the volume.
func CountExisting(ctx context.Context, v fs.FS, dir string, o Options) (count int64, first string, err error) {
	root, err := openHost(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, "", nil
	}
	if err != nil {
		return 0, "", fmt.Errorf("look for existing files: %w", err)
	}
	defer root.close()
	x := &extraction{ctx: ctx, v: v, o: o, rep: progress.Discard, here: chain{root: root}}
	defer x.here.leave(0)
	paths, err := clean(o.Paths)
	if err == nil {
		err = x.prepare(paths)
	}
	if err != nil {
		return 0, "", fmt.Errorf("look for existing files: %w", err)
	}
	look := func(folder int32, name, host string) {
		in, err := x.here.to(folder)
		if err != nil {
			return // the folder does not exist, or is not a folder
		}
		if _, err := in.kind(host); err == nil {
			if count++; count == 1 {
				first = x.plan.in(folder, name)
			}
		}
	}
	for i := range x.plan.files {
		if ctx.Err() != nil {
			return count, first, ctx.Err()
		}
		look(x.plan.files[i].folder, x.plan.files[i].name, x.plan.files[i].host)
	}
	for i := range x.plan.links {
		look(x.plan.links[i].folder, x.plan.links[i].name, x.plan.links[i].host)
	}
	return count, first, nil
}
