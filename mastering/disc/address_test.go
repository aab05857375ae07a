package disc

import "testing"

func TestMSF(t *testing.T) {
	for _, c := range []struct {
		lba LBA
		msf MSF
	}{
		{0, MSF{0, 2, 0}},
		{-150, MSF{0, 0, 0}},
		{16, MSF{0, 2, 16}},
		{359849, MSF{79, 59, 74}},
		{-11635, MSF{97, 26, 65}},
		{-151, MSF{99, 59, 74}},
	} {
		if got := c.lba.MSF(); got != c.msf {
			t.Errorf("%d: got %v, want %v", c.lba, got, c.msf)
		}
		if got := c.msf.LBA(); got != c.lba {
			t.Errorf("%v: got %d, want %d", c.msf, got, c.lba)
		}
	}
}
