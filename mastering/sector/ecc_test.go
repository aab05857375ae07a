package sector_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/peertest"
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
	dir := "../../../shared/corpus/saramibreak+DiscImageCreator/test/"
	for name, c := range map[string]struct {
		fault   sector.Fault // apart from the address
		correct bool
	}{
		"cdi_0_sector17_valid_sync_valid_mode2_form1":                         {0, true},
		"cdi_2_sector17_invalid_sync_valid_mode2_form1_edc_error":             {sector.BadEDC | sector.BadP | sector.BadQ, true},
		"cdi_3_sector17_invalid_sync_valid_mode2_form1_ecc_p_error":           {sector.BadP, true},
		"cdi_4_sector17_invalid_sync_valid_mode2_form1_ecc_q_error":           {sector.BadQ, true},
		"cdi_5_sector17_invalid_sync_valid_mode2_form1_ecc_pq_error":          {sector.BadP | sector.BadQ, true},
		"fmt_0_sector202347_valid_sync_valid_mode1_truncated":                 {sector.BadEDC | sector.BadP | sector.BadQ | sector.BadZeros, false},
		"ibmpc_0_sector0_valid_sync_valid_mode1":                              {0, true},
		"ibmpc_2_sector0_invalid_sync_valid_mode1_modified_edc_ecc":           {sector.BadEDC, false}, // of another sync pattern
		"psx_0_sector12_valid_sync_valid_mode2_form2_with_edc":                {0, false},
		"psx_2_sector12_invalid_sync_valid_mode2_form2_edc_error":             {sector.BadEDC, false},
		"psx_3_sector12_valid_sync_valid_mode2_form2_no_edc":                  {0, false},
		"psx_5_sector151739_valid_sync_valid_mode2_form1_no_edc":              {0, true},
		"psx_6_sector151740_valid_sync_valid_mode2_form1_no_edc_ecc_pq_error": {sector.BadP | sector.BadQ, true},
	} {
		p, err := os.ReadFile(dir + name + ".bin")
		if err != nil || len(p) != sector.Size {
			t.Fatalf("%s: %d bytes, %v", name, len(p), err)
		}
		if f := sector.Check(p, 0); strings.Contains(name, "invalid_sync") != (f == sector.BadSync) {
			t.Errorf("%s: fault %b", name, f)
		}
		copy(p, "\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00")
		if f := sector.Check(p, 0) &^ sector.BadHeader; f != c.fault {
			t.Errorf("%s: fault %b, want %b", name, f, c.fault)
		}
		ok := sector.Correct(p)
		if f := sector.Check(p, 0) &^ sector.BadHeader; ok != c.correct || ok && f != 0 {
			t.Errorf("%s: corrected: %v, fault %b", name, ok, f)
		}
	}
}

// User data is that of mode 1 or form 1 also if the header or the sub-header is damaged, and
// a sector of mode 2 without a form has none.
func TestUserData(t *testing.T) {
	rnd := rand.NewChaCha8([32]byte{4})
	good := noise(rnd, sector.Form1)
	sector.Generate(good, 0, sector.Form1)
	damaged := bytes.Clone(good)
	damaged[17] ^= 1
	formless := noise(rnd, sector.Mode2)
	sector.Generate(formless, 0, sector.Mode2)
	blank := bytes.Clone(formless)
	clear(blank[24:])
	mode7 := noise(rnd, sector.Mode1)
	copy(mode7[16:], good[24:2072])
	sector.Generate(mode7, 0, sector.Mode1)
	mode7[15] = 7
	for _, c := range []struct {
		name             string
		p                []byte
		count, corrected int
		err              error
	}{
		{"form 1", good, 1, 0, nil},
		{"a damaged sub-header", damaged, 1, 1, nil},
		{"a damaged mode", mode7, 1, 1, nil},
		{"no form", formless, 0, 0, disc.ErrForm},
		{"no form, nearly all zeros", blank, 0, 0, disc.ErrForm},
		{"a damaged sub-header between others", slices.Concat(good, damaged, good), 3, 1, nil},
	} {
		got := make([]byte, len(c.p)/sector.Size*disc.SectorSize)
		corrected := 0
		n, err := sector.CorrectedUserData(got, c.p, 0, func(disc.LBA) { corrected++ })
		if n != c.count || corrected != c.corrected || !errors.Is(err, c.err) {
			t.Errorf("%s: %d sectors, %d corrected, %v", c.name, n, corrected, err)
		}
		for i := range n {
			if !bytes.Equal(got[i*disc.SectorSize:(i+1)*disc.SectorSize], good[24:2072]) {
				t.Errorf("%s: sector %d has other data", c.name, i)
			}
		}
	}
}

