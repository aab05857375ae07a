package filename

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// Charset is a character set of names. The zero value means that names that are valid
// UTF-8 are UTF-8, and the character set of others is unknown. It implements pflag.Value.
type Charset struct {
	name string
	enc  encoding.Encoding // nil for UTF-8
}

// Named returns the character set with a name of the IANA registry or another common name:
// "shift_jis", "koi8-r", "latin1", "cp437", "sjis".
func Named(name string) (Charset, error) {
	enc, canonical := registered(strings.ToLower(strings.TrimSpace(name)))
	if enc == nil {
		enc, canonical = registered(registryName(name))
	}
	if enc == nil {
		return Charset{}, fmt.Errorf("unknown character set %q; known are utf-8, iso-8859-1 to -16, windows-1250 to -1258, cp437, cp850, cp866, koi8-r, shift_jis, euc-jp, gb18030, big5, euc-kr and others", name)
	}
	if enc == unicode.UTF8 {
		return Charset{name: "utf-8"}, nil
	}
	if strings.HasPrefix(canonical, "UTF-16") {
		return Charset{}, fmt.Errorf("%s is not a character set of 8-bit names; names in Unicode (Joliet, UDF) need no character set", name)
	}
	return Charset{canonical, enc}, nil
}

// registryName returns the name in the IANA registry of a character set that browsers or
// operating systems know by another name.
func registryName(name string) string {
	plain := strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(name))
	plain = strings.TrimPrefix(plain, "x")
	if n, ok := strings.CutPrefix(plain, "iso8859"); ok && n != "11" {
		return "iso-8859-" + n
	}
	for _, prefix := range []string{"cp", "windows", "win"} {
		if n, ok := strings.CutPrefix(plain, prefix); ok && strings.HasPrefix(n, "125") {
			return "windows-" + n
		}
	}
	switch plain {
	case "utf8", "unicode11utf8":
		return "utf-8"
	case "sjis", "shiftjis", "ms932", "cp932", "windows31j", "windows932":
		return "shift_jis"
	case "eucjp":
		return "euc-jp"
	case "gb2312", "gb231280", "chinese", "cp936", "windows936", "gbk":
		return "gbk"
	case "big5hkscs", "cnbig5", "cp950", "windows950":
		return "big5"
	case "euckr", "korean", "ksc5601", "ksc56011987", "ksc56011989", "cp949", "windows949", "uhc":
		return "euc-kr"
	case "koi", "koi8", "koi8r":
		return "koi8-r"
	case "koi8u", "koi8ru":
		return "koi8-u"
	case "dos874", "cp874", "tis620", "iso885911", "windows874":
		return "windows-874"
	case "macroman":
		return "macintosh"
	case "ascii":
		return "windows-1252"
	case "l9":
		return "iso-8859-15"
	}
	return ""
}

// IsZero reports whether c is the zero value.
func (c Charset) IsZero() bool { return c.name == "" }

// String implements pflag.Value.
func (c Charset) String() string { return c.name }

// Type implements pflag.Value.
func (c Charset) Type() string { return "charset" }

// Set implements pflag.Value.
func (c *Charset) Set(name string) error {
	named, err := Named(name)
	if err == nil {
		*c = named
	}
	return err
}

// Text returns a name in UTF-8, and false if its bytes are not valid in the character
// set.
func (c Charset) Text(name string) (string, bool) {
	if plain(name) {
		return name, true
	}
	if c.enc == nil {
		return name, utf8.ValidString(name)
	}
	text, err := c.enc.NewDecoder().String(name)
	if err != nil || strings.ContainsRune(text, utf8.RuneError) || strings.ContainsAny(text, "/\x00") {
		return name, false
	}
	return text, true
}

// NewDecoder returns a decoder that converts text in the character set to UTF-8.
func (c Charset) NewDecoder() *encoding.Decoder {
	if c.enc == nil {
		return unicode.UTF8.NewDecoder()
	}
	return c.enc.NewDecoder()
}

// Latin1 is the most common character set of names and texts that are not UTF-8.
var Latin1 = Charset{"windows-1252", charmap.Windows1252}
