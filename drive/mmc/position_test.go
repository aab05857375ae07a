package mmc

import (
	"encoding/hex"
	"errors"
	"testing"

	"glassmaster/mastering/disc"
)

func TestReadPosition(t *testing.T) {
	for _, c := range []struct {
		reply string
		want  Position
		err   error
	}{
		{"41 01 01 00 00 10 00 00 27 72 00 00 00 00 00 00", Position{1, 1, [3]byte{0, 0x27, 0x72}}, nil},
		{"01 02 00 00 01 74 00 00 1b 49 00 00 00 00 00 00", Position{2, 0, [3]byte{0, 0x1b, 0x49}}, nil},
		{"42 12 34 56 78 90 12 30 00 10 00 00 00 00 00 00", Position{}, ErrNoPosition},
		{"00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00", Position{}, ErrNoPosition},
	} {
		d := &drive{reply: unhex(t, c.reply)}
		got, err := ReadPosition(t.Context(), d, 1947)
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: %+v, %v", c.reply, got, err)
		}
		if cdb := hex.EncodeToString(d.cdb); cdb != "be000000079b000001000200" {
			t.Errorf("command %s", cdb)
		}
	}
	if _, err := ReadPosition(t.Context(), &drive{reply: make([]byte, 8)}, 0); err == nil {
		t.Error("an incomplete reply was accepted")
	}
	for _, n := range []int{12, 0x12} {
		if p := (Position{Track: n, Index: n}); !p.Is(12, 12) || p.Is(12, 11) || p.Is(11, 12) {
			t.Errorf("%+v", p)
		}
	}
	p := Position{Address: [3]byte{0, 0x27, 0x72}}
	if at, ok := p.BCD(); at != 1947 || !ok {
		t.Errorf("%d, %v", at, ok)
	}
	p = Position{Address: [3]byte{0, 27, 72}}
	if _, ok := p.BCD(); p.Binary() != 1947 || ok {
		t.Errorf("%d, %v", p.Binary(), ok)
	}
}

func TestReadCDAs(t *testing.T) {
	for _, c := range []struct {
		mode disc.Mode
		cdb  string
		size int
	}{
		{disc.Audio, "be04ffffff6a000001100000", 2352},
		{disc.Mode1, "be08ffffff6a000001100000", 2048},
		{disc.XA, "be10ffffff6a000001100000", 2048},
	} {
		d := &drive{reply: make([]byte, 4096)}
		if err := ReadCDOfMode(t.Context(), d, -150, c.mode); err != nil || hex.EncodeToString(d.cdb) != c.cdb {
			t.Errorf("%v: command %x, %v", c.mode, d.cdb, err)
		}
		d.reply = d.reply[:c.size-1]
		if err := ReadCDOfMode(t.Context(), d, -150, c.mode); err == nil {
			t.Errorf("%v: an incomplete sector was accepted", c.mode)
		}
	}
	if d := (&drive{}); ReadCDOfMode(t.Context(), d, 0, disc.Mode2) == nil || d.calls > 0 {
		t.Error("sectors without a form have no user data of a fixed size")
	}
}
