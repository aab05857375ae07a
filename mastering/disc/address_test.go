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
	} {
		if got := c.lba.MSF(); got != c.msf {
			t.Errorf("%d: got %v, want %v", c.lba, got, c.msf)
		}
		if got := c.msf.LBA(); got != c.lba {
			t.Errorf("%v: got %d, want %d", c.msf, got, c.lba)
		}
	}
}
