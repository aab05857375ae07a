package model

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	_ "image/gif" // supported picture formats
	_ "image/jpeg"
	_ "image/png"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"glassmaster/mastering/filename"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/volume"
)

// Limits of a preview.
const (
	textBytes    = 32 << 10 // of a text that are shown
	pictureBytes = 40 << 20 // of a picture file that are read
	picturePixel = 60 << 20 // of a picture that are decoded
)

// Preview is the beginning of a file for display.
type Preview struct {
	Text      string
	Charset   string // of the text, marked if it is a guess
	Truncated bool   // the text is only the beginning of the file
	Picture   image.Image
	Note      string // why nothing is shown
}

// ReadPreview reads the beginning of a file. It may take a long time on a drive.
func ReadPreview(ctx context.Context, f volume.FS, n *tree.Node) Preview {
	return readPreview(ctx, n, func() (io.ReadCloser, error) { return f.Open(Inside(n)) })
}

// ReadEdited reads the beginning of a file of an edited image: of the host, if it was added,
// and otherwise of f, the volume before the changes, which may be nil.
func ReadEdited(ctx context.Context, f volume.FS, n *tree.Node) Preview {
	return readPreview(ctx, n, func() (io.ReadCloser, error) {
		switch path := HostPath(n); {
		case path != "":
			return os.Open(path)
		case n.Origin() == nil || f == nil:
			return nil, errors.New("no preview")
		}
		return f.Open(Inside(n.Origin()))
	})
}

// HostPath returns the path of the file of the host from which the contents of a node come,
// or "".
func HostPath(n *tree.Node) string {
	if f, ok := n.Source().(*layout.File); ok {
		return f.Path()
	}
	return ""
}

func readPreview(ctx context.Context, n *tree.Node, open func() (io.ReadCloser, error)) Preview {
	class := ClassOf(n)
	switch {
	case n.IsDir():
		return Preview{}
	case class == Link:
		return Preview{Note: "Symbolic link to " + n.Target()}
	case n.Mode&fs.ModeType != 0:
		return Preview{Note: "A special file: it has no contents"}
	case n.Size == 0:
		return Preview{Note: "The file is empty"}
	}
	file, err := open()
	if err != nil {
		return Preview{Note: err.Error()}
	}
	defer file.Close()
	if ctx.Err() != nil {
		return Preview{}
	}
	if class == Picture && n.Size <= pictureBytes {
		return readPicture(io.LimitReader(file, pictureBytes))
	}
	return readText(file, n.Name)
}

func readPicture(r io.Reader) Preview {
	data, err := io.ReadAll(r)
	if err != nil {
		return Preview{Note: err.Error()}
	}
	c, kind, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return Preview{Note: "No preview: the format of this picture is not supported"}
	}
	if c.Width <= 0 || c.Height <= 0 || int64(c.Width)*int64(c.Height) > picturePixel {
		return Preview{Note: fmt.Sprintf("No preview: the picture is too large (%d × %d)", c.Width, c.Height)}
	}
	p, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return Preview{Note: "No preview: the picture is damaged: " + err.Error()}
	}
	return Preview{Picture: p, Note: fmt.Sprintf("%d × %d, %s", c.Width, c.Height, strings.ToUpper(kind))}
}

func readText(r io.Reader, name string) Preview {
	data := make([]byte, textBytes+1)
	n, err := io.ReadFull(r, data)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return Preview{Note: err.Error()}
	}
	more := n > textBytes
	text, charset, ok := decodeText(data[:min(n, textBytes)], name, more)
	if !ok {
		return Preview{Note: "Not a text file"}
	}
	return Preview{Text: drawable(text), Charset: charset, Truncated: more}
}

// decodeText decodes the beginning of a file, and returns the character set that it is
// in; false means that the file is not text. Where more follows, a character that is cut
// off at the end is left out.
func decodeText(b []byte, name string, more bool) (text, charset string, ok bool) {
	var decoder *encoding.Decoder
	switch {
	case bytes.HasPrefix(b, []byte("\xfe\xff")):
		decoder, charset = unicode.UTF16(unicode.BigEndian, unicode.ExpectBOM).NewDecoder(), "UTF-16, big-endian"
	case bytes.HasPrefix(b, []byte("\xff\xfe")):
		decoder, charset = unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder(), "UTF-16, little-endian"
	case isBinary(b):
		return "", "", false
	case isUTF8(b, more):
		decoder, charset = unicode.UTF8BOM.NewDecoder(), "UTF-8"
	case slices.Contains([]string{"nfo", "diz"}, extension(name)):
		decoder, charset = charmap.CodePage437.NewDecoder(), "IBM437"
	default:
		set := filename.Guess(words(b))
		decoder, charset = set.NewDecoder(), set.String()+" (guessed)"
	}
	out := make([]byte, 3*len(b)+utf8.UTFMax) // no character grows by more
	n, _, err := decoder.Transform(out, b, !more)
	if err != nil && err != transform.ErrShortSrc {
		return "", "", false
	}
	return string(out[:n]), charset, true
}

// isBinary reports whether there are more control characters than a text has.
func isBinary(b []byte) bool {
	n := 0
	for _, c := range b {
		if c < 0x20 && !bytes.ContainsRune([]byte("\n\r\t\f\x1b"), rune(c)) {
			n++
		}
	}
	return n > len(b)/200
}

func isUTF8(b []byte, more bool) bool {
	_, n, err := encoding.UTF8Validator.Transform(make([]byte, len(b)), b, !more)
	return err == nil || err == transform.ErrShortSrc && len(b)-n < utf8.UTFMax
}

// words are the strings used to guess the character set. They end at bytes that no
// character set uses within a character.
func words(b []byte) []string {
	return slices.DeleteFunc(strings.FieldsFunc(string(b), func(r rune) bool { return r < '0' }),
		func(w string) bool { return strings.IndexFunc(w, func(r rune) bool { return r >= utf8.RuneSelf }) < 0 })
}

// drawable removes what cannot be drawn from a text.
func drawable(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\t", "    ").Replace(s)
	return strings.Map(func(r rune) rune {
		if r < 0x20 && r != '\n' {
			return -1
		}
		return r
	}, s)
}
