package job

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image"
	"glassmaster/mastering/image/format"
)

// FormatFor returns the format for writing an image: the one named wanted or, if that is
// empty, the one of the file extension of path. A file of an image besides the main one
// stands for its format: .bin is CUE, .mdf is MDS. A path whose extension names no format
// means a plain image, as .img, .raw, .cdr and .dmg do; so does a stream, whose path is
// empty.
func FormatFor(path, wanted string) (format.Format, error) {
	if wanted != "" {
		f, ok := image.ByName(wanted)
		if !ok || f.Create == nil {
			return f, fmt.Errorf("images of the format %q cannot be written; use %s", wanted, strings.Join(image.Writable(), " or "))
		}
		return f, nil
	}
	extension := strings.ToLower(filepath.Ext(path))
	if f, ok := image.ByName(mainExtension[extension]); ok && f.Create != nil {
		return f, nil
	}
	known, ok := image.ByName(extension)
	if ok && known.Create != nil && extension != "" {
		return known, nil
	}
	what := image.Foreign(extension)
	if ok && !slices.Contains(plainExtensions, extension) {
		what = "an image of the format " + known.Name
	}
	if compilation.IsFile(path) {
		what = "a saved compilation"
	}
	if what != "" {
		return format.Format{}, fmt.Errorf("the extension of %s stands for %s, which cannot be written: use an extension such as .iso, a plain image", path, what)
	}
	f, _ := image.ByName("iso")
	return f, nil
}

// mainExtension says by which file an image is known if another of its files is named. An
// .img file is not among them: it is a plain image more often than a part of a CloneCD image.
var mainExtension = map[string]string{".bin": ".cue", ".mdf": ".mds"}

// plainExtensions are those of plain images, whichever other formats use them.
var plainExtensions = []string{".img", ".raw", ".cdr", ".dmg", ".bin"}

// mainFile returns the path of the main file of an image of a disc in a format, for which the
// user named that file or another one of the image.
func mainFile(path string, f format.Format, toc disc.TOC) string {
	if path == "" || f.Beside == nil || len(f.Extensions) == 0 || strings.EqualFold(filepath.Ext(path), f.Extensions[0]) {
		return path
	}
	main := strings.TrimSuffix(path, filepath.Ext(path)) + f.Extensions[0]
	for _, name := range f.Beside(filepath.Base(main), toc, format.Options{}) {
		if strings.EqualFold(name, filepath.Base(path)) {
			return main
		}
	}
	return path
}
