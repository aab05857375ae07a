package command

import (
	"path/filepath"
	"strings"

	"glassmaster/mastering/compilation"
	"glassmaster/mastering/image"
	"glassmaster/mastering/image/format"
)

// unwritable are endings that name a format which is not written here. Every other
// ending that is not known means nothing, as in "backup-2026.01".
var unwritable = map[string]string{
	".nrg": "a Nero image", ".cue": "a cue sheet", ".toc": "a table of contents for cdrdao", ".ccd": "a CloneCD image",
	".mds": "an Alcohol image", ".mdf": "an Alcohol image", ".mdx": "a Daemon Tools image", ".cdi": "a DiscJuggler image",
	".b5t": "a BlindWrite image", ".b6t": "a BlindWrite image", ".cif": "an Easy CD Creator image", ".daa": "a PowerISO image",
	".isz": "a compressed UltraISO image", ".uif": "a MagicISO image", ".cso": "a compressed image", ".chd": "a MAME image",
	".ecm": "a compressed image", ".wim": "a Windows image", ".vhd": "a virtual hard disk", ".vhdx": "a virtual hard disk",
	".vmdk": "a virtual hard disk", ".qcow2": "a virtual hard disk", ".gz": "a compressed file", ".xz": "a compressed file",
	".bz2": "a compressed file", ".zst": "a compressed file", ".zip": "an archive", ".7z": "an archive", ".rar": "an archive",
	".tar": "an archive", compilation.Ending: "a saved compilation",
}

// formatFor chooses the format of an image that is to be written: the one that is wanted,
// or that which the name of the file tells. A name that tells none means a plain image,
// as .img, .raw, .bin, .cdr and .dmg do.
func formatFor(output, wanted string) (format.Format, error) {
	if wanted != "" {
		f, ok := image.ByName(wanted)
		if !ok || f.Create == nil {
			return f, usagef("cannot write an image of format %q; --format takes one of %v", wanted, image.Writable())
		}
		return f, nil
	}
	ending := strings.ToLower(filepath.Ext(output))
	if what := unwritable[ending]; what != "" && output != "-" {
		return format.Format{}, usagef("%s would be %s by its name, which cannot be written: give it an ending such as .iso, which is a plain image", name(output), what)
	}
	if f, ok := image.ByName(ending); ok && f.Create != nil && ending != "" {
		return f, nil
	}
	f, _ := image.ByName("iso")
	return f, nil
}
