package sector_test

import (
	"bytes"
	"testing"

	"glassmaster/mastering/sector"
)

// scrambled combines a sector with the register of ECMA-130 annex B, bit by bit.
func scrambled(p []byte) []byte {
	q := bytes.Clone(p)
	var register [15]byte // the first element is the stage whose bit leaves
	register[0] = 1
	for i := sector.SyncSize; i < len(q); i++ {
		for bit := range 8 {
			q[i] ^= register[0] << bit
			in := register[0] ^ register[1]
			copy(register[:], register[1:])
			register[14] = in
		}
	}
	return q
}

func TestScramble(t *testing.T) {
	// A sector of zeros shows the bytes themselves, the first of which are well known.
	zeros := append([]byte(sector.Sync), make([]byte, sector.Size-sector.SyncSize)...)
	got := bytes.Clone(zeros)
	sector.Scramble(got)
	if want := "\x01\x80\x00\x60\x00\x28\x00\x1e\x80\x08\x60\x06\xa8\x02\xfe\x81"; string(got[12:][:len(want)]) != want {
		t.Errorf("begins with % x", got[12:28])
	}
	if !bytes.Equal(got, scrambled(zeros)) {
		t.Error("the bytes are not those of the register")
	}

	one := make([]byte, sector.Size)
	for i := range one {
		one[i] = byte(i * 7)
	}
	sector.Generate(one, 4711, sector.Mode1)
	audio := bytes.Clone(one)
	audio[3] = 0
	for _, c := range []struct {
		name     string
		in, want []byte
	}{
		{"a data sector", one, scrambled(one)},
		{"a scrambled sector", scrambled(one), one},
		{"the beginning of a sector", one[:24], scrambled(one)[:24]},
		{"a sync pattern", one[:12], one[:12]},
		{"less than a sync pattern", one[:11], one[:11]},
		{"nothing", nil, nil},
		{"audio", audio, audio},
		{"a sector and what follows", append(bytes.Clone(one), audio...), append(scrambled(one), audio...)},
	} {
		got := bytes.Clone(c.in)
		sector.Scramble(got)
		if !bytes.Equal(got, c.want) {
			t.Errorf("%s: differs", c.name)
		}
	}
	if n := testing.AllocsPerRun(10, func() { sector.Scramble(one) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkScramble(b *testing.B) {
	p := append([]byte(sector.Sync), make([]byte, sector.Size-sector.SyncSize)...)
	b.SetBytes(sector.Size)
	for b.Loop() {
		sector.Scramble(p)
	}
}
