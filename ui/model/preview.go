package model

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"image"
	_ "image/gif" // what pictures may be
	_ "image/jpeg"
	_ "image/png"
	"io"
	"io/fs"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"glassmaster/mastering/tree"
	"glassmaster/mastering/volume"
)

// Limits of a preview.
const (
	textBytes    = 32 << 10 // of a text that are shown
	pictureBytes = 40 << 20 // of a picture file that are read
	picturePixel = 60 << 20 // of a picture that are decoded
)

// Preview is the beginning of a file, for people to see.
type Preview struct {
	Text      string
	Truncated bool // the file goes on behind the text
	Picture   image.Image
	Note      string // why there is nothing to see
}

// ReadPreview reads the beginning of a file. It may take long on a drive.
func ReadPreview(ctx context.Context, f volume.FS, n *tree.Node) Preview {
	class := ClassOf(n)
	switch {
	case n.IsDir():
		return Preview{}
	case class == Link:
		return Preview{Note: "A link to " + n.Target()}
	case n.Mode&fs.ModeType != 0:
		return Preview{Note: "A special file has no contents"}
	case n.Size == 0:
		return Preview{Note: "The file is empty"}
	}
	file, err := f.Open(Inside(n))
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
	return readText(file)
}

func readPicture(r io.Reader) Preview {
	data, err := io.ReadAll(r)
	if err != nil {
		return Preview{Note: err.Error()}
	}
	c, kind, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return Preview{Note: "Pictures of this kind are not shown"}
	}
	if c.Width <= 0 || c.Height <= 0 || int64(c.Width)*int64(c.Height) > picturePixel {
		return Preview{Note: fmt.Sprintf("This picture is too large to be shown: %d by %d", c.Width, c.Height)}
	}
	p, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return Preview{Note: "The picture is damaged: " + err.Error()}
	}
	return Preview{Picture: p, Note: fmt.Sprintf("%d × %d, %s", c.Width, c.Height, strings.ToUpper(kind))}
}

func readText(r io.Reader) Preview {
	data := make([]byte, textBytes+1)
	n, err := io.ReadFull(r, data)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return Preview{Note: err.Error()}
	}
	more := n > textBytes
	data = data[:min(n, textBytes)]
	text, ok := asText(data, more)
	if !ok {
		return Preview{Note: "The contents are not text"}
	}
	return Preview{Text: text, Truncated: more}
}

// asText decodes what may be UTF-8, UTF-16 with a mark, or Latin-1, and reports
// whether it is text at all.
func asText(b []byte, cut bool) (string, bool) {
	switch {
	case len(b) >= 2 && b[0] == 0xff && b[1] == 0xfe:
		return utf16Text(b[2:], binary.LittleEndian), true
	case len(b) >= 2 && b[0] == 0xfe && b[1] == 0xff:
		return utf16Text(b[2:], binary.BigEndian), true
	}
	if cut { // the last letter may be torn
		for i := 0; i < utf8.UTFMax && len(b) > 0 && !utf8.Valid(b); i++ {
			b = b[:len(b)-1]
		}
	}
	odd := 0
	for _, c := range b {
		if c < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f' && c != 0x1b {
			odd++
		}
	}
	if odd > len(b)/200 {
		return "", false
	}
	if utf8.Valid(b) {
		return clean(strings.TrimPrefix(string(b), "\ufeff")), true
	}
	runes := make([]rune, len(b))
	for i, c := range b {
		runes[i] = rune(c)
	}
	return clean(string(runes)), true
}

func utf16Text(b []byte, order binary.ByteOrder) string {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = order.Uint16(b[2*i:])
	}
	return clean(string(utf16.Decode(units)))
}

// clean makes a text fit to be drawn.
func clean(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\t", "    ").Replace(s)
	return strings.Map(func(r rune) rune {
		if r < 0x20 && r != '\n' {
			return -1
		}
		return r
	}, s)
}
