package iso9660

import (
	"math/rand"
	"testing"
	"time"

	"glassmaster/mastering/volume"
)

func TestNames(t *testing.T) {
	for _, c := range []struct{ in, out string }{
		{"README.TXT;1", "README.TXT"},
		{"README.;1", "README"},
		{"README.TXT;2", "README.TXT;2"},
		{"NODOT", "NODOT"},
		{".;1", "."},
		{"..", "."},
		{"A/B", "A/B"},
		{"A\x00B", "A\x00B"},
		{"caf\xe9", "caf\xe9"},
		{"café 資料", "café 資料"},
	} {
		if got := string(appendPlainName(nil, []byte(c.in))); got != c.out {
			t.Errorf("plain %q: %q, want %q", c.in, got, c.out)
		}
	}
	for _, c := range []struct{ in, out string }{
		{"\x00A\x00;\x001", "A"},
		{"\xd8\x3d\xdc\xbf", "\U0001F4BF"},
		{"\xd8\x3d\x00A", "\xed\xa0\xbdA"},
		{"\xdc\x3d\xd8\x3d", "\xed\xb0\xbd\xed\xa0\xbd"},
		{"\x00.\x00.", ".."},
		{"\x00A\x00/\x00B", "A/B"},
		{"\x00A\x00", "A"},
	} {
		if got := string(appendJolietName(nil, []byte(c.in))); got != c.out {
			t.Errorf("Joliet %q: %q, want %q", c.in, got, c.out)
		}
	}
}

func TestTimes(t *testing.T) {
	r := rand.New(rand.NewSource(3))
	for range 5000 {
		zone := r.Intn(100) - 48
		want := time.Date(1900+r.Intn(256), time.Month(1+r.Intn(12)), 1+r.Intn(28), r.Intn(24), r.Intn(60), r.Intn(60), 0,
			time.FixedZone("", zone*900))
		p := []byte{byte(want.Year() - 1900), byte(want.Month()), byte(want.Day()), byte(want.Hour()), byte(want.Minute()), byte(want.Second()), byte(zone)}
		if got := time7(p); got != want.UnixNano() {
			t.Fatalf("%v: %v", want, time.Unix(0, got).UTC())
		}
		long := append([]byte(want.Format("20060102150405")+"37"), byte(zone))
		if got := time17(long); !got.Equal(want.Add(370 * time.Millisecond)) {
			t.Fatalf("%v: %v", want, got)
		}
	}
	// Some writers record a wrong zone after 2038: -24 hours.
	if got, want := time7([]byte{196, 10, 2, 7, 6, 40, 0xA0}), time.Unix(4000000000, 0); got != want.UnixNano() {
		t.Errorf("%v, want %v", time.Unix(0, got).UTC(), want.UTC())
	}
	if got, want := time17([]byte("2096100207064000\xa0")), time.Unix(4000000000, 0); !got.Equal(want) {
		t.Errorf("%v, want %v", got, want.UTC())
	}
	if time7(make([]byte, 7)) != volume.NoTime {
		t.Error("a date of zeros is accepted as a time")
	}
	for _, s := range []string{"0000000000000000\x00", "                \x00", "20231341000000  \x00"} {
		if got := time17([]byte(s)); !got.IsZero() {
			t.Errorf("%q: %v", s, got)
		}
	}
}
