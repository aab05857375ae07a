package command

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/volume"
)

// sizes is a volume of files that claim these sizes.
type sizes struct {
	volume.FS
	list []int64
}

func (s sizes) Volume() volume.Info { return volume.Info{} }

func (s sizes) Walk(_ string, f func(*volume.Entry) error) error {
	for _, n := range s.list {
		if err := f(&volume.Entry{Path: []byte("file"), Size: n}); err != nil {
			return err
		}
	}
	return nil
}

// TestCheckSizes adds up what files claim to hold: a sum that cannot be counted is
// damage, and never negative.
func TestCheckSizes(t *testing.T) {
	d := disc.FromReaderAt(bytes.NewReader(nil), 0, nil)
	for _, test := range []struct {
		list []int64
		sum  int64
		bad  bool
	}{
		{[]int64{1, 2, 3}, 6, false},
		{[]int64{math.MaxInt64, 5}, math.MaxInt64, true},
		{[]int64{1 << 62, 1 << 62, 1 << 62}, math.MaxInt64, true},
	} {
		var c checkInfo
		if err := c.volume(t.Context(), d, sizes{list: test.list}, &volume.Comparison{}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(strings.Join(c.Damage, "\n"), "add up to more"); c.Bytes != test.sum || got != test.bad {
			t.Errorf("%v: %d bytes, damage %q", test.list, c.Bytes, c.Damage)
		}
	}
}
