package sector_test

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/sector"
)

// plainEDC is the code as the standard defines it, bit by bit.
func plainEDC(p []byte) uint32 {
	c := uint32(0)
	for _, b := range p {
		c ^= uint32(b)
		for range 8 {
			c = c>>1 ^ c&1*0xD8018001
		}
	}
	return c
}

// times2 multiplies an element of the field of the error correction code by 2.
func times2(a byte) byte { return a<<1 ^ a>>7*0x1D }

// plainParity makes the parity of count codewords of length bytes, one byte after the other.
func plainParity(data []byte, count, length, start, step int, dst []byte) {
	size := count * length
	for n := range count {
		at := n/2*start + n&1
		var a, b byte
		for range length {
			a = times2(a ^ data[at])
			b ^= data[at]
			at = (at + step) % size
		}
		a = times2(a) ^ b
		for x := range 256 { // divide by 3
			if times2(byte(x))^byte(x) == a {
				a = byte(x)
				break
			}
		}
		dst[n], dst[n+count] = a, a^b
	}
}

// plain completes a sector, by the plainest program.
func plain(p []byte, lba disc.LBA, k sector.Kind) {
	mode := byte(2)
	switch k {
	case sector.Mode0:
		mode = 0
	case sector.Mode1:
		mode = 1
	}
	sector.PutHeader(p, lba, mode)
	switch k {
	case sector.Mode0:
		clear(p[16:])
	case sector.Mode1:
		binary.LittleEndian.PutUint32(p[2064:], plainEDC(p[:2064]))
		clear(p[2068:2076])
		plainParity(p[12:], 86, 24, 2, 86, p[2076:])
		plainParity(p[12:], 52, 43, 86, 88, p[2248:])
	case sector.Form1:
		binary.LittleEndian.PutUint32(p[2072:], plainEDC(p[16:2072]))
		header := [4]byte(p[12:])
		clear(p[12:16])
		plainParity(p[12:], 86, 24, 2, 86, p[2076:])
		plainParity(p[12:], 52, 43, 86, 88, p[2248:])
		copy(p[12:], header[:])
	case sector.Form2:
		binary.LittleEndian.PutUint32(p[2348:], plainEDC(p[16:2348]))
	}
}

var kinds = []sector.Kind{sector.Mode0, sector.Mode1, sector.Mode2, sector.Form1, sector.Form2}

// noise returns a sector of noise with a sub-header of its kind.
func noise(rnd *rand.ChaCha8, k sector.Kind) []byte {
	p := make([]byte, sector.Size)
	rnd.Read(p)
	switch k {
	case sector.Form1:
		copy(p[16:], "\x01\x02\x08\x00\x01\x02\x08\x00")
	case sector.Form2:
		copy(p[16:], "\x01\x02\x20\x00\x01\x02\x20\x00")
	}
	return p
}

// TestGenerate and the tests after it run each way to compute the codes.
func TestGenerate(t *testing.T) {
	sector.Levels(func(name string) { t.Run(name, testGenerate) })
}

func testGenerate(t *testing.T) {
	rnd := rand.NewChaCha8([32]byte{1})
	for i := range 40 {
		for _, k := range kinds {
			lba := disc.LBA(i*9973 - 150)
			want := noise(rnd, k)
			got := bytes.Clone(want)
			plain(want, lba, k)
			if sector.Generate(got, lba, k); !bytes.Equal(got, want) {
				t.Fatalf("%v: another sector than by the plain program", k)
			}
			if f := sector.Check(got, lba); f != 0 {
				t.Errorf("%v: fault %b", k, f)
			}
			if f := sector.Check(got, lba+1); f != sector.BadHeader {
				t.Errorf("%v: fault %b at another address", k, f)
			}
		}
	}
}

// Every byte of a sector belongs to something that is checked.
func TestCheckEachByte(t *testing.T) {
	sector.Levels(func(name string) { t.Run(name, testCheckEachByte) })
}

func testCheckEachByte(t *testing.T) {
	rnd := rand.NewChaCha8([32]byte{2})
	for _, k := range kinds {
		good := noise(rnd, k)
		sector.Generate(good, 1234, k)
		for at := range sector.Size {
			p := bytes.Clone(good)
			p[at] ^= byte(1 << (at % 8))
			var want sector.Fault
			switch {
			case at < 12:
				want = sector.BadSync
			case at < 16:
				want = sector.BadHeader
			case k == sector.Mode0:
				want = sector.BadZeros
			case k == sector.Mode2 || k == sector.Form2 && at < 24: // of another kind then
				continue
			case k == sector.Form1 && at < 24:
				continue
			case k == sector.Form2:
				want = sector.BadEDC
			case at < 2064, k == sector.Form1 && at < 2076, at < 2068:
				want = sector.BadEDC | sector.BadP | sector.BadQ
			case at < 2076:
				want = sector.BadZeros | sector.BadP | sector.BadQ
			case at < 2248:
				want = sector.BadP | sector.BadQ
			default:
				want = sector.BadQ
			}
			got := sector.Check(p, 1234)
			if at >= 12 && at < 16 {
				got &= sector.BadHeader // the codes too, by kind
			}
			if got != want {
				t.Errorf("%v: byte %d: fault %b, want %b", k, at, got, want)
			}
		}
	}
}

