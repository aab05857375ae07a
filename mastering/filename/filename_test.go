package filename

import (
	"bytes"
	"strings"
	"testing"
)

func TestValidPath(t *testing.T) {
	for p, want := range map[string]bool{
		".": true, "a": true, "a/b": true, "caf\xe9/x": true, "\xed\xa0\x80": true,
		"": false, "/": false, "/a": false, "a/": false, "a//b": false, "..": false, "a/../b": false, "./a": false, "a/.": false,
	} {
		if got := ValidPath(p); got != want {
			t.Errorf("%q: %v", p, got)
		}
	}
}

func TestProtect(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"plain", "plain"},
		{"caf\xe9", "caf\xe9"},
		{`back\slash`, `back\slash`},
		{"", "_"},
		{".", `\x2e`},
		{"..", `\x2e\x2e`},
		{"...", "..."},
		{".a", ".a"},
		{"/", `\x2f`},
		{"../x", `..\x2fx`},
		{"a\x00b", `a\x00b`},
		{`a\b/c`, `a\\b\x2fc`},
	} {
		got, changed := Protect([]byte("before/"+c.name), 7)
		if string(got) != "before/"+c.want || changed != (c.name != c.want) {
			t.Errorf("%q: %q, %v", c.name, got, changed)
		}
	}
}

// TestDivides looks for slashes and NUL at every place of names of many lengths.
func TestDivides(t *testing.T) {
	for n := range 40 {
		name := bytes.Repeat([]byte{0x80, '.', 0x01, 0x30, 0xff, 0xaf, 0x2e}, 6)[:n]
		if divides(name) {
			t.Errorf("%q", name)
		}
		for i := range name {
			for _, c := range []byte{'/', 0} {
				was := name[i]
				name[i] = c
				if !divides(name) {
					t.Errorf("%q", name)
				}
				name[i] = was
			}
		}
	}
}

func TestEscape(t *testing.T) {
	for _, c := range []struct{ name, safe, printable, message string }{
		{"plain name.txt", "plain name.txt", "plain name.txt", "plain name.txt"},
		{"längst ☃", "längst ☃", "längst ☃", "längst ☃"},
		{`dev-disk-by\x2dlabel`, `dev-disk-by\x2dlabel`, `dev-disk-by\x2dlabel`, `dev-disk-by\x2dlabel`},
		{"caf\xe9", "caf\xe9", `caf\xe9`, `caf\xe9`},
		{"\x91g\x8d\x87", "\x91g\x8d\x87", `\x91g\x8d\x87`, `\x91g\x8d\x87`},
		{"a\x1b[2J", `a\x1b[2J`, `a\x1b[2J`, `a\x1b[2J`},
		{"two\nlines\x7f", `two\x0alines\x7f`, `two\x0alines\x7f`, `two\x0alines\x7f`},
		{"C1\u009b31m", `C1\xc2\x9b31m`, `C1\xc2\x9b31m`, `C1\xc2\x9b31m`},
		{"turned\u202egpj.exe", `turned\xe2\x80\xaegpj.exe`, `turned\xe2\x80\xaegpj.exe`, `turned\xe2\x80\xaegpj.exe`},
		{"mark\u200f", "mark\u200f", `mark\xe2\x80\x8f`, `mark\xe2\x80\x8f`},
		{"half \xed\xa0\x80", "half \xed\xa0\x80", `half \xed\xa0\x80`, `half \xed\xa0\x80`},
		{"both\\\r", `both\\\x0d`, `both\\\x0d`, `both\\x0d`},
		{"\ufffd", "\ufffd", "\ufffd", "\ufffd"},
	} {
		if got := Safe(c.name); got != c.safe {
			t.Errorf("Safe(%q) = %q, want %q", c.name, got, c.safe)
		}
		if got := Printable(c.name); got != c.printable {
			t.Errorf("Printable(%q) = %q, want %q", c.name, got, c.printable)
		}
		if got := Message(c.name); got != c.message {
			t.Errorf("Message(%q) = %q, want %q", c.name, got, c.message)
		}
	}
	if got := Message("\"a\\b\"\r"); got != `"a\b"\x0d` {
		t.Errorf("%s", got)
	}
}

