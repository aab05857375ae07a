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
		index int
		err   error
	}{
		{"41 01 01 00 00 10 00 00 02 10 00 00 00 00 00 00", 1, nil},
		{"01 02 00 00 01 74 00 00 25 73 00 00 00 00 00 00", 0, nil},
		{"42 12 34 56 78 90 12 30 00 10 00 00 00 00 00 00", 0, ErrNoPosition},
		{"00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00", 0, ErrNoPosition},
	} {
		d := &drive{reply: unhex(t, c.reply)}
		got, err := ReadPosition(t.Context(), d, 1947)
		if got.Index != c.index || !errors.Is(err, c.err) {
			t.Errorf("%s: %+v, %v", c.reply, got, err)
		}
		if cdb := hex.EncodeToString(d.cdb); cdb != "be000000079b000001000200" {
			t.Errorf("command %s", cdb)
		}
	}
	if _, err := ReadPosition(t.Context(), &drive{reply: make([]byte, 8)}, 0); err == nil {
		t.Error("an incomplete reply was accepted")
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
