package job

import (
	"fmt"
	"path/filepath"
	"strings"

	"glassmaster/mastering/compilation"
	"glassmaster/mastering/image"
	"glassmaster/mastering/image/format"
)

// unwritable are file extensions of formats that cannot be written. Every other
// extension that is not known means nothing, as in "backup-2026.01".
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

// FormatFor returns the format of an image that is to be written: the one of the name
// wanted or, where that is empty, the one of the file extension of path. A path whose
// extension names no format means a plain image, as .img, .raw, .bin, .cdr and .dmg do;
// so does a stream, whose path is empty.
func FormatFor(path, wanted string) (format.Format, error) {
	if wanted != "" {
		f, ok := image.ByName(wanted)
		if !ok || f.Create == nil {
			return f, fmt.Errorf("images of the format %q cannot be written; the formats that can are %s", wanted, strings.Join(image.Writable(), ", "))
		}
		return f, nil
	}
	extension := strings.ToLower(filepath.Ext(path))
	if what := unwritable[extension]; what != "" {
		return format.Format{}, fmt.Errorf("%s would be %s by its name, which cannot be written: use an extension such as .iso, which is a plain image", path, what)
	}
	if f, ok := image.ByName(extension); ok && f.Create != nil && extension != "" {
		return f, nil
	}
	f, _ := image.ByName("iso")
	return f, nil
}
