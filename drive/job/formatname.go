package job

import (
	"fmt"
	"path/filepath"
	"strings"

	"glassmaster/mastering/compilation"
	"glassmaster/mastering/image"
	"glassmaster/mastering/image/format"
)

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
	what := image.Foreign(extension)
	if compilation.IsFile(path) {
		what = "a saved compilation"
	}
	if what != "" {
		return format.Format{}, fmt.Errorf("the extension of %s stands for %s, which cannot be written: use an extension such as .iso, a plain image", path, what)
	}
	if f, ok := image.ByName(extension); ok && f.Create != nil && extension != "" {
		return f, nil
	}
	f, _ := image.ByName("iso")
	return f, nil
}
