package image

import (
	"slices"
	"strings"
	"sync"
)

// What to do with files that can be contents of a disc, or that were received instead of
// an image.
const (
	onDisc  = "to write it to a disc, burn or build the folder that contains it"
	message = "the server may have sent an error message instead of the image; open it in a browser, or copy or download the image again"
	torrent = "open it with a BitTorrent program, which downloads the image"
	readIt  = "open it in an editor; it may say why it is not an image"
)

// otherFiles are common kinds of files that are not discs. docs/dependencies.md says why
// no library identifies them.
var otherFiles = sync.OnceValue(func() []fileKind {
	return []fileKind{
		text(`(?i)\A\x{feff}?\s*(<!--(.|\n)*?-->\s*)*<(!doctype\s+html|html|head|body|title|script)[\s>]`, "a web page (HTML)", message),
		text(`(?i)\A\x{feff}?\s*<\?xml\s`, "text (XML)", readIt),
		text(`\A\x{feff}?\s*(\{\s*["}]|\[\s*[{\["\]\d])`, "text (JSON)", readIt),
		start("d8:announce", "a torrent file", torrent),
		start("d13:announce-list", "a torrent file", torrent),
		start("d4:info", "a torrent file", torrent),
		start("d7:comment", "a torrent file", torrent),
		start("d10:created by", "a torrent file", torrent),
		start("d13:creation date", "a torrent file", torrent),

		start("%PDF-", "a PDF document", onDisc),
		start("%!PS", "a PostScript document", onDisc),
		start("{\\rtf", "a document (RTF)", onDisc),
		start("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a document of Microsoft Office, or an installer (MSI)", onDisc),
		start("SQLite format 3\x00", "a database (SQLite)", onDisc),

		start("\xff\xd8\xff", "a picture (JPEG)", onDisc),
		start("\x89PNG\r\n\x1a\n", "a picture (PNG)", onDisc),
		start("GIF8", "a picture (GIF)", onDisc),
		start("II*\x00", "a picture (TIFF)", onDisc),
		start("MM\x00*", "a picture (TIFF)", onDisc),
		place(8, "WEBP", "a picture (WebP)", onDisc),
		place(4, "ftypheic", "a picture (HEIF)", onDisc),
		place(4, "ftypavif", "a picture (AVIF)", onDisc),
		{"a picture (BMP)", onDisc, (*sample).bitmap},

		start("ID3", "a sound file (MP3)", onDisc),
		start("\xff\xfb", "a sound file (MP3)", onDisc),
		start("fLaC", "a sound file (FLAC)", onDisc),
		start("OggS", "a sound or video file (Ogg)", onDisc),
		place(8, "WAVE", "a sound file (WAV)", onDisc),
		start("FORM", "a sound file (AIFF)", onDisc),
		place(8, "AVI ", "a video file (AVI)", onDisc),
		place(4, "ftyp", "a video or sound file (MP4)", onDisc),
		start("\x1aE\xdf\xa3", "a video file (Matroska or WebM)", onDisc),
		start("\x00\x00\x01\xba", "a video file (MPEG)", onDisc),

		start("\x7fELF", "a program (ELF)", onDisc),
		start("MZ", "a program for Windows or DOS", onDisc),
		start("#!", "a script", onDisc),
		start("!<arch>\ndebian", "a package of Debian", onDisc),
		start("\xed\xab\xee\xdb", "a package (RPM)", onDisc),
	}
})

// otherFile recognizes common kinds of files that are not discs, and text.
func (s *sample) otherFile() (kind, advice string) {
	for _, f := range otherFiles() {
		if f.is(s) {
			return f.kind, f.advice
		}
	}
	if s.isText() {
		return "text", readIt
	}
	return "", ""
}

// bitmap recognizes a BMP file. The size of its second header is at 14.
func (s *sample) bitmap() bool {
	return s.at(0, "BM") && s.at(15, "\x00\x00\x00") && strings.IndexByte("\x0c\x28\x34\x38\x40\x6c\x7c", s.head[14]) >= 0
}

// isText reports whether the file begins with text: with a byte order mark of UTF-16,
// or without any of the control characters that WHATWG's MIME Sniffing Standard calls
// binary data bytes.
func (s *sample) isText() bool {
	if s.at(0, "\xff\xfe") || s.at(0, "\xfe\xff") {
		return len(s.head) >= 4 && s.head[2]|s.head[3] != 0
	}
	return !slices.ContainsFunc(s.head[:min(len(s.head), 4096)], func(b byte) bool {
		return b < 0x20 && strings.IndexByte("\t\n\f\r\x1b", b) < 0
	})
}
