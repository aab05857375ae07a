package model

import (
	"io/fs"
	"path"
	"strings"

	"glassmaster/mastering/tree"
)

// Class is a class of files that have the same icon and preview.
type Class uint8

// Classes of files.
const (
	Other Class = iota
	Folder
	Link
	Text
	Picture
	Audio
	Video
	Archive
	Image // of a disc
)

var classes = map[string]Class{}

func init() {
	for c, extensions := range map[Class]string{
		Text:    "txt md log nfo ini cfg conf xml json yaml yml toml csv html htm css js go c h cpp py sh bat java rs tex sub srt diz 1st me inf mf",
		Picture: "png jpg jpeg gif bmp webp svg tif tiff ico heic",
		Audio:   "mp3 flac wav ogg opus m4a aac wma aiff aif mid cda",
		Video:   "mp4 mkv avi mov mpg mpeg m2ts webm vob ts wmv m4v",
		Archive: "zip gz xz bz2 zst 7z rar tar tgz deb rpm jar cab",
		Image:   "iso img bin cue nrg mds mdf ccd toc cdi b5t b6t gdi chd ecm cso zso isz udf dmg gmdisc",
	} {
		for _, e := range strings.Fields(extensions) {
			classes[e] = c
		}
	}
}

// ClassOf returns the class of a node, by its file extension.
func ClassOf(n *tree.Node) Class {
	switch {
	case n.IsDir():
		return Folder
	case n.Mode&fs.ModeSymlink != 0:
		return Link
	}
	return classes[extension(n.Name)]
}

// Kind returns what a node is, for display: "Folder", "PDF file".
func Kind(n *tree.Node) string {
	e := strings.ToUpper(extension(n.Name))
	switch ClassOf(n) {
	case Folder:
		return "Folder"
	case Link:
		return "Link"
	case Text:
		return e + " text"
	case Picture:
		return e + " picture"
	case Audio:
		return e + " audio"
	case Video:
		return e + " video"
	case Archive:
		return e + " archive"
	case Image:
		return e + " disc image"
	}
	if n.Mode&fs.ModeType != 0 {
		return "Special file"
	}
	if e == "" || len(e) > 5 {
		return "File"
	}
	return e + " file"
}

// IsImage reports whether a file has the extension of a disc image, or of the first part
// of a split one: NAME.001, NAME.iso.001, NAME.I00; their numbers may begin with 0. The
// image may be compressed: NAME.iso.gz.
func IsImage(name string) bool {
	switch e := extension(name); e {
	case "i00":
		return true
	case "000", "001":
		whole := extension(strings.TrimSuffix(name, path.Ext(name)))
		return whole == "" || classes[whole] == Image
	default:
		if isCompressed(name) {
			return classes[extension(strings.TrimSuffix(name, path.Ext(name)))] == Image
		}
		return classes[e] == Image
	}
}

func extension(name string) string {
	return strings.ToLower(strings.TrimPrefix(path.Ext(name), "."))
}

// Stem returns the name of an image file without its extension, and without that of a
// compressed one.
func Stem(name string) string {
	plain := strings.TrimSuffix(name, path.Ext(name))
	if isCompressed(name) {
		return strings.TrimSuffix(plain, path.Ext(plain))
	}
	return plain
}

// ImageExtension returns the extension of an image file, also of one that is compressed:
// ".iso" of "x.iso.gz".
func ImageExtension(name string) string {
	if isCompressed(name) {
		name = strings.TrimSuffix(name, path.Ext(name))
	}
	return path.Ext(name)
}

// isCompressed reports whether a name is that of a compressed image.
func isCompressed(name string) bool {
	switch extension(name) {
	case "gz", "xz", "bz2", "zst":
		return true
	}
	return false
}
