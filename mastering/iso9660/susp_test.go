package iso9660

import (
	"math"
	"testing"
	"time"

	"glassmaster/mastering/volume"
)

// component returns a component of an SL entry.
func part(flags byte, text string) []byte {
	return append([]byte{flags, byte(len(text))}, text...)
}

// TestLinkTargets decodes targets from components as writers make them.
func TestLinkTargets(t *testing.T) {
	sl := func(flags byte, parts ...[]byte) []byte { return entry("SL", append([][]byte{{flags}}, parts...)...) }
	for _, c := range []struct {
		want    string
		entries [][]byte
	}{
		{"a/b", [][]byte{sl(0, part(0, "a"), part(0, "b"))}},
		{"/", [][]byte{sl(0, part(8, ""))}},
		{"/a", [][]byte{sl(0, part(8, ""), part(0, "a"))}},
		// Two slashes, as genisoimage writes them.
		{"//a", [][]byte{sl(0, part(8, ""), part(8, ""), part(0, "a"))}},
		{"a//b///c", [][]byte{sl(0, part(0, "a"), part(8, ""), part(0, "b"), part(8, ""), part(8, ""), part(0, "c"))}},
		{"./../x", [][]byte{sl(1, part(2, "")), sl(1, part(4, "")), sl(0, part(0, "x"))}},
		{"abc/d", [][]byte{sl(1, part(1, "ab")), sl(0, part(0, "c"), part(0, "d"))}},
	} {
		var it item
		it.reset()
		for _, e := range c.entries {
			it.takeEntries(e)
		}
		if got := string(it.Target); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// TestCutTarget uses a component that is longer than its entry: part of a target must not
// be returned as the complete target.
func TestCutTarget(t *testing.T) {
	var it item
	it.reset()
	it.takeEntries(entry("SL", []byte{0}, part(4, ""), []byte{0, 200, 'd', 'o', 'c', 's'}))
	if it.suspErr == nil {
		t.Errorf("%q, and no error", it.Target)
	}
}

// TestFarTimes returns the nearest possible time for one out of the range of nanoseconds.
func TestFarTimes(t *testing.T) {
	for digits, want := range map[string]int64{
		"2261123123595999": time.Date(2261, 12, 31, 23, 59, 59, 990e6, time.UTC).UnixNano(),
		"9999123123595999": math.MaxInt64, "1600010100000000": volume.NoTime + 1,
	} {
		var it item
		it.reset()
		it.takeEntries(entry("TF", []byte{0x82}, []byte(digits+"\x00")))
		if it.Modified != want {
			t.Errorf("%s: %d, want %d", digits, it.Modified, want)
		}
	}
}

// TestNamedACL shows entries that name users and groups by text.
func TestNamedACL(t *testing.T) {
	list := []byte{1<<4 | 6, 2<<4 | 8 | 4, 5, 'p', 'e', 't', 'e', 'r', 3<<4 | 4, 4<<4 | 8 | 5, 4, 'm', 'a', 'i', 'l', 5<<4 | 7, 6 << 4}
	if got, want := aaipACL(list), "user::rw-,user:peter:r--,group::r--,group:mail:r-x,mask::rwx,other::---"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
