package edit

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"glassmaster/mastering/iso9660"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/volume"
)

// udfView is the name of the view of a UDF volume.
const udfView = "UDF"

// check opens the volume as it will be, and compares the folders that were read, and the
// files in them that have changed, with the edited tree. A difference is a fault of this
// program; nothing was written yet.
func (u *updating) check() error {
	o := volume.Options{View: u.m.vol.Volume().View, Start: u.m.data.Options.Start}
	v, err := volume.Open(u.set, u.set.Size(), o)
	if err != nil {
		return fmt.Errorf("the edited image could not be opened, so nothing was written: %w", err)
	}
	if err := u.checkFolder(v, u.root); err != nil {
		return fmt.Errorf("the edited image would not be right, so nothing was written: %w", err)
	}
	return nil
}

func (u *updating) checkFolder(v volume.FS, dir *tree.Node) error {
	if dir.Unread() {
		return nil
	}
	at := inside(dir)
	list, err := v.ReadDir(at)
	if err != nil {
		return err
	}
	var want, got []string
	for _, n := range dir.Children() {
		want = append(want, n.Name)
	}
	for _, e := range list {
		got = append(got, e.Name())
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(want, got) && (u.anyName() || len(want) != len(got)) {
		return fmt.Errorf("folder %s has the entries %q instead of %q", dir.Path(), got, want)
	}
	for _, n := range dir.Children() {
		if n.IsDir() {
			err = u.checkFolder(v, n)
		} else if u.where[n] != nil && slices.Contains(got, n.Name) {
			err = u.checkFile(v, n)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// anyName reports whether the view can record any name. In the others, some are changed.
func (u *updating) anyName() bool {
	view := u.m.vol.Volume().View
	return view == iso9660.ViewRockRidge || view == udfView
}

// checkFile checks that a file refers to the contents that were added.
func (u *updating) checkFile(v volume.FS, n *tree.Node) error {
	info, err := fs.Stat(v, inside(n))
	if err != nil {
		return err
	}
	a, ok := info.Sys().(*volume.Attributes)
	if !ok || info.Size() != n.Size || len(a.Extents) == 0 || a.Extents[0].Start != u.where[n][0].Start {
		return fmt.Errorf("%s has %d bytes at other sectors than the %d bytes at sector %d", n.Path(), info.Size(), n.Size, u.where[n][0].Start)
	}
	return nil
}

// inside returns the path of a node in the file system of its volume.
func inside(n *tree.Node) string {
	return path.Clean(strings.TrimPrefix(n.Path(), "/"))
}