// FuzzLevels makes sectors of anything, several at once, and compares each way to compute
// their codes with the plain program.
func FuzzLevels(f *testing.F) {
	f.Add(uint8(1), uint8(17), []byte("some bytes"))
	f.Add(uint8(3), uint8(1), bytes.Repeat([]byte{0xFF, 0, 0x80, 1}, 600))
	f.Fuzz(func(t *testing.T, kind, count uint8, data []byte) {
		k := kinds[int(kind)%len(kinds)]
		n := int(count)%20 + 1
		want := make([]byte, n*sector.Size)
		user := make([]byte, n*disc.SectorSize)
		for i := range user {
			if len(data) > 0 {
				user[i] = data[i%len(data)] + byte(i/len(data))
			}
		}
		for i := range n {
			p := want[i*sector.Size : (i+1)*sector.Size]
			switch k {
			case sector.Mode1, sector.Mode2:
				copy(p[16:], user[i*disc.SectorSize:(i+1)*disc.SectorSize])
			case sector.Form1, sector.Form2:
				copy(p[16:], "\x00\x00\x08\x00\x00\x00\x08\x00")
				if k == sector.Form2 {
					p[18], p[22] = 0x20, 0x20
				}
				copy(p[24:], user[i*disc.SectorSize:(i+1)*disc.SectorSize])
			}
			plain(p, disc.LBA(i), k)
		}
		sector.Levels(func(name string) {
			got := bytes.Clone(want)
			for i := range n {
				p := got[i*sector.Size : (i+1)*sector.Size]
				if k == sector.Mode1 || k == sector.Form1 {
					clear(p[2072:])
				}
				sector.Generate(p, disc.LBA(i), k)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s: Generate makes other sectors", name)
			}
			if k == sector.Mode1 || k == sector.Form1 {
				end := got[len(got)-len(user):]
				copy(end, user)
				if k == sector.Mode1 {
					sector.EncodeMode1(got, end, 0)
				} else {
					sector.EncodeForm1(got, end, 0)
				}
				if !bytes.Equal(got, want) {
					t.Errorf("%s: other sectors from user data", name)
				}
			}
			for i := range min(len(data), n) { // some sectors are damaged
				got[i*sector.Size+16+int(data[i])*9] ^= data[len(data)-1-i]
			}
			faults, one := make([]sector.Fault, n), make([]sector.Fault, 1)
			sector.CheckAll(faults, got, 0)
			for i, all := range faults {
				p := got[i*sector.Size : (i+1)*sector.Size]
				if sector.CheckAll(one, p, disc.LBA(i)); one[0] != all {
					t.Errorf("%s: sector %d: fault %b with others, %b alone", name, i, all, one[0])
				}
				if known, ok := sector.Identify(p); ok && known != sector.Form2 && (all == 0) != right(p, known) {
					t.Errorf("%s: sector %d: fault %b", name, i, all)
				}
			}
		})
	})
}

// right reports whether a sector is one that the plain program would make.
func right(p []byte, k sector.Kind) bool {
	q := bytes.Clone(p)
	m := disc.MSF{}
	m.M, _ = sector.FromBCD(p[12])
	m.S, _ = sector.FromBCD(p[13])
	m.F, _ = sector.FromBCD(p[14])
	plain(q, m.LBA(), k)
	return bytes.Equal(p, q)
}

// The assembly is what its generator writes.
func TestAssembly(t *testing.T) {
	peertest.Need(t, "go")
	dir := t.TempDir()
	cmd := exec.Command("go", "run", "-C", "assembly", ".", "-out", filepath.Join(dir, "assembly_amd64.s"),
		"-stubs", filepath.Join(dir, "assembly_amd64.go"), "-pkg", "sector")
	if out, err := cmd.CombinedOutput(); err != nil {
		peertest.Skip(t, fmt.Sprintf("the generator does not run: %v\n%s", err, out))
	}
	for _, name := range []string{"assembly_amd64.s", "assembly_amd64.go"} {
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		_, want, _ = bytes.Cut(want, []byte("\n")) // the first line has the command
		if _, got, _ = bytes.Cut(got, []byte("\n")); !bytes.Equal(got, want) {
			t.Errorf("%s is not what the generator writes: run go generate in mastering/sector", name)
		}
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
