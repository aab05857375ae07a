package sector_test

import (
	"testing"

	"golang.org/x/sys/unix"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/sector"
)

// guarded returns memory of n bytes with pages before and after it that cannot be read: it
// begins at the first byte of a page, or ends at the last one.
func guarded(t *testing.T, n int, atEnd bool) []byte {
	t.Helper()
	page := unix.Getpagesize()
	size := (n + page - 1) / page * page
	all, err := unix.Mmap(-1, 0, size+2*page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Munmap(all) })
	for _, p := range [][]byte{all[:page], all[page+size:]} {
		if err := unix.Mprotect(p, unix.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	if atEnd {
		return all[page+size-n : page+size : page+size]
	}
	return all[page : page+n : page+n]
}

// No way to compute the codes touches a byte before or after the sectors, for any number of
// them.
func TestBounds(t *testing.T) {
	sector.Levels(func(name string) {
		t.Run(name, func(t *testing.T) {
			for count := 1; count <= 18; count++ {
				for _, atEnd := range []bool{false, true} {
					p := guarded(t, count*sector.Size, atEnd)
					user := guarded(t, count*disc.SectorSize, atEnd)
					for i := range user {
						user[i] = byte(i * 31)
					}
					faults := make([]sector.Fault, count)
					for _, encode := range []func([]byte, []byte, disc.LBA){sector.EncodeMode1, sector.EncodeForm1} {
						encode(p, user, 100)
						sector.CheckAll(faults, p, 100)
						for i, f := range faults {
							if f != 0 {
								t.Errorf("sector %d of %d: faults %x", i, count, f)
							}
						}
						if n, err := sector.CorrectedUserData(user, p, 100, func(disc.LBA) {}); n != count || err != nil {
							t.Error(n, err)
						}
					}
					copy(p[sector.SubheadAt:], "\x00\x00\x20\x00\x00\x00\x20\x00")
					sector.Generate(p[:sector.Size], 100, sector.Form2)
					if f := sector.Check(p[:sector.Size], 100); f != 0 {
						t.Errorf("form 2: faults %x", f)
					}
				}
			}
		})
	})
}
