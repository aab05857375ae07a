package filename_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding/ianaindex"

	"glassmaster/mastering/filename"
)

// registryNames are the names of character sets that package ianaindex supports.
const registryNames = `
big5 csbig5 cseucpkdfmtjapanese euc-jp extended_unix_code_packed_format_for_japanese
cseuckr euc-kr csgb18030 gb18030 cp936 csgbk gbk ms936 windows-936 hz-gb-2312 ccsid00858
cp00858 csibm00858 ibm00858 pc-multilingual-850+euro ccsid01140 cp01140 csibm01140
ebcdic-us-37+euro ibm01140 cp037 csibm037 ebcdic-cp-ca ebcdic-cp-nl ebcdic-cp-us
ebcdic-cp-wt ibm037 csibm1047 ibm-1047 ibm1047 437 cp437 cspc8codepage437 ibm437 850
cp850 cspc850multilingual ibm850 852 cp852 cspcp852 ibm852 855 cp855 csibm855 ibm855 860
cp860 csibm860 ibm860 862 cp862 cspc862latinhebrew ibm862 863 cp863 csibm863 ibm863 865
cp865 csibm865 ibm865 866 cp866 csibm866 ibm866 csiso2022jp iso-2022-jp cp819
csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso_8859-1 iso_8859-1:1987 l1 latin1
csisolatin6 iso-8859-10 iso-ir-157 iso_8859-10:1992 l6 latin6 csiso885913 iso-8859-13
csiso885914 iso-8859-14 iso-celtic iso-ir-199 iso_8859-14 iso_8859-14:1998 l8 latin8
csiso885915 iso-8859-15 iso_8859-15 latin-9 csiso885916 iso-8859-16 iso-ir-226
iso_8859-16 iso_8859-16:2001 l10 latin10 csisolatin2 iso-8859-2 iso-ir-101 iso_8859-2
iso_8859-2:1987 l2 latin2 csisolatin3 iso-8859-3 iso-ir-109 iso_8859-3 iso_8859-3:1988
l3 latin3 csisolatin4 iso-8859-4 iso-ir-110 iso_8859-4 iso_8859-4:1988 l4 latin4
csisolatincyrillic cyrillic iso-8859-5 iso-ir-144 iso_8859-5 iso_8859-5:1988 arabic
asmo-708 csisolatinarabic ecma-114 iso-8859-6 iso-ir-127 iso_8859-6 iso_8859-6:1987
csiso88596e iso-8859-6-e iso_8859-6-e csiso88596i iso-8859-6-i iso_8859-6-i
csisolatingreek ecma-118 elot_928 greek greek8 iso-8859-7 iso-ir-126 iso_8859-7
iso_8859-7:1987 csisolatinhebrew hebrew iso-8859-8 iso-ir-138 iso_8859-8 iso_8859-8:1988
csiso88598e iso-8859-8-e iso_8859-8-e csiso88598i iso-8859-8-i iso_8859-8-i csisolatin5
iso-8859-9 iso-ir-148 iso_8859-9 iso_8859-9:1989 l5 latin5 cskoi8r koi8-r cskoi8u koi8-u
csshiftjis ms_kanji shift_jis ansi_x3.4-1968 ansi_x3.4-1986 cp367 csascii ibm367
iso-ir-6 iso646-us iso_646.irv:1991 us us-ascii csutf16 utf-16 csutf16be utf-16be
csutf16le utf-16le csutf8 utf-8 csmacintosh mac macintosh cswindows1250 windows-1250
cswindows1251 windows-1251 cswindows1252 windows-1252 cswindows1253 windows-1253
cswindows1254 windows-1254 cswindows1255 windows-1255 cswindows1256 windows-1256
cswindows1257 windows-1257 cswindows1258 windows-1258 cswindows874 windows-874
`

// The table of character sets is that of package ianaindex.
func TestNamedIsTheRegistry(t *testing.T) {
	for _, name := range strings.Fields(registryNames) {
		enc, err := ianaindex.IANA.Encoding(name)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		mime, err := ianaindex.MIME.Name(enc)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		set, err := filename.Named(strings.ToUpper(name))
		if strings.HasPrefix(mime, "UTF-16") {
			if err == nil || strings.Contains(err.Error(), "no character set is known") {
				t.Errorf("%s: %v, want an error because it is not for 8-bit names", name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !strings.EqualFold(set.String(), mime) {
			t.Errorf("%s is called %s, want %s", name, set, mime)
		}
		for b := 0x80; b < 0x100; b++ {
			raw := string([]byte{byte(b)})
			want, err := enc.NewDecoder().String(raw)
			valid := err == nil && !strings.ContainsRune(want, utf8.RuneError) && !strings.ContainsAny(want, "/\x00")
			if text, ok := set.Text(raw); ok != valid || valid && text != want {
				t.Errorf("%s: byte %#x is %q, %t, want %q, %t", name, b, text, ok, want, valid)
			}
		}
	}
}