// Errors at random, in bursts and in columns. Whatever is corrected is right.
func TestCorrect(t *testing.T) {
	rnd := rand.NewChaCha8([32]byte{3})
	r := rand.New(rnd)
	for _, k := range []sector.Kind{sector.Mode1, sector.Form1} {
		first := 12 // of what can be corrected
		if k == sector.Form1 {
			first = 16
		}
		for _, c := range []struct {
			name   string
			damage func(p []byte)
			least  int // percent of sectors that have to be corrected
		}{
			{"nothing", func([]byte) {}, 100},
			{"one byte", func(p []byte) { p[first+r.IntN(sector.Size-first)] ^= byte(1 + r.IntN(255)) }, 100},
			{"5 bytes", scattered(r, first, 5), 100},
			{"40 bytes", scattered(r, first, 40), 90},
			{"60 bytes", scattered(r, first, 60), 60},
			{"a burst of 86 bytes", burst(r, first, 86), 99},
			{"parity P", func(p []byte) { rnd.Read(p[2076:2248]) }, 100},
			{"parity Q", func(p []byte) { rnd.Read(p[2248:]) }, 100},
			{"all parity", func(p []byte) { rnd.Read(p[2076:]) }, 100},
			{"noise", func(p []byte) { rnd.Read(p[16:]) }, 0},
			{"zeros", func(p []byte) { clear(p[16:]) }, 0},
			{"zeros and a byte", func(p []byte) { clear(p[16:]); p[100] = 1 }, 0},
		} {
			const tries = 200
			fixed := 0
			for range tries {
				good := noise(rnd, k)
				sector.Generate(good, 4711, k)
				p := bytes.Clone(good)
				c.damage(p)
				bad := bytes.Clone(p)
				ok := sector.Correct(p)
				if ok && bytes.Equal(p, good) {
					fixed++
				} else if ok && c.name != "zeros" || !ok && !bytes.Equal(p, bad) {
					t.Fatalf("%v, %s: another sector, or a change without success", k, c.name)
				}
			}
			t.Logf("%v, %s: %d of %d", k, c.name, fixed, tries)
			if fixed*100 < c.least*tries {
				t.Errorf("%v, %s: %d of %d sectors corrected", k, c.name, fixed, tries)
			}
		}
	}
}

func scattered(r *rand.Rand, first, n int) func([]byte) {
	return func(p []byte) {
		for range n {
			p[first+r.IntN(sector.Size-first)] ^= byte(1 + r.IntN(255))
		}
	}
}

func burst(r *rand.Rand, first, n int) func([]byte) {
	return func(p []byte) {
		at := first + r.IntN(sector.Size-first-n)
		for i := range n {
			p[at+i] ^= byte(1 + r.IntN(255))
		}
	}
}

// Sectors that others made, where they are beside the repository.
func TestOthers(t *testing.T) {
	p, err := os.ReadFile("../../../shared/corpus/libcdio+libcdio/test/data/isofs-m1.bin")
	if err != nil {
		t.Skip("no sectors of others are here")
	}
	for lba := disc.LBA(0); len(p) >= sector.Size; lba++ {
		if f := sector.Check(p, lba); f != 0 {
			t.Errorf("sector %d: fault %b", lba, f)
		}
		own := make([]byte, sector.Size)
		sector.EncodeMode1(own, p[16:2064], lba)
		if !bytes.Equal(own, p[:sector.Size]) {
			t.Errorf("sector %d is another one", lba)
		}
		p = p[sector.Size:]
	}
	files, _ := filepath.Glob("../../../shared/corpus/saramibreak+DiscImageCreator/test/*_sector*.bin")
	for _, file := range files {
		p, err := os.ReadFile(file)
		if err != nil || len(p) != sector.Size {
			t.Fatal(err)
		}
		k, ok := sector.Identify(p)
		q := bytes.Clone(p)
		t.Logf("%s: %v %v: %b %v", filepath.Base(file), k, ok, sector.Check(p, 0), sector.Correct(q))
	}
}

// benchmark measures work on sectors of mode 1 in each way. The rate is that of user data.
func benchmark(b *testing.B, work func(b *testing.B, user, whole []byte)) {
	const count = 64
	user := make([]byte, count*disc.SectorSize)
	rand.NewChaCha8([32]byte{}).Read(user)
	whole := make([]byte, count*sector.Size)
	sector.EncodeMode1(whole, user, 0)
	sector.Levels(func(name string) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(user)))
			for b.Loop() {
				work(b, user, whole)
			}
		})
	})
}

func BenchmarkEncodeMode1(b *testing.B) {
	benchmark(b, func(_ *testing.B, user, whole []byte) { sector.EncodeMode1(whole, user, 0) })
}

func BenchmarkCheckAll(b *testing.B) {
	faults := make([]sector.Fault, 64)
	benchmark(b, func(b *testing.B, _, whole []byte) {
		if sector.CheckAll(faults, whole, 0); faults[63] != 0 {
			b.Fatal("a fault")
		}
	})
}

func BenchmarkUserData(b *testing.B) {
	benchmark(b, func(b *testing.B, user, whole []byte) {
		if n, err := sector.CorrectedUserData(user, whole, 0, nil); n != 64 {
			b.Fatal(err)
		}
	})
}
