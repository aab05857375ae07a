package model

import (
	"slices"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/compilation"
	"glassmaster/mastering/edit"
	"glassmaster/mastering/tree"
)

// Edited is a copy of what was edited, for the methods of the image.
type Edited struct {
	*compilation.Compilation
	Boot edit.Boot // how the boot entries change
}

// bootChange is how the boot entries of an image change.
type bootChange struct {
	remove bool // all entries of the image
	files  []bootFile
}

// bootFile is a file that becomes the boot image of a platform.
type bootFile struct {
	node     *tree.Node
	platform boot.Platform
}

// image describes a boot image without emulation. One for BIOS gets a boot information
// table, without which most boot loaders do not find their files.
func (f bootFile) image() boot.Image {
	return boot.Image{Path: f.node.Path(), Platform: f.platform, InfoTable: f.platform == boot.BIOS}
}

// SetBootFile makes a file the boot image of a platform, instead of the one that the image
// has for that.
func (e *Editing) SetBootFile(n *tree.Node, p boot.Platform) {
	e.boot.files = slices.DeleteFunc(slices.Clone(e.boot.files), func(f bootFile) bool { return f.platform == p })
	e.boot.files = append(e.boot.files, bootFile{n, p})
	e.edited()
}

// RemoveBoot removes all boot entries.
func (e *Editing) RemoveBoot() {
	e.boot = bootChange{remove: true}
	e.edited()
}

// KeepBoot takes the changes of boot entries back.
func (e *Editing) KeepBoot() {
	e.boot = bootChange{}
	e.edited()
}

// ChangesBoot reports whether boot entries change.
func (e *Editing) ChangesBoot() bool { return e.boot.remove || len(e.boot.files) > 0 }

// WhySession returns why the changes cannot be added as a session, or "".
func (e *Editing) WhySession() string {
	switch {
	case e.facts.Format != "ISO":
		return "sessions can be added to ISO images alone"
	case e.ChangesBoot():
		return "a session cannot have other boot entries"
	}
	return ""
}

// BootFor reports whether a file becomes the boot image of a platform.
func (e *Editing) BootFor(n *tree.Node, p boot.Platform) bool {
	return slices.Contains(e.boot.files, bootFile{n, p})
}

// bootChanges lists the changes of boot entries.
func (e *Editing) bootChanges() (list []Change) {
	if e.boot.remove {
		list = append(list, Change{Mark: Booting, Path: "All boot entries are removed"})
	}
	for _, f := range e.boot.files {
		list = append(list, Change{Mark: Booting, Path: PlatformText(f.platform) + " starts " + f.node.Path()})
	}
	return list
}

// edit returns how the boot entries change.
func (b bootChange) edit() (x edit.Boot) {
	x.Remove = b.remove
	for _, f := range b.files {
		x.Images = append(x.Images, f.image())
	}
	return x
}

// PlatformText names the firmware of a platform.
func PlatformText(p boot.Platform) string {
	if p == boot.EFI {
		return "UEFI"
	}
	return "BIOS"
}
