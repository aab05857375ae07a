package volume

import (
	"errors"
	"math"
	"testing"
)

func TestReach(t *testing.T) {
	r := NewReach(1 << 20)
	admit := func(folder, way uint64, n int64, again bool, want error) {
		t.Helper()
		if got, err := r.Admit(folder, way, n); got != again || !errors.Is(err, want) {
			t.Errorf("folder %d on way %d: %v, %v; want %v, %v", folder, way, got, err, again, want)
		}
	}
	admit(1, 10, 2048, false, nil)
	admit(1, 10, 2048, false, nil)
	admit(1, 11, 2048, true, nil)
	for range 1000 { // the same way costs nothing
		admit(1, 11, 2048, true, nil)
	}
	admit(2, 12, 2<<20, false, ErrClaim)
	way := uint64(100)
	for range 10000 {
		if _, err := r.Admit(1, way, 1); err != nil {
			break
		}
		way++
	}
	if most := uint64((againRoom*2048 + againSpare) / againLeast); way > 100+most || way < 100+most/2 {
		t.Errorf("%d ways were admitted", way-100)
	}
	admit(1, way, 1, true, ErrAgain)
	admit(1, 11, 2048, true, nil)
	admit(3, 13, 2048, false, nil)
}

func TestSum(t *testing.T) {
	for _, c := range []struct{ a, b, want int64 }{
		{0, 0, 0},
		{3, 4, 7},
		{math.MaxInt64, 0, math.MaxInt64},
		{math.MaxInt64, 1, math.MaxInt64},
		{math.MaxInt64 - 5, 5, math.MaxInt64},
		{1 << 62, 1 << 62, math.MaxInt64},
	} {
		if got := Sum(c.a, c.b); got != c.want {
			t.Errorf("%d + %d: %d", c.a, c.b, got)
		}
	}
}
