package job

import (
	"fmt"
	"path/filepath"
	"strings"

	"glassmaster/mastering/compilation"
	"glassmaster/mastering/image"
	"glassmaster/mastering/image/format"
)

// unwritableFormat returns the format that a file extension stands for if that format
// cannot be written, otherwise "". Unknown extensions are ignored, as in
// "backup-2026.01".
func unwritableFormat(extension string) string {
	switch extension {
	case ".nrg":
		return "a Nero image"
	case ".cue":
		return "a cue sheet"
	case ".toc":
		return "a table of contents for cdrdao"
	case ".ccd":
		return "a CloneCD image"
	case ".mds", ".mdf":
		return "an Alcohol image"
	case ".mdx":
		return "a Daemon Tools image"
	case ".cdi":
		return "a DiscJuggler image"
	case ".b5t", ".b6t":
		return "a BlindWrite image"
	case ".cif":
		return "an Easy CD Creator image"
	case ".daa":
		return "a PowerISO image"
	case ".isz":
		return "a compressed UltraISO image"
	case ".uif":
		return "a MagicISO image"
	case ".cso", ".ecm":
		return "a compressed image"
	case ".chd":
		return "a MAME image"
	case ".wim":
		return "a Windows image"
	case ".vhd", ".vhdx", ".vmdk", ".qcow2":
		return "a virtual hard disk"
	case ".gz", ".xz", ".bz2", ".zst":
		return "a compressed file"
	case ".zip", ".7z", ".rar", ".tar":
		return "an archive"
	case compilation.Extension:
		return "a saved compilation"
	}
	return ""
}

// FormatFor returns the format for writing an image: the one named wanted or, if that is
// empty, the one of the file extension of path. A path whose extension names no format
// means a plain image, as .img, .raw, .bin, .cdr and .dmg do; so does a stream, whose
// path is empty.
func FormatFor(path, wanted string) (format.Format, error) {
	if wanted != "" {
		f, ok := image.ByName(wanted)
		if !ok || f.Create == nil {
			return f, fmt.Errorf("images of the format %q cannot be written; use %s", wanted, strings.Join(image.Writable(), " or "))
		}
		return f, nil
	}
	extension := strings.ToLower(filepath.Ext(path))
	if what := unwritableFormat(extension); what != "" {
		return format.Format{}, fmt.Errorf("the extension of %s stands for %s, which cannot be written: use an extension such as .iso, a plain image", path, what)
	}
	if f, ok := image.ByName(extension); ok && f.Create != nil && extension != "" {
		return f, nil
	}
	f, _ := image.ByName("iso")
	return f, nil
}
