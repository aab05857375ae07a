package disc_test

import (
	"testing"

	"glassmaster/mastering/disc"
)

func TestMSF(t *testing.T) {
	for _, c := range []struct {
		lba disc.LBA
		msf disc.MSF
	}{
		{0, disc.MSF{M: 0, S: 2, F: 0}},
		{-150, disc.MSF{M: 0, S: 0, F: 0}},
		{16, disc.MSF{M: 0, S: 2, F: 16}},
		{359849, disc.MSF{M: 79, S: 59, F: 74}},
		{-11635, disc.MSF{M: 97, S: 26, F: 65}},
		{-151, disc.MSF{M: 99, S: 59, F: 74}},
		{-45150, disc.MSF{M: 90, S: 0, F: 0}},
		{404849, disc.MSF{M: 89, S: 59, F: 74}},
	} {
		if got := c.lba.MSF(); got != c.msf {
			t.Errorf("%d: got %v, want %v", c.lba, got, c.msf)
		}
		if got := c.msf.LBA(); got != c.lba {
			t.Errorf("%v: got %d, want %d", c.msf, got, c.lba)
		}
	}
}

// Each address of the lead-in and of the first 90 minutes has its own time.
func TestMSFRange(t *testing.T) {
	for a := disc.LBA(-45150); a < 404850; a++ {
		m := a.MSF()
		if m.LBA() != a || m.M < 0 || m.M > 99 || m.S < 0 || m.S > 59 || m.F < 0 || m.F > 74 {
			t.Fatalf("%d is %v, which is %d", a, m, m.LBA())
		}
	}
	if got, want := disc.LBA(449849).MSF(), (disc.MSF{M: 99, S: 59, F: 74}); got != want {
		t.Errorf("the last address is %v, want %v", got, want)
	}
}