func TestNamed(t *testing.T) {
	for _, c := range []struct{ name, bytes, text string }{
		{"UTF-8", "caf\u00e9", "café"},
		{"latin1", "caf\xe9", "café"},
		{"ISO-8859-15", "\xa4", "€"},
		{"cp437", "caf\x82", "café"},
		{"cp850", "caf\x82", "café"},
		{"cp866", "\x8f\xe0\xa8\xa2\xa5\xe2", "Привет"},
		{"cp1251", "\xcf\xf0\xe8\xe2\xe5\xf2", "Привет"},
		{"KOI8-R", "\xf0\xd2\xc9\xd7\xc5\xd4", "Привет"},
		{"Shift_JIS", "\x91g\x8d\x87", "組合"},
		{"sjis", "\x91g\x8d\x87", "組合"},
		{"ms932", "\x91g\x8d\x87", "組合"},
		{"iso8859-15", "\xa4", "€"},
		{"utf8", "caf\u00e9", "café"},
		{"x-cp1251", "\xcf\xf0\xe8\xe2\xe5\xf2", "Привет"},
		{"gb2312", "\xb2\xe2\xca\xd4", "测试"},
		{"windows-949", "\xc7\xd1\xb1\xdb", "한글"},
		{"koi8", "\xf0\xd2\xc9\xd7\xc5\xd4", "Привет"},
		{"EUC-JP", "\xc1\xc8\xb9\xe7", "組合"},
		{"gbk", "\xb2\xe2\xca\xd4", "测试"},
		{"big5", "\xb4\xfa\xb8\xd5", "測試"},
		{"euc-kr", "\xc7\xd1\xb1\xdb", "한글"},
	} {
		set, err := Named(c.name)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got, ok := set.Text(c.bytes); got != c.text || !ok || set.IsZero() {
			t.Errorf("%s: %q, %v, want %q", c.name, got, ok, c.text)
		}
	}
	for _, name := range []string{"", "nothing", "utf-16", "UTF-16BE", "utf-32"} {
		if set, err := Named(name); err == nil {
			t.Errorf("%q is %v", name, set)
		}
	}
	for _, c := range []struct{ name, bytes string }{{"utf-8", "\xe9"}, {"Shift_JIS", "\x91"}, {"cp1252", "\x81"}} {
		set, err := Named(c.name)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := set.Text(c.bytes); got != c.bytes || ok {
			t.Errorf("%s: %q, %v", c.name, got, ok)
		}
	}
}

// TestGuess guesses the character set of names in each character set.
func TestGuess(t *testing.T) {
	for _, c := range []struct {
		set   string
		names string
	}{
		{"windows-1252", "café.txt|Übersicht.doc|naïve façade|Größe"},
		{"windows-1252", "café.txt"},
		{"windows-1252", "Resumé élève.pdf"},
		{"ibm850", "café.txt|Übersicht.doc|Größe"},
		{"windows-1251", "Привет мир.txt|Документы|фото"},
		{"koi8-r", "Привет мир.txt|Документы|фото"},
		{"ibm866", "Привет мир.txt|Документы|фото"},
		{"shift_jis", "組合.txt|テスト|写真のフォルダ"},
		{"euc-jp", "組合.txt|テスト|写真のフォルダ"},
		{"gb18030", "测试文件.txt|我的文档|照片"},
		{"big5", "測試檔案.txt|我的文件|照片"},
		{"euc-kr", "한글 문서.txt|사진|음악"},
	} {
		set, err := Named(c.set)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, text := range strings.Split(c.names, "|") {
			b, err := set.enc.NewEncoder().String(text)
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, b)
		}
		if got := Guess(names); got.String() != c.set {
			t.Errorf("%s: %v", c.names, got)
		}
	}
}

func FuzzEscape(f *testing.F) {
	f.Add("a\x1b\\\xe9\u202e")
	f.Fuzz(func(t *testing.T, name string) {
		safe, shown := Safe(name), Printable(name)
		for _, r := range shown {
			if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || turns(r) {
				t.Errorf("%q is shown as %q", name, shown)
			}
		}
		if strings.ContainsAny(safe, "\x1b\n\r\u202e\u009b") {
			t.Errorf("%q becomes %q", name, safe)
		}
		if safe != name && unescape(safe) != name || shown != name && unescape(shown) != name {
			t.Errorf("%q becomes %q and %q", name, safe, shown)
		}
		_ = Guess([]string{name})
	})
}

// unescape reverses the escaping.
func unescape(s string) string {
	const digits = "0123456789abcdef"
	var b []byte
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && s[i+1] == '\\':
			i++
			b = append(b, '\\')
		case s[i] == '\\':
			b = append(b, byte(strings.IndexByte(digits, s[i+2])<<4|strings.IndexByte(digits, s[i+3])))
			i += 3
		default:
			b = append(b, s[i])
		}
	}
	return string(b)
}
