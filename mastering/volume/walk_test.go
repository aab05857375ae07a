package volume

import (
	"math"
	"testing"
	"time"
)

func TestNanoseconds(t *testing.T) {
	for _, test := range []struct {
		time time.Time
		want int64
	}{
		{time.Unix(0, 0), 0},
		{time.Date(1969, 12, 31, 23, 59, 59, 999999999, time.UTC), -1},
		{time.Date(2262, 1, 1, 0, 0, 0, 0, time.UTC), 9214646400e9},
		{time.Date(2446, 5, 10, 0, 0, 0, 0, time.UTC), math.MaxInt64},
		{time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC), NoTime + 1},
		{time.Time{}, NoTime + 1},
	} {
		if got := Nanoseconds(test.time); got != test.want {
			t.Errorf("%v: %d, want %d", test.time, got, test.want)
		}
	}
}
