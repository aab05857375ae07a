package ecma167_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"glassmaster/mastering/udf/internal/ecma167"
	"glassmaster/mastering/udf/udftest"
)

func TestTime(t *testing.T) {
	for _, test := range []struct {
		bytes string
		want  time.Time
	}{
		{"\x00\x10\xe8\x07\x02\x1d\x0c\x22\x38\x4e\x5a\x0c", udftest.When},
		{"\x3c\x10\xe8\x07\x02\x1d\x0d\x22\x38\x4e\x5a\x0c", udftest.When}, // an hour east
		{"\xc4\x1f\xe8\x07\x02\x1d\x0b\x22\x38\x4e\x5a\x0c", udftest.When}, // an hour west
		{"\x01\x18\xe8\x07\x02\x1d\x0c\x22\x38\x4e\x5a\x0c", udftest.When}, // unspecified
		{"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", time.Time{}},  // not recorded
		{"\x00\x10\xe8\x07\x0d\x1d\x0c\x22\x38\x4e\x5a\x0c", time.Time{}},  // month 13
		{"\x00\x10\x6c\x07\x01\x01\x00\x00\x00\x00\x00\x00", time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		if got := ecma167.DecodeTime([]byte(test.bytes)); !got.Equal(test.want) {
			t.Errorf("%q: %v, want %v", test.bytes, got, test.want)
		}
	}
	var p [ecma167.TimestampLength]byte
	for _, want := range []time.Time{udftest.When, time.Date(1969, 12, 31, 23, 59, 59, 999999000, time.FixedZone("", 3600)), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)} {
		ecma167.PutTime(p[:], want)
		if got := ecma167.DecodeTime(p[:]); !got.Equal(want) {
			t.Errorf("%v came back as %v", want, got)
		}
	}
}

// TestCS0 keeps strings apart, also those with half a pair of surrogates.
func TestCS0(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"\x08caf\xe9", "café"},
		{"\x10\x00c\x00\xe9", "cé"},
		{"\x10\xd8\x3d\xdc\xbf", "\U0001F4BF"},
		{"\x10\xd8\x3d", "\xed\xa0\xbd"},
		{"\x10\xd8\x3d\x00a", "\xed\xa0\xbda"},
		{"\x10\xdc\xbf\xd8\x3d", "\xed\xb2\xbf\xed\xa0\xbd"},
		{"\x10\xff\xfd", "\ufffd"},
	} {
		if got, err := ecma167.DecodeCS0([]byte(c.in)); got != c.want || err != nil {
			t.Errorf("%q: %q, %v, want %q", c.in, got, err, c.want)
		}
	}
	if _, err := ecma167.DecodeCS0([]byte("\x09a")); err == nil {
		t.Error("an unknown compression is read")
	}
}

func FuzzCS0(f *testing.F) {
	for _, s := range []string{"", "a", "ÿ", "Ā", "日本語", "😀", "\xff", "a\x00b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p := ecma167.AppendCS0(nil, s)
		if len(p) != ecma167.CS0Length(s) {
			t.Errorf("%q: %d bytes, CS0Length returned %d", s, len(p), ecma167.CS0Length(s))
		}
		got, err := ecma167.DecodeCS0(p)
		if err != nil || utf8.ValidString(s) && got != s {
			t.Errorf("%q came back as %q, %v", s, got, err)
		}
		field := make([]byte, 32)
		ecma167.PutDString(field, s)
		if d := ecma167.DecodeDString(field); utf8.ValidString(s) && !strings.HasPrefix(s, d) {
			t.Errorf("%q came back as %q", s, d)
		}
	})
}
